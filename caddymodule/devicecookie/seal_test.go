package devicecookie

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func key(id uint32) Key { return Key{ID: id, Secret: [32]byte{byte(id), 7}} }

func newSeal(t testing.TB, site string, current Key, previous ...Key) *Seal {
	t.Helper()
	s, err := NewSeal(site, NewName("device"), current, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCookieOpensWhereItWasMade(t *testing.T) {
	t.Parallel()
	s := newSeal(t, "shop", key(1))
	for name, c := range map[string]struct {
		later time.Duration
		want  Result
		renew bool
	}{
		"at once":                   {0, Known, false},
		"the same day":              {renewAfter - time.Second, Known, false},
		"the next day":              {renewAfter, Known, true},
		"on the last day":           {Life - time.Second, Known, true},
		"a day too late":            {Life, Expired, false},
		"with a clock set back":     {-skew, Known, false},
		"with a clock of last week": {-7 * 24 * time.Hour, Expired, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cookie, got := s.Open(noon.Add(c.later), s.Make(noon, 42, true), true)
			if got != c.want || cookie.Renew != c.renew || (cookie.Client == 42) != (got == Known) {
				t.Errorf("%s, client %d, renew %t; want %s, renew %t", got, cookie.Client, cookie.Renew, c.want, c.renew)
			}
		})
	}
}

func TestCookieThatIsNotOursIsIgnored(t *testing.T) {
	t.Parallel()
	s := newSeal(t, "shop", key(1))
	value := s.Make(noon, 42, true)
	raw, _ := base64.RawURLEncoding.DecodeString(value)
	changed := func(i int) string {
		b := append([]byte(nil), raw...)
		b[i] ^= 1
		return base64.RawURLEncoding.EncodeToString(b)
	}
	for name, c := range map[string]struct {
		value string
		want  Result
	}{
		"empty":                     {"", Malformed},
		"truncated":                 {value[:Length-1], Malformed},
		"too long by one":           {value + "A", Malformed},
		"huge":                      {strings.Repeat("A", 1<<20), Malformed},
		"other letters":             {strings.Repeat("*", Length), Malformed},
		"padded":                    {value[:Length-1] + "=", Malformed},
		"quoted":                    {`"` + value[1:Length-1] + `"`, Malformed},
		"all zero":                  {strings.Repeat("A", Length), Malformed},
		"another version":           {changed(0), Malformed},
		"another key id":            {changed(1), Foreign},
		"another nonce":             {changed(open), Forged},
		"another number":            {changed(open + 12), Forged},
		"another tag":               {changed(sealed - 1), Forged},
		"of another site's keys":    {newSeal(t, "shop", key(2)).Make(noon, 42, true), Foreign},
		"of another site's name":    {newSeal(t, "forum", key(1)).Make(noon, 42, true), Forged},
		"set without TLS":           {s.Make(noon, 42, false), Forged},
		"made up with our key's id": {base64.RawURLEncoding.EncodeToString(append(raw[:open:open], make([]byte, sealed-open)...)), Forged},
		"for no client":             {s.Make(noon, 0, true), Forged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if cookie, got := s.Open(noon, c.value, true); got != c.want || cookie != (Cookie{}) {
				t.Errorf("%s, client %d; want %s and none", got, cookie.Client, c.want)
			}
		})
	}
}

func TestSecretMayBeRotated(t *testing.T) {
	t.Parallel()
	old := newSeal(t, "shop", key(1)).Make(noon, 42, true)
	cookie, got := newSeal(t, "shop", key(2), key(1)).Open(noon, old, true)
	if got != Known || cookie.Client != 42 || !cookie.Renew {
		t.Errorf("made with the previous secret: %s, renew %t; want it known and made anew", got, cookie.Renew)
	}
	if _, got := newSeal(t, "shop", key(3), key(2)).Open(noon, old, true); got != Foreign {
		t.Errorf("made with the one before that: %s, want %s", got, Foreign)
	}
}

func TestCookieTellsNothing(t *testing.T) {
	t.Parallel()
	s := newSeal(t, "shop", key(1))
	a, b := s.Make(noon, 42, true), s.Make(noon, 42, true)
	if a == b {
		t.Error("two cookies of one client are the same text: they can be told to belong together")
	}
	if len(a) != Length || strings.Trim(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("%q has %d bytes or letters that no cookie may have", a, len(a))
	}
	cookie, _ := s.Open(noon, a, true)
	for _, text := range []string{fmt.Sprint(cookie), fmt.Sprintf("%+v %d %#v %s", cookie, cookie, cookie, cookie)} {
		if strings.Contains(text, "42") || strings.Contains(text, "2a") {
			t.Errorf("printed: %s", text)
		}
	}
	if text := fmt.Sprintf("%+v %x", key(9), key(9)); text != "key 00000009 key 00000009" {
		t.Errorf("a key prints as %s", text)
	}
}

func TestClientsDifferAndAreNeverUnknown(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{0: true}
	for range 1000 {
		c := NewClient()
		if seen[c] {
			t.Fatalf("client %d is unknown or was given before", c)
		}
		seen[c] = true
	}
}

func FuzzOpen(f *testing.F) {
	s := newSeal(f, "shop", key(1), key(2))
	f.Add(s.Make(noon, 42, true))
	f.Add(s.Make(noon, 42, false))
	f.Add(newSeal(f, "shop", key(2)).Make(noon, 1<<63, true))
	f.Add(strings.Repeat("A", Length))
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		for _, secure := range []bool{false, true} {
			cookie, got := s.Open(noon, value, secure)
			if (cookie.Client != 0) != (got == Known) {
				t.Errorf("%s with client %d", got, cookie.Client)
			}
			if got != Known {
				continue
			}
			// No byte of what opens may be another.
			for i := range value {
				letter := byte('A')
				if value[i] == letter {
					letter = 'B'
				}
				if _, got := s.Open(noon, value[:i]+string(letter)+value[i+1:], secure); got == Known {
					t.Errorf("byte %d does not matter", i)
				}
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	s := newSeal(b, "shop", key(1))
	value := s.Make(noon, 42, true)
	b.ReportAllocs()
	for b.Loop() {
		if _, got := s.Open(noon, value, true); got != Known {
			b.Fatal(got)
		}
	}
}
