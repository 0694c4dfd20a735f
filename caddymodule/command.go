package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/doorward/doorward/config"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "doorward",
		Usage: "<command>",
		Short: "Protects the accounts of the app behind Caddy",
		Long: `
Commands that need nothing but this binary: demo, recognize, replay.
Commands that talk to the running server through its admin API: status,
selftest, explain, events, audit, sanctions, block, unblock, allow,
disallow, mode, relearn, export, forget, backup.
A command that needs the server to be stopped: restore.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(
				statusCommand(), selftestCommand(), explainCommand(), eventsCommand(),
				entryCommand("block"), entryCommand("allow"), unblockCommand(), disallowCommand(), modeCommand(), relearnCommand(),
				sanctionsCommand(), auditCommand(), exportCommand(), forgetCommand(), backupCommand(), restoreCommand(),
				recognizeCommand(), replayCommand(), demoCommand(),
			)
		},
	})
}

// client talks to the admin API of a running server.
type client struct{ address, config, adapter string }

func (c *client) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&c.address, "address", "", "The address of the admin API, if not the default")
	cmd.Flags().StringVarP(&c.config, "config", "c", "", "Configuration file to read the address of the admin API from")
	cmd.Flags().StringVarP(&c.adapter, "adapter", "a", "", "Name of the adapter for --config, if it is not a Caddyfile")
	return cmd
}

// call sends body, if any, and returns the answer.
func (c *client) call(method, path string, body any) ([]byte, error) {
	address, err := caddycmd.DetermineAdminAPIAddress(c.address, nil, c.config, c.adapter)
	if err != nil {
		return nil, fmt.Errorf("finding the admin API: %w", err)
	}
	var payload io.Reader
	header := http.Header{}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		payload = bytes.NewReader(text)
		header.Set("Content-Type", "application/json")
	}
	resp, err := caddycmd.AdminAPIRequest(address, method, path, header, payload)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
}

// maxAnswer bounds what a command reads: 2048 events at their largest.
const maxAnswer = 64 << 20

func statusCommand() *cobra.Command {
	c, asJSON := new(client), false
	cmd := c.flags(&cobra.Command{
		Use: "status", Short: "Shows sites, routes, sanctions, lists and health of the running server", Args: cobra.NoArgs,
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON")
	cmd.RunE = caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) {
		return show(c, "/doorward/status", asJSON, printStatus)
	})
	return cmd
}

func explainCommand() *cobra.Command {
	c, asJSON := new(client), false
	cmd := c.flags(&cobra.Command{
		Use:   "explain ADDRESS|IDENTITY|ID",
		Short: "Tells why somebody was refused: evidence, sanctions, lists and the latest events",
		Args:  cobra.ExactArgs(1),
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print JSON")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		_, err := show(c, "/doorward/explain?subject="+url.QueryEscape(args[0]), asJSON, printExplanation)
		return err
	}
	return cmd
}

func eventsCommand() *cobra.Command {
	c, n, kind := new(client), 0, ""
	cmd := c.flags(&cobra.Command{
		Use: "events", Short: "Prints the latest events as JSON lines, the newest first", Args: cobra.NoArgs,
	})
	cmd.Flags().IntVarP(&n, "number", "n", 50, "How many events")
	cmd.Flags().StringVar(&kind, "type", "", "Only events of this type: attempt, detection, sanction, operator, health")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		answer, err := c.call(http.MethodGet, fmt.Sprintf("/doorward/events?n=%d&type=%s", n, url.QueryEscape(kind)), nil)
		if err != nil {
			return err
		}
		var list []json.RawMessage
		if err := json.Unmarshal(answer, &list); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		for _, e := range list {
			fmt.Fprintln(cmd.OutOrStdout(), string(e))
		}
		return nil
	}
	return cmd
}

func modeCommand() *cobra.Command {
	c, length := new(client), ""
	cmd := c.flags(&cobra.Command{
		Use:   "mode enforce|observe|off|configured",
		Short: "Sets the mode of all sites without a reload; `configured` ends it",
		Args:  cobra.ExactArgs(1),
	})
	cmd.Flags().StringVar(&length, "for", "", "How long, such as 2h (default: until it is changed)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		req := ModeRequest{Mode: args[0]}
		if length != "" {
			d, err := config.ParseDuration(length)
			if err != nil {
				return err
			}
			req.For = d
		}
		if _, err := c.call(http.MethodPost, "/doorward/mode", req); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace("mode "+args[0]+" "+length))
		return nil
	}
	return cmd
}

// show prints an answer as JSON or by print.
func show(c *client, path string, asJSON bool, printAnswer func(io.Writer, []byte) error) (int, error) {
	text, err := c.call(http.MethodGet, path, nil)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if asJSON {
		_, err = stdout.Write(text)
		return caddy.ExitCodeSuccess, err
	}
	return caddy.ExitCodeSuccess, printAnswer(stdout, text)
}
