package recognize

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// asked builds a request from a line such as "POST /login?x=1", a content type
// and a body.
func asked(line, contentType, body string) *Request {
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	r := &Request{Method: method, Host: "shop.test", Path: path, RawQuery: query, Header: http.Header{}, Complete: true}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if body != "" {
		r.Body = []byte(body)
	}
	return r
}

func formPost(target, body string) *Request {
	return asked("POST "+target, "application/x-www-form-urlencoded", body)
}

func jsonPost(target, body string) *Request { return asked("POST "+target, "application/json", body) }

func with(r *Request, name, value string) *Request {
	r.Header.Add(name, value)
	return r
}

func basicAuth(userinfo string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))
}

// identityTexts lists identities as "key=value,key=value", one string for each.
func identityTexts(c Credentials) []string {
	var texts []string
	for _, id := range c.Identities {
		m := id.Map()
		var pairs []string
		for _, k := range slices.Sorted(maps.Keys(m)) {
			pairs = append(pairs, k+"="+m[k])
		}
		texts = append(texts, strings.Join(pairs, ","))
	}
	return texts
}

func secretTexts(c Credentials) []string {
	var texts []string
	for _, s := range c.Secrets {
		texts = append(texts, string(s))
	}
	return texts
}

// wantAttempt is the expectation of a row. Zero fields mean none or false.
type wantAttempt struct {
	kind    config.Kind
	format  Format
	ids     []string
	secrets []string

	ambiguous, missing, uninspectable, hostile, inQuery, crowd bool

	guesses int // 0 is read as 1
}

func (w wantAttempt) check(t *testing.T, c Credentials, ok bool) {
	t.Helper()
	if w.kind == "" {
		if ok {
			t.Fatalf("recognised as %s (%v), want no attempt", c.Kind, c.Evidence)
		}
		return
	}
	if !ok {
		t.Fatalf("no attempt, want %s", w.kind)
	}
	if c.Kind != w.kind {
		t.Errorf("kind = %s, want %s (%v)", c.Kind, w.kind, c.Evidence)
	}
	if w.format != "" && c.Format != w.format {
		t.Errorf("format = %s, want %s", c.Format, w.format)
	}
	if got := identityTexts(c); !slices.Equal(got, w.ids) {
		t.Errorf("identities = %q, want %q", got, w.ids)
	}
	if got := secretTexts(c); !slices.Equal(got, w.secrets) {
		t.Errorf("secrets = %q, want %q", got, w.secrets)
	}
	if want := max(1, w.guesses); c.Guesses != want {
		t.Errorf("guesses = %d, want %d", c.Guesses, want)
	}
	for _, f := range []struct {
		name      string
		got, want bool
	}{
		{"ambiguous", c.Ambiguous, w.ambiguous},
		{"missing", c.Missing, w.missing},
		{"uninspectable", c.Uninspectable, w.uninspectable},
		{"hostile", c.Hostile, w.hostile},
		{"inQuery", c.InQuery, w.inQuery},
		{"crowd", c.Crowd, w.crowd},
	} {
		if f.got != f.want {
			t.Errorf("%s = %t, want %t", f.name, f.got, f.want)
		}
	}
}

type attemptRow struct {
	name string
	req  *Request
	want wantAttempt
}

func checkRows(t *testing.T, rows []attemptRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Automatic(row.req)
			row.want.check(t, c, ok)
			need := MayCarry(row.req.Method, row.req.Path, row.req.RawQuery, row.req.Header, int64(len(row.req.Body)))
			if ok && need == NeedNothing {
				t.Error("an attempt, but MayCarry needs nothing of it")
			}
			if len(row.req.Body) > 0 && ok && need != NeedBody && c.Format != FormatBasic && c.Format != FormatDigest {
				t.Error("an attempt in the body, but MayCarry does not ask for it")
			}
		})
	}
}
