package identity

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/quick"
)

// The vectors of the specification, with a key of 32 zero bytes.
func TestCanonAndPseudonymVectors(t *testing.T) {
	t.Parallel()
	var keys Keys
	keys.identity.init([32]byte{})
	for _, c := range []struct {
		pairs            []Pair
		canon, pseudonym string
	}{
		{pairs("email", "a@x.test"), "69643105656d61696c086140782e74657374", "fcd5fb24cac27ee4186c78de7386883d"},
		{pairs("email", "a@x.test", "shop", "b"), "69643105656d61696c086140782e746573740473686f700162", "7fdacd34d652336883fe700d1072dd78"},
		{pairs("email", "b", "shop", "a@x.test"), "69643105656d61696c01620473686f70086140782e74657374", "274b73cd9c574891b589bab7b05a922a"},
		{pairs("a", "b"), "69643101610162", "cedd1f160f81442e5040262825815e72"},
		{pairs("b", "a"), "69643101620161", "762189c31f82bb641e42c6b8735693f0"},
	} {
		id := New(c.pairs...)
		if got := hex.EncodeToString(id.AppendCanon(nil)); got != c.canon {
			t.Errorf("%q: canon %s, want %s", c.pairs, got, c.canon)
		}
		for range 3 { // with a new and with a used hasher
			if got := keys.Pseudonym(id).String(); got != c.pseudonym {
				t.Errorf("%q: pseudonym %s, want %s", c.pairs, got, c.pseudonym)
			}
		}
	}
	if got := string(New(pairs("a", "b")...).AppendCanon([]byte("before "))); got != "before id1\x01a\x01b" {
		t.Errorf("appended: %q", got)
	}
}

// Every set of up to two pairs over texts that imitate lengths, separators and
// white space: equal canonical forms only for sets that are equal after
// normalisation.
func TestNoTwoIdentitiesShareACanon(t *testing.T) {
	t.Parallel()
	alphabet := []string{"", "a", "b", "ab", "ba", "\x01", "\x01a", "a\x01", "\x01a\x01b", "id1", " a", "e\u0301", "\u00e9", "\xe9"}
	seen := map[string]map[string]string{}
	var canons int
	check := func(pairs ...Pair) {
		id := New(pairs...)
		canon := string(id.AppendCanon(nil))
		if before, ok := seen[canon]; !ok {
			seen[canon] = id.Map()
			canons++
		} else if !maps.Equal(before, id.Map()) {
			t.Fatalf("%q and %q share a canonical form", before, id.Map())
		}
	}
	for _, k1 := range alphabet {
		for _, v1 := range alphabet {
			for _, k2 := range alphabet {
				for _, v2 := range alphabet {
					check(Pair{k1, v1}, Pair{k2, v2})
				}
			}
		}
	}
	// 13 keys that are not empty, 11 values that differ and are not empty: none, one or two pairs.
	if want := 1 + 13*11 + 13*12/2*11*11; canons != want {
		t.Errorf("%d canonical forms, want %d", canons, want)
	}
}

func TestCanonCanBeDecodedWhateverTheMap(t *testing.T) {
	t.Parallel()
	property := func(m map[string]string) bool {
		var in []Pair
		for k, v := range m {
			in = append(in, Pair{k, v})
		}
		id := New(in...)
		slices.Reverse(in)
		decoded, ok := decodeCanon(id.AppendCanon(nil))
		return ok && slices.Equal(decoded, id.Pairs()) && id.Equal(New(in...))
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

// decodeCanon reads a canonical form. That it can is the proof that no two
// identities share one.
func decodeCanon(canon []byte) ([]Pair, bool) {
	rest, ok := strings.CutPrefix(string(canon), "id1")
	var list []Pair
	for ok && rest != "" {
		var p Pair
		p.Key, rest, ok = decodeField(rest)
		if ok {
			p.Value, rest, ok = decodeField(rest)
		}
		list = append(list, p)
	}
	return list, ok
}

func decodeField(s string) (field, rest string, ok bool) {
	n, size := binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
	if size <= 0 || n > uint64(len(s)-size) {
		return "", "", false
	}
	return s[size : size+int(n)], s[size+int(n):], true
}

func TestPseudonymText(t *testing.T) {
	t.Parallel()
	p := Pseudonym{0: 0xab, 15: 1}
	text, err := json.Marshal(map[string]Pseudonym{"p": p})
	if err != nil || string(text) != `{"p":"ab000000000000000000000000000001"}` {
		t.Errorf("JSON %s, %v", text, err)
	}
	var back map[string]Pseudonym
	if err := json.Unmarshal(text, &back); err != nil || back["p"] != p {
		t.Errorf("read back %v, %v", back, err)
	}
	if got, err := ParsePseudonym("AB000000000000000000000000000001"); err != nil || got != p {
		t.Errorf("capitals: %v, %v", got, err)
	}
	for _, bad := range []string{"", "ab", "hunter2", "zz000000000000000000000000000001", "ab0000000000000000000000000000010", "ab00000000000000000000000000000100", "ab00000000000000000000000000000é"} {
		got, err := ParsePseudonym(bad)
		if err == nil || !got.IsZero() {
			t.Errorf("%q was read as %v", bad, got)
		} else if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("the error repeats the text: %v", err)
		}
	}
}
