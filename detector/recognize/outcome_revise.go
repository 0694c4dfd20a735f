package recognize

import (
	"net/http"
	"strings"

	"github.com/doorward/doorward/config"
)

// nobodyLooked is the outcome of an attempt whose answer shows that no user's
// credentials were looked at: nothing was tried, so nobody is charged.
func nobodyLooked(why string) Outcome {
	o := outcome(Unknown, 0, why)
	o.Kind = config.KindNone
	return o
}

// revised looks for what the answer shows the attempt to have been after all,
// and reports whether it does. It rests on what the app says, never on a bare
// status, because an attempt that is none costs nothing: a route that was seen
// to accept credentials looks at them.
func (a *answer) revised() (Outcome, bool) {
	switch {
	case a.kind() != config.KindLogin && a.kind() != config.KindSignup:
		return Outcome{}, false
	case a.refusesClient():
		return nobodyLooked("the client was refused, before the user was looked at"), true
	case a.x.Credentials.NameOnly && a.asksOn():
		return nobodyLooked("a user name alone, and the answer goes on with it"), true
	case a.x.Known.Accepts:
		return Outcome{}, false
	case a.noSuchRoute():
		return nobodyLooked("status " + itoa(a.status) + ": the app has no such route"), true
	}
	return a.taken()
}

// asksOn reports whether an answer to a user name alone takes it for the first
// step of a login: no word of a failure, and no way back.
func (a *answer) asksOn() bool {
	const refused = saidNo | saidRefused | saidMissing | saidTooMany
	switch {
	case a.status >= 400:
		return false
	case a.status >= 300:
		t, ok := a.follow(a.x.Response.Header.Get("Location"))
		back := t.same || t.form || strings.HasPrefix(a.x.Path, t.address.path)
		return ok && !back && !(t.told | a.cookies.told).has(refused)
	case a.format == formatJSON:
		return !a.json.failed() && !a.told.has(refused)
	}
	return a.format == formatPage && a.page.password && !a.page.warning
}

// refusesClient reports whether the token endpoint of an OAuth server refused
// the client or the request itself (RFC 6749, section 5.2).
func (a *answer) refusesClient() bool {
	if a.format != formatJSON || a.status < 400 || a.status >= 500 {
		return false
	}
	return a.json.clientError
}

// clientErrors are error codes of RFC 6749, section 5.2, that say nothing of the
// user.
var clientErrors = wordSet(`invalid_client unauthorized_client unsupported_grant_type`)

// noSuchRoute reports whether an answer says that nothing stands at the address.
// An unknown user is told with 404 as well; only an answer that speaks of the
// address, or of neither users nor credentials, is one about the route.
func (a *answer) noSuchRoute() bool {
	switch a.status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return !a.told.has(saidRefused) || a.told.has(saidNowhere)
	case http.StatusNotFound, http.StatusGone:
	default:
		return false
	}
	switch {
	case a.page.login, a.json.blames, a.json.token:
		return false
	case a.told.has(saidNowhere):
		return true
	}
	return a.format != formatEmpty && a.format != formatOpaque && !a.told.has(saidRefused|saidClosed|saidTooMany|saidForgery)
}

// taken reads an answer to what may log in or create the account that says that
// the account exists. Clients that log in by PUT to a resource of their own go
// on to a second request then; anything else was a signup.
func (a *answer) taken() (Outcome, bool) {
	if a.kind() != config.KindLogin || a.status != http.StatusConflict || !a.told.has(saidTaken) {
		return Outcome{}, false
	}
	if a.x.Method == http.MethodPut {
		return nobodyLooked("the account exists: the login goes on with another request"), true
	}
	o := outcome(Failure, 0.9, "status 409", "the answer says that the account exists")
	o.Kind = config.KindSignup
	return o, true
}

// creates turns a login into a signup when the answer says that the account was
// created by it.
func (a *answer) creates(o Outcome) Outcome {
	if o.Result != Success || a.kind() != config.KindLogin || !a.told.has(saidCreated) || a.told.has(saidTaken) {
		return o
	}
	o.Kind = config.KindSignup
	o.Evidence = append(o.Evidence, "the answer says that the account was created")
	return o
}
