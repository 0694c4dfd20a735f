package recognize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func property(name string, from config.Place, key string) config.Field {
	return config.Field{Name: name, From: from, Key: key}
}

func TestReadEventTakesWhatIsDeclared(t *testing.T) {
	t.Parallel()
	e := config.Event{
		Name: "plan-change",
		When: []config.Match{{From: config.PlaceForm, Key: "do", Values: []string{"save"}}},
		Identifiers: []config.Field{
			property("email", config.PlaceForm, "user[email]"), property("shop", config.PlaceHost, ""),
		},
		Properties: []config.Field{
			property("plan", config.PlaceForm, "plan"), property("again", config.PlaceForm, "plan"),
			property("page", config.PlaceQuery, "page"), property("agent", config.PlaceHeader, "X-Agent"),
			property("id", config.PlacePath, "2"), property("missing", config.PlaceForm, "none"),
			property("fixed", config.PlaceValue, "v1"), property("secret", config.PlaceForm, "password"),
			property("session", config.PlaceHeader, "Cookie"),
		},
	}
	r := asked("POST /accounts/42?page=3", "application/x-www-form-urlencoded", "do=save&plan=pro&user%5Bemail%5D=a%40x.test&password=hunter2")
	with(with(r, "X-Agent", "mobile"), "Cookie", "sid=1")
	r.Host = "shop.test"
	got, ok := ReadEvent(r, &e)
	if !ok {
		t.Fatal("not read")
	}
	if want := "[{plan pro} {again pro} {page 3} {agent mobile} {id 42} {fixed v1}]"; fmt.Sprint(got.Properties) != want || got.Dropped != 0 {
		t.Errorf("properties %v, %d dropped, want %s", got.Properties, got.Dropped, want)
	}
	if got.Identity.Value("email") != "a@x.test" || got.Identity.Value("shop") != "shop.test" {
		t.Errorf("identity %v", got.Identity.Map())
	}
	other := asked("POST /accounts/42", "application/x-www-form-urlencoded", "do=delete&plan=pro")
	if _, ok := ReadEvent(other, &e); ok {
		t.Error("a request that `when` rules out was read")
	}
	nobody := asked("POST /accounts/42", "application/x-www-form-urlencoded", "do=save")
	if got, _ := ReadEvent(nobody, &e); !got.Identity.Empty() {
		t.Errorf("the host alone is everybody: %v", got.Identity.Map())
	}
}

func TestEventKeepsSixteenPropertiesAndCountsTheRest(t *testing.T) {
	t.Parallel()
	e := config.Event{Name: "import"}
	var body []string
	for i := range 20 {
		e.Properties = append(e.Properties, property(fmt.Sprint("p", i), config.PlaceForm, fmt.Sprint("f", i)))
		if i != 3 {
			body = append(body, fmt.Sprintf("f%d=%s", i, strings.Repeat("v", 300)))
		}
	}
	got, _ := ReadEvent(asked("POST /import", "application/x-www-form-urlencoded", strings.Join(body, "&")), &e)
	if len(got.Properties) != 16 || got.Dropped != 3 {
		t.Errorf("kept %d, dropped %d; want 16 of the 19 that have a value, and 3", len(got.Properties), got.Dropped)
	}
	if n := len(got.Properties[0].Value); n != maxProperty {
		t.Errorf("a value of %d bytes is kept", n)
	}
}

func TestEventOutcome(t *testing.T) {
	t.Parallel()
	wrong := []config.Condition{{{Of: config.PartStatus, Values: []string{"200"}}}}
	for _, row := range []struct {
		name             string
		success, failure []config.Condition
		status           int
		want             Result
	}{
		{"page", nil, nil, 200, Success},
		{"redirect", nil, nil, 302, Success},
		{"refused by the app", nil, nil, 403, Failure},
		{"app broken", nil, nil, 502, Unknown},
		{"no answer", nil, nil, 0, Unknown},
		{"declared failure", nil, wrong, 200, Failure},
		{"not the declared failure", nil, wrong, 302, Success},
		{"not the declared success", wrong, nil, 302, Unknown},
		{"neither of both", wrong, wrong, 302, Unknown},
	} {
		e := config.Event{Name: "x", Success: row.success, Failure: row.failure}
		if got := EventOutcome(&e, &Response{Status: row.status, Complete: true}); got.Result != row.want {
			t.Errorf("%s: %s, want %s", row.name, got.Result, row.want)
		}
	}
}

func FuzzReadEvent(f *testing.F) {
	f.Add("a=1", "application/x-www-form-urlencoded", "plan=pro&do=save", "plan")
	f.Add("", "application/json", `{"plan":{"do":[1,true,null]}}`, "plan.do.0")
	f.Add("plan=%", "text/plain", "\x00\xff{", "")
	f.Fuzz(func(t *testing.T, query, kind, body, key string) {
		e := config.Event{
			When:       []config.Match{{From: config.PlaceForm, Key: "absent-" + key, Values: []string{""}}},
			Properties: []config.Field{property("p", config.PlaceForm, key), property("q", config.PlaceQuery, key)},
		}
		r := asked("POST /x", kind, body)
		r.RawQuery = query
		got, _ := ReadEvent(r, &e)
		for _, p := range got.Properties {
			if len(p.Value) > maxProperty {
				t.Errorf("a value of %d bytes", len(p.Value))
			}
		}
	})
}
