package recognize

// judgePage reads the outcome of a login from a page with a 2xx status.
func (a *answer) judgePage() Outcome {
	p := a.page
	switch {
	case a.pageThrottles():
		return outcome(Throttled, 0.85, "the page says too many attempts or locked")
	case p.login:
		return a.judgeFormAgain()
	case a.told.has(saidEntered) && a.complete:
		return outcome(Success, 0.85, "the page says that somebody is logged in")
	case p.hands && !p.password:
		return outcome(Success, 0.9, "a form that hands the login on to another site")
	case p.code:
		return a.secondFactor("the page asks for a code")
	case p.refresh != "":
		return a.redirect(p.refresh, "refresh to another page")
	}
	return a.judgePlainPage()
}

// judgePlainPage reads a page without a form to log in and nothing that leads
// on, by what it says.
func (a *answer) judgePlainPage() Outcome {
	p := &a.page
	switch {
	case p.logout && a.complete && a.cookies.session() && !p.warned.has(saidRefused):
		return outcome(Success, 0.92, "page with a way to log out", "new session cookie")
	case p.warned.has(saidRefused):
		return outcome(Failure, 0.9, "error message about the credentials")
	case !p.logout && a.told.has(saidRefused):
		return a.judgeRefusingPage()
	case !p.logout && a.told.has(saidForgery) && !a.told.has(saidYes):
		return outcome(Rejected, 0.7, "the page speaks of the form's token")
	}
	return a.judgeSilentPage()
}

// judgeFormAgain reads a page with the login form.
func (a *answer) judgeFormAgain() Outcome {
	p := a.page
	switch {
	case a.said().has(saidForgery) && !p.warned.has(saidRefused):
		return outcome(Rejected, 0.8, "the page speaks of the form's token")
	case a.cookies.login:
		return outcome(Success, 0.5, "a cookie of somebody logged in", "yet a login form again")
	case p.warning:
		return outcome(Failure, 0.95, "login form again", "error message")
	default:
		return outcome(Failure, 0.9, "login form again")
	}
}

// judgeRefusingPage reads a page without a form that speaks of refused
// credentials, in no element marked as an error.
func (a *answer) judgeRefusingPage() Outcome {
	if a.page.text <= shortText && !a.cookies.session() {
		return outcome(Failure, 0.9, "short page that speaks of refused credentials", "no session cookie")
	}
	return outcome(Failure, 0.8, "the page speaks of refused credentials")
}

// judgeSilentPage reads a page by what is not on it.
func (a *answer) judgeSilentPage() Outcome {
	p := a.page
	switch {
	case !a.complete:
		return a.cut()
	case p.password && p.warning:
		return outcome(Failure, 0.6, "password fields again", "error message")
	case p.password:
		// A form to log in has one such field; two ask for a new password.
		return outcome(Success, 0.6, "form for a new password", "no login form")
	case a.cookies.session() && (p.praised || a.told.has(saidYes)):
		return outcome(Success, 0.9, "new session cookie", "the page says succeeded", "no password field")
	case a.cookies.session():
		return outcome(Success, 0.8, "new session cookie", "no password field")
	}
	return a.judgePageWithoutSession()
}

// judgePageWithoutSession reads a whole page by what is not on it, when the
// answer set no session cookie.
func (a *answer) judgePageWithoutSession() Outcome {
	p := &a.page
	switch {
	case p.logout:
		return outcome(Success, 0.75, "page with a way to log out", "no password field")
	case p.warning && p.warned.has(saidNo|saidClosed):
		return outcome(Failure, 0.7, "error message")
	case p.blamed && p.document && p.text > 0:
		return outcome(Failure, 0.6, "a place for an error message", "no session cookie")
	case p.document && !a.borne:
		// Whoever holds no cookie before or after is no logged in browser.
		return outcome(Unknown, 0, "a page that says nothing known", "no cookie at all")
	case p.document && p.scripted && p.text < shellText:
		return outcome(Unknown, 0, "a page that its scripts fill in")
	default:
		return outcome(Success, 0.6, "no password field", "no session cookie")
	}
}

// pageThrottles reports whether the page says that the app limits attempts.
// Beside a login form only an error message counts: the words may be part of
// the form's standing help.
func (a *answer) pageThrottles() bool {
	told := a.told
	if a.page.login {
		told &= a.page.warned
	}
	return told.has(saidTooMany) || (told.has(saidLocked) && !told.has(saidRefused))
}
