package recognize

import "github.com/doorward/doorward/config"

// judgeJSON reads the outcome of a login from a JSON answer with a 2xx status.
// The token wins over an error: one batch may hold the failure of another call.
func (a *answer) judgeJSON() Outcome {
	f := a.json
	switch {
	case f.stale:
		return outcome(Rejected, 0.85, "JSON asks for a token of the form")
	case f.asks:
		return a.secondFactor("JSON asks for a second factor")
	case !f.token:
		if o := a.obstacleInJSON(); o.Result != "" {
			return o
		}
	}
	switch {
	case f.no:
		return outcome(Failure, 0.95, "JSON flag says failed")
	case f.token:
		o := outcome(Success, 0.95, "JSON holds a token")
		o.Token = true
		return o
	case f.failed() && (a.told.has(saidRefused) || f.blames):
		return outcome(Failure, 0.95, "JSON error about the credentials")
	case f.failed():
		return outcome(Failure, 0.8, "JSON error")
	case f.form && !a.cookies.login:
		return outcome(Failure, 0.85, "JSON holds a form with a password field")
	case f.location != "":
		return a.locationInJSON()
	case f.yes:
		return outcome(Success, 0.95, "JSON flag says succeeded")
	}
	return a.judgeSilentJSON()
}

// failed reports whether an error, a flag or a code says that something failed.
func (f jsonFacts) failed() bool { return f.no || f.fault || f.refusedCode }

// obstacleInJSON finds what stands between a login and its success, other than
// the credentials. The result is empty when there is nothing.
func (a *answer) obstacleInJSON() Outcome {
	blames := a.told.has(saidRefused)
	switch {
	case a.told.has(saidTooMany):
		return outcome(Throttled, 0.9, "JSON says too many attempts")
	case a.asksSecond() && !a.passed():
		return a.secondFactor("JSON asks for a second factor")
	case a.told.has(saidForgery) && !blames && a.json.failed():
		return outcome(Rejected, 0.9, "JSON speaks of the form's token")
	case a.told.has(saidLocked) && !blames && a.json.failed():
		return outcome(Throttled, 0.85, "JSON says locked")
	}
	return Outcome{}
}

// passed reports whether the second factor was the last step: what speaks of one
// then is the description of the session.
func (a *answer) passed() bool {
	return a.kind() == config.KindMFA && !a.json.failed() && (a.json.yes || a.cookies.session())
}

// locationInJSON reads an answer that tells the page where to go.
func (a *answer) locationInJSON() Outcome {
	o := a.redirect(a.json.location, "JSON location")
	if a.json.yes && o.Result != Challenge {
		return outcome(Success, 0.9, "JSON flag says succeeded")
	}
	return o
}

// judgeSilentJSON reads a JSON answer without a flag, an error or a token.
func (a *answer) judgeSilentJSON() Outcome {
	f := a.json
	switch {
	case a.told.has(saidRefused):
		return outcome(Failure, 0.85, "JSON message about the credentials")
	case !a.complete:
		return a.cut()
	case f.account && a.cookies.session():
		return outcome(Success, 0.9, "JSON describes the user", "new session cookie")
	case a.told.has(saidYes):
		return outcome(Success, 0.85, "JSON message says succeeded")
	case f.account:
		return outcome(Success, 0.8, "JSON describes the user")
	case a.cookies.session():
		return outcome(Success, 0.85, "JSON without an error", "new session cookie")
	case f.withheld:
		return outcome(Failure, 0.85, "JSON has a place for a token and none in it")
	case f.spoken && !f.filled:
		return outcome(Failure, 0.6, "JSON that holds nothing", "no session cookie")
	case f.oddCode || !f.spoken:
		return outcome(Unknown, 0, "JSON that says nothing known")
	default:
		return outcome(Success, 0.5, "JSON without an error", "no session cookie")
	}
}

// asksSecond reports whether the answer asks for a second factor, by a key or
// by an error that speaks of one.
func (a *answer) asksSecond() bool {
	refused := a.json.failed() || a.json.oddCode || a.status >= 400 || !a.json.yes && !a.cookies.session()
	return a.json.second || a.json.asks || refused && a.told.has(saidSecond)
}
