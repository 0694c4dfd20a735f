package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Many apps never look at what follows their script, so that a login can be
// sent to an address that looks like the administration of users.
func TestWhatFollowsAScriptHidesNoGuess(t *testing.T) {
	t.Parallel()
	for _, alias := range []string{
		"/index.php/admin/users/edit", "/index.php/settings/profile/edit", "/index.php/signup/check", "/index.php/me/2fa/enable",
	} {
		t.Run(strings.TrimPrefix(alias, "/index.php/"), func(t *testing.T) {
			t.Parallel()
			h, _ := newTestHandler(t, strict)
			reached := 0
			app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				reached++
				status := http.StatusUnauthorized
				if r.PostFormValue("password") == "right" {
					http.SetCookie(w, &http.Cookie{Name: "auth_token", Value: strings.Repeat("0f", 20)})
					status = http.StatusNoContent
				}
				w.WriteHeader(status)
				return nil
			})
			post := func(path, addr, body string) {
				r := visitor(http.MethodPost, path, body)
				caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, addr)
				if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
					t.Fatal(err)
				}
			}
			post("/index.php", "198.51.100.1", "username=z&password=wrong")
			post("/index.php", "198.51.100.1", "username=z&password=right")
			reached = 0
			for i := range 100 {
				post(alias, "192.0.2.1", fmt.Sprintf("username=a&password=g%d", i))
			}
			if reached != 10 {
				t.Errorf("%d guesses reached the app, want 10", reached)
			}
		})
	}
}
