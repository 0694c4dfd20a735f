package recognize

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/doorward/doorward/config"
)

// login reads the outcome of a login or a second factor.
func (a *answer) login() Outcome {
	switch {
	case a.status >= 400:
		return a.refusal()
	case a.status >= 300:
		return a.redirection()
	default:
		return a.content()
	}
}

// redirection reads a 3xx.
func (a *answer) redirection() Outcome {
	location := a.x.Response.Header.Get("Location")
	switch {
	case location == "" && a.cookies.login:
		return outcome(Success, 0.8, "status "+itoa(a.status)+" without a location", "a cookie of somebody logged in")
	case location == "":
		return outcome(Unknown, 0, "status "+itoa(a.status)+" without a location")
	}
	return a.redirect(location, "status "+itoa(a.status))
}

// content reads the body of a 2xx.
func (a *answer) content() Outcome {
	if code, message, known := procedureStatus(a.x.Response); known {
		return a.procedure(code, message)
	}
	if target := refreshTarget(a.x.Response.Header.Get("Refresh")); target != "" {
		return a.redirect(target, "refresh header")
	}
	switch a.format {
	case formatJSON:
		return a.judgeJSON()
	case formatPage:
		return a.judgePage()
	case formatRPC:
		return a.judgeRPC()
	case formatText:
		return a.judgeText()
	case formatEmpty:
		return a.judgeEmpty()
	default:
		return a.judgeMessage()
	}
}

// judgeEmpty reads a 2xx without a body.
func (a *answer) judgeEmpty() Outcome {
	switch {
	case !a.complete:
		return a.cut()
	case a.cookies.session():
		return outcome(Success, 0.9, "status "+itoa(a.status)+" without a body", "new session cookie")
	case a.status == http.StatusNoContent, a.status == http.StatusCreated:
		return outcome(Success, 0.8, "status "+itoa(a.status)+" without a body")
	default:
		return outcome(Success, 0.5, "status "+itoa(a.status)+" without a body", "no session cookie")
	}
}

// judgeOpaque reads a 2xx whose body is of no kind that is read.
func (a *answer) judgeOpaque() Outcome {
	if a.complete && a.cookies.session() {
		return outcome(Success, 0.8, "status "+itoa(a.status), "new session cookie", "a body of another kind")
	}
	return outcome(Unknown, 0, "a body of another kind, or in an encoding that is not read")
}

// shortText is the length in bytes up to which a text is one statement.
const shortText = 512

// judgeText reads a 2xx with a plain text: "Ok.", "Fails.", "Bad login".
func (a *answer) judgeText() Outcome {
	if a.complete && len(a.x.Response.Body) <= shortText {
		if o := a.judgeShortText(); o.Result != "" {
			return o
		}
	}
	switch {
	case a.told.has(saidTooMany):
		return outcome(Throttled, 0.85, "text says too many attempts")
	case a.told.has(saidRefused):
		return outcome(Failure, 0.75, "text speaks of refused credentials")
	case !a.complete:
		return a.cut()
	case a.cookies.session():
		return outcome(Success, 0.85, "text without a failure", "new session cookie")
	default:
		return outcome(Success, 0.6, "text without a failure", "no session cookie")
	}
}

// judgeShortText reads a text that is one statement. The result is empty when
// it says nothing known.
func (a *answer) judgeShortText() Outcome {
	switch strings.ToLower(string(bytes.TrimSpace(a.x.Response.Body))) {
	case "true":
		return outcome(Success, 0.85, "text says true")
	case "false":
		return outcome(Failure, 0.9, "text says false")
	}
	switch {
	case a.told.has(saidTooMany), a.told.has(saidLocked) && !a.told.has(saidRefused):
		return outcome(Throttled, 0.85, "text says too many attempts or locked")
	case a.told.has(saidForgery):
		return outcome(Rejected, 0.85, "text speaks of the form's token")
	case a.told.has(saidNo | saidRefused):
		return outcome(Failure, 0.9, "short text says failed")
	case a.told.has(saidSecond):
		return a.secondFactor("text asks for a second factor")
	case a.told.has(saidYes) && a.cookies.session():
		return outcome(Success, 0.95, "short text says succeeded", "new session cookie")
	case a.told.has(saidYes):
		return outcome(Success, 0.85, "short text says succeeded")
	}
	return Outcome{}
}

// cut is the outcome of an answer that only its missing end could settle.
func (a *answer) cut() Outcome {
	return outcome(Unknown, 0, "the answer was not seen to its end")
}

// secondFactor is a challenge, except as the answer to a second factor.
func (a *answer) secondFactor(why string) Outcome {
	if a.kind() == config.KindMFA || a.x.Credentials.WithCode || a.x.WithCode {
		return outcome(Failure, 0.9, why+" again")
	}
	return outcome(Challenge, 0.9, why)
}

// serverError reads a 5xx: open, unless the app says that it limits attempts,
// or that the account to be created exists: small apps leave that to a unique
// column of the database and show its error.
func (a *answer) serverError() Outcome {
	if a.kind() == config.KindSignup && a.told.has(saidTaken) && !isGatewayStatus(a.status) {
		return outcome(Failure, 0.8, "status "+itoa(a.status), "the answer says that the account exists")
	}
	if a.said().has(saidTooMany) && a.format != formatPage {
		return outcome(Throttled, 0.8, "status "+itoa(a.status), "the answer says too many attempts")
	}
	if !isGatewayStatus(a.status) && a.told.has(saidRefused) && a.x.Response.Status != http.StatusNotImplemented && a.short() {
		return outcome(Failure, 0.75, "status "+itoa(a.status), "the answer blames the credentials")
	}
	return outcome(Unknown, 0, "status "+itoa(a.status))
}

// maxStatement is the length in bytes up to which the body of a server error
// can be what the app says of the attempt, with the trace of where it says it.
const maxStatement = 4 << 10

// short reports whether an answer is one statement rather than a page about
// everything.
func (a *answer) short() bool { return a.complete && len(a.x.Response.Body) <= maxStatement }

// refusal reads a 4xx: a wrong password, a refused form, a missing field, the
// app's own limiter and a second factor share these codes.
func (a *answer) refusal() Outcome {
	status := "status " + itoa(a.status)
	said := a.said()
	blames := said.has(saidRefused|saidClosed) || a.json.blames
	switch {
	case said.has(saidTooMany):
		return outcome(Throttled, 0.9, status, "the answer says too many attempts")
	case a.json.redirect != "" && !blames && a.status != http.StatusUnauthorized:
		return a.redirect(a.json.redirect, "JSON location")
	case a.asksSecond() && !a.page.login:
		return a.secondFactor(status + " asks for a second factor")
	case said.has(saidForgery) && !blames && a.status != http.StatusNotFound:
		return outcome(Rejected, 0.92, status, "the answer speaks of the form's token or origin")
	case said.has(saidLocked) && !blames:
		return outcome(Throttled, 0.85, status, "the answer says locked")
	}
	return a.plainRefusal(status, blames || a.page.login)
}

// plainRefusal reads a 4xx by its code. blames tells that the answer blames the
// credentials or shows the login form again.
func (a *answer) plainRefusal(status string, blames bool) Outcome {
	switch a.status {
	case http.StatusUnauthorized:
		return outcome(Failure, 0.95, status)
	case http.StatusBadRequest:
		return a.badRequest(status, blames)
	case http.StatusForbidden:
		return a.forbidden(status, blames)
	case http.StatusUnprocessableEntity:
		return a.unprocessable(status, blames)
	case statusPageExpired, statusLoginTimeout, http.StatusRequestTimeout:
		return outcome(Rejected, 0.9, status+": the form expired")
	}
	switch {
	case blames:
		return outcome(Failure, 0.85, status, "the answer blames the credentials")
	case a.said().has(saidMissing):
		return outcome(Malformed, 0.7, status, "the answer misses a field")
	default:
		return outcome(Unknown, 0, status)
	}
}

// Codes that are not in the registry: Laravel's for a stale form, Microsoft's
// for a login page that was open too long.
const (
	statusPageExpired  = 419
	statusLoginTimeout = 440
)

func (a *answer) badRequest(status string, blames bool) Outcome {
	missing := a.said().has(saidMissing)
	switch {
	case blames:
		return outcome(Failure, 0.92, status, "the answer blames the credentials or shows the form again")
	case a.x.Known.Refuses400 && !missing:
		return outcome(Failure, 0.9, status, "this route answers so to wrong passwords")
	case a.json.no && !missing:
		return outcome(Failure, 0.75, status, "JSON flag says failed")
	default:
		return outcome(Malformed, 0.7, status)
	}
}

func (a *answer) forbidden(status string, blames bool) Outcome {
	switch {
	case blames:
		return outcome(Failure, 0.92, status, "the answer blames the credentials or shows the form again")
	case a.format == formatPage:
		return outcome(Rejected, 0.6, status, "a page that says nothing of the credentials")
	case a.x.Known.Accepts:
		return outcome(Failure, 0.9, status, "this route answers otherwise to accepted credentials")
	default:
		return outcome(Failure, 0.7, status)
	}
}

func (a *answer) unprocessable(status string, blames bool) Outcome {
	switch {
	case blames:
		return outcome(Failure, 0.92, status, "the answer blames the credentials or shows the form again")
	case a.said().has(saidMissing):
		return outcome(Malformed, 0.7, status, "the answer misses a field")
	case a.json.fault, a.json.no:
		return outcome(Failure, 0.75, status, "JSON error")
	default:
		return outcome(Rejected, 0.7, status)
	}
}
