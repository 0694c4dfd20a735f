package caddymodule

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/doorward/doorward/config"
)

func TestAccountPagesAreLearnedUpToABound(t *testing.T) { //nolint:paralleltest // counts allocations
	var p accountPages
	p.learn("/app", config.ClassLogin)
	p.learn("/app", config.ClassSignup) // the first one stays
	p.learn("/join-us", config.ClassSignup)
	p.learn("/forgot", config.ClassReset)
	p.learn("", config.ClassLogin)
	for path, want := range map[string]config.Class{
		"/app": config.ClassLogin, "/join-us": config.ClassSignup, "/forgot": config.ClassNone, "": config.ClassNone, "/other": config.ClassNone,
	} {
		if got := p.class(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	for i := range maxAccountPages - 2 {
		p.learn(fmt.Sprintf("/page/%d", i), config.ClassLogin)
	}
	if n := len(*p.known.Load()); n != maxAccountPages || p.class("/page/3") != config.ClassLogin {
		t.Errorf("%d pages are known, want %d", n, maxAccountPages)
	}
	if n := testing.AllocsPerRun(100, func() { p.class("/app") }); n != 0 {
		t.Errorf("looking a page up allocates %v times", n)
	}
	for i := range 3 * maxAccountPages {
		p.learn(fmt.Sprintf("/article/%d", i), config.ClassLogin)
	}
	if p.class("/app") != config.ClassNone || p.class("/article/40") != config.ClassNone {
		t.Error("where every page has the form, some are taken for the login page")
	}
	p.forget()
	p.learn("/app", config.ClassLogin)
	if p.class("/app") != config.ClassLogin {
		t.Error("after all was forgotten nothing is learned")
	}
	p.forget()
	if p.class("/app") != config.ClassNone {
		t.Error("a page is known after all was forgotten")
	}
}

func TestPageARequestCameFrom(t *testing.T) {
	t.Parallel()
	for referer, want := range map[string]string{
		"https://shop.test/app?x=y#z": "/app",
		"https://shop.test/":          "",
		"https://shop.test":           "",
		"https://other.test/app":      "",
		"/app":                        "",
		"":                            "",
		"https://shop.test/%zz":       "",
	} {
		r := &http.Request{Host: "shop.test", Header: http.Header{"Referer": {referer}}}
		if got := pageOf(r); got != want {
			t.Errorf("%q: %q, want %q", referer, got, want)
		}
	}
}
