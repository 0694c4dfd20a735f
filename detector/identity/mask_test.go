package identity

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	hosts := strings.Join([]string{long, long, long, strings.Repeat("b", 57)}, ".") + ".com" // 253 bytes
	for _, c := range []struct{ name, value, want string }{
		{"mail", "alice@example.com", "a•••@example.com"},
		{"mail under a two-label suffix", "alice@shop.co.uk", "a•••@shop.co.uk"},
		{"mail under a private suffix", "alice@me.github.io", "a•••@me.github.io"},
		{"mail in capitals", "Alice@EXAMPLE.Com", "A•••@example.com"},
		{"one letter", "a@example.com", "a•••@example.com"},
		{"an international name in ASCII", "a@xn--bcher-kva.example.com", "a•••@xn--bcher-kva.example.com"},
		{"the longest host name", "alice@" + hosts, "a•••@" + hosts},
		{"a host name too long", "alice@" + strings.Replace(hosts, "b", "bb", 1), "a•••"},
		{"no such suffix", "a@x.test", "a•••"},
		{"a suffix itself", "alice@co.uk", "a•••"},
		{"one label", "alice@localhost", "a•••"},
		{"a top-level domain", "alice@com", "a•••"},
		{"an address", "alice@192.0.2.1", "a•••"},
		{"no host name: underscore", "alice@a_b.com", "a•••"},
		{"no host name: hyphen first", "alice@-b.com", "a•••"},
		{"no host name: hyphen last", "alice@b-.com", "a•••"},
		{"no host name: empty label", "alice@b..com", "a•••"},
		{"no host name: dot last", "alice@b.com.", "a•••"},
		{"no host name: label too long", "alice@" + long + "a.com", "a•••"},
		{"no host name: other script", "alice@bücher.com", "a•••"},
		{"no host name: markup", "alice@<b>.com", "a•••"},
		{"no host name: control character one bit from a digit", "alice@\x19.com", "a•••"},
		{"no host name: bracket one bit from a brace", "alice@[a].com", "a•••"},
		{"two @", "a@b@example.com", "a•••@example.com"},
		{"nothing before the @", "@example.com", "•••"},
		{"nothing after the @", "alice@", "a•••"},
		{"a name", "bob", "b•••"},
		{"a name of one letter", "b", "b•••"},
		{"a number", "42", "4•••"},
		{"another script", "владимир", "в•••"},
		{"no letter first", "<script>", "•••"},
		{"bidi override first", "\u202ebob", "•••"},
		{"no UTF-8", "\xff\xfe", "•••"},
		{"NUL first", "\x00bob@example.com", "•••@example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id := New(Pair{"email", c.value})
			if got := Mask(id, true, false); got != c.want {
				t.Errorf("seen: %q, want %q", got, c.want)
			}
			for _, plaintext := range []bool{false, true} {
				if got := Mask(id, false, plaintext); got != "•••" {
					t.Errorf("never seen, plaintext %v: %q, want •••", plaintext, got)
				}
			}
			if got := Mask(id, true, true); got != Display(c.value) {
				t.Errorf("plaintext: %q, want %q", got, Display(c.value))
			}
		})
	}
	for _, seen := range []bool{false, true} {
		if got := Mask(Identity{}, seen, seen); got != "" {
			t.Errorf("nobody shows as %q", got)
		}
	}
	if got := Mask(New(Pair{"email", "a@example.com"}, Pair{"shop", "secret"}), true, true); got != "a@example.com" {
		t.Errorf("composite shows as %q, want its primary key only", got)
	}
}

// People type their password into the user box. Nothing of it may be seen,
// however the identity is shown.
func TestAPasswordInTheUserBoxLeavesNoTrace(t *testing.T) {
	t.Parallel()
	for _, password := range userBoxPasswords() {
		for _, id := range []Identity{
			New(Pair{"email", password}), New(Pair{"username", password}),
			New(Pair{"login", password}, Pair{"platform_id", "7"}), New(Pair{"email", password}, Pair{"email", "x" + password}),
			New(Pair{"email", password}).RateIdentity(false),
		} {
			shown := strings.Join([]string{
				Mask(id, false, false), Mask(id, false, true),
				fmt.Sprint(id), fmt.Sprintf("%+v %#v %q", id, id, id),
			}, " ")
			if part := commonPart(strings.ToLower(password), strings.ToLower(shown), 3); part != "" {
				t.Errorf("%q shows %q of the password %q", shown, part, password)
			}
			if Mask(id, false, false) != Hidden || Mask(id, false, true) != Hidden {
				t.Errorf("%q masks as %q, want %s for every name", password, Mask(id, false, false), Hidden)
			}
		}
	}
}

// userBoxPasswords are 200 passwords, many of which look like mail addresses
// and host names.
func userBoxPasswords() []string {
	list := []string{
		"hunter2@gmail.com", "correct.horse@battery.staple", "P@ssw0rd.com", "Tr0ub4dor&3", "me@home.co.uk", "a@b.cd",
		"Sommer2024!", "пароль@почта.рф", "päss@wörd.de", "@@@...@@@", "\u202ehunter2@example.com", "pass\x00word@example.org",
	}
	r := rand.New(rand.NewPCG(15, 200))
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#$%&*-_+=@@@@...."
	suffixes := []string{"", "", ".com", ".co.uk", "@example.com", "@mail.ru", ".org", "@x.test"}
	for len(list) < 200 {
		b := make([]byte, 8+r.IntN(12))
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		list = append(list, string(b)+suffixes[r.IntN(len(suffixes))])
	}
	return list
}

// commonPart returns a part of a of n runes that occurs in b, or "".
func commonPart(a, b string, n int) string {
	runes := []rune(a)
	for i := 0; i+n <= len(runes); i++ {
		if part := string(runes[i : i+n]); strings.Contains(b, part) {
			return part
		}
	}
	return ""
}

func TestCommonPartFindsWhatIsShown(t *testing.T) {
	t.Parallel()
	if commonPart("hunter2@gmail.com", "h•••@gmail.com", 3) == "" || commonPart("hunter2", "hu•••", 3) != "" {
		t.Error("the search for shown parts does not work")
	}
}

func TestDisplay(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("a", MaxDisplay)
	for _, c := range []struct{ name, value, want string }{
		{"plain", "alice@x.test", "alice@x.test"},
		{"other scripts", "владимир 山田", "владимир 山田"},
		{"a Windows domain", `CORP\bob`, `CORP\bob`},
		{"NUL, line ends, escape", "a\x00b\r\nc\x1b[31m", `a\x00b\r\nc\x1b[31m`},
		{"bidi and zero width", "a\u202eb\u200bc\ufeff", `a\u202eb\u200bc\ufeff`},
		{"line and paragraph separators", "a\u2028b\u2029", `a\u2028b\u2029`},
		{"no-break space", "a\u00a0b", `a\u00a0b`},
		{"tag characters", "a\U000e0041", `a\U000e0041`},
		{"no UTF-8", "a\xffb\xc3", "a\ufffdb\ufffd"},
		{"delete", "a\x7f", `a\x7f`},
		{"quotes", `'"`, `'"`},
		{"empty", "", ""},
		{"as long as can be", full, full},
		{"one byte longer", full + "a", full[:MaxDisplay-3] + "…"},
		{"cut between characters", full[:MaxDisplay-1] + "éé", full[:MaxDisplay-3] + "…"},
		{"an escape is not cut", full[:MaxDisplay-5] + "\u202e", full[:MaxDisplay-5] + "…"},
	} {
		if got := Display(c.value); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, v := range awkwardValues {
		f.Add(v, true)
		f.Add("a@"+v+".com", false)
	}
	f.Fuzz(func(t *testing.T, value string, plaintext bool) {
		id := New(Pair{"email", value})
		if got := Mask(id, false, plaintext); !id.Empty() && got != Hidden {
			t.Fatalf("never seen: %q", got)
		}
		shown := Mask(id, true, plaintext)
		if len(shown) > MaxDisplay || !utf8.ValidString(shown) {
			t.Errorf("%d bytes of %q", len(shown), shown)
		}
		for _, r := range shown {
			if r < ' ' || r == 0x7f || r == '\u2028' || (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069') {
				t.Errorf("%q shows %U", value, r)
			}
		}
	})
}
