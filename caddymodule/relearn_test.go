package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/recognize"
)

// asked asks a route of the admin API with a body.
func asked(body string) *http.Request {
	return httptest.NewRequest(http.MethodPost, "/doorward/relearn", strings.NewReader(body))
}

func TestRelearnForgetsRoutesAndKeepsEvidence(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	s.app.Store(h.app)
	h.app.handlers = []*Handler{h}
	tryLogins(t, h, "/login", 10, wrongPassword)
	h.watch.forms.Learn([]recognize.Form{{Kind: config.KindLogin, Method: "POST", Path: "/in", Identifiers: []string{"u"}, Passwords: []string{"p"}}})
	h.watch.closed.see("/home", true)
	for range looksPerPath {
		h.watch.looks.take(time.Now(), "/in")
	}

	for _, bad := range []string{`{"site":"other.test"}`, `{"sight":"shop.test"}`, `[`} {
		if answer, err := relearn(s, asked(bad)); err == nil {
			t.Errorf("%s is answered %+v", bad, answer)
		}
	}
	if !h.watch.forms.Served("POST", "/in") {
		t.Error("a mistake forgot something")
	}
	answer, err := relearn(s, asked(`{"site":"shop.test"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.(RelearnAnswer); got.Routes != 1 || len(got.Sites) != 1 || got.Sites[0] != "shop.test" {
		t.Errorf("answered %+v, want one route of shop.test", got)
	}
	if h.watch.forms.Served("POST", "/in") || h.watch.closed.has("/home") {
		t.Error("forms or closed pages are still known")
	}
	if !h.watch.looks.take(time.Now(), "/in") {
		t.Error("the pages may not be looked at again")
	}
	if routes := s.detector.Status(time.Now())[0].Routes; len(routes) != 0 {
		t.Errorf("routes are still known: %+v", routes)
	}
	told := 0
	for _, e := range toldEvents(t, s) {
		if e.Type == event.TypeOperator && e.Rule == "relearn" && e.Site == "shop.test" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d events tell that the operator did it, want 1", told)
	}
	w := httptest.NewRecorder()
	for range 2 {
		w = httptest.NewRecorder()
		if err := h.ServeHTTP(w, visitor(http.MethodPost, "/login", "username=user99&password=guess"), caddyhttp.HandlerFunc(wrongPassword)); err != nil {
			t.Fatal(err)
		}
	}
	if w.Code != http.StatusTooManyRequests {
		t.Errorf("after ten failures and relearn: status %d, want 429", w.Code)
	}
}

func TestASiteIsMeantByItsNameOrAHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		site, name string
		want       bool
	}{
		{"shop.test", "shop.test", true},
		{"shop.test", "Shop.Test", true},
		{"a.test,b.test:8080", "b.test", true},
		{"a.test,b.test:8080", "a.test,b.test:8080", true},
		{"a.test,b.test:8080", "test", false},
		{"*:8080", "*", true},
		{"shop.test", "", false},
		{":8080", "", false},
	} {
		if got := isSite(c.site, c.name); got != c.want {
			t.Errorf("%q means %q: %t, want %t", c.name, c.site, got, c.want)
		}
	}
}
