package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// ReadConfig reads what `--config` of a subcommand names: a whole Caddyfile, a
// JSON configuration of Caddy, or the bare lines of a doorward block, those of
// the global option and those of the directive together. filename is for error
// texts and for what a Caddyfile imports.
//
// site chooses between several handlers by a host, by the name a `site` line
// gives or by a listen address such as :8080. Empty is right for one handler
// only. A choice that is not clear is an error that lists the handlers.
//
// Both values are validated and hold what was written: defaults are not filled
// in and placeholders not replaced, and nothing is provisioned. A site whose
// address is a word of the grammar, such as login, must be written with scheme
// or port (http://login), else it is taken for a bare line.
func ReadConfig(text []byte, filename, site string) (*App, *Handler, error) {
	app, handler, err := readAny(text, filename, site)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the configuration %s: %w", filename, err)
	}
	return app, handler, nil
}

func readAny(text []byte, filename, site string) (*App, *Handler, error) {
	if json.Valid(text) {
		return readJSON(text, site)
	}
	tokens, err := caddyfile.Tokenize(text, filename)
	if err != nil {
		return nil, nil, err
	}
	lines := bareGrammar(new(App), new(Handler)).lines
	if len(tokens) == 0 || tokens[0].Text == directiveName || lines[tokens[0].Text].read != nil {
		return readBare(text, filename)
	}
	app, handler, err := readCaddyfile(text, filename, site)
	if err != nil && config.Nearest(tokens[0].Text, lineWords(lines)) != "" {
		return readBare(text, filename) // a misspelled bare line: its error helps more
	}
	return app, handler, err
}

func readCaddyfile(text []byte, filename, site string) (*App, *Handler, error) {
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(text, map[string]any{"filename": filename})
	if err != nil {
		return nil, nil, err
	}
	return readJSON(adapted, site)
}

// bareGrammar knows the lines of both blocks.
func bareGrammar(a *App, h *Handler) blockGrammar {
	option, g := a.grammar(), h.grammar(append([]string{config.ListTor}, config.NetworkKinds...))
	maps.Copy(g.lines, option.lines)
	checkSite := g.check
	g.block = "a block doorward"
	g.check = func() error { return errors.Join(option.check(), checkSite()) }
	return g
}

// readBare puts the lines into a Caddyfile, so that environment variables,
// imports and quotes work as they do there.
func readBare(text []byte, filename string) (*App, *Handler, error) {
	before, after := "http:// {\n"+directiveName+" {\n", "\n}\n"
	if first, err := caddyfile.Tokenize(text, filename); err == nil && len(first) > 0 && first[0].Text == directiveName {
		before, after = "http:// {\n", "\n"
	}
	// Another directive behind the block is found where it belongs only if the
	// braces of the text match: Caddy's parser lets one be missing at the end.
	const behind = "behind_the_block"
	shift := strings.Count(before, "\n")
	blocks, err := caddyfile.Parse(filename, []byte(before+string(text)+after+behind+"\n}\n"))
	if err != nil {
		return nil, nil, moveLines(err, filename, shift)
	}
	var segments []caddyfile.Segment
	if len(blocks) == 1 {
		segments = blocks[0].Segments
	}
	if len(segments) != 2 || segments[0].Directive() != directiveName || segments[1].Directive() != behind {
		return nil, nil, errors.New("a brace is missing or too many, or there is more than one block doorward; write the lines of one block, or whole site blocks")
	}
	tokens := segments[0]
	for i := range tokens {
		if tokens[i].File == filename {
			tokens[i].Line -= shift
		}
	}
	d := caddyfile.NewDispenser(tokens)
	d.Next()
	app, handler := new(App), new(Handler)
	if err := bareGrammar(app, handler).read(httpcaddyfile.Helper{Dispenser: d}); err != nil {
		return nil, nil, err
	}
	return app, handler, validateBoth(app, handler)
}

// moveLines takes the lines that were put before the text out of an error.
func moveLines(err error, filename string, shift int) error {
	pattern := regexp.MustCompile(regexp.QuoteMeta(filename) + `:(\d+)`)
	return errors.New(pattern.ReplaceAllStringFunc(err.Error(), func(s string) string {
		n, _ := strconv.Atoi(s[len(filename)+1:])
		return fmt.Sprintf("%s:%d", filename, n-shift)
	}))
}

// readJSON reads a configuration of Caddy, or a handler alone.
func readJSON(text []byte, site string) (*App, *Handler, error) {
	var document struct {
		Apps map[string]json.RawMessage `json:"apps"`
	}
	var tree any
	if err := errors.Join(json.Unmarshal(text, &document), json.Unmarshal(text, &tree)); err != nil {
		return nil, nil, err
	}
	app := new(App)
	if raw := document.Apps[optionName]; raw != nil {
		if err := caddy.StrictUnmarshalJSON(raw, app); err != nil {
			return nil, nil, fmt.Errorf("decoding apps.doorward: %w", err)
		}
	}
	found, err := chooseHandler(findHandlers(tree), site)
	if err != nil {
		return nil, nil, err
	}
	delete(found.fields, "handler")
	raw, err := json.Marshal(found.fields)
	if err != nil {
		return nil, nil, err
	}
	handler := new(Handler)
	if err := caddy.StrictUnmarshalJSON(raw, handler); err != nil {
		return nil, nil, fmt.Errorf("decoding the handler doorward of %s: %w", found, err)
	}
	return app, handler, validateBoth(app, handler)
}

func validateBoth(app *App, h *Handler) error {
	errs := []error{app.App.Validate(), h.Site.Validate(app.Lists())}
	for i, r := range h.Routes {
		if err := r.Route.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("routes[%d]: %w", i, err))
		}
	}
	for i := range h.Events {
		if err := h.Events[i].validate(); err != nil {
			errs = append(errs, fmt.Errorf("events[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}
