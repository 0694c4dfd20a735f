package recognize

import (
	"net/url"
	"path"
	"strings"
)

// maxLocation is the length in bytes up to which a redirect target is read.
const maxLocation = 4096

// target is where an answer sends the browser.
type target struct {
	// path are the words of the path, query those of the query that are the
	// app's own: addresses to return to and user names are left out.
	path, query wordList
	told        said
	// same: the page of the attempt. login: a login page by its name. form: the
	// page that sent the attempt. foreign: another host.
	same, login, form, foreign bool
	// grant: a code or token for another site follows in the query.
	grant bool
	// hands: a token is handed on to the app's own page.
	hands bool
	// probes: the query says that the next page looks whether the client keeps
	// cookies, which apps do after a login.
	probes bool
	// address is the target itself.
	address address
}

// follow reads a redirect target relative to the request.
func (a *answer) follow(location string) (target, bool) {
	if location == "" || len(location) > maxLocation {
		return target{}, false
	}
	ref, err := url.Parse(location)
	if err != nil {
		return target{}, false
	}
	base := &url.URL{Path: a.x.Path, RawQuery: a.x.RawQuery}
	u := base.ResolveReference(ref)
	t := target{path: listWords(u.Path), address: address{u.Path, u.RawQuery}}
	t.foreign = ref.Host != "" && a.x.Host != "" && !strings.EqualFold(ref.Hostname(), a.x.Host)
	t.readQuery(u.RawQuery)
	t.hands = t.hands || bearsSession(u.Path, a.x.Path)
	t.told |= listen(u.Path)
	// The words of a path are names of things as often as statements: the page
	// /too-many-cooks throttles nobody, but /login/error fails.
	t.told &^= a.echo & excuses
	var room [wordRoom]byte
	ownLogin := isLoginPage(a.x.Path, wordsInto(room[:], a.x.RawQuery))
	login := isLoginPage(u.Path, t.query)
	t.same = !t.foreign && samePath(u.Path, a.x.Path) && login == ownLogin
	t.login = !t.foreign && login
	t.form = !t.foreign && a.isReferer(u)
	return t, true
}

// isReferer reports whether a target is the page with the form that sent the
// attempt. A page that serves everything is its own referer; see backToSelf.
func (a *answer) isReferer(u *url.URL) bool {
	ref, err := url.Parse(a.x.Referer)
	if err != nil || a.x.Referer == "" || len(a.x.Referer) > maxLocation {
		return false
	}
	return samePath(ref.Path, u.Path) && !samePath(u.Path, a.x.Path) && ref.RawQuery == u.RawQuery && !isRoot(u.Path)
}

// bearsSession reports whether a path has a segment that can be a session which
// the path before did not have: apps without cookies keep it there.
func bearsSession(to, from string) bool {
	for segment := range strings.SplitSeq(to, "/") {
		if looksRandom(segment) && !strings.Contains(from, segment) {
			return true
		}
	}
	return false
}

func isRoot(p string) bool { return p == "" || p == "/" }

func samePath(a, b string) bool { return a == b || path.Clean("/"+a) == path.Clean("/"+b) }

// readQuery takes in the words of the query that the app chose itself.
func (t *target) readQuery(query string) {
	if query == "" {
		return
	}
	t.query = append(t.query, ' ')
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		key, keyErr := url.QueryUnescape(key)
		value, valueErr := url.QueryUnescape(value)
		if keyErr == nil && valueErr == nil {
			t.readPair(key, value)
		}
	}
}

func (t *target) readPair(key, v string) {
	plain := plainKey(key)
	if returnKeys[plain] || nameKeys[plain] {
		return
	}
	t.query, _ = appendWords(t.query, key)
	t.probes = t.probes || probeKeys[plain]
	t.grant = t.grant || (grantKeys[plain] && len(v) >= minSessionValue)
	t.hands = t.hands || (handKeys[plain] && len(v) >= 2*minSessionValue)
	if grantKeys[plain] || len(v) > 128 {
		return
	}
	if empty := v == "0" || v == "false" || v == "none"; !empty {
		t.told |= listen(key) | listen(v)
	}
	t.query, _ = appendWords(t.query, v)
}

// isLoginPage reports whether the last segment of a path, or the query, says
// that this is where one logs in.
func isLoginPage[T string | []byte](p T, query wordList) bool {
	if query.any(loginWords) {
		return true
	}
	last := lastSegment(p)
	if len(last) == 0 {
		return false
	}
	var room [wordRoom]byte
	words := wordsInto(room[:], last)
	return words.any(loginWords) || loginPhrases.get(words)
}

// lastSegment is the last segment of a path that is not empty.
func lastSegment[T string | []byte](p T) T {
	for len(p) > 0 && p[len(p)-1] == '/' {
		p = p[:len(p)-1]
	}
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] == '/' {
			return p[i+1:]
		}
	}
	return p
}

var (
	loginWords = wordsOf(`login signin logon anmelden connexion inloggen accedi authenticate`)
	// loginPhrases are all the words of the last segment of a path, as wordList
	// has them.
	loginPhrases = makeWordTable(map[string]bool{
		" sign in ": true, " log in ": true, " log on ": true, " session ": true, " sessions ": true, " session new ": true,
		" auth ": true, " authentication ": true, " j security check ": true, " iniciar sesion ": true, " acceder ": true,
		" entrar ": true, " users sign in ": true,
	})
	secondPathWords  = wordsOf(`2fa mfa otp totp tfa twofactor two u2f webauthn authenticator factor challenge`)
	secondQueryWords = wordsOf(`2fa mfa otp totp tfa twofactor aal2`)
	weakSecondWords  = wordsOf(`verify verification verifycode confirmcode`)
	// confirmWords and addressWords together name the page for accounts whose
	// mail address was not confirmed yet: nobody is logged in.
	confirmWords = wordsOf(`confirm confirmation verify verification unverified unconfirmed activate activation`)
	addressWords = wordsOf(`email mail emails account`)
	// returnKeys are parameters that hold an address to go to afterwards: what
	// they say was chosen by whoever made the link.
	returnKeys = wordSet(`next redirect redirectto redirecturl redirecturi return returnto returnurl back backurl
		continue dest destination url uri rd target goto service from callback callbackurl rurl referer referrer ref page path`)
	// nameKeys are parameters that repeat what was submitted.
	nameKeys = wordSet(`user username email name id uid identifier account server db q query search state`)
	// grantKeys are parameters that hand a completed login to another site
	// (OAuth 2.0 codes, SAML artifacts, CAS tickets).
	grantKeys = wordSet(`code samlresponse samlart ticket accesstoken idtoken`)
	// handKeys are parameters by which a page is told of a login that another
	// one completed.
	handKeys = wordSet(`token authtoken sessiontoken logintoken sid sessionid jwt onetimetoken key`)
	// probeKeys are parameters of a page that looks whether the session it just
	// began is borne again.
	probeKeys = wordSet(`testsession testcookie testcookies cookietest cookiecheck checkcookie checkcookies
		cookiescheck checkloggedin sessiontest checksession wpcookiecheck`)
)
