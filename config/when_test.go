package config

import "testing"

func TestMatchValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		match Match
		want  string
	}{
		{"a form field", Match{From: PlaceForm, Key: "task", Values: []string{"user.login", "user.*"}}, ""},
		{"absent or empty", Match{From: PlaceQuery, Key: "action", Values: []string{""}}, ""},
		{"any value", Match{From: PlaceJSON, Key: "user.email"}, ""},
		{"a header", Match{From: PlaceHeader, Key: "X-Requested-With", Values: []string{"XMLHttpRequest"}}, ""},
		{"a place of no field", Match{From: PlaceBasic, Key: "x"}, "write one of form, json, query, header"},
		{"a key that is missing", Match{From: PlaceForm}, "needs the name of the field"},
		{"a header with a colon", Match{From: PlaceHeader, Key: "X-A:"}, "it is no header name"},
		{"a star in the middle", Match{From: PlaceForm, Key: "a", Values: []string{"x*y"}}, "at either end only"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.match.Validate(), test.want)
		})
	}
}

func TestRouteRefusesAFieldMatchedTwice(t *testing.T) {
	t.Parallel()
	r := Route{Kind: KindLogin, Path: "/login", When: []Match{
		{From: PlaceForm, Key: "a", Values: []string{"1"}}, {From: PlaceForm, Key: "a", Values: []string{"2"}},
	}}
	checkError(t, r.Validate(), "they are alternatives")
}

func TestRouteHidesOnlyWhatItsFieldsLetThrough(t *testing.T) {
	t.Parallel()
	login := Match{From: PlaceForm, Key: "task", Values: []string{"login"}}
	other := Match{From: PlaceForm, Key: "task", Values: []string{"logout"}}
	tests := []struct {
		name          string
		first, second []Match
		want          bool
	}{
		{"neither matches fields", nil, nil, true},
		{"the first only", []Match{login}, nil, false},
		{"the second only", nil, []Match{login}, true},
		{"the same", []Match{login}, []Match{login}, true},
		{"others", []Match{login}, []Match{other}, false},
		{"the second is narrower", []Match{login}, []Match{login, {From: PlaceQuery, Key: "x"}}, true},
		{"the first is narrower", []Match{login, {From: PlaceQuery, Key: "x"}}, []Match{login}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			first, second := Route{Path: "/x", When: test.first}, Route{Path: "/x", When: test.second}
			if got := first.Hides(second); got != test.want {
				t.Errorf("%v", got)
			}
		})
	}
}
