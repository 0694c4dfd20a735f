package recognizer

import (
	"bufio"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// report writes a session for people: its attempts, how many entries are none,
// and the suggested lines of a Caddyfile.
func report(w *bufio.Writer, name string, s *Session) {
	fmt.Fprintln(w, printable(name))
	others := 0
	for i := range s.steps {
		if !s.steps[i].attempt() {
			others++
			continue
		}
		s.steps[i].report(w)
	}
	if others == len(s.steps) {
		fmt.Fprintf(w, "  entries: %d, attempts: none; record a login, right and wrong, with the network panel open\n", others)
		return
	}
	fmt.Fprintf(w, "  entries that are no attempts: %d\n", others)
	for _, site := range Suggest(s) {
		fmt.Fprintf(w, "\n%s", site.Text())
	}
}

func (s *step) report(w *bufio.Writer) {
	r := &s.entry.Request
	fmt.Fprintf(w, "  #%d %s %s: %s %s%s, confidence %.2f: %s\n", s.Entry, s.Kind, s.Outcome,
		printable(r.Method), printable(r.Host+r.Path), who(s.Identity), s.Confidence, strings.Join(s.Evidence, "; "))
}

func who(identity map[string]string) string {
	if len(identity) == 0 {
		return ", nobody named"
	}
	pairs := make([]string, 0, len(identity))
	for key, value := range identity {
		pairs = append(pairs, printable(key)+"="+printable(value))
	}
	sort.Strings(pairs)
	return ", " + strings.Join(pairs, " ")
}

// printable quotes what would change the look of a terminal or the structure
// of a line: archives hold what anybody sent.
func printable(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == '"' || r == ' ' }) {
		return strconv.Quote(s)
	}
	return s
}

// Text returns the suggestion as lines of a block doorward, with comments. It
// can be read as a configuration.
func (s *SiteSuggestion) Text() string {
	var b strings.Builder
	host := s.Host
	if !writable(host) {
		host = "a host"
	}
	fmt.Fprintf(&b, "# %s: lines for the block of doorward, from the answers in this file alone\n", host)
	for _, note := range s.Notes {
		fmt.Fprintf(&b, "# %s\n", note)
	}
	for _, r := range s.Routes {
		writeRoute(&b, r)
	}
	return b.String()
}

// routeWords are the words of a Caddyfile for kinds that have another one than
// their name.
var routeWords = map[config.Kind]string{
	config.KindResetRequest: "reset_request",
	config.KindReset:        "reset",
}

func word(k config.Kind) string {
	if w, ok := routeWords[k]; ok {
		return w
	}
	return string(k)
}

func writeRoute(b *strings.Builder, r config.Route) {
	fmt.Fprintf(b, "%s", word(r.Kind))
	if r.Method != "" {
		fmt.Fprintf(b, " %s", r.Method)
	}
	fmt.Fprintf(b, " %s", quoted(r.Path))
	lines := routeLines(r)
	if len(lines) == 0 {
		b.WriteString("\n")
		return
	}
	fmt.Fprintf(b, " {\n\t%s\n}\n", strings.Join(lines, "\n\t"))
}

func routeLines(r config.Route) []string {
	var lines []string
	for _, m := range r.When {
		values := make([]string, len(m.Values))
		for i, v := range m.Values {
			values[i] = " " + quoted(v)
		}
		lines = append(lines, "when "+string(m.From)+" "+quoted(m.Key)+strings.Join(values, ""))
	}
	for _, f := range r.Identifiers {
		lines = append(lines, strings.TrimRight("identifier "+quoted(f.Name)+" "+string(f.From)+" "+quoted(f.Key), " "))
	}
	if r.Password != nil {
		lines = append(lines, strings.TrimRight("password "+string(r.Password.From)+" "+quoted(r.Password.Key), " "))
	}
	lines = append(lines, conditionLines("success", r.Success)...)
	lines = append(lines, conditionLines("failure", r.Failure)...)
	return append(lines, conditionLines("unknown", r.Unknown)...)
}

func conditionLines(what string, conditions []config.Condition) []string {
	var lines []string
	for _, c := range conditions {
		lines = append(lines, what+" {")
		for _, t := range c {
			values := slices.Clone(t.Values)
			for i := range values {
				values[i] = quoted(values[i])
			}
			lines = append(lines, "\t"+string(t.Of)+" "+strings.Join(values, " "))
		}
		lines = append(lines, "}")
	}
	return lines
}

// quoted writes a token of a Caddyfile. The empty text is no token.
func quoted(s string) string {
	if strings.ContainsAny(s, " #") {
		return `"` + s + `"`
	}
	return s
}

// writable reports whether s can stand in a Caddyfile as it is, or in quotes.
// Braces are placeholders, << begins a heredoc.
func writable(s string) bool {
	return s != "" && len(s) <= maxToken && !strings.ContainsAny(s, "{}\"`\\") && !strings.Contains(s, "<<") &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// maxToken is how long a text of a request may be to become part of a
// suggestion.
const maxToken = 128

// results are the outcomes that conditions can declare.
var results = []recognize.Result{recognize.Success, recognize.Failure}
