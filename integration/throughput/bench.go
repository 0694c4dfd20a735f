package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// load is a kind of requests.
type load struct {
	name   string
	script string
	aim    float64 // of the median ratio
}

var (
	pages = load{name: "GET of a page, no attempt", aim: 0.98, script: `
wrk.method = "GET"
wrk.path = "/"
`}
	// Every login names a user of its own, in every thread and run: RUN is
	// replaced by the number of the run.
	logins = load{name: "POST of a login that succeeds", aim: 0.90, script: `
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("id", threads)
end
local n = 0
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
function request()
  n = n + 1
  return wrk.format("POST", "/login", headers, "email=u" .. id .. "-" .. n .. "-RUN%40shop.example&password=p" .. n)
end
`}
)

// bench runs one load after the other.
type bench struct {
	options
	dir  string
	app  *app
	runs int
}

// side is one of the two that are compared.
type side struct {
	name     string
	directed bool // has the directive
	rates    []float64
	answered uint64
	reached  uint64
}

// compare runs the pairs of one load and prints them.
func (b *bench) compare(l load) error {
	fmt.Printf("\n%s: %d pairs of %s, %d connections\n", l.name, b.pairs, b.duration, b.connections)
	fmt.Printf("%-6s %16s %16s %8s\n", "pair", "without req/s", "with req/s", "ratio")
	without, with := &side{name: "without"}, &side{name: "with", directed: true}
	var ratios []float64
	for i := range b.pairs {
		order := []*side{without, with}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		for _, s := range order {
			if err := b.measure(l, s); err != nil {
				return fmt.Errorf("%s, pair %d, %s the directive: %w", l.name, i+1, s.name, err)
			}
		}
		ratios = append(ratios, with.rates[i]/without.rates[i])
		fmt.Printf("%-6d %16.0f %16.0f %8.3f\n", i+1, without.rates[i], with.rates[i], ratios[i])
	}
	slices.Sort(ratios)
	fmt.Printf("median ratio %.3f, from %.3f to %.3f; aim %.2f\n", median(ratios), ratios[0], ratios[len(ratios)-1], l.aim)
	for _, s := range []*side{without, with} {
		fmt.Printf("%-8s answered %d, reached the app %d\n", s.name+":", s.answered, s.reached)
	}
	return nil
}

// measure starts Caddy, warms it up and runs wrk once. Each run has a process
// of its own: no side profits from what an earlier run left behind.
func (b *bench) measure(l load, s *side) error {
	b.runs++
	script := filepath.Join(b.dir, fmt.Sprintf("run%d.lua", b.runs))
	if err := os.WriteFile(script, []byte(l.forRun(b.runs)), 0o600); err != nil {
		return fmt.Errorf("writing the script: %w", err)
	}
	server, err := startServer(b, s.directed)
	if err != nil {
		return err
	}
	defer server.stop()
	before := b.app.count.Load()
	out, err := exec.Command("wrk", "--threads", "2", "--connections", strconv.Itoa(b.connections),
		"--duration", b.duration.String(), "--script", script, "http://"+server.address+"/").CombinedOutput()
	if err != nil {
		return fmt.Errorf("running wrk: %w\n%s", err, out)
	}
	r, err := parseReport(string(out))
	if err != nil {
		return err
	}
	reached := b.app.count.Load() - before
	if err := r.check(reached, b.connections); err != nil {
		return fmt.Errorf("%w\n%s", err, server.tail())
	}
	s.rates = append(s.rates, r.rate)
	s.answered += r.answered
	s.reached += reached
	return nil
}

// median of sorted values.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
