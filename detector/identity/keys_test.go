package identity

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

var testSecret = []byte("0123456789abcdef0123456789abcdef")

// goldenKeys is what testSecret yields for the site "site": the key ID, then
// pseudonym and rate key of email=a@x.test, and how the cookie and clearance
// keys begin, computed apart from this package.
const goldenKeys = "65e8b169 1206be90c28d56921a2da4742e46831b 57437ee63d1f31e56ccd5108d2ac825c " +
	"fb06d58ecd2cc884 e7b98376ce1fff34"

func testKeys(t testing.TB, site string) *Keys {
	t.Helper()
	k, err := DeriveKeys(testSecret, site)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Two sites of one server, two secrets, and all purposes: no two keys are equal.
func TestKeysDifferPerSiteSecretAndPurpose(t *testing.T) {
	t.Parallel()
	id := New(Pair{"email", "a@x.test"})
	other, err := DeriveKeys(append([]byte("x"), testSecret[1:]...), "shop.example.com")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	note := func(name string, value any) {
		text := fmt.Sprintf("%x", value)
		if before, ok := seen[text]; ok {
			t.Errorf("%s is the same as %s", name, before)
		}
		seen[text] = name
	}
	for name, k := range map[string]*Keys{
		"shop": testKeys(t, "shop.example.com"), "blog": testKeys(t, "blog.example.com"),
		"no name": testKeys(t, ""), "other secret": other,
	} {
		cookie, clearance := k.Cookie(), k.Clearance()
		note(name+" id", k.ID())
		note(name+" cookie", cookie[:16])
		note(name+" clearance", clearance[:16])
		note(name+" pseudonym", [16]byte(k.Pseudonym(id)))
		note(name+" rate key", [16]byte(k.RateKey(id, true))) // the same canonical form as the pseudonym's
		note(name+" fingerprint", uint64(k.Fingerprint([][]byte{[]byte("a")})))
		// The credential key on the canonical form itself.
		h := k.credential.get()
		h.buf = id.AppendCanon(nil)
		note(name+" credential", [16]byte(h.pseudonym()))
	}
	if len(seen) != 4*7 {
		t.Errorf("%d values, want %d", len(seen), 4*7)
	}
}

func TestKeysAreTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	a, b := testKeys(t, "site"), testKeys(t, "site")
	id := New(Pair{"email", "a@x.test"})
	secrets := [][]byte{[]byte("pw")}
	if a.ID() != b.ID() || a.Cookie() != b.Cookie() || a.Clearance() != b.Clearance() || a.Pseudonym(id) != b.Pseudonym(id) ||
		a.RateKey(id, false) != b.RateKey(id, false) || a.Fingerprint(secrets) != b.Fingerprint(secrets) {
		t.Error("keys derived twice differ")
	}
	// Stored pseudonyms must outlive a new version of the program: a change of
	// how keys are derived is seen here.
	cookie, clearance := a.Cookie(), a.Clearance()
	got := fmt.Sprintf("%s %s %s %x %x", a.ID(), a.Pseudonym(id), a.RateKey(id, false), cookie[:8], clearance[:8])
	if want := goldenKeys; got != want {
		t.Errorf("keys changed to %s, want %s", got, want)
	}
	if len(a.ID()) != 8 || strings.Trim(a.ID(), "0123456789abcdef") != "" {
		t.Errorf("key ID %q, want 8 hexadecimal digits", a.ID())
	}
}

func TestAShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	for n := range MinSecret {
		k, err := DeriveKeys(testSecret[:n], "site")
		if err == nil || k != nil {
			t.Fatalf("%d bytes were accepted", n)
		}
		if n > 2 && strings.Contains(err.Error(), string(testSecret[:n])) {
			t.Errorf("the error holds the secret: %v", err)
		}
	}
	if k, err := DeriveKeys(bytes.Repeat([]byte("x"), 4096), "site"); err != nil || k == nil {
		t.Errorf("a long secret was refused: %v", err)
	}
}

func TestNobodyHasTheZeroPseudonym(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	if !k.Pseudonym(Identity{}).IsZero() || !k.RateKey(Identity{}, false).IsZero() {
		t.Error("nobody has a pseudonym")
	}
	if k.Pseudonym(New(Pair{"a", "b"})).IsZero() {
		t.Error("somebody has none")
	}
}

func TestPrintingKeysShowsTheIDOnly(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, k); got != "keys "+k.ID() {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if got := fmt.Sprint((*Keys)(nil)); got != "" {
		t.Errorf("nil prints %q", got)
	}
}

func TestKeysAreUsedConcurrently(t *testing.T) {
	t.Parallel()
	k := testKeys(t, "site")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			id := New(Pair{"email", fmt.Sprintf("Ü%d@x.test", i)})
			secrets := [][]byte{fmt.Appendf(nil, "ﬁ%d", i)}
			p, r, f := k.Pseudonym(id), k.RateKey(id, false), k.Fingerprint(secrets)
			for range 200 {
				if k.Pseudonym(id) != p || k.RateKey(id, false) != r || k.Fingerprint(secrets) != f {
					t.Errorf("results of goroutine %d changed", i)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestHashersKeepNeitherNamesNorLargeBuffers(t *testing.T) {
	t.Parallel()
	var p hasherPool
	p.init([32]byte{})
	h := p.get()
	id := New(Pair{"email", "Hunter2ﬁ@x.test"})
	h.buf = id.appendRateCanon(h.buf[:0], h.folder, false)
	h.writeSecret([]byte("hunter2ﬁ"))
	p.put(h)
	for name, b := range map[string][]byte{"buf": h.buf, "folder.buf": h.folder.buf, "folder.wide": h.folder.wide} {
		if cap(b) == 0 || bytes.Contains(bytes.ToLower(b[:cap(b)]), []byte("unter")) {
			t.Errorf("%s keeps %q", name, b[:cap(b)])
		}
	}
	h.buf = New(Pair{"email", strings.Repeat("a", 1<<20)}).appendRateCanon(h.buf[:0], h.folder, false)
	p.put(h)
	if cap(h.buf)+cap(h.folder.buf) > 2*maxPooled {
		t.Errorf("keeps %d and %d bytes, want at most %d each", cap(h.buf), cap(h.folder.buf), maxPooled)
	}
}

func TestSpellingTellsApartWhatTheRateKeyDoesNot(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, "site")
	named := func(name string) (Pseudonym, uint64) {
		return keys.RateKeyAndSpelling(New(Pair{"email", name}), false)
	}
	folded, plain := named("ann@x.test")
	if again, same := named("ann@x.test"); again != folded || same != plain || plain == 0 {
		t.Errorf("one name has the spellings %x and %x", plain, same)
	}
	for _, name := range []string{"Ann@x.test", "a.nn@x.test", "ann+1@x.test"} {
		if key, spelling := named(name); key != folded || spelling == plain {
			t.Errorf("%s: key %s and spelling %x, want %s and another than %x", name, key, spelling, folded, plain)
		}
	}
	if key, spelling := keys.RateKeyAndSpelling(Identity{}, false); !key.IsZero() || spelling != 0 {
		t.Errorf("nobody has the key %s and the spelling %x", key, spelling)
	}
}
