package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNewKeepsAtMostSixteenIdentifiersInWhateverOrder(t *testing.T) {
	t.Parallel()
	all := []Pair{{"username", "u"}, {"email", "e"}}
	for i := range 3000 {
		all = append(all, Pair{fmt.Sprintf("aa%04d", i), "v"})
	}
	want := New(all...)
	if len(want.Pairs()) != MaxIdentifiers || !want.Invalid {
		t.Fatalf("%d identifiers, invalid %v; want %d, true", len(want.Pairs()), want.Invalid, MaxIdentifiers)
	}
	if want.Value("email") != "e" || want.Value("username") != "u" || want.Value("aa0013") != "v" || want.Value("aa0014") != "" {
		t.Errorf("kept %q, want email, username and the 14 smallest keys", want.Pairs())
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := New(all...); !got.Equal(want) {
			t.Fatalf("kept %q in another order, want %q", got.Pairs(), want.Pairs())
		}
	}
	if full := New(all[:MaxIdentifiers]...); full.Invalid || len(full.Pairs()) != MaxIdentifiers {
		t.Errorf("%d identifiers of %d, invalid %v; want all", len(full.Pairs()), MaxIdentifiers, full.Invalid)
	}
}

func TestKeysOutOfBoundsAreDroppedNotCut(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("k", MaxKey)
	id := New(Pair{longest, "1"}, Pair{longest + "k", "2"}, Pair{"", "3"})
	if !slices.Equal(id.Pairs(), []Pair{{longest, "1"}}) || !id.Invalid {
		t.Errorf("kept %q, invalid %v; want the key of %d bytes only, true", id.Pairs(), id.Invalid, MaxKey)
	}
	if New(Pair{longest, "1"}).Invalid {
		t.Error("the longest key is invalid")
	}
	if New(Pair{"", ""}).Invalid {
		t.Error("a nameless empty field is invalid, want absent")
	}
}

func TestRepeatedKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		in        []Pair
		first     string
		others    []string
		ambiguous bool
	}{
		{"once", pairs("email", "a"), "a", nil, false},
		{"the same value twice", pairs("email", "a", "email", " a "), "a", nil, false},
		{"an empty value first", pairs("email", " ", "email", "b"), "b", nil, false},
		{"two values", pairs("email", "a", "email", "b"), "a", []string{"b"}, true},
		{"three values of which two are equal", pairs("email", "a", "email", "b", "email", "b"), "a", []string{"b"}, true},
		{"the same value, decomposed", pairs("email", "\u00e9", "email", "e\u0301"), "\u00e9", nil, false},
		{"further values that differ in their form only", pairs("email", "a", "email", "\u00e9", "email", "e\u0301"), "a", []string{"\u00e9"}, true},
		{"with another key between", pairs("email", "a", "shop", "1", "email", "b", "email", "c"), "a", []string{"b", "c"}, true},
	} {
		first, others := Candidates(c.in...)
		if first.Value("email") != c.first || first.Ambiguous != c.ambiguous || !first.Equal(New(c.in...)) {
			t.Errorf("%s: first %q, ambiguous %v; want %q, %v", c.name, first.Pairs(), first.Ambiguous, c.first, c.ambiguous)
		}
		var got []string
		for _, id := range others {
			got = append(got, id.Value("email"))
			if !id.Ambiguous || id.Value("shop") != first.Value("shop") {
				t.Errorf("%s: candidate %q, ambiguous %v; want the other pairs kept, true", c.name, id.Pairs(), id.Ambiguous)
			}
		}
		if !slices.Equal(got, c.others) {
			t.Errorf("%s: others %q, want %q", c.name, got, c.others)
		}
	}
}

func TestCandidatesAreBounded(t *testing.T) {
	t.Parallel()
	var in []Pair
	for i := range 3000 {
		in = append(in, Pair{"email", strconv.Itoa(i)})
	}
	first, others := Candidates(in...)
	if 1+len(others) != MaxCandidates || !first.Ambiguous || !first.Invalid {
		t.Errorf("%d candidates, ambiguous %v, invalid %v; want %d, true, true", 1+len(others), first.Ambiguous, first.Invalid, MaxCandidates)
	}
	// The same two values over and over are two.
	in = slices.Repeat(pairs("email", "a", "email", "b"), 100)
	if first, others = Candidates(in...); len(others) != 1 || first.Invalid {
		t.Errorf("%d others of two values, invalid %v; want 1, false", len(others), first.Invalid)
	}
	// A key that falls out of the bound takes its candidates with it.
	in = pairs("zz", "1", "zz", "2")
	for i := range MaxIdentifiers {
		in = append(in, Pair{fmt.Sprintf("a%02d", i), "v"})
	}
	first, others = Candidates(in...)
	if len(others) != 0 || first.Ambiguous || !first.Invalid || first.Value("zz") != "" {
		t.Errorf("%d others of %q, ambiguous %v; want none", len(others), first.Pairs(), first.Ambiguous)
	}
}

func TestValuesAreNormalisedOnlyUpToTheBound(t *testing.T) {
	t.Parallel()
	composed, decomposed := "\u00e9", "e\u0301"
	fits := strings.Repeat(decomposed, MaxFolded/3)
	if got, want := New(Pair{"a", fits}).Value("a"), strings.Repeat(composed, MaxFolded/3); got != want {
		t.Errorf("%d bytes were not normalised", len(fits))
	}
	tooLong := strings.Repeat(decomposed, MaxFolded/3+1)
	if got := New(Pair{"a", "  " + tooLong + "\n"}).Value("a"); got != tooLong {
		t.Errorf("%d bytes were changed to %d, want them trimmed only", len(tooLong), len(got))
	}
	if got, raw := New(Pair{"a", decomposed + "\xff"}).Value("a"), decomposed+"\xff"; got != raw {
		t.Errorf("%q was changed to %q, want the bytes kept: they are no UTF-8", raw, got)
	}
	shouting := strings.Repeat("A", MaxFolded+1)
	if got := New(Pair{"a", shouting}).RateIdentity(false).Value("a"); got != shouting {
		t.Errorf("%d bytes were folded", len(shouting))
	}
	if got := New(Pair{"a", shouting[1:]}).RateIdentity(false).Value("a"); got != strings.ToLower(shouting[1:]) {
		t.Errorf("%d bytes were not folded", MaxFolded)
	}
}

func TestIdentityIsACopy(t *testing.T) {
	t.Parallel()
	in := pairs("b", "1", "a", "2")
	id := New(in...)
	in[0].Value, in[1].Key = "changed", "changed"
	id.Pairs()[0].Value = "changed"
	id.Map()["a"] = "changed"
	if !id.Equal(New(pairs("a", "2", "b", "1")...)) {
		t.Errorf("the identity changed with what it was made of or gave out: %q", id.Pairs())
	}
	if m := id.Map(); len(m) != 2 || m["a"] != "2" || m["b"] != "1" || (Identity{}).Map() != nil {
		t.Errorf("map %v, want both pairs, and nil for nobody", m)
	}
	_ = id.RateIdentity(false)
	upper := New(Pair{"a", "UPPER"})
	_ = upper.RateIdentity(false)
	if upper.Value("a") != "UPPER" {
		t.Error("folding changed the identity it was made of")
	}
}

func TestOperatorKeysAreHostile(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"$ne": true, "email[$ne]": true, "user[email][$regex]": true, "$where": true,
		"email": false, "price$": false, "user[email]": false, "US$": false,
	} {
		if New(Pair{key, "v"}).Hostile != want || New(Pair{key, ""}).Hostile != want {
			t.Errorf("%s: hostile %v, want %v", key, !want, want)
		}
	}
}

func TestSuspectKeys(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"reason": true, "error": true, "status": true, "message": true, "Reason": true, "ERROR": true, "HTTP_STATUS": true,
		"statusCode": true, "error_code": true, "login-error": true, "failure.reason": true, "errMsg": true,
		"email": false, "mirror_id": false, "terror": false, "messenger": false, "reasonable": false, "statuses": false, "é": false, "\xff": false,
	} {
		id := New(Pair{"email", "a"}, Pair{key, "v"})
		if got := id.SuspectKeys(); slices.Contains(got, key) != want || slices.Contains(got, "email") {
			t.Errorf("%s: suspects %q, want %v", key, got, want)
		}
	}
}

func TestPrintingAnIdentityShowsNoValue(t *testing.T) {
	t.Parallel()
	id := New(Pair{"email", "hunter2@example.com"})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{id, &id, []Identity{id}, struct{ ID Identity }{id}} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "unter") || strings.Contains(got, "68756e") || !strings.Contains(got, Hidden) {
				t.Errorf("%s of %T prints %q, want %s", verb, v, got, Hidden)
			}
		}
	}
}

func FuzzNew(f *testing.F) {
	for _, v := range awkwardValues {
		f.Add("email", v, "shop", "b")
		f.Add(v, "a", "email", v)
	}
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		first, others := Candidates(Pair{k1, v1}, Pair{k2, v2})
		for _, id := range append(others, first) {
			if again := New(id.Pairs()...); !again.Equal(id) {
				t.Errorf("normalising again made %q of %q", again.Pairs(), id.Pairs())
			}
			if decoded, ok := decodeCanon(id.AppendCanon(nil)); !ok || !slices.Equal(decoded, id.Pairs()) {
				t.Errorf("the canonical form of %q reads %q", id.Pairs(), decoded)
			}
		}
		if k1 != k2 && !first.Equal(New(Pair{k2, v2}, Pair{k1, v1})) {
			t.Errorf("order made a difference to %q", first.Pairs())
		}
		if key, _, ok := first.PrimaryKey(); ok && !utf8.ValidString(key) && key != k1 && key != k2 {
			t.Errorf("the primary key %q is none of the keys", key)
		}
	})
}

// awkwardValues are seeds for fuzzing.
var awkwardValues = []string{
	"", " ", "a", "a@x.test", "BOB+tag@X.Test.", "b.o.b@x\u3002test", "\u00e9", "e\u0301", "\uff22\uff2f\uff22",
	"\x00\n\u202e", "\xff\xfe", "\ufdfa", "\u00a8", "\u200b", "\u1e9e", "\u0130", "\u2122", "@", "@@", "+@.", "...@x",
	"a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
	"id1\x05email\x08a@x.test", "$ne", "a[$ne]", "k\u0345\u0301", "\u1fb7",
}
