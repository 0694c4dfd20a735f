package integration

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// One page may hold the form of the login and that of the signup: who has solved
// for one of them must not be sent in a circle between the two.
func TestAPageWithBothFormsIsNoCircle(t *testing.T) {
	t.Parallel()
	_, _, v := behindTor(t, "redirect", "signup POST /join")
	v.solve(t, v.get(t, "/login"))
	v.headers.Set("Referer", v.base+"/login")
	join := func() answer {
		return v.post(t, "/join", "email", alice, "password", alicePassword, "password_confirmation", alicePassword)
	}
	page := join()
	checkChallengePage(t, "a signup with the clearance of a login", page)
	if back := v.solve(t, page); back.header.Get("Location") != "/login" {
		t.Fatalf("after solving: %v, want to go back to the page of both forms", back)
	}
	if got := v.get(t, "/login"); got.status != http.StatusOK {
		t.Errorf("the page of both forms: %v, want it shown to who has solved for one of them", got)
	}
	if got := join(); got.status == http.StatusTooManyRequests {
		t.Errorf("the signup after solving: %v, want it to reach the app", got)
	}
}

// A login page may only send the browser on to where people log in.
func TestChallengeBeforeALoginElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writePage(w, 200, "<p id=elsewhere>") }))
	t.Cleanup(elsewhere.Close)
	app := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/authorize", http.StatusFound))
	t.Cleanup(app.Close)
	edge, browser := challenged(t, site{host: "shop.test", doorward: easy, app: strings.TrimPrefix(app.URL, "http://")})
	p := openPage(t, browser)
	p.listen(t)
	p.open(t, edge.url("shop.test")+"/login")
	p.waitFor(t, "document.querySelector('#elsewhere')")
	p.quiet(t)
}
