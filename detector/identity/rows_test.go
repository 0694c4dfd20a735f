package identity

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// input is one way of submitting identifiers.
type input func() (Identity, []Identity, error)

// api is a JSON object sent to an API.
func api(json string) input {
	return func() (Identity, []Identity, error) { return ParseJSON([]byte(json)) }
}

// fields are what a form, a preset or an Authorization header yielded, key and
// value in turn.
func fields(kv ...string) input {
	return func() (Identity, []Identity, error) {
		first, others := Candidates(pairs(kv...)...)
		return first, others, nil
	}
}

func pairs(kv ...string) []Pair {
	var list []Pair
	for i := 0; i < len(kv); i += 2 {
		list = append(list, Pair{kv[i], kv[i+1]})
	}
	return list
}

// row is one case of what identifiers mean. A row without want names nobody.
type row struct {
	n       int
	what    string
	in      input
	primary string // the key that stands for all
	want    []Pair
	flags   Identity
	others  []string // values of the primary key of the other candidates
	rate    string   // of the primary value, when it matters
	display string   // of the primary value, when it matters
	same    []input
	differs []input
}

var (
	invalid   = Identity{Invalid: true}
	hostile   = Identity{Invalid: true, Hostile: true}
	ambiguous = Identity{Ambiguous: true}

	mebibyte = strings.Repeat("a", 1<<20)
	sixHundr = strings.Repeat("a", 599)
)

var rows = []row{
	{n: 1, what: "email", in: api(`{"email":"a@x.test"}`), primary: "email", want: pairs("email", "a@x.test")},
	{n: 2, what: "mail is another key than email", in: api(`{"mail":"a@x.test"}`), primary: "mail", want: pairs("mail", "a@x.test"), differs: []input{api(`{"email":"a@x.test"}`)}},
	{n: 3, what: "e-mail", in: api(`{"e-mail":"a@x.test"}`), primary: "e-mail", want: pairs("e-mail", "a@x.test")},
	{n: 4, what: "username", in: api(`{"username":"bob"}`), primary: "username", want: pairs("username", "bob")},
	{n: 5, what: "login", in: api(`{"login":"bob"}`), primary: "login", want: pairs("login", "bob")},
	{n: 6, what: "username before login", in: api(`{"login":"l","username":"u"}`), primary: "username", want: pairs("login", "l", "username", "u")},
	{n: 7, what: "email before username", in: api(`{"username":"u","email":"e@x"}`), primary: "email", want: pairs("email", "e@x", "username", "u")},
	{n: 8, what: "mail before e-mail, against the alphabet", in: api(`{"e-mail":"x","mail":"m"}`), primary: "mail", want: pairs("e-mail", "x", "mail", "m")},
	{n: 9, what: "e-mail before username", in: api(`{"username":"u","e-mail":"e@x"}`), primary: "e-mail", want: pairs("e-mail", "e@x", "username", "u")},
	{n: 10, what: "all five", in: api(`{"login":"5","username":"4","e-mail":"3","mail":"2","email":"1"}`), primary: "email", want: pairs("e-mail", "3", "email", "1", "login", "5", "mail", "2", "username", "4")},
	{n: 11, what: "a key of the sequence beside others", in: api(`{"login":"l","mail":"m","zzz":"1"}`), primary: "mail", want: pairs("login", "l", "mail", "m", "zzz", "1")},
	{n: 12, what: "composite", in: api(`{"email":"a@x.test","platform_id":"7"}`), primary: "email", want: pairs("email", "a@x.test", "platform_id", "7"), differs: []input{api(`{"email":"a@x.test"}`)}},
	{n: 13, what: "order makes no difference", in: api(`{"platform_id":"7","email":"a@x.test"}`), primary: "email", want: pairs("email", "a@x.test", "platform_id", "7"), same: []input{api(`{"email":"a@x.test","platform_id":"7"}`)}},
	{n: 14, what: "same primary value, other user", in: api(`{"email":"a@x.test","platform_id":"8"}`), primary: "email", want: pairs("email", "a@x.test", "platform_id", "8"), differs: []input{api(`{"email":"a@x.test","platform_id":"7"}`)}},
	{n: 15, what: "no key of the sequence", in: api(`{"uid":"7"}`), primary: "uid", want: pairs("uid", "7")},
	{n: 16, what: "the alphabetically first", in: api(`{"zid":"1","uid":"7","account":"x"}`), primary: "account", want: pairs("account", "x", "uid", "7", "zid", "1")},
	{n: 17, what: "the primary key need not be the person", in: api(`{"shop_id":"1","user_id":"2"}`), primary: "shop_id", want: pairs("shop_id", "1", "user_id", "2")},
	{n: 18, what: "capitals first", in: api(`{"Zeta":"1","alpha":"2"}`), primary: "Zeta", want: pairs("Zeta", "1", "alpha", "2")},
	{n: 19, what: "byte order, not a language's", in: api(`{"é":"1","z":"2"}`), primary: "z", want: pairs("z", "2", "é", "1")},
	{n: 20, what: "Email is not email but the only key", in: api(`{"Email":"a@x.test"}`), primary: "Email", want: pairs("Email", "a@x.test"), differs: []input{api(`{"email":"a@x.test"}`)}},
	{n: 21, what: "Email loses against Account", in: api(`{"Email":"a","Account":"b"}`), primary: "Account", want: pairs("Account", "b", "Email", "a")},
	{n: 22, what: "EMAIL loses against login", in: api(`{"EMAIL":"a","login":"b"}`), primary: "login", want: pairs("EMAIL", "a", "login", "b")},
	{n: 23, what: "field Email, renamed by the extractor", in: fields("email", "a@x.test"), primary: "email", want: pairs("email", "a@x.test"), same: []input{api(`{"email":"a@x.test"}`)}},
	{n: 24, what: "field user[email], renamed by the extractor", in: fields("email", "a@x.test"), primary: "email", want: pairs("email", "a@x.test"), same: []input{api(`{"email":"a@x.test"}`)}},
	{n: 25, what: "field log of the WordPress preset", in: fields("login", "bob"), primary: "login", want: pairs("login", "bob"), same: []input{api(`{"login":"bob"}`)}},
	{n: 26, what: "Basic credentials", in: fields("username", "bob"), primary: "username", want: pairs("username", "bob"), same: []input{api(`{"username":"bob"}`)}},
	{n: 27, what: "Digest credentials", in: fields("username", "bob"), primary: "username", want: pairs("username", "bob"), same: []input{api(`{"username":"bob"}`)}},
	{n: 28, what: "a reason among the identifiers", in: api(`{"email":"a@x.test","reason":"bad password"}`), primary: "email", want: pairs("email", "a@x.test", "reason", "bad password"), differs: []input{api(`{"email":"a@x.test"}`)}},
	{n: 29, what: "failure, then success", in: fields("email", "a"), primary: "email", want: pairs("email", "a"), same: []input{fields("email", "a")}},
	{n: 30, what: "signup, then login", in: api(`{"email":"a"}`), primary: "email", want: pairs("email", "a"), same: []input{fields("email", "a")}},
	{n: 31, what: "empty object", in: api(`{}`), same: []input{api(`null`), fields()}},
	{n: 32, what: "empty value", in: api(`{"email":""}`), same: []input{api(`{}`)}},
	{n: 33, what: "white space only", in: api(`{"email":"  "}`), same: []input{api(`{}`), api(`{"email":"\u3000\u00a0\t"}`)}},
	{n: 34, what: "an empty value is absent for the sequence too", in: api(`{"email":"","username":"bob"}`), primary: "username", want: pairs("username", "bob")},
	{n: 35, what: "null", in: api(`{"email":null,"username":"bob"}`), primary: "username", want: pairs("username", "bob"), flags: invalid},
	{n: 36, what: "a number", in: api(`{"id":42}`), primary: "id", want: pairs("id", "42"), same: []input{api(`{"id":"42"}`)}},
	{n: 37, what: "a number larger than a float holds", in: api(`{"id":12345678901234567890}`), primary: "id", want: pairs("id", "12345678901234567890")},
	{n: 38, what: "a decimal keeps its text", in: api(`{"id":1.0}`), primary: "id", want: pairs("id", "1.0"), differs: []input{api(`{"id":1}`)}},
	{n: 39, what: "true", in: api(`{"email":true}`), flags: invalid},
	{n: 40, what: "query operators", in: api(`{"email":{"$ne":null},"password":{"$ne":null}}`), flags: hostile},
	{n: 41, what: "several values", in: api(`{"email":["a","b"]}`), primary: "email", want: pairs("email", "a"), flags: ambiguous, others: []string{"b"}, same: []input{fields("email", "a", "email", "b")}},
	{n: 42, what: "outer space and letter case", in: api(`{"email":" A@X.Test "}`), primary: "email", want: pairs("email", "A@X.Test"), rate: "a@x.test"},
	{n: 43, what: "composed and decomposed", in: fields("email", "e\u0301"), primary: "email", want: pairs("email", "\u00e9"), same: []input{fields("email", "\u00e9")}},
	{n: 44, what: "1 MiB", in: fields("email", mebibyte), primary: "email", want: pairs("email", mebibyte), rate: mebibyte, display: mebibyte[:MaxDisplay-3] + "…", differs: []input{fields("email", mebibyte[1:]), fields("email", mebibyte[1:]+"b")}},
	{n: 45, what: "long values that differ in the last byte", in: fields("email", sixHundr+"1"), primary: "email", want: pairs("email", sixHundr+"1"), differs: []input{fields("email", sixHundr+"2")}},
	{n: 46, what: "NUL, line end, bidi override", in: fields("email", "a\x00\n\u202eb"), primary: "email", want: pairs("email", "a\x00\n\u202eb"), display: `a\x00\n\u202eb`, differs: []input{fields("email", "ab"), fields("email", `a\x00\n\u202eb`)}},
	{n: 47, what: "no UTF-8", in: fields("email", "a\xff\xfeb"), primary: "email", want: pairs("email", "a\xff\xfeb"), display: "a\ufffd\ufffdb", differs: []input{fields("email", "a\ufffd\ufffdb"), fields("email", "a\xfe\xffb")}},
	{n: 48, what: "values swapped between keys", in: api(`{"email":"a@x","shop":"b"}`), primary: "email", want: pairs("email", "a@x", "shop", "b"), differs: []input{api(`{"email":"b","shop":"a@x"}`)}},
	{n: 49, what: "key and value swapped", in: api(`{"a":"b"}`), primary: "a", want: pairs("a", "b"), differs: []input{api(`{"b":"a"}`)}},
	{n: 50, what: "an empty value beside another", in: api(`{"a":"b","c":""}`), primary: "a", want: pairs("a", "b"), same: []input{api(`{"a":"b"}`)}},
	{n: 51, what: "the border between key and value moved", in: api(`{"ab":"c"}`), primary: "ab", want: pairs("ab", "c"), differs: []input{api(`{"a":"bc"}`)}},
	{n: 52, what: "any order is one identity", in: fields("shop", "1", "email", "a", "uid", "7"), primary: "email", want: pairs("email", "a", "shop", "1", "uid", "7"), same: shuffles(1000, "email", "a", "shop", "1", "uid", "7")},
	{n: 53, what: "a block without the shop", in: api(`{"email":"a"}`), primary: "email", want: pairs("email", "a"), differs: []input{api(`{"email":"a","shop":"1"}`)}},
}

func shuffles(n int, kv ...string) []input {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]input, n)
	for i := range list {
		p := pairs(kv...)
		r.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
		list[i] = func() (Identity, []Identity, error) { return New(p...), nil, nil }
	}
	return list
}

func TestIdentifiersRowByRow(t *testing.T) {
	t.Parallel()
	if len(rows) != 53 {
		t.Fatalf("%d rows, want 53", len(rows))
	}
	keys := testKeys(t, "site")
	for i, r := range rows {
		if r.n != i+1 {
			t.Fatalf("row %d stands where row %d should", r.n, i+1)
		}
		t.Run(r.what, func(t *testing.T) {
			t.Parallel()
			id, others, err := r.in()
			if err != nil {
				t.Fatal(err)
			}
			r.checkIdentity(t, id, others)
			if r.rate != "" && id.RateIdentity(false).Value(r.primary) != r.rate {
				t.Errorf("rate value %.80q, want %.80q", id.RateIdentity(false).Value(r.primary), r.rate)
			}
			if r.display != "" && Mask(id, true, true) != r.display {
				t.Errorf("display %q, want %q", Mask(id, true, true), r.display)
			}
			for _, in := range r.same {
				other, _, err := in()
				if err != nil || !id.Equal(other) || keys.Pseudonym(id) != keys.Pseudonym(other) || keys.RateKey(id, true) != keys.RateKey(other, true) {
					t.Errorf("differs from %.80q (error %v), want the same", other.Pairs(), err)
				}
			}
			for _, in := range r.differs {
				other, _, err := in()
				if err != nil || id.Equal(other) || keys.Pseudonym(id) == keys.Pseudonym(other) || keys.RateKey(id, true) == keys.RateKey(other, true) {
					t.Errorf("is the same as %.80q (error %v), want another", other.Pairs(), err)
				}
			}
		})
	}
}

func (r row) checkIdentity(t *testing.T, id Identity, others []Identity) {
	t.Helper()
	key, value, ok := id.PrimaryKey()
	if key != r.primary || ok != (r.primary != "") || id.Empty() == ok {
		t.Errorf("primary key %q, %v, empty %v; want %q", key, ok, id.Empty(), r.primary)
	}
	for _, p := range r.want {
		if p.Key == r.primary && p.Value != value {
			t.Errorf("primary value %.80q, want %.80q", value, p.Value)
		}
	}
	if !slices.Equal(id.Pairs(), r.want) {
		t.Errorf("pairs %.80q, want %.80q", id.Pairs(), r.want)
	}
	if id.Invalid != r.flags.Invalid || id.Hostile != r.flags.Hostile || id.Ambiguous != r.flags.Ambiguous {
		t.Errorf("invalid %v, hostile %v, ambiguous %v; want %v, %v, %v",
			id.Invalid, id.Hostile, id.Ambiguous, r.flags.Invalid, r.flags.Hostile, r.flags.Ambiguous)
	}
	var values []string
	for _, other := range others {
		_, v, _ := other.PrimaryKey()
		values = append(values, v)
	}
	if !slices.Equal(values, r.others) {
		t.Errorf("other candidates %q, want %q", values, r.others)
	}
}

// A failure and the success after it, and a signup and the login after it, are
// counted under one name; a reason among the identifiers splits it.
func TestAttemptsOfOneUserMeetUnderOnePseudonym(t *testing.T) {
	t.Parallel()
	keys := testKeys(t, "site")
	counts := map[Pseudonym]int{}
	for _, id := range []Identity{
		New(Pair{"email", "a"}), New(Pair{"email", " a"}), New(Pair{"email", "a"}, Pair{"username", ""}),
		New(Pair{"email", "a"}, Pair{"reason", "bad password"}),
	} {
		counts[keys.Pseudonym(id)]++
	}
	if len(counts) != 2 || counts[keys.Pseudonym(New(Pair{"email", "a"}))] != 3 {
		t.Errorf("%d pseudonyms, %d attempts of the first; want 2 and 3", len(counts), counts[keys.Pseudonym(New(Pair{"email", "a"}))])
	}
}

func TestBlockByPrimaryKeyMatchesWithAnyOtherIdentifier(t *testing.T) {
	t.Parallel()
	block := New(Pair{"email", "a"})
	for _, c := range []struct {
		name           string
		request        Identity
		exact, primary bool
	}{
		{"the same", New(Pair{"email", "a"}), true, true},
		{"one identifier more", New(Pair{"email", "a"}, Pair{"shop", "1"}), false, true},
		{"another value", New(Pair{"email", "b"}), false, false},
		{"another key", New(Pair{"mail", "a"}), false, false},
		{"not as the primary key", New(Pair{"email", "b"}, Pair{"username", "a"}), false, false},
		{"nobody", Identity{}, false, false},
	} {
		if got := block.Equal(c.request); got != c.exact {
			t.Errorf("%s: exact match %v, want %v", c.name, got, c.exact)
		}
		if got := block.SamePrimary(c.request); got != c.primary {
			t.Errorf("%s: primary key match %v, want %v", c.name, got, c.primary)
		}
	}
	if (Identity{}).SamePrimary(Identity{}) {
		t.Error("nobody matches nobody by primary key, want no match: a block without identifiers would hit everybody")
	}
}
