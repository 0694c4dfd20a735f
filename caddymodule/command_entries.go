package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/config"
)

func entryCommand(verb string) *cobra.Command {
	c, req := new(client), EntryRequest{}
	var length, class, answer string
	cmd := c.flags(&cobra.Command{Use: verb + " ADDRESS|RANGE", Args: cobra.ExactArgs(1)})
	if verb == "allow" {
		cmd.Use += "|PATH"
	}
	cmd.Flags().StringVar(&length, "for", "", "How long, such as 10m, 24h or 7d (default: until it is removed)")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "Why; shown by status and explain")
	cmd.Flags().StringVar(&req.Site, "site", "", "Only for this site")
	cmd.Short = "Exempts sources, or a path, from being refused; attempts are still recorded"
	if verb == "block" {
		cmd.Short = "Refuses sources"
		cmd.Flags().StringVar(&class, "class", "", "What to refuse: login, signup, reset, mfa or all (default all)")
		cmd.Flags().StringVar(&answer, "answer", "", "How: block (403), limit (429) or drop (default block)")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		req.Range, req.Class, req.Answer = args[0], config.Class(class), config.Answer(answer)
		if strings.HasPrefix(args[0], "/") {
			req.Range, req.Path = "", args[0]
		}
		if length != "" {
			d, err := config.ParseDuration(length)
			if err != nil {
				return err
			}
			req.For = d
		}
		text, err := c.call(http.MethodPost, "/doorward/"+verb, req)
		if err != nil {
			return err
		}
		var done EntryAnswer
		if err := json.Unmarshal(text, &done); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		until := "until it is removed"
		if !done.Until.IsZero() {
			until = "until " + done.Until.Format("2006-01-02 15:04:05 MST")
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s (%s)\n", verb, done.Range+done.Path, until, done.ID)
		return nil
	}
	return cmd
}

func unblockCommand() *cobra.Command {
	return endCommand("unblock", "ID|ADDRESS|RANGE", "Ends a sanction or a block",
		"nothing that runs is called %s; `caddy doorward explain %[1]s` tells what is known")
}

func disallowCommand() *cobra.Command {
	return endCommand("disallow", "ADDRESS|RANGE|PATH", "Ends what `allow` began",
		"nothing was allowed by command for %s; what the Caddyfile allows ends there, and `caddy doorward status` shows both")
}

// endCommand ends entries; nothing tells that there was none.
func endCommand(verb, subject, short, nothing string) *cobra.Command {
	c := new(client)
	cmd := c.flags(&cobra.Command{Use: verb + " " + subject, Short: short, Args: cobra.ExactArgs(1)})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := c.call(http.MethodPost, "/doorward/"+verb, UnblockRequest{Subject: args[0]})
		if err != nil {
			return err
		}
		var done struct{ Ended int }
		if err := json.Unmarshal(text, &done); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		if done.Ended == 0 {
			return fmt.Errorf(nothing, args[0])
		}
		fmt.Fprintf(cmd.OutOrStdout(), "ended %d\n", done.Ended)
		return nil
	}
	return cmd
}
