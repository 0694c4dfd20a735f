package caddymodule

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/identity"
)

// about prints what is known of an address by itself.
func (p printer) about(x *Explanation) {
	if x.Place != nil {
		p.line("where: %s", identity.Display(x.Place.String()))
	}
	if len(x.Lists) > 0 {
		p.line("on the lists: %s", strings.Join(x.Lists, ", "))
	}
	for _, text := range x.Critical {
		p.line("never shut out by a rule: %s", text)
	}
	for _, e := range x.Entries {
		p.line("operator: allow=%t %s%s %s", e.Allow, e.Range, untilText(e.Until), e.Reason)
	}
}

// shownEvents is how many of the latest events fit on a screen with the rest.
const shownEvents = 10

// told is what is shown of an event on one line.
type told struct {
	Time      time.Time `json:"time"`
	Type      string    `json:"type"`
	Kind      string    `json:"kind"`
	Outcome   string    `json:"outcome"`
	Verdict   string    `json:"verdict"`
	Would     string    `json:"would"`
	Rule      string    `json:"rule"`
	Detection string    `json:"detection"`
	SourceIP  string    `json:"source_ip"`
	Country   string    `json:"country"`
	Identity  string    `json:"identity"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Count     uint64    `json:"count"`
}

// latest prints the latest events, a line each; --json shows all of them.
func (p printer) latest(events []json.RawMessage) {
	if len(events) == 0 {
		return
	}
	p.line("latest events:")
	t := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	for _, text := range events[:min(len(events), shownEvents)] {
		var e told
		if json.Unmarshal(text, &e) == nil {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", e.Time.Local().Format("01-02 15:04:05"), e.what(), e.done(),
				strings.TrimSpace(e.SourceIP+" "+e.Country), identity.Display(e.Identity), identity.Display(strings.TrimSpace(e.Method+" "+e.Path)))
		}
	}
	_ = t.Flush() // what the terminal does not take is lost either way
	if more := len(events) - shownEvents; more > 0 {
		p.line("  … %d more with --json", more)
	}
}

// what names the event: the kind of an attempt, else its type.
func (e *told) what() string {
	name := e.Type
	if e.Type == string(event.TypeAttempt) && e.Kind != "" {
		name = e.Kind
	}
	if e.Count > 1 {
		name = fmt.Sprintf("%d × %s", e.Count, name)
	}
	return name
}

// done says what became of it, and why.
func (e *told) done() string {
	text := e.Outcome
	switch {
	case e.Would != "":
		text = strings.TrimSpace(text + " would " + e.Would)
	case e.Outcome == "":
		text = e.Verdict
	case e.Verdict != "" && e.Verdict != string(config.AnswerAllow):
		text += " " + e.Verdict
	}
	why := e.Detection
	if why == "" {
		why = e.Rule
	}
	if why != "" {
		text = strings.TrimSpace(text + " (" + why + ")")
	}
	return text
}

// database prints one database of countries and networks.
func (p printer) database(now time.Time, db geo.Status) {
	switch {
	case db.LoadedAt.IsZero():
		p.line("geo %s: nothing is in use", db.File)
	case db.Built.IsZero():
		p.line("geo %s: %s, knows %s, does not say of when it is, %.1f MiB", db.File, db.Type, strings.Join(db.Gives, ", "), mebibytes(db.Bytes))
	default:
		p.line("geo %s: %s, knows %s, built %s (%s old), %.1f MiB", db.File, db.Type, strings.Join(db.Gives, ", "),
			db.Built.Format(time.DateOnly), config.Duration(now.Sub(db.Built).Truncate(24*time.Hour)), mebibytes(db.Bytes))
	}
	if db.LastError != "" {
		p.line("  last error: %s", db.LastError)
	}
	if db.Unreadable > 0 {
		p.line("  %d lookups met a record that cannot be read", db.Unreadable)
	}
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
