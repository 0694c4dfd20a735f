package devicecookie

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Browses reports whether a request comes from a browser that shows pages to
// somebody, and is one that asks for a page or data for one: programs get no
// cookie. A page is asked for with text/html in Accept. What a script of a page
// asks for is known by the fields that only the browser itself can write
// (https://www.w3.org/TR/fetch-metadata/): then it comes from the same site.
// Whoever sends Authorization is known by that and needs no cookie.
func Browses(h http.Header) bool {
	if len(h["Authorization"]) > 0 {
		return false
	}
	if dest := first(h, "Sec-Fetch-Dest"); dest != "" {
		from := first(h, "Sec-Fetch-Site")
		return dest == "document" || dest == "empty" && (from == "same-origin" || from == "same-site")
	}
	return strings.Contains(first(h, "Accept"), "text/html")
}

func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Carry sets the cookie in the headers of an answer that are about to leave, and
// reports whether it did. No answer carries it that a cache may give to others:
// one that is public, or that names a time for which it is fresh. Where the app
// says nothing of caches, or only that they must ask again, the answer becomes
// private. Errors, answers to part of a request and those that only confirm what
// the client has carry none; Vary stays as it is.
func Carry(now time.Time, status int, h http.Header, name Name, value string, secure bool) bool {
	if status < 200 || status >= 400 || status == http.StatusPartialContent || status == http.StatusNotModified {
		return false
	}
	switch cacheOf(now, h) {
	case shared:
		return false
	case unsaid:
		h.Add("Cache-Control", "private")
	}
	line := name.For(secure) + "=" + value + "; Path=/; Max-Age=" + strconv.Itoa(int(Life/time.Second)) + "; HttpOnly; SameSite=Lax"
	if secure {
		line += "; Secure"
	}
	h.Add("Set-Cookie", line)
	return true
}

// caching is what an answer says of caches that serve many.
type caching int

const (
	unsaid caching = iota
	private
	shared
)

// targeted are the fields that speak to one kind of cache and win there over
// Cache-Control (RFC 9213).
var targeted = []string{"Cdn-Cache-Control", "Cloudflare-Cdn-Cache-Control", "Surrogate-Control", "Vercel-Cdn-Cache-Control"}

// cacheOf reads what the answer says. An answer with no-cache alone may be kept
// by a shared cache and given to others once the app confirms it, so that says
// nothing of the kind (RFC 9111, section 5.2.2.4).
func cacheOf(now time.Time, h http.Header) caching {
	for _, name := range targeted {
		if len(h[name]) > 0 && directives(h[name]) != private {
			return shared
		}
	}
	said := directives(h["Cache-Control"])
	if said != unsaid {
		return said
	}
	if until, err := http.ParseTime(h.Get("Expires")); err == nil && until.After(now) {
		return shared
	}
	return unsaid
}

// directives reads lines of Cache-Control. private and no-store win: a cache
// must obey the strictest.
func directives(lines []string) caching {
	said := unsaid
	for _, line := range lines {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(name) {
			case "no-store":
				return private
			case "private":
				if value == "" { // with fields it speaks of those alone
					return private
				}
			case "public", "s-maxage", "immutable", "stale-while-revalidate", "stale-if-error":
				said = shared
			case "max-age":
				if strings.Trim(value, `"0 `) != "" {
					said = shared
				}
			}
		}
	}
	return said
}
