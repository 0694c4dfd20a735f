package identity

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, raw string
		want      []Pair
		flags     Identity
		others    int
	}{
		{"white space around", " \n{ \"email\" : \"a\" }\t", pairs("email", "a"), Identity{}, 0},
		{"escapes", `{"em\u0061il":"\u00e9\ud83d\ude00\n\\u"}`, pairs("email", "\u00e9\U0001f600\n\\u"), Identity{}, 0},
		{"a backslash before what looks like half a character", `{"email":"\\ud800"}`, pairs("email", `\ud800`), Identity{}, 0},
		{"repeated key", `{"email":"a","email":"b"}`, pairs("email", "a"), ambiguous, 1},
		{"repeated key, dropped first", `{"email":null,"email":"b"}`, pairs("email", "b"), invalid, 0},
		{"repeated key, one value", `{"email":"a","email":" a"}`, pairs("email", "a"), Identity{}, 0},
		{"key written two ways", `{"email":"a","em\u0061il":"b"}`, pairs("email", "a"), ambiguous, 1},
		{"array of one", `{"email":["a"]}`, pairs("email", "a"), Identity{}, 0},
		{"array of numbers", `{"id":[1,2.50,1]}`, pairs("id", "1"), ambiguous, 1},
		{"empty array", `{"email":[],"login":"b"}`, pairs("login", "b"), invalid, 0},
		{"mixed array", `{"email":[null,"a",true,{"b":1},["c"],"d"]}`, pairs("email", "a"), Identity{Invalid: true, Ambiguous: true}, 1},
		{"array with an operator", `{"email":["a",{"$gt":""}]}`, pairs("email", "a"), hostile, 0},
		{"operator deep inside", `{"email":{"a":[{"b":{"$where":"1"}}]},"login":"b"}`, pairs("login", "b"), hostile, 0},
		{"operator as a key", `{"$or":[{"a":1}],"login":"b"}`, pairs("login", "b"), hostile, 0},
		{"operator as a key of a text", `{"$where":"1"}`, pairs("$where", "1"), Identity{Hostile: true}, 0},
		{"object without an operator", `{"email":{"value":"a"}}`, nil, invalid, 0},
		{"empty object as a value", `{"email":{}}`, nil, invalid, 0},
		{"false", `{"email":false}`, nil, invalid, 0},
		{"numbers as they are written", `{"a":-0,"b":1e400,"c":0.10,"d":1E+2}`, pairs("a", "-0", "b", "1e400", "c", "0.10", "d", "1E+2"), Identity{}, 0},
		{"key too long", `{"` + strings.Repeat("k", MaxKey+1) + `":"a","b":"c"}`, pairs("b", "c"), invalid, 0},
		{"key without a name", `{"":"a"}`, nil, invalid, 0},
		{"as deep as can be", `{"a":` + strings.Repeat("[", MaxDepth-1) + strings.Repeat("]", MaxDepth-1) + `,"b":"c"}`, pairs("b", "c"), invalid, 0},
		{"a dollar in a value", `{"email":"$ne"}`, pairs("email", "$ne"), Identity{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id, others, err := ParseJSON([]byte(c.raw))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(id.Pairs(), c.want) || len(others) != c.others {
				t.Errorf("%q and %d others, want %q and %d", id.Pairs(), len(others), c.want, c.others)
			}
			if id.Invalid != c.flags.Invalid || id.Hostile != c.flags.Hostile || id.Ambiguous != c.flags.Ambiguous {
				t.Errorf("invalid %v, hostile %v, ambiguous %v; want %v, %v, %v",
					id.Invalid, id.Hostile, id.Ambiguous, c.flags.Invalid, c.flags.Hostile, c.flags.Ambiguous)
			}
		})
	}
}

func TestParseJSONRefusesAndNeverRepeatsTheInput(t *testing.T) {
	t.Parallel()
	manyKeys := strings.Builder{}
	for i := range MaxIdentifiers + 1 {
		fmt.Fprintf(&manyKeys, `"k%d":"hunter2",`, i)
	}
	many := strings.Repeat
	for _, c := range []struct{ name, raw, why string }{
		{"nothing", ``, "too early"},
		{"white space", ` `, "too early"},
		{"cut", `{"email":"hunter2`, "too early"},
		{"cut after a value", `{"email":"hunter2"`, "too early"},
		{"cut in an array", `{"email":["hunter2"`, "too early"},
		{"an array", `["hunter2"]`, "no JSON object"},
		{"a text", `"hunter2"`, "no JSON object"},
		{"a number", `42`, "no JSON object"},
		{"true", `true`, "no JSON object"},
		{"a form", `email=hunter2`, "offset 1"},
		{"trailing comma", `{"email":"hunter2",}`, "offset"},
		{"no colon", `{"email" "hunter2"}`, "offset"},
		{"key is no text", `{1:"hunter2"}`, "offset"},
		{"wrong closing bracket", `{"email":["hunter2"}`, "offset"},
		{"two objects", `{"email":"a"}{"email":"hunter2"}`, "follows"},
		{"rubbish after it", `{"email":"hunter2"}x`, "follows"},
		{"rubbish after null", `null hunter2`, "follows"},
		{"control character in a text", "{\"email\":\"hunter2\n\"}", "offset"},
		{"no UTF-8", "{\"email\":\"hunter2\xff\"}", "UTF-8"},
		{"byte order mark", "\ufeff{}", "offset 1"},
		{"first half of a character", `{"email":"hunter2\ud800"}`, "half"},
		{"second half of a character", `{"email":"\udc00hunter2"}`, "half"},
		{"halves in the wrong order", `{"email":"\udc00\ud800hunter2"}`, "half"},
		{"two second halves", `{"email":"\udc00\udc00hunter2"}`, "half"},
		{"half before a character", `{"email":"\ud800\uffffhunter2"}`, "half"},
		{"half before another escape", `{"email":"\ud800\u0041hunter2"}`, "half"},
		{"half after a backslash", `{"email":"\\\ud800hunter2"}`, "half"},
		{"half at the very end", `{"email":"hunter2\ud800`, "half"},
		{"too deep", `{"a":` + many("[", MaxDepth) + many("]", MaxDepth) + `}`, "deeper"},
		{"far too deep, objects", many(`{"a":`, 100_000), "deeper"},
		{"far too deep, arrays", `{"a":` + many("[", 100_000), "deeper"},
		{"too many keys", "{" + strings.TrimSuffix(manyKeys.String(), ",") + "}", "more than 16 keys"},
		{"too many values", `{"email":[` + strings.TrimSuffix(values(MaxCandidates+1), ",") + `]}`, "50 values"},
		{"too long", `{"email":"` + many("a", MaxJSON) + `"}`, "bytes are more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id, others, err := ParseJSON([]byte(c.raw))
			if err == nil {
				t.Fatalf("accepted as %.80q", id.Pairs())
			}
			if !id.Empty() || len(others) > 0 {
				t.Errorf("an identity beside the error: %.80q", id.Pairs())
			}
			text := err.Error()
			if !strings.Contains(text, c.why) || !strings.HasPrefix(text, "reading identifiers: ") || len(text) > 200 {
				t.Errorf("error %q, want one with %q", text, c.why)
			}
			if strings.Contains(text, "unter") {
				t.Errorf("the error repeats the input: %q", text)
			}
		})
	}
}

// values writes n JSON texts, each with a comma.
func values(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"hunter%d",`, i)
	}
	return b.String()
}

func TestParseJSONTakesAsMuchAsTheBoundsAllow(t *testing.T) {
	t.Parallel()
	_, others, err := ParseJSON([]byte(`{"email":[` + strings.TrimSuffix(values(MaxCandidates), ",") + `]}`))
	if err != nil || len(others) != MaxCandidates-1 {
		t.Errorf("%d others, %v; want %d", len(others), err, MaxCandidates-1)
	}
	value := strings.Repeat("a", 1<<20)
	id, _, err := ParseJSON([]byte(`{"email":"` + value + `"}`))
	if err != nil || id.Value("email") != value {
		t.Errorf("a value of 1 MiB: %d bytes, %v", len(id.Value("email")), err)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, r := range []string{
		`{}`, `null`, `{"email":"a"}`, `{"email":["a","b"],"id":1.0}`, `{"email":{"$ne":null}}`, `{"a":[[[{}]]]}`,
		`{"a":"\ud83d\ude00"}`, `{"a":"\ud800"}`, `{"a":"\\ud800"}`, `{"a":1}x`, `[`, `{"$or":[{"a":1}]}`, "\xff", `{"a":"b","a":"c"}`,
	} {
		f.Add([]byte(r))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, others, err := ParseJSON(raw)
		if err != nil {
			if !id.Empty() || others != nil {
				t.Error("an identity beside the error")
			}
			return
		}
		var any map[string]any
		if json.Unmarshal(raw, &any) != nil {
			t.Errorf("accepted %q, which package json does not", raw)
		}
		if len(id.Pairs()) > MaxIdentifiers || 1+len(others) > MaxCandidates {
			t.Errorf("%d identifiers, %d candidates", len(id.Pairs()), 1+len(others))
		}
		for _, p := range id.Pairs() {
			if _, ok := any[p.Key]; !ok || len(p.Key) > MaxKey || p.Value == "" {
				t.Errorf("the pair %q is not in %q", p, raw)
			}
		}
		if !id.Empty() {
			back, err := json.Marshal(id.Map())
			again, _, parseErr := ParseJSON(back)
			if err != nil || parseErr != nil || !again.Equal(id) {
				t.Errorf("%q became %q: %v, %v", id.Pairs(), again.Pairs(), err, parseErr)
			}
		}
	})
}
