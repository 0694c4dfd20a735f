package caddymodule

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/doorward/doorward/caddymodule/replay"
	"github.com/doorward/doorward/config"
)

func replayCommand() *cobra.Command {
	var format, configFile, site string
	asJSON, closed := false, false
	cmd := &cobra.Command{
		Use:   "replay FILE... --format caddy|combined|events",
		Short: "Runs the detector over history: what would have been refused, and why",
		Long: `
Reads access logs (caddy: JSON lines; combined: Apache and nginx, a syslog
prefix is skipped) or lines made for the purpose (events) and tells what would
have been refused. The clock is that of the lines. With - lines are read from
standard input; lines of events are answered one by one.`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVar(&format, "format", "", "caddy, combined or events")
	cmd.Flags().StringVarP(&configFile, "config", "c", "", "A Caddyfile, JSON, or the lines of a doorward block")
	cmd.Flags().StringVar(&site, "site", "", "Which site of --config, if it has several")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print one JSON object per line, and the summary")
	cmd.Flags().BoolVar(&closed, "closed-loop", false, "Learn the outcome of a log line only if the verdict would have let it through")
	_ = cmd.MarkFlagRequired("format")
	cmd.RunE = func(_ *cobra.Command, files []string) error {
		options := replay.Options{Open: format != string(replay.FormatEvents) && !closed}
		if configFile != "" {
			var err error
			if options.App, options.Site, err = configOf(configFile, site); err != nil {
				return err
			}
		}
		player, err := replay.New(options)
		if err != nil {
			return err
		}
		run := &replay.Run{Player: player, Format: replay.Format(format), JSON: asJSON, Out: bufio.NewWriterSize(os.Stdout, 64<<10)}
		for _, name := range files {
			if err := replayFile(run, name); err != nil {
				return err
			}
		}
		return run.Finish()
	}
	return cmd
}

func replayFile(run *replay.Run, name string) error {
	in := io.ReadCloser(os.Stdin)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("opening history: %w", err)
		}
		in = f
	}
	defer in.Close()
	return run.File(name, in)
}

// configOf reads what --config names, with its placeholders replaced.
func configOf(file, site string) (config.App, config.Site, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return config.App{}, config.Site{}, fmt.Errorf("reading configuration: %w", err)
	}
	app, handler, err := ReadConfig(text, file, site)
	if err != nil {
		return config.App{}, config.Site{}, err
	}
	if err := handler.expandPresets(); err != nil {
		return config.App{}, config.Site{}, err
	}
	app.cfg = app.App.WithDefaults()
	if err := app.expand(); err != nil {
		return config.App{}, config.Site{}, err
	}
	return app.cfg, handler.site(), nil
}
