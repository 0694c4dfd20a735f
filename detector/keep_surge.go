package detector

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/detector/evidence"
)

// sortRoutes makes equal lists equal texts, so that a document is only written
// when something has changed.
func sortRoutes(list []keptRoute) {
	slices.SortFunc(list, func(a, b keptRoute) int {
		declared := 0
		if a.Declared != b.Declared {
			declared = 1
			if a.Declared {
				declared = -1
			}
		}
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(string(a.Kind), string(b.Kind)), declared)
	})
}

// keptSurge is what is kept of the site test: all but which accounts and sources
// counted within the hour, so that one of them may count twice over a restart.
type keptSurge struct {
	begun   evidence.Seconds
	logins  float64
	rate    evidence.Decay
	groups  [surgeGroups]surgeTest
	until   evidence.Seconds
	since   evidence.Seconds
	drip    evidence.Cusum
	dripped evidence.Seconds
}

func (s *surge) keep() (json.RawMessage, error) {
	s.mu.Lock()
	k := keptSurge{s.begun, s.logins, s.rate, s.groups, s.until, s.since, s.drip, s.dripped}
	s.mu.Unlock()
	return evidence.Pack(&k)
}

// restore takes the test back unless the site has had a login since.
func (s *surge) restore(raw json.RawMessage) {
	var k keptSurge
	if len(raw) == 0 || evidence.Unpack(raw, &k) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun != 0 || k.begun == 0 {
		return
	}
	s.begun, s.logins, s.rate, s.groups = k.begun, k.logins, k.rate, k.groups
	s.until, s.since, s.drip, s.dripped = k.until, k.since, k.drip, k.dripped
}

// keptSignups is what is kept of the site test for signups.
type keptSignups struct {
	begun   evidence.Seconds
	rate    evidence.Decay
	repeats baseline
	test    evidence.Cusum
	until   evidence.Seconds
}

func (w *signupWatch) keep() (json.RawMessage, error) {
	w.mu.Lock()
	k := keptSignups{w.begun, w.rate, w.repeats, w.test, w.until}
	w.mu.Unlock()
	return evidence.Pack(&k)
}

func (w *signupWatch) restore(raw json.RawMessage) {
	var k keptSignups
	if len(raw) == 0 || evidence.Unpack(raw, &k) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun != 0 || k.begun == 0 {
		return
	}
	w.begun, w.rate, w.repeats, w.test, w.until = k.begun, k.rate, k.repeats, k.test, k.until
}
