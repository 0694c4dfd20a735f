package follow

import (
	"hash/maphash"
	"net/http"
	"slices"
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
	b := BorneBy(request)
	j := Jar{authorized: b.authorized, overfull: b.overfull}
	for _, c := range b.cookies {
		j.put(c)
	}
	now := clockOf(response)
	for _, line := range response["Set-Cookie"] {
		set, ok := pairOf(line)
		if !ok {
			continue
		}
		if c, err := http.ParseSetCookie(line); err != nil {
			set.path = "/" // its attributes are not known: it must be borne
		} else if isOver(c, now) {
			j.drop(set.name)
			continue
		} else {
			set.path = scopeOf(c, path)
		}
		j.put(set)
	}
	return j
}

// Borne is what a request bears of a client's jar.
type Borne struct {
	cookies    []jarCookie
	overfull   bool
	authorized uint64
}

// BorneBy reads the headers of a request, every cookie in them: also those with
// a name or value that net/http leaves out, because the app may read them. It
// looks at maxJar cookies and is linear in their length.
func BorneBy(request http.Header) Borne {
	var b Borne
	b.authorized = maphash.String(seed, strings.Join(request["Authorization"], "\x00"))
	for _, line := range request["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			c, ok := pairOf(part)
			switch {
			case !ok:
			case len(b.cookies) == maxJar:
				b.overfull = true
				return b
			default:
				b.cookies = append(b.cookies, c)
			}
		}
	}
	return b
}

// pairOf reads a pair in a Cookie header or at the begin of a Set-Cookie header
// (RFC 6265, section 5.2). ok is false when there is nothing.
func pairOf(text string) (c jarCookie, ok bool) {
	text, _, _ = strings.Cut(text, ";")
	if text = strings.TrimSpace(text); text == "" {
		return jarCookie{}, false
	}
	name, value, _ := strings.Cut(text, "=")
	name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`)
	return jarCookie{name: maphash.String(seed, name), pair: maphash.String(seed, name+"="+value)}, true
}

// clockOf is the time of the answer. Without one only dates from before the
// protocol are surely over.
func clockOf(response http.Header) time.Time {
	if date := response.Get("Date"); date != "" {
		if now, err := http.ParseTime(date); err == nil {
			return now
		}
	}
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
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
func (j *Jar) Bears(b Borne, path string) bool {
	if j.overfull || b.overfull || b.authorized != j.authorized {
		return false
	}
	for _, c := range b.cookies {
		if !j.has(c.pair) {
			return false
		}
	}
	for _, want := range j.cookies {
		if want.path != "" && below(path, want.path) && !holds(b.cookies, want.pair) {
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

func holds(cookies []jarCookie, pair uint64) bool {
	for _, c := range cookies {
		if c.pair == pair {
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
	had, now := BorneBy(request), clockOf(response)
	for _, c := range (&http.Response{Header: response}).Cookies() {
		if isOver(c, now) || len(c.Value) < minSession {
			continue
		}
		name := maphash.String(seed, c.Name)
		if !had.overfull && !slices.ContainsFunc(had.cookies, func(h jarCookie) bool { return h.name == name }) {
			return true
		}
	}
	return false
}

// minSession is the length in bytes from which a cookie value can be an
// unguessable session.
const minSession = 8
