package recognize

import (
	"strings"

	"github.com/doorward/doorward/config"
)

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
// session is begun or changed then, and the page tells.
func (a *answer) backToLogin(t target, why string) Outcome {
	switch {
	case a.cookies.login:
		return outcome(Success, 0.7, why, "yet a cookie of somebody logged in")
	case t.same && a.cookies.session():
		return deferred(t, outcome(Failure, 0.9, why, "yet a session cookie was set"))
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
	case a.cookies.login:
		return outcome(Success, 0.92, why, "new session cookie")
	case a.cookies.session() && a.plainlyAway() && (a.borne || a.x.Referer != ""):
		o := outcome(Success, 0.92, why, "new session cookie")
		// The client chose what it bears and where it says it came from. Where the
		// app was seen to answer failures so, the page has to tell.
		if a.x.Known.Shapes.Failed(a.x) {
			return deferred(t, o)
		}
		return o
	case a.cookies.session() && a.plainlyAway():
		return deferred(t, outcome(Success, 0.85, why, "a first session cookie"))
	case a.cookies.session() && !a.borne:
		return deferred(t, outcome(Unknown, 0, why, "a session cookie that visitors may get too"))
	case a.cookies.session():
		return deferred(t, outcome(Success, 0.85, why, "new session cookie"))
	}
	return a.elsewhereWithoutSession(t, why)
}

// elsewhereWithoutSession reads a redirect to another page that sets no session
// cookie.
func (a *answer) elsewhereWithoutSession(t target, why string) Outcome {
	above := strings.HasPrefix(a.x.Path, strings.TrimRight(t.address.path, "/")+"/")
	switch {
	case t.foreign, a.borne && a.plainlyAway():
		return deferred(t, outcome(Success, 0.75, why, "no session cookie"))
	case a.borne:
		return deferred(t, outcome(Unknown, 0, why, "no session cookie"))
	case above:
		// Whoever holds no cookie before or after is no logged in browser. What
		// stands above the attempt is where forms are.
		return deferred(t, outcome(Failure, 0.75, why, "no cookie at all"))
	default:
		return deferred(t, outcome(Unknown, 0, why, "no cookie at all"))
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
