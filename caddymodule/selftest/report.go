package selftest

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Level is how a check ended.
type Level string

// The levels, from good to bad.
const (
	OK      Level = "ok"
	Warning Level = "warning" // it works, but less well than it could
	Failed  Level = "failed"  // something is not protected, or cannot be trusted
)

// Name is what a check looks at.
type Name string

// The checks, in the order in which they are told.
const (
	Protection  Name = "protection"  // does the configuration protect anything?
	Recognition Name = "recognition" // are made-up attempts recognised?
	Declaration Name = "declaration" // does every declared route recognise its own requests?
	Outcomes    Name = "outcomes"    // can the app's answers be read?
	Routes      Name = "routes"      // do attempts arrive where they are expected?
	Addresses   Name = "addresses"   // is the client address trustworthy?
	Lists       Name = "lists"       // are the address lists fresh?
	Geography   Name = "geography"   // can the databases of countries be used?
	Keys        Name = "keys"        // do pseudonyms survive?
	Store       Name = "store"       // what survives a restart?
	Events      Name = "events"      // is everything told?
	Health      Name = "health"      // which other notices stand?
)

// Check is what one look showed.
type Check struct {
	Level Level  `json:"level"`
	Name  Name   `json:"check"`
	Site  string `json:"site,omitempty"`
	// What was looked at, and what was found.
	What string `json:"what"`
	// Why says what that leads to; empty for what is ok.
	Why string `json:"why,omitempty"`
	// Advice says what to write or do instead.
	Advice string `json:"advice,omitempty"`
}

// Report is all that a run showed.
type Report struct {
	Checks []Check `json:"checks"`
}

// add keeps a check unless it is there already: handlers of one site share
// what was counted.
func (r *Report) add(checks ...Check) {
	for _, c := range checks {
		if !slices.Contains(r.Checks, c) {
			r.Checks = append(r.Checks, c)
		}
	}
}

// Count returns how many checks ended in level.
func (r *Report) Count(level Level) (n int) {
	for _, c := range r.Checks {
		if c.Level == level {
			n++
		}
	}
	return n
}

// Print writes a line for each check, with why and the advice below it where
// there are any.
func (r *Report) Print(w io.Writer) {
	for _, c := range r.Checks {
		site := ""
		if c.Site != "" {
			site = c.Site + ": "
		}
		fmt.Fprintf(w, "%-8s %-12s %s%s\n", c.Level, c.Name, site, c.What)
		for _, text := range []string{c.Why, c.Advice} {
			if text != "" {
				fmt.Fprintf(w, "%s%s\n", strings.Repeat(" ", 22), text)
			}
		}
	}
	fmt.Fprintf(w, "%d ok, %d warnings, %d failed\n", r.Count(OK), r.Count(Warning), r.Count(Failed))
}
