package recognize

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
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

// redirect reads the outcome of a login from where the answer leads. why names
// the place it stood in.
func (a *answer) redirect(location, why string) Outcome {
	t, ok := a.follow(location)
	if !ok {
		return outcome(Unknown, 0, why+" is not readable")
	}
	if o := a.obstacleAt(t, why); o.Result != "" {
		return o
	}
	switch {
	case t.probes && !t.foreign:
		return deferred(t, outcome(Success, 0.75, why+" leads to a page that tries the cookies"))
	case t.login && t.same:
		return a.backToLogin(t, why+" leads back to the login page")
	case t.login:
		return a.backToLogin(t, why+" leads to a login page")
	case t.same:
		return a.backToSelf(t, why)
	case t.form:
		return a.backToForm(t, why)
	case a.kind() != config.KindMFA && t.path.any(confirmWords) && t.path.any(addressWords):
		return outcome(Failure, 0.75, why+" leads to the confirmation of an address")
	case a.kind() != config.KindMFA && t.path.any(weakSecondWords):
		return outcome(Challenge, 0.75, why+" leads to a verification")
	}
	return a.elsewhere(t, why)
}

// obstacleAt reads what a target or a message cookie says. The result is empty
// when they say nothing against a success.
func (a *answer) obstacleAt(t target, why string) Outcome {
	switch {
	case a.cookies.told.has(saidRefused|saidNo) && !a.cookies.told.has(saidYes):
		return outcome(Failure, 0.9, why, "a message cookie says failed")
	case t.told.has(saidForgery) && !t.foreign:
		return outcome(Rejected, 0.85, why+" speaks of the form's token")
	case t.told.has(saidTooMany | saidLocked):
		return outcome(Throttled, 0.85, why+" says too many attempts or locked")
	case t.told.has(saidNo | saidRefused | saidClosed):
		return outcome(Failure, 0.9, why+" says failed")
	case t.path.any(secondPathWords), t.query.any(secondQueryWords):
		return a.secondFactor(why + " leads to a second factor")
	}
	return Outcome{}
}

// backToLogin is a failure, whatever session cookie comes along: apps store the
// error message in a session. Only a cookie of somebody logged in speaks
// against it. Some apps have one page for logging in and for having done so; a
// session of before is changed then, and the page tells.
func (a *answer) backToLogin(t target, why string) Outcome {
	switch {
	case a.cookies.login:
		return outcome(Success, 0.7, why, "yet a cookie of somebody logged in")
	case t.same && a.cookies.renewed:
		return deferred(t, outcome(Failure, 0.9, why, "the session cookie was changed"))
	default:
		return outcome(Failure, 0.95, why)
	}
}

// backToSelf reads a redirect to the page of the attempt where that is no login
// page but one that serves everything. Some apps answer success and failure
// with the same one: the page then tells.
func (a *answer) backToSelf(t target, why string) Outcome {
	why += " leads to the same page"
	switch {
	case a.cookies.login:
		return outcome(Success, 0.85, why, "a cookie of somebody logged in")
	case a.cookies.fresh && (a.borne || a.x.Known.VisitorsSeen):
		return deferred(t, outcome(Success, 0.7, why, "a session cookie of a new name"))
	case a.cookies.session():
		return deferred(t, outcome(Unknown, 0, why, "a session cookie that visitors may get too"))
	case a.borne && !a.x.Known.VisitorsSeen:
		return deferred(t, outcome(Unknown, 0, why, "the session, if there is one, stays as it was"))
	default:
		return deferred(t, outcome(Failure, 0.7, why, "no session cookie"))
	}
}

// backToForm reads a redirect to the page that the attempt came from. Where an
// app shows its login form in place of the page asked for, that is also how it
// answers success; then a session that was there before is changed.
func (a *answer) backToForm(t target, why string) Outcome {
	why += " leads back to the page with the form"
	switch {
	case a.cookies.login:
		return outcome(Success, 0.8, why, "a cookie of somebody logged in")
	case a.cookies.renewed:
		return deferred(t, outcome(Success, 0.6, why, "the session cookie was changed"))
	case a.cookies.fresh:
		return deferred(t, outcome(Unknown, 0, why, "a session cookie that may hold an error message"))
	default:
		return deferred(t, outcome(Failure, 0.75, why, "no session cookie"))
	}
}

// elsewhere reads a redirect to another page. It is plainly another one when
// the attempt was made at a login page, or came from a page that it does not
// lead back to.
func (a *answer) elsewhere(t target, why string) Outcome {
	why += " leads elsewhere"
	switch {
	case t.grant:
		return outcome(Success, 0.92, why, "with a code for another site")
	case t.hands:
		return deferred(t, outcome(Success, 0.8, why, "with a token"))
	case a.cookies.login, a.cookies.session() && a.plainlyAway() && (a.borne || a.x.Referer != ""):
		return outcome(Success, 0.92, why, "new session cookie")
	case a.cookies.session() && a.plainlyAway():
		return deferred(t, outcome(Success, 0.85, why, "a first session cookie"))
	case a.cookies.session() && !a.borne:
		return deferred(t, outcome(Unknown, 0, why, "a session cookie that visitors may get too"))
	case a.cookies.session():
		return deferred(t, outcome(Success, 0.85, why, "new session cookie"))
	case !a.borne && !t.foreign:
		// Whoever holds no cookie before or after is no logged in browser.
		return deferred(t, outcome(Failure, 0.75, why, "no cookie at all"))
	case !a.plainlyAway():
		return deferred(t, outcome(Unknown, 0, why, "no session cookie"))
	default:
		return deferred(t, outcome(Success, 0.75, why, "no session cookie"))
	}
}

// plainlyAway reports whether a redirect to another page leads away from where
// one logs in: the attempt was made there, or came from a page that it does not
// lead back to, or was the second step.
func (a *answer) plainlyAway() bool {
	return a.x.Referer != "" || a.kind() == config.KindMFA || a.atLogin()
}

// atLogin reports whether the attempt was made where a login is expected, by
// the words of its address.
func (a *answer) atLogin() bool {
	var room [wordRoom]byte
	return isLoginPage(a.x.Path, wordsInto(room[:], a.x.RawQuery)) || wordsInto(room[:], a.x.Path).any(loginWords)
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
	return words.any(loginWords) || slices.ContainsFunc(loginPhrases, func(p string) bool { return p == string(words) })
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
	loginWords   = wordSet(`login signin logon anmelden connexion inloggen accedi authenticate`)
	loginPhrases = []string{
		" sign in ", " log in ", " log on ", " session ", " sessions ", " session new ", " auth ", " authentication ",
		" j security check ", " iniciar sesion ", " acceder ", " entrar ", " users sign in ",
	}
	secondPathWords  = wordSet(`2fa mfa otp totp tfa twofactor two u2f webauthn authenticator factor challenge`)
	secondQueryWords = wordSet(`2fa mfa otp totp tfa twofactor aal2`)
	weakSecondWords  = wordSet(`verify verification verifycode confirmcode`)
	// confirmWords and addressWords together name the page for accounts whose
	// mail address was not confirmed yet: nobody is logged in.
	confirmWords = wordSet(`confirm confirmation verify verification unverified unconfirmed activate activation`)
	addressWords = wordSet(`email mail emails account`)
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
