package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/caddymodule/selftest"
)

func selftestCommand() *cobra.Command {
	c, site, asJSON := new(client), "", false
	cmd := c.flags(&cobra.Command{
		Use: "selftest", Short: "Proves on the running server that attempts are recognised and their outcomes read", Args: cobra.NoArgs,
		Long: `
Asks the running server to prove itself, one line per check:

ok       it was looked at and is as it should be
warning  it works, but less well than it could
failed   something is not protected, or cannot be trusted

Below the line stands why, and what to write instead. Requests that are made
up, the usual ones and one for each declared route, go through recognition
within the server; nothing is sent to the app, and nothing is counted.

The command ends with an error if a check failed, not because of warnings.`,
	})
	cmd.Flags().StringVar(&site, "site", "", "Only this site, by one of its hosts or its name in status")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		text, err := c.call(http.MethodGet, "/doorward/selftest?site="+url.QueryEscape(site), nil)
		if err != nil {
			return err
		}
		cmd.SilenceUsage = true // it was used rightly
		var report selftest.Report
		if err := json.Unmarshal(text, &report); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		if asJSON {
			_, err = cmd.OutOrStdout().Write(text)
		} else {
			report.Print(cmd.OutOrStdout())
		}
		if n := report.Count(selftest.Failed); n > 0 && err == nil {
			return fmt.Errorf("%d checks failed", n)
		}
		return err
	}
	return cmd
}

func relearnCommand() *cobra.Command {
	c, site := new(client), ""
	cmd := c.flags(&cobra.Command{
		Use: "relearn", Short: "Forgets what was learned of routes, for an app that was replaced", Args: cobra.NoArgs,
		Long: `
Forgets what the app's answers looked like, which forms it served, and how far
its routes had graduated and were confirmed: automatic routes begin gently
again. What is known of sources and accounts stays, and so do sanctions.

Use it when the app was replaced, or after you have declared a route whose
outcomes were misread.`,
	})
	cmd.Flags().StringVar(&site, "site", "", "Only this site, by one of its hosts or its name in status")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		text, err := c.call(http.MethodPost, "/doorward/relearn", RelearnRequest{Site: site})
		if err != nil {
			return err
		}
		var done RelearnAnswer
		if err := json.Unmarshal(text, &done); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "forgot %d routes of %d sites\n", done.Routes, len(done.Sites))
		return nil
	}
	return cmd
}
