package recognizer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// adopt adds to a group the requests to its very addresses that by themselves
// looked like no attempts:
//
//   - one that the app did not find, where it answered others: the address is
//     there, so what was missing is an invitation, a user, a token;
//   - one with a user and without the password that was refused as incomplete.
//     The first step of a login that asks for the password on a second page
//     would have been accepted.
func (s *Session) adopt(g *group) {
	if g.kind != config.KindLogin && g.kind != config.KindSignup || g.scheme != "" || g.operation() {
		return
	}
	user, password := g.identifiers(), g.password()
	var adopted []*step
	for i := range s.steps {
		one := &s.steps[i]
		if one.attempt() || one.found.Declared != nil || !g.sharesAddress(one) {
			continue
		}
		if result := g.inHindsight(one, user, password); result != "" {
			adopted = append(adopted, one.as(g.kind, result))
		}
	}
	g.steps = append(g.steps, adopted...)
}

// inHindsight is the outcome of a step that looked like no attempt, empty if it
// still does.
func (g *group) inHindsight(one *step, user []config.Field, password *config.Field) recognize.Result {
	switch status := one.entry.Response.Status; {
	case status == http.StatusNotFound && one.found.Kind == g.kind && len(one.found.Secrets) > 0:
		g.remark("an answer 404 is taken for a failure, because the same address answers otherwise too")
		return recognize.Failure
	case status != http.StatusBadRequest && status != http.StatusUnprocessableEntity:
		return ""
	case password == nil || !bears(one, user) || bears(one, []config.Field{*password}):
		return ""
	}
	g.remark("a request without a password that was refused as incomplete is taken for an attempt")
	return recognize.Malformed
}

// as is a copy of a step with what hindsight makes of it.
func (s *step) as(kind config.Kind, result recognize.Result) *step {
	again := *s
	again.Kind, again.Outcome, again.adopted = kind, result, true
	return &again
}

func (g *group) remark(text string) {
	if !slices.Contains(g.remarks, text) {
		g.remarks = append(g.remarks, text)
	}
}

// sharesAddress reports whether a step went to the very host, method and path of
// one that the app did find.
func (g *group) sharesAddress(one *step) bool {
	r := &one.entry.Request
	return slices.ContainsFunc(g.steps, func(s *step) bool {
		o := &s.entry.Request
		return o.Host == r.Host && o.Method == r.Method && o.Path == r.Path && s.entry.Response.Status != http.StatusNotFound
	})
}

// bears reports whether a request holds a value in each of the fields, which
// are some.
func bears(s *step, fields []config.Field) bool {
	values := fieldsOf(&s.entry.Request, "")
	missing := func(f config.Field) bool {
		return !slices.ContainsFunc(values, func(p placed) bool {
			return p.field.From == f.From && p.field.Key == f.Key && p.value != ""
		})
	}
	return len(fields) > 0 && !slices.ContainsFunc(fields, missing)
}

// doubtful reports whether the answer that a step took for success was given to
// what cannot have succeeded as well: a second password of one user at the same
// address, none having been changed between, or the creation of an account that
// was in use before.
func (s *Session) doubtful(one *step) bool {
	switch {
	case one.Outcome != recognize.Success || one.found.Declared != nil || one.repeat || len(one.found.Identities) != 1:
		return false
	case one.Kind == config.KindLogin && one.inHeader():
		return s.secondPassword(one)
	case one.Kind == config.KindSignup:
		return s.inUse(one)
	}
	return false
}

// secondPassword looks for a success of the same user with another password at
// the same address, with no change of a password between the two.
func (s *Session) secondPassword(one *step) bool {
	return slices.ContainsFunc(s.steps, func(o step) bool {
		return one.contradicts(&o) && !slices.ContainsFunc(s.steps[min(o.Entry, one.Entry):max(o.Entry, one.Entry)], func(b step) bool {
			return b.Kind == config.KindPasswordChange || b.Kind == config.KindReset
		})
	})
}

// contradicts reports whether two steps got the same user in with two passwords.
func (s *step) contradicts(o *step) bool {
	if o.Outcome != recognize.Success || !o.inHeader() || len(o.found.Secrets) != 1 || len(s.found.Secrets) != 1 || len(o.found.Identities) != 1 {
		return false
	}
	r, other := &s.entry.Request, &o.entry.Request
	return o.found.Identities[0].Equal(s.found.Identities[0]) && string(o.found.Secrets[0]) != string(s.found.Secrets[0]) &&
		other.Host == r.Host && other.Path == r.Path && other.Method == r.Method
}

// inUse reports whether every name that a signup brought belonged to somebody who
// had logged in or signed up before.
func (s *Session) inUse(one *step) bool {
	known := map[string]bool{}
	for i := range s.steps[:one.Entry] {
		o := &s.steps[i]
		if o.entry.Request.Host != one.entry.Request.Host || o.Outcome != recognize.Success || len(o.found.Identities) != 1 ||
			o.Kind != config.KindLogin && o.Kind != config.KindSignup {
			continue
		}
		for _, pair := range o.found.Identities[0].Pairs() {
			known[pair.Value] = true
		}
	}
	pairs := one.found.Identities[0].Pairs()
	for _, pair := range pairs {
		if !known[pair.Value] {
			return false
		}
	}
	return len(pairs) > 0
}

// doubt takes successes for unknown that have the status of a doubtful one: the
// status tells nothing. Where failures have it too, something else tells.
func (s *Session) doubt(g *group) {
	var statuses []string
	for _, one := range g.steps {
		if status := statusOf(&one.entry.Response); s.doubtful(one) && !slices.Contains(statuses, status) {
			statuses = append(statuses, status)
		}
	}
	others := func(one *step) bool {
		return one.Outcome != recognize.Success && one.Outcome != recognize.Unknown && slices.Contains(statuses, statusOf(&one.entry.Response))
	}
	if len(statuses) == 0 || slices.ContainsFunc(g.steps, others) {
		return
	}
	slices.Sort(statuses)
	g.doubted = statuses
	for i, one := range g.steps {
		if slices.Contains(statuses, statusOf(&one.entry.Response)) {
			again := *one
			again.Outcome, again.repeat = recognize.Unknown, false
			g.steps[i] = &again
		}
	}
	what := "accounts that were there already"
	if g.scheme != "" {
		what = "two passwords of one user"
	}
	g.remark(fmt.Sprintf("status %s was answered to %s as well, so it is declared to tell nothing", strings.Join(statuses, ", "), what))
}
