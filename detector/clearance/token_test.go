package clearance

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func TestATokenSaysWhatWasSealed(t *testing.T) {
	t.Parallel()
	seal, err := NewSeal("shop", key(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Challenge{
		"everything": {
			Nonce: newNonce(), Issued: began, Ready: began.Add(30 * time.Second), Source: PrefixOf(home),
			Class: config.ClassSignup, Identity: alice, Bits: 18, Retype: true, Return: "/a?b=c",
		},
		"as little as there can be": {Nonce: newNonce(), Issued: began, Class: config.ClassLogin},
		"the longest way back":      {Nonce: newNonce(), Issued: began, Class: config.ClassMFA, Return: "/" + strings.Repeat("x", MaxReturn-1)},
		"an IPv6 home":              {Nonce: newNonce(), Issued: began, Source: PrefixOf(netip.MustParseAddr("2001:db8:1:2:3::4")), Class: config.ClassReset},
	} {
		token := seal.makeToken(&c)
		if len(token) > MaxToken {
			t.Errorf("%s: a token of %d bytes, want at most %d", name, len(token), MaxToken)
		}
		got, result := seal.openToken(token)
		if result != Accepted {
			t.Fatalf("%s: %s", name, result)
		}
		if want, got := told(c), told(got); !slices.Equal(want, got) {
			t.Errorf("%s: sealed %v, opened %v", name, want, got)
		}
	}
}

// told is what a challenge says, in words.
func told(c Challenge) []any {
	return []any{c.Nonce, c.Issued.UnixMilli(), c.Ready.UnixMilli(), c.Source.family, c.Source.bits, c.Class, c.Identity, c.Bits, c.Retype, c.Return}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"198.51.100.7", "198.51.100.250", true},
		{"198.51.100.7", "::ffff:198.51.100.9", true},
		{"198.51.100.7", "198.51.101.7", false},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
	} {
		if got := PrefixOf(netip.MustParseAddr(row.a)) == PrefixOf(netip.MustParseAddr(row.b)); got != row.same {
			t.Errorf("%s and %s share a prefix: %t, want %t", row.a, row.b, got, row.same)
		}
	}
	if PrefixOf(netip.Addr{}) == PrefixOf(netip.MustParseAddr("::")) {
		t.Error("no address shares the prefix of ::")
	}
}

func TestEveryChangedByteIsForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, _ := w.issue(alice)
	cookie := w.clearance(alice)
	for i := range len(token) {
		changed := flip(token, i)
		if _, result := w.Read(w.now, changed, home); result == Accepted {
			t.Fatalf("a token with byte %d changed is taken", i)
		}
	}
	for i := range len(cookie) {
		if _, result := w.use(flip(cookie, i), alice); result == Accepted {
			t.Fatalf("a cookie with byte %d changed is taken", i)
		}
	}
}

func flip(text string, i int) string {
	c := byte('A')
	if text[i] == c {
		c = 'B'
	}
	return text[:i] + string(c) + text[i+1:]
}

func TestOneKindOfTextIsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, proof := w.solve(alice)
	cookie := w.clearance(alice)
	if _, result := w.use(token, alice); result == Accepted {
		t.Error("a token is taken for a clearance")
	}
	if _, _, result := w.Redeem(w.now, cookie, proof, home); result != Forged {
		t.Errorf("a clearance in the place of a token: %s, want forged", result)
	}
}

func TestAnotherSiteOrSecretOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, proof := w.solve(alice)
	cookie := w.clearance(alice)
	for name, row := range map[string]struct {
		gate *Gate
		want Result
	}{
		"another site":                {gateOf(t, "other", w.book, key(1, 1)), Forged},
		"another secret":              {gateOf(t, "shop", w.book, key(2, 2)), Foreign},
		"another secret, the same id": {gateOf(t, "shop", w.book, key(1, 2)), Forged},
	} {
		if _, _, result := row.gate.Redeem(w.now, token, proof, home); result != row.want {
			t.Errorf("%s, solution: %s, want %s", name, result, row.want)
		}
		if _, result := row.gate.Use(w.now, cookie, home, config.ClassLogin, alice); result != row.want {
			t.Errorf("%s, clearance: %s, want %s", name, result, row.want)
		}
	}
	rotated := gateOf(t, "shop", w.book, key(2, 2), key(1, 1))
	if _, _, result := rotated.Redeem(w.now, token, proof, home); result != Accepted {
		t.Errorf("after a rotation of the secret: %s, want accepted", result)
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	t.Parallel()
	k := key(7, 0x5a)
	seal, _ := NewSeal("shop", k)
	for _, v := range []any{k, &k, seal, Challenge{Return: "/secret"}, Clearance{Bits: 9}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "5a5a") || strings.Contains(got, "secret") || strings.Contains(got, "90") {
				t.Errorf("%s of %T prints %s", verb, v, got)
			}
		}
	}
}

func TestReturnPaths(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"/login":                               "/login",
		"/login?next=/cart&x=%0d%0a":           "/login?next=/cart&x=%0d%0a",
		"/login#top":                           "/login",
		"/a//b":                                "/a//b",
		"/":                                    "/",
		"":                                     "/",
		"login":                                "/",
		"?a=b":                                 "/",
		"//evil.test":                          "/",
		"///evil.test":                         "/",
		"/\\evil.test":                         "/",
		"\\/evil.test":                         "/",
		"/a\\..\\b":                            "/",
		"/\t/evil.test":                        "/",
		"/\n/evil.test":                        "/",
		"/a\r\nSet-Cookie: x=y":                "/",
		"/a b":                                 "/",
		"/\u00e9":                              "/",
		"/\x00":                                "/",
		"https://evil.test/":                   "/",
		"https:evil.test":                      "/",
		"javascript:alert(1)":                  "/",
		"/..//evil.test":                       "/",
		"/.//evil.test":                        "/",
		"/%2e%2E//evil.test":                   "/",
		"/a/..":                                "/",
		"/.well-known/change-password":         "/.well-known/change-password",
		"/.doorward/challenge":                 "/",
		"/.doorward":                           "/",
		"/.doorward?x":                         "/",
		"/.doorwards":                          "/.doorwards",
		"/" + strings.Repeat("a", MaxReturn):   "/",
		"/" + strings.Repeat("a", MaxReturn-1): "/" + strings.Repeat("a", MaxReturn-1),
	} {
		if got := ReturnPath(address, "/.doorward/"); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
