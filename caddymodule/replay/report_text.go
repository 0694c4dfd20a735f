package replay

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
)

// How many of each are shown.
const (
	showAccounts  = 5
	showSources   = 20
	showIncidents = 50
	showPeople    = 20
)

// top returns the n keys with the largest counts, equal ones in any order.
func top[K comparable](by map[K]int, n int) []K {
	keys := slices.SortedFunc(maps.Keys(by), func(a, b K) int { return cmp.Compare(by[b], by[a]) })
	return keys[:min(n, len(keys))]
}

// print writes the report for people. Errors are those of w, told by its Flush.
func (r *report) print(w *bufio.Writer, sum *Summary) error {
	r.incidents.end()
	r.printTotals(w, sum)
	r.incidents.print(w)
	r.sources.print(w)
	r.people.print(w, sum.Attempts > 0)
	for i, n := range r.quiet[1:] {
		if n > 0 {
			fmt.Fprintf(w, "\nNot counted: %s %s.\n", plural(n, "request"), quiet(i+1))
		}
	}
	if len(sum.Unreadable) > 0 {
		fmt.Fprintf(w, "\nCould not be read: %s\n", plural(len(sum.Unreadable)+sum.Unnamed, "line"))
	}
	for _, u := range sum.Unreadable {
		fmt.Fprintf(w, "  %s:%d: %s\n", u.File, u.Line, u.Why)
	}
	if sum.Unnamed > 0 {
		fmt.Fprintf(w, "  and %d more\n", sum.Unnamed)
	}
	return nil
}

func (r *report) printTotals(w *bufio.Writer, sum *Summary) {
	fmt.Fprint(w, plural(sum.Lines, "line"))
	if !r.began.IsZero() {
		fmt.Fprintf(w, " from %s to %s UTC", stamp(r.began), stamp(r.ended))
	}
	fmt.Fprintf(w, ", %s", plural(sum.Attempts, "attempt"))
	var kinds []string
	for _, kind := range config.Kinds {
		if n := r.kinds[kind]; n > 0 {
			kinds = append(kinds, fmt.Sprintf("%s %d", kind, n))
		}
	}
	if len(kinds) > 0 {
		fmt.Fprintf(w, " (%s)", strings.Join(kinds, ", "))
	}
	fmt.Fprintf(w, "\n")
	if sum.Attempts == 0 {
		fmt.Fprint(w, "No line is an attempt to log in, sign up or reset a password: nothing would have been refused.\n")
		return
	}
	fmt.Fprintf(w, "In the log %s.\n", &r.outcomes)
	refused := 0
	var answers []string
	for _, answer := range config.Answers {
		if n := sum.Verdicts[answer]; n > 0 && !answer.LetsThrough() {
			refused += n
			answers = append(answers, fmt.Sprintf("%s %d", answer, n))
		}
	}
	if refused == 0 {
		fmt.Fprint(w, "Doorward would have refused none of them.\n")
		return
	}
	fmt.Fprintf(w, "Doorward would have refused %d of them, %.1f %% (%s).\n", refused, 100*float64(refused)/float64(sum.Attempts), strings.Join(answers, ", "))
}

func (o *outcomes) String() string {
	text := fmt.Sprintf("%d succeeded, %d failed", o.succeeded, o.failed)
	if o.other > 0 {
		text += fmt.Sprintf(", %d ended in ways that cannot be told", o.other)
	}
	return text
}

func (s *incidents) print(w *bufio.Writer) {
	if len(s.list) == 0 {
		return
	}
	fmt.Fprintf(w, "\nIncidents: %d\n", len(s.list)+s.further)
	for n, i := range s.list[:min(len(s.list), showIncidents)] {
		i.print(w, n+1)
	}
	if more := len(s.list) + s.further - showIncidents; more > 0 {
		fmt.Fprintf(w, "  and %d later ones\n", more)
	}
}

func (i *incident) print(w *bufio.Writer, n int) {
	name := string(i.detection)
	if name == "" {
		name = i.first.rule
	}
	fmt.Fprintf(w, "  %d. %s, %s to %s\n", n, name, stamp(i.first.time), stamp(i.last))
	fmt.Fprintf(w, "     %s refused from %s", plural(i.refused, "attempt"), several(i.numbers.sources, i.numbers.moreSources, "source"))
	if i.numbers.accounts > 0 {
		fmt.Fprintf(w, " for %s", several(i.numbers.accounts, i.numbers.moreAccounts, "account"))
		fmt.Fprintf(w, " (%s)", accounts(&i.numbers))
	}
	fmt.Fprintf(w, "; in the log %s\n", &i.outcomes)
	fmt.Fprintf(w, "     first: %s, %s at %s\n", i.first.at, sourceName(i.first.source), i.first.route)
	fmt.Fprintf(w, "     why: %s\n", i.first.why())
}

// why is the reason of a refusal with the name of its rule.
func (n *refusalNote) why() string {
	reason := cmp.Or(n.reason, "no reason was given")
	if n.rule == "" {
		return reason
	}
	return fmt.Sprintf("%s (rule %s)", reason, n.rule)
}

// accounts names those that ever logged in, masked. What else was tried as a
// name may be a password, and is not shown.
func accounts(c *counts) string {
	parts := slices.Clone(c.topAccounts)
	if more := c.accounts - c.hidden - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d others", more))
	}
	if c.hidden > 0 {
		parts = append(parts, fmt.Sprintf("%d that had not logged in", c.hidden))
	}
	return strings.Join(parts, ", ")
}

func (s *sources) print(w *bufio.Writer) {
	if len(s.by) == 0 {
		return
	}
	list := slices.SortedFunc(maps.Keys(s.by), func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(s.by[b].refused, s.by[a].refused), s.by[a].first.time.Compare(s.by[b].first.time), a.Compare(b))
	})
	fmt.Fprintf(w, "\nSources refused: %s\n", several(len(list)+s.dropped, s.dropped > 0, "source"))
	for _, addr := range list[:min(len(list), showSources)] {
		t := s.by[addr]
		fmt.Fprintf(w, "  %s: %d refused, %s to %s", sourceName(addr), t.refused, stamp(t.first.time), stamp(t.last))
		if n := len(t.accounts.by); n > 0 {
			fmt.Fprintf(w, ", %s", several(n, n == maxSourceNames, "account"))
		}
		fmt.Fprintf(w, "\n    first: %s, %s: %s\n", t.first.at, t.first.answer, t.first.why())
	}
	if more := len(list) + s.dropped - showSources; more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}

func (p *people) print(w *bufio.Writer, any bool) {
	if !any {
		return
	}
	var good, found []*person
	for _, who := range p.list {
		if who.guessed() {
			found = append(found, who)
		} else {
			good = append(good, who)
		}
	}
	printPeople(w, "People with a right password who would have been refused", good)
	if len(found) > 0 {
		printPeople(w, "Right passwords that came from where a program was guessing; look after these accounts", found)
	}
	if p.further > 0 {
		fmt.Fprintf(w, "  and %d later successes of others\n", p.further)
	}
	if n := len(p.elsewhere.by); n > 0 {
		fmt.Fprintf(w, "Attacked from elsewhere while their owners got in: %s\n", several(n, p.elsewhere.more, "account"))
	}
}

func printPeople(w *bufio.Writer, title string, list []*person) {
	if len(list) == 0 {
		fmt.Fprintf(w, "\n%s: nobody\n", title)
		return
	}
	fmt.Fprintf(w, "\n%s: %d\n", title, len(list))
	for _, who := range list[:min(len(list), showPeople)] {
		fmt.Fprintf(w, "  %s from %s, refused at %s", cmp.Or(who.name, "somebody"), sourceName(who.source), stamp(who.note.time))
		if who.refused > 0 {
			fmt.Fprintf(w, ", %s %s", succeededAs(who.kind), times(who.refused))
		}
		if !who.entered.IsZero() {
			fmt.Fprintf(w, ", let in at %s", stamp(who.entered))
		}
		fmt.Fprintf(w, "\n    first: %s: %s\n", who.note.at, who.note.why())
	}
	if more := len(list) - showPeople; more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}

// succeededAs names what succeeded in the log and would have been refused.
func succeededAs(kind config.Kind) string {
	switch kind {
	case config.KindLogin, config.KindMFA:
		return "the right password itself"
	case config.KindSignup:
		return "a signup that succeeded"
	}
	return "a change that succeeded"
}

func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// several counts what may be more than could be counted.
func several(n int, more bool, what string) string {
	if more {
		return "at least " + plural(n, what)
	}
	return plural(n, what)
}
