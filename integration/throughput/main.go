// Command throughput measures what Doorward costs: the same build of Caddy with
// and without the directive, in front of an app that answers at once, under the
// load generator wrk, side by side in one run.
//
//	go run ./integration/throughput [-pairs 5] [-duration 10s] [-connections 64]
//
// It prints requests per second of each run, and the ratio with : without of
// each pair with median and spread, for
//
//   - GETs of a page, which are no attempts, and
//   - login POSTs, each of another user, all of which succeed and are allowed.
//
// Runs alternate, and so does who begins, so that a slow moment of the machine
// meets both. Caddy writes its log, with one line for every attempt, to a file.
//
// A run counts only if nothing was refused, lost or answered by anybody but the
// app: the app counts what reaches it, and wrk what was answered.
//
// It needs wrk (Debian: apt-get install wrk) and loopback, nothing else. The
// load generator, the app and Caddy share the machine: the numbers compare the
// two sides, they do not tell what Caddy can do.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"
)

func main() {
	var o options
	flag.IntVar(&o.pairs, "pairs", 5, "how many pairs of runs for each kind of request")
	flag.DurationVar(&o.duration, "duration", 10*time.Second, "how long each run lasts")
	flag.IntVar(&o.connections, "connections", 64, "how many connections wrk keeps open")
	flag.StringVar(&o.binary, "caddy", "", "a Caddy with Doorward (default: ./cmd/caddy is built)")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "throughput:", err)
		os.Exit(1)
	}
}

type options struct {
	pairs       int
	duration    time.Duration
	connections int
	binary      string
}

func run(o options) (err error) {
	if o.pairs < 1 || o.duration < time.Second || o.connections < 1 {
		return errors.New("give at least one pair, one second and one connection")
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		return errors.New("wrk is missing; install it (Debian: apt-get install wrk)")
	}
	dir, err := os.MkdirTemp("", "doorward-throughput-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.binary == "" {
		if o.binary, err = build(dir); err != nil {
			return err
		}
	}
	app, err := startApp()
	if err != nil {
		return err
	}
	defer app.stop()
	b := &bench{options: o, dir: dir, app: app}
	for _, kind := range []load{pages, logins} {
		if err := b.compare(kind); err != nil {
			return err
		}
	}
	return nil
}

func build(dir string) (string, error) {
	binary := dir + "/caddy"
	cmd := exec.Command("go", "build", "-o", binary, "github.com/doorward/doorward/cmd/caddy")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building cmd/caddy: %w", err)
	}
	return binary, nil
}
