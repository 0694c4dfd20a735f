package recognize

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func BenchmarkWorstBodies(b *testing.B) {
	bodies := worstBodies()
	names := make([]string, 0, len(bodies))
	for name := range bodies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r := bodies[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Automatic(r)
			}
		})
	}
}

func BenchmarkAutomatic(b *testing.B) {
	for _, row := range []struct {
		name string
		req  *Request
	}{
		{"form login", formPost("/login", "email=a%40x.test&password=x1&remember=1")},
		{"JSON login", jsonPost("/api/login", `{"email":"a@x.test","password":"x1"}`)},
		{"Basic", with(asked("GET /", "", ""), "Authorization", basicAuth("bob:x1"))},
		{"JSON, no attempt", jsonPost("/api/items", `{"items":[{"sku":"A1","count":2}],"currency":"EUR"}`)},
		{"form, no attempt", formPost("/comments", "post=7&comment=a+long+comment&_wpnonce=0a1b2c")},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Automatic(row.req)
			}
		})
	}
}

// H13. Not parallel: it counts what the process allocates.
func TestWorstBodiesStayBounded(t *testing.T) {
	for name, r := range worstBodies() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, ok := Automatic(r)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes allocated, want at most 1 MiB", name, n)
		}
		checkInvariants(t, name, c, ok)
		if ok && len(c.Secrets) > 1 && !c.Ambiguous {
			t.Errorf("%s: %d secrets and not ambiguous", name, len(c.Secrets))
		}
	}
}

func TestOneBodyNamesAtMostTwo(t *testing.T) {
	t.Parallel()
	c, ok := Automatic(worstBodies()["json/accounts"])
	if !ok || len(c.Identities) != MaxIdentities || !c.Ambiguous || !c.Crowd {
		t.Errorf("identities %d, ambiguous %t, crowd %t", len(c.Identities), c.Ambiguous, c.Crowd)
	}
	if n := strings.Count(string(worstBodies()["json/accounts"].Body), "email"); c.Guesses != n && c.Guesses != maxPairs/3 {
		t.Errorf("%d guesses, want %d", c.Guesses, n)
	}
	if len(c.Secrets) != maxCandidates {
		t.Errorf("%d secrets kept, want %d", len(c.Secrets), maxCandidates)
	}
}

// evidenceWords is everything Evidence may say. It is closed: no byte of a
// request can be in it.
func evidenceWords() map[string]bool {
	words := map[string]bool{}
	fields := []string{"u", "p", "basic", "digest", declaredWord, formWord}
	for w := range lexicon {
		fields = append(fields, w)
	}
	fields = append(fields, stems...)
	for _, what := range []string{"password", "identifier"} {
		for _, w := range fields {
			words[what+" field "+w] = true
			words[what+" field "+w+" in the query"] = true
		}
		for _, place := range []string{"Basic credentials", "Digest credentials", "a header", "an XML-RPC call", "a protobuf message"} {
			words[what+" in "+place] = true
		}
	}
	for _, k := range config.Kinds {
		words["declared "+string(k)+" route"] = true
		words["path of a "+string(k)] = true
		words["the app served a "+string(k)+" form for this address"] = true
		words["call of a "+string(k)] = true
	}
	all := Credentials{Ambiguous: true, Missing: true, Uninspectable: true, Hostile: true, InQuery: true}
	for _, e := range flagEvidence(&all, &reading{grant: passwordGrant}) {
		words[e] = true
	}
	return words
}

var allowedEvidence = evidenceWords()

// checkInvariants is what holds for the reading of any request.
func checkInvariants(t *testing.T, name string, c Credentials, ok bool) {
	t.Helper()
	if !ok {
		return
	}
	if c.Kind == config.KindNone || c.Kind == "" {
		t.Errorf("%s: an attempt of kind %q", name, c.Kind)
	}
	checkSecrets(t, name, c)
	if len(c.Identities) > MaxIdentities {
		t.Errorf("%s: %d identities", name, len(c.Identities))
	}
	if c.Guesses < 1 || c.Guesses > 2*worst || c.Crowd && c.Guesses <= MaxIdentities {
		t.Errorf("%s: %d guesses, crowd %t", name, c.Guesses, c.Crowd)
	}
	if len(c.Identities) > 1 && !c.Ambiguous {
		t.Errorf("%s: %d identities and not ambiguous", name, len(c.Identities))
	}
	if len(c.Route) > maxRoute {
		t.Errorf("%s: a route of %d bytes", name, len(c.Route))
	}
	if !(c.Confidence > 0 && c.Confidence <= 1) {
		t.Errorf("%s: confidence %v", name, c.Confidence)
	}
	for _, e := range c.Evidence {
		if !allowedEvidence[e] {
			t.Errorf("%s: evidence %q is not ours", name, e)
		}
	}
}

func checkSecrets(t *testing.T, name string, c Credentials) {
	t.Helper()
	if len(c.Secrets) > maxCandidates+1 {
		t.Errorf("%s: %d secrets", name, len(c.Secrets))
	}
	for i, s := range c.Secrets {
		if len(s) == 0 {
			t.Errorf("%s: an empty secret", name)
		}
		if slices.ContainsFunc(c.Secrets[:i], func(o []byte) bool { return bytes.Equal(o, s) }) {
			t.Errorf("%s: a secret twice", name)
		}
	}
	if c.Kind == config.KindLogin && len(c.Secrets) > 1 && !c.Ambiguous {
		t.Errorf("%s: %d secrets of a login and not ambiguous", name, len(c.Secrets))
	}
}
