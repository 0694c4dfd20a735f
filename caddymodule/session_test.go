package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// An administrator creates accounts. Who is logged in creates no attempts by
// it, within bounds, and at a login route he is a guesser like all others.
func TestWhoIsLoggedInCreatesAccountsWithinBounds(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		switch {
		case r.URL.Path != "/login":
			w.WriteHeader(http.StatusCreated)
		case r.PostFormValue("password") == "right":
			http.SetCookie(w, &http.Cookie{Name: "session_token", Value: "member-0123456789"})
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
		return nil
	})
	send := func(path, body, cookie string) {
		r := visitor(http.MethodPost, path, body)
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
			t.Fatal(err)
		}
	}
	send("/login", "username=admin&password=wrong", "")
	send("/login", "username=admin&password=right", "")
	const session = "session_token=member-0123456789"
	for i := range 3 {
		send("/login", fmt.Sprintf("username=victim&password=guess%d", i), session)
	}
	for i := range 3 * recognize.MaxAdministered {
		send("/people", fmt.Sprintf("username=new%d&password=a-good-one&confirm_password=a-good-one", i), session)
	}
	kinds := map[string]int{}
	for _, e := range attemptsOf(t, s) {
		if e.Verdict == "allow" {
			kinds[e.Kind]++
		}
	}
	if kinds["login"] != 5 {
		t.Errorf("%d logins told, want 5: a session hides no guess at the login route", kinds["login"])
	}
	if kinds["signup"] == 0 {
		t.Error("accounts without end were created unseen")
	}
}

// A token that a public page takes no notice of opens no session: else whoever
// sends any token would be an administrator.
func TestATokenOpensNoSession(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	h.Routes = []Route{{Route: config.Route{
		Kind: config.KindLogin, Path: "/public", Password: &config.Field{From: config.PlaceBearer},
	}}}
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		switch {
		case r.Header.Get("Authorization") == "Bearer refused":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/public":
			http.SetCookie(w, &http.Cookie{Name: "session_token", Value: "visitor-0123456789"})
		default:
			w.WriteHeader(http.StatusCreated)
		}
		return nil
	})
	send := func(r *http.Request) {
		if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
			t.Fatal(err)
		}
	}
	send(withHeader(visitor(http.MethodGet, "/public", ""), "Authorization", "Bearer any"))
	send(withHeader(visitor(http.MethodDelete, "/public", ""), "Authorization", "Bearer refused"))
	send(withHeader(visitor(http.MethodPost, "/people", "username=new&password=a-good-one&confirm_password=a-good-one"), "Cookie", "session_token=visitor-0123456789"))
	told := map[string]string{}
	for _, e := range attemptsOf(t, s) {
		told[e.Kind] += e.Outcome + " "
	}
	if told["login"] != "failure " {
		t.Errorf("logins told: %q, want the refused token alone", told["login"])
	}
	if told["signup"] != "success " {
		t.Errorf("signups told: %q, want one: a token opened a session", told["signup"])
	}
}
