package caddymodule

import (
	"errors"
	"fmt"
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
prefix is skipped, lines of their error logs about Basic credentials are read
too) or lines made for the purpose (events), plain or packed with gzip, zstd or
bzip2, and tells who would have been refused, when, why, and who of them had a
right password. The clock is that of the lines. Logs may be given in any order;
those that overlap are read side by side. With - lines are read from standard
input; lines of events are answered one by one.`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVar(&format, "format", "", "caddy, combined or events")
	cmd.Flags().StringVarP(&configFile, "config", "c", "", "A Caddyfile, JSON, or the lines of a doorward block")
	cmd.Flags().StringVar(&site, "site", "", "Which site of --config, if it has several")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print one JSON object per line, and the summary")
	cmd.Flags().BoolVar(&closed, "closed-loop", false, "Learn the outcome of a log line only if the verdict would have let it through")
	_ = cmd.MarkFlagRequired("format")
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		o := replay.RunOptions{Format: replay.Format(format), JSON: asJSON, Out: os.Stdout}
		o.Open = o.Format != replay.FormatEvents && !closed
		if err := o.Format.Check(); err != nil {
			return err
		}
		switch {
		case configFile != "":
			var err error
			if o.App, o.Site, err = configOf(configFile, site); err != nil {
				return err
			}
		case site != "":
			return errors.New("--site chooses among the sites of --config; write --config FILE too")
		}
		if replay.IsTerminal(os.Stderr) {
			o.Progress = replay.NewProgress(os.Stderr, totalSize(files))
		}
		run, err := replay.NewRun(o)
		if err != nil {
			return err
		}
		// What is wrong from here on is in the files, not in how it was called.
		cmd.SilenceUsage = true
		if err := replayFiles(run, o.Format, files); err != nil {
			return err
		}
		return run.Finish()
	}
	return cmd
}

func replayFiles(run *replay.Run, format replay.Format, files []string) error {
	logs := make([]replay.Log, 0, len(files))
	for _, name := range files {
		file, err := replay.OpenLog(name)
		if err != nil {
			return err
		}
		logs = append(logs, file)
	}
	if format != replay.FormatEvents {
		return run.Logs(logs)
	}
	for _, file := range logs {
		if err := replayEvents(run, file); err != nil {
			return err
		}
	}
	return nil
}

func replayEvents(run *replay.Run, file replay.Log) error {
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	return run.Events(file.Name, in)
}

// totalSize is how large the files are together, 0 when one of them is no
// regular file.
func totalSize(files []string) int64 {
	var total int64
	for _, name := range files {
		about, err := os.Stat(name)
		if err != nil || !about.Mode().IsRegular() {
			return 0
		}
		total += about.Size()
	}
	return total
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
