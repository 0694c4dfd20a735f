package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// report is what wrk tells of a run.
type report struct {
	answered uint64
	rate     float64 // requests per second
	trouble  string  // lines about errors and refused requests
}

var (
	answeredPattern = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	ratePattern     = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)`)
	troublePattern  = regexp.MustCompile(`(?m)^\s*(Non-2xx or 3xx responses: .*|Socket errors: .*)$`)
)

// parseReport reads what wrk prints.
func parseReport(text string) (report, error) {
	var r report
	answered, rate := answeredPattern.FindStringSubmatch(text), ratePattern.FindStringSubmatch(text)
	if answered == nil || rate == nil {
		return r, fmt.Errorf("reading what wrk printed: no number of requests in\n%s", text)
	}
	var errs [2]error
	r.answered, errs[0] = strconv.ParseUint(answered[1], 10, 64)
	r.rate, errs[1] = strconv.ParseFloat(rate[1], 64)
	var lines []string
	for _, m := range troublePattern.FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1])
	}
	r.trouble = strings.Join(lines, "; ")
	return r, errors.Join(errs[:]...)
}

// check refuses a run that did not measure what it should: some request was
// refused or lost, or answered without the app. When wrk stops, each connection
// may have a request under way that reached the app and was not answered.
func (r report) check(reached uint64, connections int) error {
	switch {
	case r.trouble != "":
		return fmt.Errorf("requests were refused or lost: %s", r.trouble)
	case r.answered == 0:
		return errors.New("no request was answered")
	case reached < r.answered || reached > r.answered+uint64(connections):
		return fmt.Errorf("%d requests were answered, but %d reached the app", r.answered, reached)
	}
	return nil
}

// forRun returns the script with the number of the run filled in.
func (l load) forRun(n int) string { return strings.ReplaceAll(l.script, "RUN", strconv.Itoa(n)) }
