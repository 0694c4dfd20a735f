package identity

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSpellingsShareOneRateKey(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, "site")
	for _, group := range []struct {
		name      string
		spellings []string
		strictToo bool
	}{
		{"letter case and outer space", []string{"bob@x", "BOB@x", " bob@X ", "\u3000Bob@x\u00a0\n"}, true},
		{"full width", []string{"bob@x", "ｂｏｂ＠ｘ", "ＢＯＢ@x", "bob＠x"}, true},
		{"compatibility forms", []string{"office™ﬁ", "OFFICETMFI", "ｏffice℡fi"[:len("ｏffice")] + "TMfi"}, true},
		{"full case folding", []string{"straße", "STRASSE", "Strasse", "stra\u1e9ee"}, true},
		{"final sigma", []string{"ΟΔΟΣ", "οδος", "οδοσ"}, true},
		{"composed and decomposed", []string{"Jose\u0301", "josé", "JOSÉ"}, true},
		{"invisible characters", []string{"bob", "b\u200bob", "bo\u00adb", "\ufeffbob", "\u200b bob \u200b", "bo\x7fb", "bob\u2060", "b\x00ob", "b\u202eob", "bob\ufe0f", "\U000e0041bob"}, true},
		{"an invisible character before an accent", []string{"jos\u00e9", "jose\u200b\u0301", "JOSE\u00ad\u0301"}, true},
		{"domain with the root's dot", []string{"bob@x.test", "bob@X.TEST.", "bob@x\u3002test", "bob@x\uff61test"}, true},
		{"bytes that are no UTF-8", []string{"B\xf6b@X", "b\xf6b@x"}, true},
		{"plus-tag", []string{"bob@x.test", "bob+1@x.test", "Bob+a+b@x.test", "bob+@x.test", "bob＋tag@x.test"}, false},
		{"dots", []string{"bob.w@x.test", "b.o.b.w@x.test", "bobw@x.test", ".bob..w.@x.test", "bob．w@x.test"}, false},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			loose, strict := map[Pseudonym]bool{}, map[Pseudonym]bool{}
			for _, s := range group.spellings {
				id := New(Pair{"email", s})
				loose[keys.RateKey(id, false)] = true
				strict[keys.RateKey(id, true)] = true
			}
			if len(loose) != 1 {
				t.Errorf("%d rate keys, want 1", len(loose))
			}
			if want := map[bool]int{true: 1, false: len(group.spellings)}[group.strictToo]; len(strict) > want || (want > 1 && len(strict) < 3) {
				t.Errorf("strict: %d rate keys, want %d", len(strict), want)
			}
		})
	}
}

// 64 ways to write one account: 16 forms in 4 patterns of letter case. The
// attacker of the simulation's scenario A19 uses the same.
func TestSixtyFourSpellingsOfOneAccountShareOneRateKey(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, "site")
	alternate := func(s string) string {
		var b strings.Builder
		for i, r := range s {
			if i%2 == 1 {
				r = []rune(strings.ToUpper(string(r)))[0]
			}
			b.WriteRune(r)
		}
		return b.String()
	}
	caseOf := []func(string) string{
		strings.ToLower, strings.ToUpper, alternate,
		func(s string) string { return strings.ToUpper(s[:1]) + s[1:] },
	}
	wide := strings.NewReplacer("u", "ｕ", "1", "１", "5", "５", "0", "０", "2", "２", "U", "Ｕ")
	spellings := map[string]bool{}
	for _, letters := range caseOf {
		local, domain := letters("u1502"), letters("@x.test")
		for _, form := range []string{
			local + domain, " " + local + domain, local + domain + " ", " " + local + domain + " ",
			local + "+a" + domain, local + "+b" + domain, local + "+c" + domain, local + "+1" + domain,
			local[:1] + "." + local[1:] + domain, local[:2] + "." + local[2:] + domain,
			local[:3] + "." + local[3:] + domain, local[:4] + "." + local[4:] + domain,
			wide.Replace(local) + domain, wide.Replace(local[:1]) + local[1:] + domain,
			local[:4] + wide.Replace(local[4:]) + domain, local[:1] + wide.Replace(local[1:]) + domain,
		} {
			spellings[form] = true
		}
	}
	if len(spellings) < 60 {
		t.Fatalf("only %d spellings", len(spellings))
	}
	want := keys.RateKey(New(Pair{"email", "u1502@x.test"}), false)
	for s := range spellings {
		if keys.RateKey(New(Pair{"email", s}), false) != want {
			t.Errorf("%q has a rate key of its own", s)
		}
	}
	if len(spellings) > 1 && keys.RateKey(New(Pair{"email", "u1503@x.test"}), false) == want {
		t.Error("another account shares the rate key")
	}
}

func TestDifferentNamesHaveDifferentRateKeys(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, "site")
	names := []string{
		"bob", "bob@x", "bob@x.test", "bob@y.test", "bo b", "bob+1", "b.ob", "@bob", "bob@", "b\nob",
		"bób", "+bob@x.test", "+rob@x.test", "@bob.", "É\xff", "é\xff", "..@x.test", ".@x.test", "bob@.", "bob@..", "b\xf6b", "b\xd6b",
		"\u200b", "\u00ad", "a@b+c@x", "\ufffd",
	}
	seen := map[Pseudonym]string{{}: "nobody"}
	for _, name := range names {
		for _, key := range []string{"email", "login"} {
			p := keys.RateKey(New(Pair{key, name}), false)
			if before, ok := seen[p]; ok {
				t.Errorf("%s=%q shares a rate key with %s", key, name, before)
			}
			seen[p] = fmt.Sprintf("%s=%q", key, name)
		}
	}
}

func TestRateIdentityIsWhatTheRateKeyStandsFor(t *testing.T) {
	t.Parallel()
	id := New(Pair{"email", "Bob.W+x@X.Test"}, Pair{"Shop", "ONE+1"})
	id.Ambiguous = true
	for strict, want := range map[bool]Identity{
		false: New(Pair{"email", "bobw@x.test"}, Pair{"Shop", "one+1"}),
		true:  New(Pair{"email", "bob.w+x@x.test"}, Pair{"Shop", "one+1"}),
	} {
		if got := id.RateIdentity(strict); !got.Equal(want) || !got.Ambiguous {
			t.Errorf("strict %v: %q, ambiguous %v; want %q, true", strict, got.Pairs(), got.Ambiguous, want.Pairs())
		}
	}
	if id.RateIdentity(false).Equal(id) {
		t.Error("folding changed nothing")
	}
}

func FuzzRateKey(f *testing.F) {
	for _, v := range awkwardValues {
		f.Add(v, false)
		f.Add("x"+v+"@X.test", true)
	}
	keys := testKeys(f, "site")
	f.Fuzz(func(t *testing.T, value string, strict bool) {
		id := New(Pair{"email", value})
		folded := id.RateIdentity(strict)
		if id.Empty() != folded.Empty() || folded.Empty() != keys.RateKey(id, strict).IsZero() {
			t.Fatalf("%q: empty %v, folded %v", value, id.Empty(), folded.Empty())
		}
		if got := string(folded.AppendCanon(nil)); got != string(id.appendRateCanon(nil, newFolder(), strict)) {
			t.Errorf("%q: the two ways of folding differ", value)
		}
		if v := folded.Value("email"); utf8.ValidString(value) && !utf8.ValidString(v) {
			t.Errorf("%q: folding broke it to %q", value, v)
		}
		if !id.Empty() && folded.Value("email") == "" {
			t.Errorf("%q was folded to nothing", value)
		}
		if len(value) < MaxFolded/4 && strings.EqualFold(value, strings.ToLower(value)) && printableASCII(value) {
			if keys.RateKey(id, strict) != keys.RateKey(New(Pair{"email", strings.ToUpper(value)}), strict) {
				t.Errorf("%q and its capitals have two rate keys", value)
			}
		}
	})
}
