package recognize

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func TestDeclaredRouteTakesOnlyWhatItsFieldsMatch(t *testing.T) {
	t.Parallel()
	const form, object = "application/x-www-form-urlencoded", "application/json"
	match := func(from config.Place, key string, values ...string) config.Match {
		return config.Match{From: from, Key: key, Values: values}
	}
	padding := "&x=" + strings.Repeat("y", 100)
	for _, row := range []struct {
		name              string
		when              config.Match
		query, kind, body string
		cut, want         bool
	}{
		{"value in the form", match(config.PlaceForm, "task", "login"), "", form, "task=login&u=a", false, true},
		{"value in the query, where apps read it too", match(config.PlaceForm, "task", "login"), "task=login", form, "u=a", false, true},
		{"one of several values", match(config.PlaceForm, "task", "x", "login"), "", form, "task=login", false, true},
		{"beginning of the value", match(config.PlaceForm, "task", "user.*"), "", form, "task=user.login", false, true},
		{"one of two fields of the name", match(config.PlaceForm, "task", "login"), "", form, "task=save&task=login", false, true},
		{"name in other letter case", match(config.PlaceForm, "Task", "login"), "", form, "tASK=login", false, true},
		{"other value", match(config.PlaceForm, "task", "login"), "", form, "task=logout", false, false},
		{"no field", match(config.PlaceForm, "task", "login"), "", form, "u=a", false, false},
		{"field there", match(config.PlaceForm, "task"), "", form, "task=x", false, true},
		{"field there, empty", match(config.PlaceForm, "task"), "", form, "task=&u=a", false, true},
		{"field not there", match(config.PlaceForm, "task"), "", form, "u=a", false, false},
		{"absent is meant", match(config.PlaceForm, "task", ""), "", form, "u=a", false, true},
		{"empty is meant", match(config.PlaceForm, "task", ""), "", form, "task=&u=a", false, true},
		{"absent is meant, but it is there", match(config.PlaceForm, "task", ""), "", form, "task=save", false, false},
		{"query alone", match(config.PlaceQuery, "task", "login"), "task=login", form, "u=a", false, true},
		{"query alone, but in the form", match(config.PlaceQuery, "task", "login"), "", form, "task=login", false, false},
		{"query alone, there", match(config.PlaceQuery, "task"), "task", form, "u=a", false, true},
		{"query alone, but there in the form", match(config.PlaceQuery, "task"), "", form, "task=x", false, false},
		{"nested field of JSON", match(config.PlaceJSON, "user.email"), "", object, `{"user":{"email":"a@x.test"}}`, false, true},
		{"value of JSON that is no text", match(config.PlaceJSON, "remember", "true"), "", object, `{"remember":true}`, false, true},
		{"header", match(config.PlaceHeader, "X-Form", "log*"), "", form, "u=a", false, true},
		{"other header", match(config.PlaceHeader, "X-Form", "register"), "", form, "u=a", false, false},
		{"no such header", match(config.PlaceHeader, "X-Other"), "", form, "u=a", false, false},
		{"behind what is read", match(config.PlaceForm, "task", "login"), "", form, "u=a" + padding, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			route := config.Route{Kind: config.KindLogin, Path: "/index.php", When: []config.Match{row.when}}
			r := asked("POST /index.php?"+row.query, row.kind, row.body)
			with(r, "X-Form", "login")
			r.Complete = !row.cut
			if _, got := Declared(r, &route); got != row.want {
				t.Errorf("taken: %t", got)
			}
		})
	}
}

// TestMatchedFieldKeepsItsMeaning proves that naming a field in `when` neither
// hides an identifier nor makes a boolean look like an attack.
func TestMatchedFieldKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	route := config.Route{Kind: config.KindLogin, Path: "/x", When: []config.Match{
		{From: config.PlaceJSON, Key: "email"}, {From: config.PlaceJSON, Key: "remember", Values: []string{"true"}},
	}}
	found, ok := Declared(asked("POST /x", "application/json", `{"email":"a@x.test","password":"pw","remember":true}`), &route)
	if !ok || found.Hostile || len(found.Secrets) != 1 || len(found.Identities) != 1 || found.Identities[0].Value("email") != "a@x.test" {
		t.Errorf("%t, %+v", ok, found)
	}
	route.Identifiers = []config.Field{{Name: "mail", From: config.PlaceJSON, Key: "Email"}}
	found, ok = Declared(asked("POST /x", "application/json", `{"email":"a@x.test","password":"pw","remember":true}`), &route)
	if !ok || len(found.Identities) != 1 || found.Identities[0].Value("mail") != "a@x.test" {
		t.Errorf("identifier that is matched, too: %t, %+v", ok, found)
	}
}
