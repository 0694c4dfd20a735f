package recognizer

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// The bounds of what is looked for in one request. It was read within the
// bounds of package recognize; this is only to name what was found.
const (
	maxFields = 256
	maxDepth  = 16
)

// placed is a value of a request and how a route names its place.
type placed struct {
	field config.Field
	value string
}

// fieldsOf lists the values of a request, those of the body first. A body
// that cannot be read has none.
func fieldsOf(r *recognize.Request, scheme recognize.Format) []placed {
	if scheme != "" {
		return nil
	}
	var list []placed
	add := func(from config.Place, key, value string) {
		if writable(key) && len(list) < maxFields {
			list = append(list, placed{config.Field{From: from, Key: key}, value})
		}
	}
	addAll := func(from config.Place, values url.Values) {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			for _, v := range values[key] {
				add(from, key, v)
			}
		}
	}
	kind, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch body := bytes.TrimSpace(r.Body); {
	case kind == "multipart/form-data":
		addAll(config.PlaceForm, multipartValues(body, parameters["boundary"]))
	case len(body) > 0 && (body[0] == '{' || body[0] == '['):
		var tree any
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if decoder.Decode(&tree) == nil {
			walk(tree, "", 0, func(path, value string) { add(config.PlaceJSON, path, value) })
		}
	default:
		if values, err := url.ParseQuery(string(body)); err == nil {
			addAll(config.PlaceForm, values)
		}
	}
	if values, err := url.ParseQuery(r.RawQuery); err == nil {
		addAll(config.PlaceQuery, values)
	}
	return list
}

func multipartValues(body []byte, boundary string) url.Values {
	values := url.Values{}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxFields {
		part, err := reader.NextPart()
		if err != nil {
			break
		}
		text, err := io.ReadAll(part)
		if err != nil {
			break
		}
		if part.FileName() == "" {
			values.Add(part.FormName(), string(text))
		}
	}
	return values
}

// walk visits the texts and numbers of a JSON value with their dotted paths, in
// the order of the names.
func walk(v any, path string, depth int, visit func(path, value string)) {
	under := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(v[name], under(name), depth+1, visit)
		}
	case []any:
		for i, item := range v {
			walk(item, under(strconv.Itoa(i)), depth+1, visit)
		}
	case string:
		visit(path, v)
	case json.Number:
		visit(path, v.String())
	}
}

// fieldVariant is what a route may say about fields.
type fieldVariant struct {
	identifiers []config.Field
	password    *config.Field
}

// fieldVariants lists what may be said, the most first, nothing last.
func (g *group) fieldVariants() []fieldVariant {
	if g.token.From != "" {
		return []fieldVariant{{password: &g.token}}
	}
	all := fieldVariant{identifiers: g.identifiers(), password: g.password()}
	return []fieldVariant{all, {identifiers: all.identifiers}, {password: all.password}, {}}
}

// identifiers finds where the identifiers of all attempts are. It is nil when
// one of them is not at the same place everywhere.
func (g *group) identifiers() []config.Field {
	var named []*step
	for _, s := range g.steps {
		if len(s.found.Identities) > 0 {
			named = append(named, s)
		}
	}
	if len(named) == 0 {
		return nil
	}
	var fields []config.Field
	for _, pair := range named[0].found.Identities[0].Pairs() {
		f, ok := common(named, g.scheme, func(s *step, value string) bool {
			want := s.found.Identities[0].Value(pair.Key)
			return want != "" && identity.New(identity.Pair{Key: pair.Key, Value: value}).Value(pair.Key) == want
		})
		if !ok || !writable(pair.Key) {
			return nil
		}
		f.Name = pair.Key
		fields = append(fields, f)
	}
	return fields
}

// password finds where the password of all attempts is.
func (g *group) password() *config.Field {
	var with []*step
	for _, s := range g.steps {
		if len(s.found.Secrets) == 1 {
			with = append(with, s)
		}
	}
	f, ok := common(with, g.scheme, func(s *step, value string) bool { return value == string(s.found.Secrets[0]) })
	if !ok {
		return nil
	}
	return &f
}

// common finds a field that holds what is looked for in every step.
func common(steps []*step, scheme recognize.Format, holds func(s *step, value string) bool) (config.Field, bool) {
	if len(steps) == 0 {
		return config.Field{}, false
	}
	if scheme != "" {
		return config.Field{From: config.Place(scheme)}, true
	}
	var left []config.Field
	for i, s := range steps {
		var here []config.Field
		for _, p := range fieldsOf(&s.entry.Request, scheme) {
			if holds(s, p.value) && (i == 0 || slices.Contains(left, p.field)) {
				here = append(here, p.field)
			}
		}
		if left = here; len(left) == 0 {
			return config.Field{}, false
		}
	}
	return left[max(0, slices.IndexFunc(left, func(f config.Field) bool { return !isConfirmation(f.Key) }))], true
}

// isConfirmation reports whether a field seems to hold a value typed again.
func isConfirmation(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"conf", "again", "repeat", "retype", "verif", "2"}, func(s string) bool { return strings.Contains(key, s) })
}
