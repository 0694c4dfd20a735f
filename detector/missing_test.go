package detector

import (
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

var noCredentials = recognize.Outcome{Result: recognize.Malformed, Confidence: 0.9}

func probe(ip, name string, password uint64) *Attempt {
	a := login(ip, name, password)
	a.Missing = true
	return a
}

func TestLoginsWithoutAPasswordAreLimitedBySource(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user     string
		password uint64
		outcome  recognize.Outcome
	}{
		"no password":               {"bob@x.test", 0, noCredentials},
		"no user name":              {"", 7, noCredentials},
		"neither":                   {"", 0, noCredentials},
		"answered as a wrong one":   {"", 0, failed},
		"a client that hangs up":    {"", 0, recognize.Outcome{Result: recognize.Unknown, Aborted: true}},
		"an answer of another kind": {"bob@x.test", 0, recognize.Outcome{Result: recognize.Failure, Confidence: 0.6}},
	} {
		w := newWorld(t, strictly)
		for i := range 3 {
			if v := w.try(probe("192.0.2.1", c.user, c.password), c.outcome); !v.LetsThrough() {
				t.Fatalf("%s, request %d: %+v", name, i, v)
			}
		}
		v := w.try(probe("192.0.2.1", c.user, c.password), c.outcome)
		if v.Detection != config.MissingCredentials || !v.Malformed || v.Sanction != 0 || !v.Until.After(w.now) {
			t.Errorf("%s: %+v, want it answered 400 for a while, without a sanction", name, v)
		}
		if !w.try(login("192.0.2.1", "bob@x.test", 1), succeeded).LetsThrough() {
			t.Errorf("%s: a login with a password is refused", name)
		}
		if !w.try(probe("192.0.2.2", c.user, c.password), c.outcome).LetsThrough() {
			t.Errorf("%s: another source is refused", name)
		}
		w.now = v.Until.Add(time.Second)
		if !w.try(probe("192.0.2.1", c.user, c.password), c.outcome).LetsThrough() {
			t.Errorf("%s: refused after the time it said", name)
		}
	}
}

func TestEmptyPasswordsThatAreNoProbes(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]recognize.Outcome{
		"get in":                    succeeded,
		"lead to the second step":   {Result: recognize.Challenge, Confidence: 0.9},
		"are answered with nothing": {Result: recognize.Unknown},
	} {
		w := newWorld(t, strictly)
		for i := range 20 {
			if v := w.try(probe("192.0.2.1", "", 0), o); v.Detection == config.MissingCredentials {
				t.Fatalf("%s, request %d: %+v", name, i, v)
			}
		}
	}
	w := newWorld(t, strictly)
	w.try(probe("192.0.2.9", "", 0), succeeded)
	for i := range 9 {
		if v := w.try(probe("192.0.2.1", "", 0), noCredentials); !v.LetsThrough() {
			t.Fatalf("request %d where such a one got in: %+v", i, v)
		}
	}
}
