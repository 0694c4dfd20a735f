package recognize

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSetCookies is how many Set-Cookie headers of an answer are looked at.
const maxSetCookies = 64

// minSessionValue is the length in bytes from which a cookie value can be an
// unguessable session: shorter ones are settings.
const minSessionValue = 8

// answerCookie is a cookie as the client holds it after the answer.
type answerCookie struct {
	name, value string
	deleted     bool
}

// answerCookies reads the Set-Cookie headers. Of a name set twice the last one
// counts: some apps delete a cookie and set it again in one answer.
func answerCookies(h http.Header) []answerCookie {
	lines := h.Values("Set-Cookie")
	lines = lines[:min(len(lines), maxSetCookies)]
	now := h.Get("Date")
	var cookies []answerCookie
	for _, line := range lines {
		c, ok := parseAnswerCookie(line, now)
		if !ok {
			continue
		}
		cookies = slices.DeleteFunc(cookies, func(old answerCookie) bool { return old.name == c.name })
		cookies = append(cookies, c)
	}
	return cookies
}

// parseAnswerCookie reads one Set-Cookie header as leniently as browsers do
// (RFC 6265, section 5.2). now is the Date of the answer.
func parseAnswerCookie(line, now string) (answerCookie, bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(pair, "=")
	c := answerCookie{name: strings.TrimSpace(name), value: strings.Trim(strings.TrimSpace(value), `"`)}
	if !ok || c.name == "" {
		return answerCookie{}, false
	}
	c.deleted = isDeletedValue(c.value) || isOver(attributes, now)
	return c, true
}

func isDeletedValue(v string) bool {
	if len(v) > 32 {
		return false
	}
	switch strings.ToLower(strings.Trim(v, "-%20 ")) {
	case "", "deleted", "delete", "del", "null", "undefined", "expired":
		return true
	}
	return false
}

// isOver reports whether the attributes take the cookie away. Max-Age wins over
// Expires.
func isOver(attributes, now string) bool {
	over := false
	for attributes != "" {
		var attribute string
		attribute, attributes, _ = strings.Cut(attributes, ";")
		key, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		switch {
		case strings.EqualFold(key, "max-age"):
			if seconds, err := strconv.Atoi(value); err == nil {
				return seconds <= 0
			}
		case strings.EqualFold(key, "expires"):
			over = isPast(value, now)
		}
	}
	return over
}

func isPast(date, clock string) bool {
	now, err := http.ParseTime(clock)
	if err != nil {
		// Without a clock only dates from before the protocol are surely over.
		now = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	t, err := http.ParseTime(date)
	if err != nil {
		// The date format of Netscape's first draft is still in use.
		t, err = time.Parse("Mon, 02-Jan-2006 15:04:05 MST", date)
	}
	return err == nil && !t.After(now)
}

// liveCookieValues returns the values that an answer sets for a cookie name,
// not counting deletions.
func liveCookieValues(h http.Header, name string) []string {
	var values []string
	for _, c := range answerCookies(h) {
		if c.name == name && !c.deleted {
			values = append(values, c.value)
		}
	}
	return values
}

// cookieSigns is what the cookies of an answer say about a login.
type cookieSigns struct {
	// fresh: a session-like cookie the request did not bear and visitors are
	// not known to get.
	fresh bool
	// renewed: a session-like cookie the request bore already was set again.
	renewed bool
	// login: a cookie whose name says that somebody is logged in now.
	login bool
	// told is what a flash message in a cookie says.
	told said
}

// session reports whether there is a new or changed session.
func (s cookieSigns) session() bool { return s.fresh || s.renewed || s.login }

func readCookies(x Exchange) cookieSigns {
	var s cookieSigns
	var room [wordRoom]byte
	for _, c := range answerCookies(x.Response.Header) {
		name := wordsInto(room[:], c.name)
		switch {
		case c.deleted:
		case name.any(flashCookieWords):
			if text, err := url.QueryUnescape(c.value); err == nil {
				s.told |= listen(text)
			}
		case len(c.value) < minSessionValue, name.any(noSessionWords):
		case isVisitorCookie(x.Known, c.name):
		case isLoginCookie(name):
			s.login = true
		case slices.Contains(x.Cookies, c.name):
			s.renewed = true
		default:
			s.fresh = true
		}
	}
	return s
}

func isVisitorCookie(known RouteFacts, name string) bool {
	names := known.VisitorCookies[:min(len(known.VisitorCookies), maxVisitorCookies)]
	return known.VisitorsSeen && slices.Contains(names, name)
}

// isLoginCookie reports whether the words of a cookie name say that somebody
// is logged in. "session" or "auth" do not: many apps give both to visitors.
func isLoginCookie(name wordList) bool { return name.says(loginCookieNames) }

// flashCookieWords are words in the names of cookies that carry a message to
// the next page.
var flashCookieWords = wordsOf(`flash flashes messages message notice`)

// noSessionWords are words in the names of cookies that are no session:
// request forgery tokens, settings, analytics, load balancers, the state of a
// login in progress.
var noSessionWords = wordsOf(`
	csrf csrftoken xsrf antiforgery authenticity nonce state pkce verifier challenge
	lang language locale i18n theme color colour mode timezone tz currency country region
	consent gdpr cookieconsent policy banner
	ga gid gat fbp fbc gcl utm pk hjid mixpanel amplitude segment analytics visitor visit tracking ajs intercom hubspot
	cf awsalb awsalbcors bigip sticky serverid backend route lb incap visid nlbi akamai
	redirect return callback referer referrer target url
	test check collation settings sidebar menu`)

// loginCookieNames are parts of cookie names, in words, that only a completed
// login brings.
var loginCookieNames = phrasesOf(`
	logged in, loggedin, remember me, rememberme, remember user, remember token, remember web,
	session token, access token, refresh token, auth token, authtoken, id token, jwt,
	identity application, aspxauth, stay signed in, stay logged in, keep logged in, keep signed in,
	auto login, autologin, remember login, persistent login`)

// wordSet makes a set of the words in a text.
func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		set[w] = true
	}
	return set
}
