package recognize

import (
	"cmp"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxBookForms is how many forms a FormBook holds.
const maxBookForms = 64

// FormBook holds the forms that a site was seen to serve, by method and
// address. The zero value is ready.
//
// It holds at most maxBookForms forms, maxFormsOfAddress of one address, which
// is up to half a MiB if every name is as long as it may be and some 20 KiB in
// practice. When it is full, the address that was longest not served gives way,
// but never one that was submitted to: who can make a site show many forms must
// not make it forget those in use. If all were, nothing more is learned.
//
// An address is a path without what varies in it, in the one spelling that
// [Credentials.Route] has behind it: lower case, no slash at the end, no matrix
// parameters, * for segments that look like ids and for all beyond the eighth.
//
// It is safe for concurrent use. Looking up takes no lock and never allocates.
// Nothing in it expires: forms live as long as the process and are learned again
// within a page view.
type FormBook struct {
	shelf atomic.Pointer[shelf] // copied on write
	// clock counts what was learned and submitted, to tell what is oldest.
	clock atomic.Int64

	mu     sync.Mutex // for writing
	budget scanBudget
}

// shelf is what a book holds at one time. It is not changed.
type shelf struct {
	byAddress map[string]*shelved
	filter    addressFilter
	forms     int
}

// shelved are the forms of one address, the newest first.
type shelved struct {
	first *Form
	n     int
	use   *formUse
}

// formUse is how an address was used.
type formUse struct {
	last      atomic.Int64 // by the clock of the book
	submitted atomic.Bool
}

// Lookup returns the form for a request, nil when none is known. The forms of
// one address hang together: [Automatic] tells which was sent. It is for
// Request.Form.
func (b *FormBook) Lookup(method, path string) *Form {
	if e := b.find(method, path); e != nil {
		return e.first
	}
	return nil
}

// Served reports whether the app served a form for this address (H1).
func (b *FormBook) Served(method, path string) bool { return b.find(method, path) != nil }

// Submitted notes that the form of an address was used for an attempt that the
// app answered, which keeps it in the book.
func (b *FormBook) Submitted(method, path string) {
	if e := b.find(method, path); e != nil {
		e.use.submitted.Store(true)
		e.use.last.Store(b.clock.Add(1))
	}
}

func (b *FormBook) find(method, path string) *shelved {
	s := b.shelf.Load()
	if s == nil || !isFormMethod(method) || s.filter.excludes(path) {
		return nil
	}
	var buf [maxAddress]byte
	return s.byAddress[string(appendAddress(buf[:0], method, path))]
}

func isFormMethod(method string) bool { return method == http.MethodPost || method == http.MethodGet }

// Learn takes the forms of a page in and reports whether any was new.
func (b *FormBook) Learn(forms []Form) bool {
	taught := false
	for i := range forms {
		taught = b.learn(&forms[i]) || taught
	}
	return taught
}

func (b *FormBook) learn(f *Form) bool {
	if !isFormMethod(f.Method) || f.Path == "" || len(f.Passwords) == 0 {
		return false
	}
	if e := b.find(f.Method, f.Path); e != nil && e.holds(f) {
		e.use.last.Store(b.clock.Add(1))
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.copy()
	key := string(appendAddress(nil, f.Method, f.Path))
	old := next.byAddress[key]
	if old.holds(f) {
		return false
	}
	e := old.with(f)
	next.forms += e.n - old.size()
	next.byAddress[key] = e
	for next.forms > maxBookForms {
		if !next.evict(key) {
			return false
		}
	}
	e.use.last.Store(b.clock.Add(1))
	for key := range next.byAddress {
		next.filter.add(key)
	}
	b.shelf.Store(next)
	return true
}

func (b *FormBook) copy() *shelf {
	s := b.shelf.Load()
	if s == nil {
		return &shelf{byAddress: map[string]*shelved{}}
	}
	return &shelf{byAddress: maps.Clone(s.byAddress), forms: s.forms}
}

// evict forgets the oldest address that was not submitted to, except spared;
// false: there is none.
func (s *shelf) evict(spared string) bool {
	victim, oldest := "", int64(0)
	for key, e := range s.byAddress {
		if last := e.use.last.Load(); key != spared && !e.use.submitted.Load() && (victim == "" || last < oldest) {
			victim, oldest = key, last
		}
	}
	if victim == "" {
		return false
	}
	s.forms -= s.byAddress[victim].n
	delete(s.byAddress, victim)
	return true
}

func (e *shelved) size() int {
	if e == nil {
		return 0
	}
	return e.n
}

// holds reports whether a form is known already.
func (e *shelved) holds(f *Form) bool {
	if e == nil {
		return false
	}
	for g := e.first; g != nil; g = g.next {
		if g.same(f) {
			return true
		}
	}
	return false
}

func (f *Form) same(g *Form) bool {
	return f.Kind == g.Kind && slices.Equal(f.Identifiers, g.Identifiers) && slices.Equal(f.Passwords, g.Passwords)
}

// with returns the forms of e and, in front of them, f. Where there is no room,
// the oldest form of the kind that has most gives way: names that change with
// every page must not drive the other kinds out.
func (e *shelved) with(f *Form) *shelved {
	added := *f
	added.fields = f.known()
	forms := []*Form{&added}
	made := &shelved{use: &formUse{}}
	if e != nil {
		made.use = e.use
		for g := e.first; g != nil; g = g.next {
			older := *g
			forms = append(forms, &older)
		}
	}
	if len(forms) > maxFormsOfAddress {
		forms = slices.Delete(forms, crowded(forms), crowded(forms)+1)
	}
	for i, g := range forms {
		g.next = nil
		if i+1 < len(forms) {
			g.next = forms[i+1]
		}
	}
	made.first, made.n = forms[0], len(forms)
	return made
}

// crowded returns the index of the last form of the kind that most forms have.
func crowded(forms []*Form) int {
	count := map[string]int{}
	for _, f := range forms {
		count[string(f.Kind)]++
	}
	last := len(forms) - 1
	most := count[string(slices.MaxFunc(forms, func(f, g *Form) int { return cmp.Compare(count[string(f.Kind)], count[string(g.Kind)]) }).Kind)]
	for i, f := range forms {
		if count[string(f.Kind)] == most {
			last = i
		}
	}
	return last
}

// Read learns from an answer, within the scan budget, at time now; the zero
// time has no budget. It looks at HTML with status 200, 401, 403 or 422, the
// answers in which apps show a form, and reports whether that taught anything.
// resp.Body is decoded from its Content-Encoding and may be a prefix.
func (b *FormBook) Read(now time.Time, r *Request, resp *Response) bool {
	if !MayShowForm(resp.Status, resp.Header) || !HoldsPasswordField(resp.Body) {
		return false
	}
	if !now.IsZero() && !b.MayScan(now, r.Path, r.RawQuery) {
		return false
	}
	if !b.Learn(FormsIn(resp.Body, r.Path, r.RawQuery, r.Host)) {
		return false
	}
	if !now.IsZero() {
		b.giveBack(r.Path, r.RawQuery)
	}
	return true
}

// Forget drops the forms, and opens the scan budget again, so that the next
// views of the pages teach them anew.
func (b *FormBook) Forget() {
	b.mu.Lock()
	b.shelf.Store(nil)
	b.mu.Unlock()
	b.budget.mu.Lock()
	b.budget.begin = time.Time{}
	b.budget.mu.Unlock()
}

// MayShowForm reports, before the body is seen, whether an answer may be a page
// with a form.
func MayShowForm(status int, h http.Header) bool {
	switch status {
	case http.StatusOK, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
	default:
		return false
	}
	kind := h.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); err == nil {
		kind = media
	}
	return strings.EqualFold(kind, "text/html") || strings.EqualFold(kind, "application/xhtml+xml")
}
