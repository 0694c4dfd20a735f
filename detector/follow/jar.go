package follow

import (
	"hash/maphash"
	"net/http"
	"strings"
	"time"
)

// maxJar is how many cookies of a client are remembered. Browsers keep at least
// 50 per domain (RFC 6265, section 6.1); a client that bears more is not
// followed.
const maxJar = 50

// Jar is what cookies a client should bear after an answer: hashes of names and
// values under a key of this process.
type Jar struct {
	cookies []jarCookie
	// overfull tells that there were more than maxJar.
	overfull bool
	// authorized is the hash of the Authorization header.
	authorized uint64
}

type jarCookie struct {
	name, pair uint64
	// path is the Path attribute of a cookie that the answer set, and must be
	// there in the next request below it; "" for one that was there before.
	path string
}

var seed = maphash.MakeSeed()

// JarAfter makes the jar of a client whose request bore the first header and
// was answered with the second. path is the path of the request.
func JarAfter(request, response http.Header, path string) Jar {
	j := Jar{authorized: maphash.String(seed, request.Get("Authorization"))}
	for _, c := range cookiesOf(request) {
		j.put(jarCookie{name: maphash.String(seed, c.Name), pair: pairOf(c)})
	}
	now := clockOf(response)
	for _, c := range (&http.Response{Header: response}).Cookies() {
		if isOver(c, now) {
			j.drop(maphash.String(seed, c.Name))
			continue
		}
		j.put(jarCookie{name: maphash.String(seed, c.Name), pair: pairOf(c), path: scopeOf(c, path)})
	}
	return j
}

func cookiesOf(request http.Header) []*http.Cookie {
	return (&http.Request{Header: request}).Cookies()
}

func pairOf(c *http.Cookie) uint64 { return maphash.String(seed, c.Name+"="+c.Value) }

// clockOf is the time of the answer. Without one only dates from before the
// protocol are surely over.
func clockOf(response http.Header) time.Time {
	now, err := http.ParseTime(response.Get("Date"))
	if err != nil {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return now
}

// isOver reports whether an answer takes the cookie away.
func isOver(c *http.Cookie, now time.Time) bool {
	return c.MaxAge < 0 || c.MaxAge == 0 && !c.Expires.IsZero() && !c.Expires.After(now)
}

// scopeOf is the path below which the cookie is sent (RFC 6265, section 5.1.4).
func scopeOf(c *http.Cookie, path string) string {
	if strings.HasPrefix(c.Path, "/") {
		return c.Path
	}
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

func (j *Jar) put(c jarCookie) {
	j.drop(c.name)
	if len(j.cookies) == maxJar {
		j.overfull = true
		return
	}
	j.cookies = append(j.cookies, c)
}

func (j *Jar) drop(name uint64) {
	for i := range j.cookies {
		if j.cookies[i].name == name {
			j.cookies = append(j.cookies[:i], j.cookies[i+1:]...)
			return
		}
	}
}

// Bears reports whether a later request to path bears the jar: all that the
// answer set for that path, and nothing that was neither set nor there before.
func (j *Jar) Bears(request http.Header, path string) bool {
	if j.overfull || maphash.String(seed, request.Get("Authorization")) != j.authorized {
		return false
	}
	cookies := cookiesOf(request)
	if len(cookies) > maxJar {
		return false
	}
	for _, c := range cookies {
		if !j.has(pairOf(c)) {
			return false
		}
	}
	for _, want := range j.cookies {
		if want.path != "" && below(path, want.path) && !holds(cookies, want.pair) {
			return false
		}
	}
	return true
}

// EndedBy reports whether an answer takes away a cookie that the first answer
// set: the session it opened is over.
func (j *Jar) EndedBy(response http.Header) bool {
	now := clockOf(response)
	for _, c := range (&http.Response{Header: response}).Cookies() {
		if !isOver(c, now) {
			continue
		}
		name := maphash.String(seed, c.Name)
		for i := range j.cookies {
			if j.cookies[i].name == name && j.cookies[i].path != "" {
				return true
			}
		}
	}
	return false
}

func (j *Jar) has(pair uint64) bool {
	for i := range j.cookies {
		if j.cookies[i].pair == pair {
			return true
		}
	}
	return false
}

func holds(cookies []*http.Cookie, pair uint64) bool {
	for _, c := range cookies {
		if pairOf(c) == pair {
			return true
		}
	}
	return false
}

// below is the path match of RFC 6265, section 5.1.4.
func below(path, scope string) bool {
	rest, ok := strings.CutPrefix(path, scope)
	return ok && (rest == "" || strings.HasSuffix(scope, "/") || rest[0] == '/')
}

// Sets reports whether the answer set a cookie that the request did not bear:
// a session that did not exist before.
func Sets(request, response http.Header) bool {
	had, now := cookiesOf(request), clockOf(response)
	for _, c := range (&http.Response{Header: response}).Cookies() {
		if isOver(c, now) || len(c.Value) < minSession {
			continue
		}
		known := false
		for _, h := range had {
			known = known || h.Name == c.Name
		}
		if !known {
			return true
		}
	}
	return false
}

// minSession is the length in bytes from which a cookie value can be an
// unguessable session.
const minSession = 8
