package recognize

import (
	"net/http"
	"net/url"
)

// address is where an answer leads on the host that gave it.
type address struct{ path, query string }

// Leads reports whether a later request of the same client, by its decoded path
// and its query as sent, goes where the answer led. It is false when Next is
// not set. It costs no more than reading both addresses, which are at most
// maxLocation bytes.
func (o Outcome) Leads(path, rawQuery string) bool {
	if !o.Next || len(path) > maxLocation || len(rawQuery) > maxLocation {
		return false
	}
	return samePath(path, o.to.path) && sameQuery(rawQuery, o.to.query)
}

// sameQuery reports whether two queries say the same: clients write one in
// their own way (%3A or a colon).
func sameQuery(a, b string) bool {
	if a == b {
		return true
	}
	one, err := url.QueryUnescape(a)
	two, other := url.QueryUnescape(b)
	return err == nil && other == nil && one == two
}

// deferred marks an outcome as one that the page at t will tell, unless that
// page is on another host and so never seen.
func deferred(t target, o Outcome) Outcome {
	if t.foreign {
		return o
	}
	o.Next, o.to = true, t.address
	return o
}

// The most confidence of a deferred success. Without a new session in the first
// answer the page may just as well show somebody who was logged in before: who
// holds an account of his own would see his guesses at another's accepted.
const (
	deferredSure   = 0.9
	deferredUnsure = 0.75
)

// Follow reads the outcome of an attempt from the next answer to the same
// client: the one to a request that goes where the first answer, or one that
// was followed since, led (see Outcome.Leads). first is the outcome so far and
// x the attempt it is of; path and rawQuery are those of the next request and
// next is its answer. The caller guarantees that both come from one client.
//
// decided tells that the outcome is final; its evidence begins with "deferred".
// Otherwise the outcome is the one so far, which leads on: to a new address
// when next is a redirect.
//
// A page with a login form, a 401, a 403 or an error message is a failure, a
// page without a password field a success. The latter rests on something
// missing and needs the whole page. It is safe for concurrent use.
func Follow(first Outcome, x Exchange, path, rawQuery string, next *Response) (o Outcome, decided bool) {
	if !first.Next || next == nil || x.Response == nil || next.UpstreamError {
		return first, false
	}
	session := readCookies(x).session()
	x.Path, x.RawQuery, x.Response, x.Referer = path, rawQuery, next, ""
	if x.Credentials == nil {
		x.Credentials = &Credentials{}
	}
	l := landing{answer: readAnswer(x), ceiling: deferredUnsure}
	if session {
		l.ceiling = deferredSure
	}
	o, decided = l.judge()
	switch {
	case !decided && !o.Next && l.quiet() && first.Result == Success:
		// The page does not speak against what the first answer looked like.
		o = outcome(Success, l.ceiling, "nothing on the page against it")
		o.Evidence = append(append([]string{"deferred to the page the answer led to"}, first.Evidence...), o.Evidence...)
		return closing(x, o), true
	case decided:
		o.Confidence = min(o.Confidence, deferredSure)
		if o.Result == Success {
			o.Confidence = min(o.Confidence, l.ceiling)
		}
		o.Evidence = append([]string{"deferred to the page the answer led to"}, o.Evidence...)
		return closing(x, o), true
	case o.Next:
		first.to = o.to
	}
	return first, false
}

// landing is the page that an attempt led to.
type landing struct {
	*answer
	// ceiling is the most confidence of a success.
	ceiling float32
}

// quiet reports whether a whole 2xx was seen that has no form to fill in.
func (l landing) quiet() bool {
	p := &l.answer.page
	return l.complete && l.status/100 == 2 && !p.login && !p.password && !p.code && !p.warning
}

// undecided is what an answer comes to that tells nothing: the next one may.
func undecided() (Outcome, bool) { return Outcome{}, false }

func (l landing) judge() (Outcome, bool) {
	switch {
	case l.status == http.StatusTooManyRequests, l.status == http.StatusLocked:
		return outcome(Throttled, deferredSure, "status "+itoa(l.status)), true
	case l.status == http.StatusUnauthorized, l.status == http.StatusForbidden:
		return l.refused(), true
	case l.status == http.StatusNotModified, l.status < 200, l.status >= 400:
		return undecided()
	case l.status >= 300:
		return l.sentOn(l.x.Response.Header.Get("Location"), "status "+itoa(l.status))
	}
	if l.format == formatPage {
		return l.page2xx()
	}
	return l.other2xx()
}

func (l landing) refused() Outcome {
	status := "status " + itoa(l.status)
	said := l.said()
	switch {
	case said.has(saidTooMany), said.has(saidLocked) && !said.has(saidRefused):
		return outcome(Throttled, 0.85, status, "the answer says too many attempts or locked")
	case l.status == http.StatusUnauthorized, l.page.login, said.has(saidRefused):
		return outcome(Failure, deferredSure, status)
	default:
		return outcome(Failure, 0.75, status, "an answer that says nothing of the credentials")
	}
}

// sentOn reads a further redirect. One that leads neither to a login page nor
// to an error goes on.
func (l landing) sentOn(location, why string) (Outcome, bool) {
	t, ok := l.follow(location)
	if !ok {
		return undecided()
	}
	if o := l.obstacleAt(t, why); o.Result != "" {
		return o, true
	}
	switch {
	case t.login:
		return outcome(Failure, deferredSure, why+" leads to a login page"), true
	case t.grant:
		return outcome(Success, deferredSure, why+" leads elsewhere", "with a code for another site"), true
	}
	return deferred(t, Outcome{}), false
}

// shellText is the length in bytes up to which the text of a page is that of an
// empty shell, which scripts fill in for whoever asks.
const shellText = 80

// page2xx reads the page itself.
func (l landing) page2xx() (Outcome, bool) {
	p := &l.answer.page
	switch {
	case l.pageThrottles():
		return outcome(Throttled, 0.85, "the page says too many attempts or locked"), true
	case p.warned.has(saidRefused) && (p.login || !p.logout):
		return outcome(Failure, deferredSure, "error message about the credentials"), true
	case p.login:
		return l.formAgain(), true
	case p.password && l.changes():
		return outcome(Success, 0.75, "form for a new password"), true
	case p.password:
		return undecided()
	case p.code && !p.logout:
		return l.secondFactor("the page asks for a code"), true
	case p.refresh != "":
		return l.sentOn(p.refresh, "refresh to another page")
	}
	return l.silentPage()
}

// formAgain reads a page with the login form. A way to log out beside it is
// either there for whoever asks or belongs to somebody who is in.
func (l landing) formAgain() Outcome {
	p := &l.answer.page
	switch {
	case !p.logout:
		return outcome(Failure, deferredSure, "login form")
	case p.enter && !l.told.has(saidEntered|saidYes):
		return outcome(Unknown, 0, "login form, and ways to log in and to log out")
	default:
		return outcome(Success, 0.7, "page with a way to log out", "yet a form with a password field")
	}
}

// changes reports whether the page is, by its address, one for a new password:
// who is asked for one was let in with the old one.
func (l landing) changes() bool {
	words := listWords(l.x.Path)
	return words.any(changeWords) || words.any(newWords) && words.any(credentialKeyWords)
}

var (
	changeWords = wordsOf(`changepassword passwordchange chpasswd newpassword updatepassword passwordexpired expiredpassword`)
	newWords    = wordsOf(`change new update expired renew force must`)
)

// silentPage reads a page by what is not on it.
func (l landing) silentPage() (Outcome, bool) {
	p := &l.answer.page
	switch {
	case p.logout && l.complete:
		return outcome(Success, deferredSure, "page with a way to log out", "no password field"), true
	case p.logout:
		return outcome(Success, deferredUnsure, "page with a way to log out"), true
	case p.enter:
		return outcome(Failure, 0.75, "page with a way to log in and none to log out"), true
	case !l.complete, p.text < shellText, p.framed:
		return undecided()
	case p.text <= shortText && l.told.has(saidRefused):
		return outcome(Failure, 0.8, "short page that speaks of refused credentials"), true
	default:
		return outcome(Success, deferredSure, "page without a password field"), true
	}
}

// other2xx reads what is no page, as it would be read as the first answer.
func (l landing) other2xx() (Outcome, bool) {
	if l.format == formatEmpty || l.format == formatOpaque {
		return undecided()
	}
	o := l.content()
	if o.Result == Unknown || o.Next {
		return undecided()
	}
	o.Confidence = min(o.Confidence, 0.8)
	return o, true
}
