package identity

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func secrets(values ...string) [][]byte {
	list := make([][]byte, 0, len(values))
	for _, v := range values {
		list = append(list, []byte(v))
	}
	return list
}

func TestFingerprintsTellPasswordListsApart(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	long := strings.Repeat("ﬁ", MaxFolded)
	lists := [][][]byte{
		secrets(""), secrets("", ""), secrets("a"), secrets("A"), secrets(" a"), secrets("a "), secrets("a", "b"), secrets("b", "a"),
		secrets("ab"), secrets("a", "b", ""), secrets("", "a", "b"), secrets("\x01a"), secrets("a\x01b"), secrets("\xff"), secrets("\ufffd"),
		secrets(long), secrets(long + "x"), secrets(strings.Repeat("fi", MaxFolded)), secrets("a+b"), secrets("a.b"),
	}
	seen := map[Fingerprint]int{0: -1}
	for i, list := range lists {
		f := k.Fingerprint(list)
		if before, ok := seen[f]; ok {
			t.Errorf("list %d has the fingerprint of list %d", i, before)
		}
		seen[f] = i
		if k.Fingerprint(list) != f {
			t.Errorf("list %d has another fingerprint the second time", i)
		}
	}
}

// Lists of every length around the size of the buffer they are gathered in: no
// password is lost or moved where it is emptied.
func TestFingerprintCountsEveryPasswordOfALongList(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	long := strings.Repeat("x", MaxFolded+1)
	seen := map[Fingerprint]bool{}
	for n := 1; n < 40; n++ {
		list := slices.Repeat(secrets(strings.Repeat("p", 200)), n)
		for _, at := range []int{0, n / 2, n - 1} {
			for _, guess := range []string{"a", "b", long, long + "y"} {
				changed := slices.Clone(list)
				changed[at] = []byte(guess)
				seen[k.Fingerprint(changed)] = true
			}
		}
	}
	// Of one password all three places are the same, of two the last two.
	if want := 39*3*4 - 2*4 - 1*4; len(seen) != want {
		t.Errorf("%d fingerprints, want %d", len(seen), want)
	}
}

// The list is hashed as the canonical form writes fields, in whatever pieces.
func TestFingerprintIsAnHMACOfTheWholeList(t *testing.T) {
	t.Parallel()
	var k Keys
	k.credential.init([32]byte{})
	long := strings.Repeat("x", MaxFolded+1)
	for _, list := range [][][]byte{
		secrets("a"), secrets("", "a"), secrets("a", long, "b"), secrets(long), slices.Repeat(secrets("a", long, strings.Repeat("y", 999)), 20),
	} {
		mac := hmac.New(sha256.New, make([]byte, 32))
		for _, s := range list {
			mac.Write(appendField(nil, s))
		}
		want := Fingerprint(binary.BigEndian.Uint64(mac.Sum(nil)))
		if got := k.Fingerprint(list); got != want {
			t.Errorf("%d passwords: %x, want %x", len(list), uint64(got), uint64(want))
		}
	}
}

func TestFingerprintOfNoPasswordIsZero(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	if k.Fingerprint(nil) != 0 || k.Fingerprint([][]byte{}) != 0 {
		t.Error("no password has a fingerprint")
	}
	if k.Fingerprint([][]byte{nil}) == 0 || k.Fingerprint([][]byte{nil}) != k.Fingerprint(secrets("")) {
		t.Error("an empty password has none, or one that depends on how it is empty")
	}
}

// A constant beside the guess, in whatever place, hides no guess.
func TestEveryGuessBesideAConstantIsNew(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	for _, order := range []string{"constant first", "guess first", "constant on both sides"} {
		seen := map[Fingerprint]bool{}
		for i := range 100 {
			guess := fmt.Sprintf("guess-%d", i)
			list := map[string][][]byte{
				"constant first":         secrets("CONST", guess),
				"guess first":            secrets(guess, "CONST"),
				"constant on both sides": secrets("CONST", guess, "CONST"),
			}[order]
			seen[k.Fingerprint(list)] = true
		}
		if len(seen) != 100 {
			t.Errorf("%s: %d fingerprints of 100 guesses", order, len(seen))
		}
	}
}

func TestFormsOfOnePasswordShareAFingerprint(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	for _, c := range [][2]string{
		{"caf\u00e9", "cafe\u0301"}, {"ﬁsh", "fish"}, {"ｐａｓｓ", "pass"}, {"Å", "\u212b"},
	} {
		if k.Fingerprint(secrets(c[0])) != k.Fingerprint(secrets(c[1])) {
			t.Errorf("%q and %q have two fingerprints", c[0], c[1])
		}
	}
	fits := strings.Repeat("ﬁ", MaxFolded/3)
	if k.Fingerprint(secrets(fits)) != k.Fingerprint(secrets(strings.Repeat("fi", MaxFolded/3))) {
		t.Errorf("a password of %d bytes was not normalised", len(fits))
	}
	tooLong := strings.Repeat("ﬁ", MaxFolded/3+1)
	if k.Fingerprint(secrets(tooLong)) == k.Fingerprint(secrets(strings.Repeat("fi", MaxFolded/3+1))) {
		t.Errorf("a password of %d bytes was normalised", len(tooLong))
	}
}

func TestFingerprintLeavesThePasswordsAlone(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	backing := []byte("cafe\u0301 and what follows in the body")
	list := [][]byte{backing[:6], backing[6:10]}
	before := bytes.Clone(backing)
	k.Fingerprint(list)
	if !bytes.Equal(backing, before) {
		t.Errorf("the request body became %q", backing)
	}
}

func TestPrintingAFingerprintHidesIt(t *testing.T) {
	t.Parallel()
	f := Fingerprint(1234567)
	for _, verb := range []string{"%v", "%d", "%x", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, f); got != "REDACTED" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if got, err := json.Marshal([]Fingerprint{f, 0}); err != nil || string(got) != `["REDACTED",""]` {
		t.Errorf("JSON %s, %v", got, err)
	}
	if got := fmt.Sprint(Fingerprint(0)); got != "" {
		t.Errorf("none prints %q", got)
	}
}

func FuzzFingerprint(f *testing.F) {
	for _, v := range awkwardValues {
		f.Add([]byte(v), []byte("b"))
	}
	k := testKeys(f, "site")
	f.Fuzz(func(t *testing.T, a, b []byte) {
		one, two := k.Fingerprint([][]byte{a}), k.Fingerprint([][]byte{a, b})
		if one == 0 || two == 0 || one == two {
			t.Errorf("fingerprints %d and %d of %q, %q", uint64(one), uint64(two), a, b)
		}
		if k.Fingerprint([][]byte{a, b}) != two {
			t.Error("the second time it differs")
		}
	})
}
