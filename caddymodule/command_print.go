package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/sanction"
)

// stdout is where commands print their result; everything else goes to
// standard error.
var stdout io.Writer = os.Stdout

func printStatus(w io.Writer, text []byte) error {
	var s Status
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	p := printer{w}
	if s.Override != nil {
		p.line("MODE OVERRIDDEN: %s by %s%s", s.Override.Mode, s.Override.By, untilText(s.Override.Until))
	}
	for _, n := range s.Health {
		about := ""
		if n.About != "" {
			about = " (" + n.About + ")"
		}
		p.line("HEALTH %s%s since %s\n  %s", n.Notice, about, stamp(n.Since), n.Advice)
	}
	for _, site := range s.Sites {
		p.site(site)
	}
	for _, r := range s.Incidents {
		p.incident(r)
	}
	p.line("sanctions running: %d", s.Running)
	if s.Held > 0 {
		p.line("requests held by the answer delay: %d", s.Held)
	}
	for _, e := range s.Entries {
		p.entry(e)
	}
	for _, l := range s.Lists {
		p.list(l)
	}
	for _, db := range s.Geo {
		p.database(s.Time, db)
	}
	if len(s.Geo) == 0 {
		p.line("geo: off; countries and networks are unknown")
	}
	p.line("memory: %d of at most %d sources, %d accounts, %d pairs; %.1f MiB",
		s.Memory.Tracked["source"], s.Memory.Cap, s.Memory.Tracked["account"], s.Memory.Tracked["pair"], float64(s.Memory.Bytes)/(1<<20))
	p.line("events dropped: %d reserved, %d normal, %d cheap", s.Dropped["reserved"], s.Dropped["normal"], s.Dropped["cheap"])
	p.line("survives: %s", s.Survives)
	return nil
}

type printer struct{ w io.Writer }

func (p printer) entry(e sanction.Entry) {
	verb := "block"
	if e.Allow {
		verb = "allow"
	}
	p.line("%s %s%s %s", verb, e.Subject(), untilText(e.Until), e.Reason)
}

func (p printer) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

func printExplanation(w io.Writer, text []byte) error {
	var x Explanation
	if err := json.Unmarshal(text, &x); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	p := printer{w}
	p.line("%s %s", x.Kind, identity.Display(x.Subject))
	p.about(&x)
	if x.Sanction != nil {
		p.sanction(x.Sanction)
	}
	for _, k := range x.Known {
		p.known(k)
	}
	for _, r := range x.Incidents {
		p.incident(r)
	}
	if len(x.Known) == 0 && x.Sanction == nil && len(x.Incidents) == 0 && len(x.Events) == 0 {
		p.line("nothing is known: no attempt was seen, or it was forgotten since")
	}
	if x.Kind == "address" || x.Kind == "identity" {
		p.latest(x.Events)
		return nil
	}
	for _, e := range x.Events {
		p.line("event %s", e)
	}
	return nil
}

func (p printer) known(k detector.Explanation) {
	p.line("site %s: %s %s", k.Site, k.Axis, k.Subject)
	for _, c := range k.Counts {
		p.line("  %s: %.2f in %s, %d are let through", c.What, c.Count, c.Window, c.Limit)
	}
	if k.Axis == config.AxisSource {
		p.line("  accounts tried in vain: about %d, logged in to: about %d", k.AccountsTried, k.AccountsEntered)
	}
	if !k.LastLogin.IsZero() {
		p.line("  last login: %s", stamp(k.LastLogin))
	}
	if k.Sanction != nil {
		p.sanction(k.Sanction)
	}
}

func (p printer) sanction(s *detector.SanctionStatus) {
	state := "runs"
	if s.Probation {
		state = "has ended and is on probation"
	}
	p.line("  sanction %s %s: %s for %s because of %s, %d failures where %d are let through, step %d, since %s%s",
		s.ID, state, s.Answer, s.Classes, s.Detection, s.Count, s.Limit, s.Rung+1, stamp(s.Since), untilText(s.Until))
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

func untilText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + stamp(t)
}
