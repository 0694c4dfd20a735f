package identity

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Normal forms are the only thing here that costs much more than reading the
// bytes. These tests reach every bound on them.

func TestFoldingStopsWhereCompatibilityFormsExplode(t *testing.T) {
	t.Parallel()
	const ligature, letters = "\ufdfa", 18 // 3 bytes that become 33
	fits := strings.Repeat(ligature, MaxFolded/33)
	if got := New(Pair{"a", fits}).RateIdentity(false).Value("a"); strings.Contains(got, ligature) || len([]rune(got)) != letters*(MaxFolded/33) {
		t.Errorf("%d bytes were not folded", len(fits))
	}
	explodes := "Ü" + fits + ligature + "+B@X.test"
	if got, want := New(Pair{"a", explodes}).RateIdentity(false).Value("a"), "Ü"+fits+ligature+"@x.test"; got != want {
		t.Errorf("%q was folded to %q, want only ASCII and the tag", explodes, got)
	}
}

func TestFoldingHasABudgetPerIdentity(t *testing.T) {
	t.Parallel()
	capitals, small := strings.Repeat("É", MaxFolded/2), strings.Repeat("é", MaxFolded/2)
	var in []Pair
	for i := range MaxIdentifiers {
		in = append(in, Pair{fmt.Sprintf("k%02d", i), capitals})
	}
	in[MaxIdentifiers-1].Value = "ASCII"
	id := New(in...)
	folded := id.RateIdentity(false)
	for i, p := range folded.Pairs() {
		want := capitals
		switch {
		case i == MaxIdentifiers-1:
			want = "ascii"
		case i < maxUnicode/MaxFolded:
			want = small
		}
		if p.Value != want {
			t.Errorf("value %d is %.8q, want %.8q", i, p.Value, want)
		}
	}
	keys := testKeys(t, "site")
	for range 2 { // the budget is new for every identity
		if keys.RateKey(id, false) != keys.RateKey(folded, false) {
			t.Error("the rate key is not that of the rate identity")
		}
	}
}

func TestFingerprintHasABudgetForNormalForms(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, "site")
	ligatures, letters := strings.Repeat("ﬁ", MaxFolded/3), strings.Repeat("fi", MaxFolded/3)
	for n, same := range map[int]bool{1: true, 4: true, 5: false} {
		a, b := slices.Repeat(secrets(ligatures), n), slices.Repeat(secrets(letters), n)
		if got := keys.Fingerprint(a) == keys.Fingerprint(b); got != same {
			t.Errorf("%d passwords in two forms: the same fingerprint %v, want %v", n, got, same)
		}
	}
	explodes := strings.Repeat("\ufdfa", MaxFolded/3)
	if keys.Fingerprint(secrets(explodes)) == keys.Fingerprint(secrets(explodes[3:])) {
		t.Error("passwords whose normal forms are too long share a fingerprint")
	}
}

func TestFurtherValuesHaveABudgetForNormalForms(t *testing.T) {
	t.Parallel()
	decomposed, composed := strings.Repeat("e\u0301", MaxFolded/4), strings.Repeat("é", MaxFolded/4)
	in := []Pair{{"email", "first"}}
	for i := range 8 {
		in = append(in, Pair{"email", fmt.Sprint(i, decomposed)})
	}
	_, others := Candidates(in...)
	if len(others) != 8 {
		t.Fatalf("%d others, want 8", len(others))
	}
	for i, id := range others {
		want := fmt.Sprint(i, composed)
		if (i+1)*(1+len(decomposed)) > maxMore {
			want = fmt.Sprint(i, decomposed)
		}
		if id.Value("email") != want {
			t.Errorf("value %d is %.8q, want %.8q", i, id.Value("email"), want)
		}
	}
}

func TestParseJSONReadsABoundedNumberOfTokens(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{
		"equal values": `{"a":["b"%s]}|,"b"`, "equal keys": `{"a":"b"%s}|,"a":"b"`, "empty values": `{"a":"b"%s}|,"c":""`,
		"dropped values": `{"a":["b"%s]}|,null`, "inside what is dropped": `{"a":"b","c":{"d":[1%s]}}|,1`,
	} {
		frame, repeated, _ := strings.Cut(unit, "|")
		for n, ok := range map[int]bool{200: true, maxTokens: false, 1 << 16: false} {
			id, _, err := ParseJSON(fmt.Appendf(nil, frame, strings.Repeat(repeated, n)))
			if (err == nil) != ok || id.Empty() == ok {
				t.Errorf("%d %s: %q, %v", n, name, id.Pairs(), err)
			}
		}
	}
}
