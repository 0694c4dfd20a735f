package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/doorward/doorward/detector/identity"
)

func sanctionsCommand() *cobra.Command {
	c, n, asJSON := new(client), 0, false
	cmd := c.flags(&cobra.Command{Use: "sanctions", Short: "Lists the sanctions that run, and what was entered by command or configuration", Args: cobra.NoArgs})
	cmd.Flags().IntVarP(&n, "number", "n", 100, "How many sanctions, those that end last first")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		text, err := c.call(http.MethodGet, fmt.Sprintf("/doorward/sanctions?n=%d", n), nil)
		if err != nil {
			return err
		}
		if asJSON {
			_, err := cmd.OutOrStdout().Write(text)
			return err
		}
		var list SanctionList
		if err := json.Unmarshal(text, &list); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		return printSanctions(cmd, &list)
	}
	return cmd
}

func printSanctions(cmd *cobra.Command, list *SanctionList) error {
	t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tANSWER\tDETECTION\tSITE\tSOURCE\tACCOUNT\tUNTIL\tRUNG")
	for i := range list.Sanctions {
		r := &list.Sanctions[i]
		until := r.Until.Format(time.DateTime)
		if r.Probation {
			until += " (probation)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", r.ID, r.Answer, r.Detection, dash(r.Site), dash(r.Source),
			dash(identity.Display(r.Identity)), until, r.Rung)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	p := printer{cmd.OutOrStdout()}
	for _, e := range list.Entries {
		p.entry(e)
	}
	p.line("%d run", list.Running)
	return nil
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func auditCommand() *cobra.Command {
	c, values, n := new(client), url.Values{}, 0
	var kind, source, sanctioned, who, since string
	cmd := c.flags(&cobra.Command{Use: "audit", Short: "Prints rows of the audit log as JSON lines, the newest first", Args: cobra.NoArgs})
	cmd.Flags().IntVarP(&n, "number", "n", 100, "How many rows, up to 10000")
	cmd.Flags().StringVar(&kind, "type", "", "Only of this type: attempt, detection, sanction, operator, incident, custom, health")
	cmd.Flags().StringVar(&source, "source", "", "Only about this address")
	cmd.Flags().StringVar(&sanctioned, "sanction", "", "Only about the sanction with this id")
	cmd.Flags().StringVar(&who, "identity", "", "Only about this e-mail address or name")
	cmd.Flags().StringVar(&since, "since", "", "Only from this time on, such as 2026-01-02T03:04:05Z")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		for name, value := range map[string]string{"type": kind, "source": source, "sanction": sanctioned, "identity": who, "since": since} {
			if value != "" {
				values.Set(name, value)
			}
		}
		values.Set("n", fmt.Sprint(n))
		text, err := c.call(http.MethodGet, "/doorward/audit?"+values.Encode(), nil)
		if err != nil {
			return err
		}
		var rows []json.RawMessage
		if err := json.Unmarshal(text, &rows); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		for _, row := range rows {
			fmt.Fprintln(cmd.OutOrStdout(), string(row))
		}
		return nil
	}
	return cmd
}

func exportCommand() *cobra.Command {
	c := new(client)
	cmd := c.flags(&cobra.Command{
		Use: "export IDENTITY", Short: "Prints everything that is known of one person as JSON", Args: cobra.ExactArgs(1),
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := c.call(http.MethodPost, "/doorward/export", IdentityRequest{Identity: args[0]})
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	return cmd
}

func forgetCommand() *cobra.Command {
	c := new(client)
	cmd := c.flags(&cobra.Command{
		Use:   "forget IDENTITY",
		Short: "Erases what is known of one person; what comes back from a backup is erased again",
		Args:  cobra.ExactArgs(1),
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := c.call(http.MethodPost, "/doorward/forget", IdentityRequest{Identity: args[0]})
		if err != nil {
			return err
		}
		var done ForgetAnswer
		if err := json.Unmarshal(text, &done); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		w := printer{cmd.OutOrStdout()}
		w.line("forgotten: %d entries deleted, %d rows of the audit log without a name now", done.Entries, done.Rows)
		w.line("stays for a while: %s", done.Stays)
		for _, where := range done.Copies {
			w.line("may hold copies: %s", where)
		}
		return nil
	}
	return cmd
}

func backupCommand() *cobra.Command {
	c, req := new(client), BackupRequest{}
	cmd := c.flags(&cobra.Command{
		Use: "backup FILE", Short: "Writes a consistent copy of the state while the server runs, on the server's machine", Args: cobra.ExactArgs(1),
	})
	cmd.Flags().BoolVar(&req.WithKey, "with-key", false, "Write the key file as well, as FILE.key")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := filepath.Abs(args[0])
		if err != nil {
			return err
		}
		req.Path = path
		text, err := c.call(http.MethodPost, "/doorward/backup", req)
		if err != nil {
			return err
		}
		var done BackupAnswer
		if err := json.Unmarshal(text, &done); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		for _, file := range done.Files {
			fmt.Fprintln(cmd.OutOrStdout(), "written", file)
		}
		return nil
	}
	return cmd
}

func restoreCommand() *cobra.Command {
	dir := ""
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Puts a backup in the place of the state of a server that is stopped",
		Long: `Puts a backup in the place of the state. The server must be stopped. The state
that was there is renamed, and who was forgotten since the backup stays
forgotten. When FILE.key is there and the folder has no key, it is copied, too.`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&dir, "state-dir", "", "The folder of the state (default: the folder doorward in Caddy's data directory)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if dir == "" {
			dir = filepath.Join(caddy.AppDataDir(), "doorward")
		}
		aside, err := restoreEmbedded(dir, args[0], time.Now())
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "restored into %s; what was there is %s\n", dir, aside)
		return restoreKey(cmd, dir, args[0]+".key")
	}
	return cmd
}

// restoreKey copies the key of a backup into a folder that has none.
func restoreKey(cmd *cobra.Command, dir, from string) error {
	key, err := readKey(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	path := filepath.Join(dir, secretFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		fmt.Fprintf(cmd.OutOrStdout(), "%s is there already and was left as it is\n", path)
		return nil
	}
	if err != nil {
		return fmt.Errorf("restoring the key: %w", err)
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("restoring the key: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "restored %s\n", path)
	return nil
}
