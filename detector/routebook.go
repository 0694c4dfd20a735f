package detector

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
)

// Graduation of an automatic route: the gentle start ends when its outcomes
// have proved themselves.
const (
	graduateAttempts = 200
	graduateAge      = evidence.Seconds(24 * time.Hour / time.Second)
	graduateUnknown  = 10 // percent of attempts, at most
)

// maxRoutes is how many routes of a site are told apart. The least used
// undeclared one makes room for a new one; a flood of invented paths therefore
// recycles its own entries.
const maxRoutes = 256

// Route is what is known of one place where attempts arrive.
type Route struct {
	Path     string
	Kind     config.Kind
	Declared bool

	first                               evidence.Seconds
	attempts, success, failure, unknown atomic.Uint32
	// answered are the attempts that the app answered to a client that waited
	// for it: those whose outcome could have been read.
	answered atomic.Uint32
	// unread are attempts whose body could not be read, unreadIn those of them
	// that got in all the same: legitimate clients. Refused ones prove nothing,
	// or three of them would switch the rule off.
	unread, unreadIn atomic.Uint32
	// emptyIn tells that somebody got in without a password or a user name, as far
	// as these can be read: the rule about such requests does not hold here.
	emptyIn atomic.Bool

	// served tells that the app served a form for this route, proved that a
	// session which it opened proved itself.
	served, proved, refuses400 atomic.Bool
	shapes                     recognize.Shapes
}

// RouteStatus is a route as status shows it.
type RouteStatus struct {
	Path      string      `json:"path"`
	Kind      config.Kind `json:"kind"`
	Declared  bool        `json:"declared"`
	Attempts  uint32      `json:"attempts"`
	Successes uint32      `json:"successes"`
	Failures  uint32      `json:"failures"`
	Unknown   uint32      `json:"unknown"`
	// Answered are the attempts that the app answered, of which Unknown could
	// not be read. It is less than Attempts by what was refused, aborted,
	// unanswered, or still waits.
	Answered  uint32 `json:"answered"`
	Graduated bool   `json:"graduated"`
	// Missing says what the route still needs to graduate.
	Missing string `json:"missing,omitempty"`
	// Confirmed tells that a success here may earn something. Unconfirmed says
	// what is missing for that.
	Confirmed   bool   `json:"confirmed"`
	Unconfirmed string `json:"unconfirmed,omitempty"`
	// Served tells that the app served a form for this route, Proved that a
	// session which it opened proved itself.
	Served bool `json:"served,omitempty"`
	Proved bool `json:"proved,omitempty"`
	// Answers are the shapes that the app's answers have here.
	Answers []recognize.ShapeStatus `json:"answers,omitempty"`
}

// routeKey tells apart what is declared and what is found on the same path: by
// leaving out what the operator's matcher asks for, a client must not make
// either forget what it has learned.
type routeKey struct {
	kind     config.Kind
	path     string
	declared bool
}

// routeBook holds the routes of one site.
type routeBook struct {
	mu    sync.RWMutex
	byKey map[routeKey]*Route
}

func (b *routeBook) get(now evidence.Seconds, kind config.Kind, path string, declared bool) *Route {
	key := routeKey{kind, path, declared}
	b.mu.RLock()
	r := b.byKey[key]
	b.mu.RUnlock()
	if r != nil {
		return r
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.byKey[key]; r != nil {
		return r
	}
	if b.byKey == nil {
		b.byKey = make(map[routeKey]*Route)
	}
	if len(b.byKey) >= maxRoutes {
		b.makeRoom()
	}
	r = &Route{Path: path, Kind: kind, Declared: declared, first: now}
	b.byKey[key] = r
	return r
}

// takesLogins reports whether path is known to take logins, because they failed
// and succeeded plainly there: then a request that claims to be something else,
// by a decoy field, is counted as the guess it may be.
func (b *routeBook) takesLogins(path string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r := b.byKey[routeKey{config.KindLogin, path, false}]
	return r != nil && r.success.Load() > 0 && r.failure.Load() > 0 || b.byKey[routeKey{config.KindLogin, path, true}] != nil
}

// name is route in the one spelling it is known by. Most routers ignore letter
// case and a slash at the end, so /Login/ must be no new route with a gentle
// start of its own; nor must /login#anything, when logins arrive at /login
// without naming an operation.
func (b *routeBook) name(route string) string {
	path, operation, named := strings.Cut(route, "#")
	path = strings.ToLower(path)
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if !named || b.takesLogins(path) {
		return path
	}
	return path + "#" + operation
}

// makeRoom forgets the route with the fewest attempts; called with mu held.
func (b *routeBook) makeRoom() {
	var victim routeKey
	fewest := int64(-1)
	for key, r := range b.byKey {
		n := int64(r.attempts.Load())
		switch {
		case r.Declared:
			n += 1 << 33 // an attacker can confirm routes, not declare them
		case r.confirmed():
			n += 1 << 32
		}
		if fewest < 0 || n < fewest {
			victim, fewest = key, n
		}
	}
	delete(b.byKey, victim)
}

// confirmed reports whether the outcomes of the route are believed enough for
// a success to earn something.
func (r *Route) confirmed() bool { return r.unconfirmed() == "" }

// unconfirmed says what is missing before a success may earn something, ""
// when nothing is: the operator declared the route; or it was seen to fail as
// well as succeed, and the app served the form for it, asked for credentials there
// (RFC 7235), or a session it opened proved itself. A shopping cart that takes any field and redirects does
// neither (H1).
func (r *Route) unconfirmed() string {
	switch {
	case r.Declared:
		return ""
	case r.success.Load() == 0:
		return "a success that is plain"
	case r.failure.Load() == 0:
		return "a failure that is plain"
	case !r.served.Load() && !r.proved.Load():
		return "a form served by the app, or a session that proves itself"
	}
	return ""
}

// learn records an outcome.
func (r *Route) learn(o recognize.Outcome, unread bool) {
	if unread && o.Result == recognize.Success {
		r.unreadIn.Add(1)
	}
	if !o.Aborted && !o.Upstream {
		r.answered.Add(1)
	}
	switch {
	case o.Result == recognize.Unknown && !o.Aborted && !o.Upstream:
		r.unknown.Add(1)
	case o.Confidence < sureEnough:
	case o.Result == recognize.Success:
		r.success.Add(1)
	case o.Result == recognize.Failure:
		r.failure.Add(1)
	}
}

// missing says what the route needs before it graduates, "" when nothing.
func (r *Route) missing(now evidence.Seconds) string {
	attempts := r.attempts.Load()
	switch {
	case attempts < graduateAttempts:
		return "200 attempts"
	case r.success.Load() == 0 || r.failure.Load() == 0:
		return "both successes and failures"
	case now < r.first+graduateAge:
		return "24 hours"
	case uint64(r.unknown.Load())*100 >= uint64(attempts)*graduateUnknown:
		return "fewer unknown outcomes than 10 percent"
	}
	return ""
}

// lenient reports whether the gentle start applies. Declared routes have
// normal thresholds but short sanctions until they have graduated as well.
func (r *Route) lenient(now evidence.Seconds, mode config.Mode) bool {
	return mode == config.ModeGraduated && r.missing(now) != ""
}

func (r *Route) status(now evidence.Seconds) RouteStatus {
	missing := r.missing(now)
	return RouteStatus{
		Path: r.Path, Kind: r.Kind, Declared: r.Declared,
		Attempts: r.attempts.Load(), Successes: r.success.Load(),
		Failures: r.failure.Load(), Unknown: r.unknown.Load(), Answered: r.answered.Load(),
		Served: r.served.Load(), Proved: r.proved.Load(),
		Graduated: missing == "", Missing: missing,
		Confirmed: r.confirmed(), Unconfirmed: r.unconfirmed(), Answers: r.shapes.Status(),
	}
}

// forget drops the undeclared routes and what declared ones have learned. An
// attempt that is under way settles into the route it was admitted by.
func (b *routeBook) forget() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.byKey)
	b.byKey = nil
	return n
}

// graduated reports whether some route of the class has graduated.
func (b *routeBook) graduated(now evidence.Seconds, class config.Class) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, r := range b.byKey {
		if r.Kind.Class() == class && r.missing(now) == "" {
			return true
		}
	}
	return false
}

func (b *routeBook) statuses(now evidence.Seconds) []RouteStatus {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := make([]RouteStatus, 0, len(b.byKey))
	for _, r := range b.byKey {
		list = append(list, r.status(now))
	}
	return list
}
