package integration

import "testing"

// TestSignup: a new account is one signup; the login that follows is the same
// identity; an address that is taken (the form again, status 200) is a failed
// signup.
func TestSignup(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "flash")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("flash")}}})

	const carol, password = "carol@x.test", "green kettle"
	joins := edge.visitor(t, "shop.test", "127.0.0.3")
	if got := joins.post(t, "/signup", "email", carol, "password", password, "confirm", password); got.status != 302 {
		t.Fatalf("signing up: %v; want 302", got)
	}
	signup := edge.waitEvent(t, "a signup", fromAddress("127.0.0.3"))
	if !signup.attempt("signup", "success") || signup.Pseudonym == "" {
		t.Errorf("event %+v; want a successful signup", signup)
	}

	logsIn := edge.visitor(t, "shop.test", "127.0.0.4")
	logsIn.field = "email"
	if got := logsIn.login(t, carol, password); got.status != 302 || got.header.Get("Location") != "/" {
		t.Fatalf("logging in to the new account: %v; want 302 to /", got)
	}
	login := edge.waitEvent(t, "a login", fromAddress("127.0.0.4"))
	if !login.attempt("login", "success") || login.Pseudonym != signup.Pseudonym {
		t.Errorf("event %+v; want a successful login of the identity that signed up, %s", login, signup.Pseudonym)
	}

	again := edge.visitor(t, "shop.test", "127.0.0.5")
	if got := again.post(t, "/signup", "email", carol, "password", "x", "confirm", "x"); got.status != 200 {
		t.Fatalf("signing up with an address that is taken: %v; want the form, 200", got)
	}
	taken := edge.waitEvent(t, "a refused signup", fromAddress("127.0.0.5"))
	if !taken.attempt("signup", "failure") {
		t.Errorf("event %+v; want a failed signup", taken)
	}

	edge.lastWord(t, edge.visitor(t, "shop.test", lastWordAddress))
	signups := edge.matching(t, func(ev event) bool { return ev.attempt("signup", "success") })
	if len(signups) != 1 {
		t.Errorf("%d successful signups; want one", len(signups))
	}
}

// TestSignupFlood: ten accounts from one source are let through, the eleventh
// is refused; another source still signs up.
func TestSignupFlood(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce\nthreshold signups 10/10m", app: apps.address("redirect")}}})
	signup := func(v *visitor, email string) int {
		return v.post(t, "/signup", "email", email, "password", "a b c", "confirm", "a b c").status
	}
	flood := edge.visitor(t, "shop.test", "127.0.0.3")
	statuses := map[int]int{}
	for i := range 14 {
		flood.client.Jar = nil
		statuses[signup(flood, string(rune('a'+i))+"@new.test")]++
	}
	if statuses[302] != 10 || statuses[429] != 4 {
		t.Errorf("14 signups from one source: %v; want 10 let through and 4 refused", statuses)
	}
	if got := signup(edge.visitor(t, "shop.test", "127.0.0.4"), "z@new.test"); got != 302 {
		t.Errorf("a signup from elsewhere: %d; want 302", got)
	}
}
