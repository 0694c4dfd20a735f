package recognize

import (
	"net/http"
	"slices"

	"github.com/doorward/doorward/config"
)

// kind is what the attempt tried.
func (a *answer) kind() config.Kind { return a.x.Credentials.Kind }

// signup reads the outcome of creating an account. Whether the new user is
// logged in at once differs, so no cookie is needed; the same page with the
// form again is a failure.
func (a *answer) signup() Outcome {
	switch {
	case a.status >= 400:
		return a.signupRefusal()
	case a.status >= 300:
		return a.signupRedirect(a.x.Response.Header.Get("Location"), "status "+itoa(a.status))
	}
	switch a.format {
	case formatJSON:
		return a.signupJSON()
	case formatPage:
		return a.signupPage()
	case formatText:
		return a.signupText()
	case formatEmpty:
		return a.signupEmpty()
	case formatRPC:
		return a.content()
	default:
		if a.status == http.StatusCreated || a.complete {
			return outcome(Success, 0.7, "status "+itoa(a.status))
		}
		return a.cut()
	}
}

// signupRefusal reads a 4xx: the name is taken, the password too weak, a field
// is missing. No account was created whatever it was.
func (a *answer) signupRefusal() Outcome {
	status, said := "status "+itoa(a.status), a.said()
	switch {
	case said.has(saidTooMany):
		return outcome(Throttled, 0.9, status, "the answer says too many attempts")
	case a.status == statusPageExpired, said.has(saidForgery) && a.status < http.StatusNotFound:
		return outcome(Rejected, 0.9, status, "the answer speaks of the form's token or origin")
	case a.status == http.StatusConflict, said.has(saidTaken | saidMissing | saidRefused), a.json.fault, a.page.password:
		return outcome(Failure, 0.95, status, "the answer says why")
	default:
		return outcome(Failure, 0.8, status)
	}
}

func (a *answer) signupRedirect(location, why string) Outcome {
	t, ok := a.follow(location)
	switch {
	case !ok:
		return outcome(Unknown, 0, why+" without a readable location")
	case a.cookies.told.has(saidRefused|saidNo|saidTaken) && !a.cookies.told.has(saidYes):
		return outcome(Failure, 0.9, why, "a message cookie says failed")
	case t.told.has(saidForgery):
		return outcome(Rejected, 0.85, why+" speaks of the form's token")
	case t.told.has(saidNo | saidRefused | saidTaken | saidTooMany):
		return outcome(Failure, 0.9, why+" says failed")
	case t.told.has(saidYes), t.path.any(doneWords), t.query.any(doneWords):
		return outcome(Success, 0.92, why+" says done")
	case t.same:
		return outcome(Failure, 0.92, why+" leads back to the form")
	case t.path.any(signupWords) && !a.cookies.session():
		return outcome(Failure, 0.8, why+" leads to a page to sign up")
	case a.cookies.session():
		return outcome(Success, 0.92, why+" leads elsewhere", "new session cookie")
	default:
		return outcome(Success, 0.8, why+" leads elsewhere")
	}
}

// signupWords in an address say that an account can be created there.
var signupWords = wordsOf(`register registration signup join registrieren registrierung inscription registro cadastro`)

// doneWords in an address say that an account was created.
var doneWords = wordsOf(`complete completed done registered confirm confirmation verify verification activate
	activation checkemail checkmail thanks thankyou welcome onboarding`)

func (a *answer) signupJSON() Outcome {
	f := a.json
	switch {
	case a.told.has(saidTooMany) && !f.token:
		return outcome(Throttled, 0.9, "JSON says too many attempts")
	case f.no, a.told.has(saidTaken):
		return outcome(Failure, 0.95, "JSON says failed")
	case f.token:
		return outcome(Success, 0.95, "JSON holds a token")
	case f.fault, f.refusedCode:
		return outcome(Failure, 0.9, "JSON error")
	case f.invented:
		return outcome(Failure, 0.75, "JSON describes a user whom nothing identifies")
	}
	return a.createdJSON()
}

// createdJSON reads the JSON answer to a signup that speaks of no failure.
func (a *answer) createdJSON() Outcome {
	f := a.json
	switch {
	case f.yes, a.status == http.StatusCreated:
		return outcome(Success, 0.95, "JSON or status says created")
	case f.location != "":
		return a.signupRedirect(f.location, "JSON location")
	case a.told.has(saidNo|saidRefused) && !a.told.has(saidYes|saidCreated|saidSent):
		return outcome(Failure, 0.8, "JSON message says failed")
	case a.told.has(saidCreated | saidSent):
		return outcome(Success, 0.9, "JSON says created, or that a mail was sent")
	case f.account, f.id, f.name, a.told.has(saidYes):
		return outcome(Success, 0.85, "JSON describes what was created")
	case a.cookies.session() && a.complete:
		return outcome(Success, 0.85, "JSON without an error", "new session cookie")
	case !a.complete:
		return a.cut()
	default:
		return outcome(Unknown, 0, "JSON that says nothing known")
	}
}

// signupPage reads a page: the login form may well follow a completed signup,
// so what the page says comes before the fields it has.
func (a *answer) signupPage() Outcome {
	p := a.page
	switch {
	case a.pageThrottles():
		return outcome(Throttled, 0.85, "the page says too many attempts")
	case p.warning && p.warned.has(saidTaken|saidNo|saidMissing|saidRefused):
		return outcome(Failure, 0.95, "error message")
	case p.praised && !p.warning:
		return outcome(Success, 0.9, "success message")
	case a.told.has(saidSent) && !p.password && !a.told.has(saidTaken):
		return outcome(Success, 0.8, "the page says that a mail was sent")
	case a.told.has(saidTaken):
		return outcome(Failure, 0.85, "the page says that the name is taken")
	case p.password:
		return a.signupFormAgain()
	case p.refresh != "":
		return a.signupRedirect(p.refresh, "refresh to another page")
	case !a.complete:
		return a.cut()
	}
	return a.signupSilentPage()
}

// signupFormAgain reads a page with password fields: the form of the signup
// again, or one to log in after it.
func (a *answer) signupFormAgain() Outcome {
	p := &a.page
	switch {
	case p.warning:
		return outcome(Failure, 0.92, "password fields again", "error message")
	case p.login && a.told.has(saidCreated):
		return outcome(Success, 0.85, "the page says created", "a form to log in")
	default:
		return outcome(Failure, 0.85, "password fields again")
	}
}

// signupSilentPage reads a page without password fields that says nothing
// plainly.
func (a *answer) signupSilentPage() Outcome {
	p := &a.page
	switch {
	case p.warning && !a.cookies.session():
		return outcome(Failure, 0.75, "error message")
	case p.blamed && !p.logout && !a.cookies.session():
		return outcome(Failure, 0.7, "a place for an error message")
	case a.cookies.session(), p.logout:
		return outcome(Success, 0.85, "no form again", "new session")
	case a.told.has(saidYes):
		return outcome(Success, 0.8, "no form again", "the page says succeeded")
	default:
		return outcome(Unknown, 0, "a page that says nothing known")
	}
}

// signupEmpty reads a 2xx without a body. Careful apps answer so whether the
// account existed or not.
func (a *answer) signupEmpty() Outcome {
	o := a.judgeEmpty()
	if o.Result == Success && a.status == http.StatusNoContent && !a.cookies.session() {
		o.Confidence = 0.6
	}
	return o
}

func (a *answer) signupText() Outcome {
	if a.told.has(saidTaken) {
		return outcome(Failure, 0.9, "text says that the name is taken")
	}
	return a.judgeText()
}

// logout reads the answer to the end of a session.
func (a *answer) logout() Outcome {
	status := "status " + itoa(a.status)
	switch {
	case a.status >= 400:
		return outcome(Failure, 0.7, status)
	case a.format == formatJSON && a.json.no:
		return outcome(Failure, 0.8, status, "JSON flag says failed")
	case a.asksToLeave():
		return nobodyLooked("a page that asks whether to log out")
	default:
		return outcome(Success, 0.9, status)
	}
}

// asksToLeave reports whether the page at the address of a logout still has the
// form or link that ends the session, and took no cookie away: those who only
// looked at it are as logged in as before.
func (a *answer) asksToLeave() bool {
	return a.x.Method == http.MethodGet && a.status < 300 && a.format == formatPage && a.page.logout &&
		!slices.ContainsFunc(answerCookies(a.x.Response.Header), func(c answerCookie) bool { return c.deleted })
}

// resetRequest reads the answer to "I forgot my password". Careful apps answer
// the same for every name, so success only means that the request was taken.
func (a *answer) resetRequest() Outcome {
	status := "status " + itoa(a.status)
	switch {
	case a.said().has(saidTooMany) && !a.page.login:
		return outcome(Throttled, 0.85, status, "the answer says too many attempts")
	case a.status >= 400 && a.said().has(saidForgery):
		return outcome(Rejected, 0.85, status, "the answer speaks of the form's token")
	case a.status >= 400:
		return outcome(Failure, 0.8, status)
	case a.format == formatJSON && (a.json.no || a.json.fault):
		return outcome(Failure, 0.85, status, "JSON says failed")
	case a.format == formatPage && a.page.warned.has(saidNo|saidRefused|saidMissing) && !a.told.has(saidSent):
		return outcome(Failure, 0.75, status, "error message")
	default:
		return outcome(Success, 0.8, status)
	}
}

// passwordChange reads the answer to a change or the completion of a reset.
func (a *answer) passwordChange() Outcome {
	status := "status " + itoa(a.status)
	switch {
	case a.status >= 400:
		return a.refusal()
	case a.status >= 300:
		return a.changeRedirect(a.x.Response.Header.Get("Location"), status)
	case a.format == formatJSON:
		return a.signupJSON()
	case a.format == formatRPC:
		return a.judgeRPC()
	case a.format == formatPage && a.page.praised && !a.page.warning:
		return outcome(Success, 0.85, status, "success message")
	case a.format == formatPage && a.page.warned.has(saidNo|saidRefused|saidMissing):
		return outcome(Failure, 0.85, status, "error message")
	case a.format == formatPage && a.page.password:
		return outcome(Failure, 0.8, status, "password fields again")
	case a.format == formatText:
		return a.judgeText()
	case !a.complete:
		return a.cut()
	default:
		return outcome(Success, 0.7, status, "no password fields again")
	}
}

// changeRedirect reads a 3xx. Many apps lead back to the same form after
// success and failure alike.
func (a *answer) changeRedirect(location, status string) Outcome {
	t, ok := a.follow(location)
	told := t.told | a.cookies.told
	switch {
	case !ok:
		return outcome(Unknown, 0, status+" without a readable location")
	case told.has(saidNo|saidRefused) && !told.has(saidYes):
		return outcome(Failure, 0.85, status+" says failed")
	case told.has(saidYes), t.path.any(doneWords), !t.same:
		return outcome(Success, 0.85, status+" leads on")
	default:
		return outcome(Unknown, 0, status+" leads back to the form, as success and failure may")
	}
}
