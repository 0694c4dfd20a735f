package devicecookie

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestOnlyBrowsersThatShowPagesGetACookie(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h    http.Header
		want bool
	}{
		"page":                           {headers("Accept", "text/html,*/*;q=0.8"), true},
		"page, with fetch metadata":      {headers("Accept", "text/html", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "cross-site"), true},
		"script of the site's own page":  {headers("Accept", "*/*", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin"), true},
		"script of another site's page":  {headers("Accept", "*/*", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "cross-site"), false},
		"script that brings its token":   {headers("Accept", "*/*", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin", "Authorization", "Bearer x"), false},
		"picture":                        {headers("Accept", "image/*", "Sec-Fetch-Dest", "image", "Sec-Fetch-Site", "same-origin"), false},
		"page within another":            {headers("Accept", "text/html", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site", "cross-site"), false},
		"Basic":                          {headers("Accept", "text/html", "Authorization", "Basic eDp5"), false},
		"program":                        {headers("Accept", "*/*"), false},
		"program that asks for JSON":     {headers("Accept", "application/json"), false},
		"program that asks for nothing":  {headers(), false},
		"script of an old browser":       {headers("Accept", "application/json, text/plain, */*"), false},
		"an empty field that says where": {headers("Accept", "text/html", "Sec-Fetch-Dest", ""), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Browses(c.h); got != c.want {
				t.Errorf("%t, want %t", got, c.want)
			}
		})
	}
}

func TestNoAnswerThatIsCachedForOthersCarriesTheCookie(t *testing.T) {
	t.Parallel()
	const same, madePrivate, none = "as it was", "made private", "carries none"
	for name, c := range map[string]struct {
		status int
		h      http.Header
		want   string
	}{
		"page that says nothing":        {200, headers("Etag", `"x"`, "Vary", "Accept-Encoding"), madePrivate},
		"redirect that says nothing":    {302, headers("Location", "/"), madePrivate},
		"permanent redirect":            {301, headers("Location", "/"), madePrivate},
		"no content":                    {204, headers(), madePrivate},
		"no-store":                      {200, headers("Cache-Control", "no-store"), same},
		"private":                       {200, headers("Cache-Control", "max-age=0, private, must-revalidate"), same},
		"private for a while":           {200, headers("Cache-Control", "private, max-age=600"), same},
		"in two lines":                  {200, headers("Cache-Control", "max-age=600", "Cache-Control", "Private"), same},
		"no-cache":                      {200, headers("Cache-Control", "no-cache"), madePrivate},
		"ask again at once":             {200, headers("Cache-Control", "max-age=0, must-revalidate"), madePrivate},
		"over long ago":                 {200, headers("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"), madePrivate},
		"over, said badly":              {200, headers("Expires", "0"), madePrivate},
		"public":                        {200, headers("Cache-Control", "public"), none},
		"fresh for a while":             {200, headers("Cache-Control", "max-age=1"), none},
		"fresh for a while, quoted":     {200, headers("Cache-Control", `max-age="60"`), none},
		"fresh for others":              {200, headers("Cache-Control", "max-age=0, s-maxage=0"), none},
		"for ever":                      {200, headers("Cache-Control", "immutable"), none},
		"stale is good enough":          {200, headers("Cache-Control", "max-age=0, stale-while-revalidate=60"), none},
		"private for some fields only":  {200, headers("Cache-Control", `private="set-cookie", max-age=60`), none},
		"fresh until then":              {200, headers("Expires", "Sun, 01 Nov 2026 13:00:00 GMT"), none},
		"kept by a content network":     {200, headers("Cache-Control", "no-store", "Surrogate-Control", "max-age=60"), none},
		"kept by another":               {200, headers("Cache-Control", "private", "Cdn-Cache-Control", "max-age=60"), none},
		"not kept by it":                {200, headers("Cache-Control", "private", "Cdn-Cache-Control", "no-store"), same},
		"what the client has is right":  {304, headers("Etag", `"x"`), none},
		"part of a page":                {206, headers(), none},
		"connection that is taken over": {101, headers(), none},
		"page not found":                {404, headers(), none},
		"wrong password":                {401, headers(), none},
		"broken":                        {500, headers(), none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := c.h.Clone()
			carried := Carry(noon, c.status, c.h, NewName("device"), "VALUE", true)
			if carried != (c.want != none) || carried != (len(c.h["Set-Cookie"]) == 1) {
				t.Fatalf("carried: %t, %q; want: %s", carried, c.h["Set-Cookie"], c.want)
			}
			said := before["Cache-Control"]
			if c.want == madePrivate {
				said = append(slices.Clone(said), "private")
			}
			if got := c.h["Cache-Control"]; !slices.Equal(got, said) {
				t.Errorf("Cache-Control %q, want %q", got, said)
			}
			if got := c.h["Vary"]; !slices.Equal(got, before["Vary"]) {
				t.Errorf("Vary %q, want %q", got, before["Vary"])
			}
		})
	}
}

func TestCookieIsSetForThisHostAlone(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		h := headers("Set-Cookie", "sid=1")
		Carry(noon, 200, h, NewName("device"), "VALUE", secure)
		if len(h["Set-Cookie"]) != 2 || h["Set-Cookie"][0] != "sid=1" {
			t.Fatalf("the app's cookie was lost: %q", h["Set-Cookie"])
		}
		c, err := http.ParseSetCookie(h["Set-Cookie"][1])
		if err != nil {
			t.Fatal(err)
		}
		name := "device"
		if secure {
			name = "__Host-device"
		}
		if c.Name != name || c.Value != "VALUE" || c.Secure != secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" ||
			c.SameSite != http.SameSiteLaxMode || time.Duration(c.MaxAge)*time.Second != Life {
			t.Errorf("TLS %t: %s", secure, h["Set-Cookie"][1])
		}
	}
}

func FuzzDirectives(f *testing.F) {
	f.Add("no-cache, max-age=0")
	f.Add(`private="a, b", no-store`)
	f.Add("=,=;,,max-age")
	f.Fuzz(func(t *testing.T, line string) {
		h := headers("Cache-Control", line)
		if Carry(noon, 200, h, NewName("device"), "V", true) && directives(h["Cache-Control"]) != private {
			t.Errorf("the cookie went with %q", h["Cache-Control"])
		}
		if strings.EqualFold(strings.TrimSpace(line), "public") && len(h["Set-Cookie"]) > 0 {
			t.Error("the cookie went with a public answer")
		}
	})
}
