package caddymodule

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// blockGrammar is what may stand in a block of the Caddyfile. All blocks of
// Doorward are read by it, so that every error names the file and line, what is
// wrong there and what to write instead.
type blockGrammar struct {
	// block names the block in errors.
	block string
	lines map[string]blockLine
	// elsewhere tells what to do about a word that has its place in another
	// block, or "".
	elsewhere func(word string) string
	// check judges everything read so far. It runs after each line, so that
	// its error carries the number of the line that made things wrong.
	check func() error
}

// blockLine is a line that begins with a certain word.
type blockLine struct {
	// usage shows how the line is written.
	usage string
	// min and max are the numbers of arguments; a negative max is no limit.
	min, max int
	// once tells that a second such line is an error.
	once bool
	// block tells that a block may follow, which read then reads.
	block bool
	read  lineReader
}

// lineReader reads the arguments of a line, which have been taken from h, and the
// block behind them, which has not.
type lineReader func(h httpcaddyfile.Helper, args []string) error

// settingLine is a line that may stand once and has one argument.
func settingLine(usage string, read lineReader) blockLine {
	return blockLine{usage: usage, min: 1, max: 1, once: true, read: read}
}

// parseInto reads the argument of a setting.
func parseInto[T any](target *T, parse func(string) (T, error)) lineReader {
	return func(_ httpcaddyfile.Helper, args []string) error {
		v, err := parse(args[0])
		if err != nil {
			return err
		}
		*target = v
		return nil
	}
}

// read reads the block that opens at h, if one does. Errors are placedErrors.
func (g blockGrammar) read(h httpcaddyfile.Helper) error {
	seen := map[string]int{}
	for nesting := h.Nesting(); h.NextBlock(nesting); {
		word := h.Token()
		l, known := g.lines[word.Text]
		if !known {
			return placeAt(word, g.unknown(word.Text))
		}
		if first, again := seen[word.Text]; again && l.once {
			return placeAt(word, fmt.Errorf("a second line `%s`, the first is on line %d; keep one", word.Text, first))
		}
		seen[word.Text] = word.Line
		if err := l.apply(h, word.Text); err != nil {
			return placeAt(word, err)
		}
		if err := g.check(); err != nil {
			return placeAt(word, err)
		}
	}
	return nil
}

func (l blockLine) apply(h httpcaddyfile.Helper, word string) error {
	args := h.RemainingArgs()
	if len(args) < l.min || (l.max >= 0 && len(args) > l.max) {
		// The arguments themselves stay out of the text: one may be a secret.
		return fmt.Errorf("`%s` with %s; write `%s`", word, counted(len(args), "argument"), l.usage)
	}
	if !l.block && opensBlock(h.Dispenser) {
		return fmt.Errorf("`%s` takes no block; write `%s`", word, l.usage)
	}
	return l.read(h, args)
}

func (g blockGrammar) unknown(word string) error {
	if advice := g.elsewhere(word); advice != "" {
		return fmt.Errorf("`%s` is no line of %s: %s", word, g.block, advice)
	}
	if advice, ok := laterWords[word]; ok {
		return fmt.Errorf("`%s` is not available in this version; %s", word, advice)
	}
	known := lineWords(g.lines)
	if near := config.Nearest(word, known); near != "" {
		return fmt.Errorf("unknown line `%s` in %s; did you mean `%s`?", word, g.block, g.lines[near].usage)
	}
	return fmt.Errorf("unknown line `%s` in %s; write one of %s", word, g.block, strings.Join(known, ", "))
}

// lineWords are the words lines begin with, sorted.
func lineWords(lines map[string]blockLine) []string { return slices.Sorted(maps.Keys(lines)) }

// laterWords are words of the plan that no block of this version knows.
var laterWords = map[string]string{
	"store":   "each process keeps its own counts: leave the line out",
	"geo":     "nothing here looks at countries: leave the line out",
	"webhook": "write `file PATH` and forward its lines, or subscribe to Caddy's events",
	"share":   "write the same `site NAME` in every site block that shall share evidence",
}

// opensBlock reports whether a block opens at the end of the current line, whose
// arguments have been taken: a quoted brace was one of them.
func opensBlock(d *caddyfile.Dispenser) bool {
	current := d.Token()
	if !d.Next() {
		return false
	}
	next := d.Token()
	d.Prev()
	return next.Text == "{" && next.File == current.File &&
		next.Line == current.Line+current.NumLineBreaks()
}

// placedError is an error that names its file and line already.
type placedError struct{ error }

func (e placedError) Unwrap() error { return e.error }

// placeAt adds the file and line of the token to an error that has none.
func placeAt(at caddyfile.Token, err error) error {
	if _, placed := errors.AsType[placedError](err); err == nil || placed {
		return err
	}
	d := caddyfile.NewDispenser([]caddyfile.Token{at})
	d.Next()
	return placedError{d.WrapErr(err)}
}

func counted(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
