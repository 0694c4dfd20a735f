package config

import (
	"strings"
	"testing"
)

func TestBlocksThatDecideNothingAreRefused(t *testing.T) {
	t.Parallel()
	status := func(values ...string) Test { return Test{Of: PartStatus, Values: values} }
	home := Test{Of: PartRedirect, Values: []string{"/home*"}}
	session, present := Test{Of: PartCookie, Name: "sid", Values: []string{"x*"}}, Test{Of: PartCookie, Name: "sid"}
	for name, c := range map[string]struct {
		success, failure []Condition
		want             string // in the error, "" for none
	}{
		"the same line":                  {[]Condition{{status("302")}}, []Condition{{status("302")}}, "success block 1 never counts"},
		"a class around a code":          {[]Condition{{home, status("302")}}, []Condition{{status("4xx")}, {status("3xx")}}, "failure block 2 holds"},
		"presence around a value":        {[]Condition{{session}}, []Condition{{present}}, "never counts"},
		"one of two codes":               {[]Condition{{status("200", "302")}}, []Condition{{status("302")}}, ""},
		"a value within presence":        {[]Condition{{present}}, []Condition{{session}}, ""},
		"failure is narrower":            {[]Condition{{status("302")}}, []Condition{{status("302"), home}}, ""},
		"another cookie":                 {[]Condition{{present}}, []Condition{{{Of: PartCookie, Name: "other"}}}, ""},
		"a code is no class of another":  {[]Condition{{status("200")}}, []Condition{{status("3xx")}}, ""},
		"a block twice":                  {nil, []Condition{{status("401"), home}, {home, status("401")}}, "failure: block 2 says the same as block 1"},
		"a narrower block beside a wide": {[]Condition{{home}, {home, present}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Route{Kind: KindLogin, Path: "/session", Success: c.success, Failure: c.failure}.Validate()
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestBlocksUnknownThatDecideNothingAreRefused(t *testing.T) {
	t.Parallel()
	status := func(values ...string) []Condition { return []Condition{{{Of: PartStatus, Values: values}}} }
	for name, c := range map[string]struct {
		route Route
		want  string // in the error, "" for none
	}{
		"beside both":                {Route{Success: status("200"), Failure: status("401"), Unknown: status("204")}, ""},
		"narrower than success":      {Route{Success: status("2xx"), Unknown: status("204")}, ""},
		"around success":             {Route{Success: status("200"), Unknown: status("2xx")}, "success block 1 never counts: unknown block 1 holds"},
		"within failure":             {Route{Failure: status("4xx"), Unknown: status("401")}, "unknown block 1 never counts: failure block 1 holds"},
		"the same twice":             {Route{Unknown: append(status("204"), status("204")...)}, "unknown: block 2 says the same as block 1"},
		"an empty one":               {Route{Unknown: []Condition{{}}}, "unknown: an empty block"},
		"a status that is none":      {Route{Unknown: status("2x")}, "unknown: status"},
		"alone, with nothing beside": {Route{Unknown: status("204")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.route.Kind, c.route.Path = KindSignup, "/users"
			err := c.route.Validate()
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestTokenIsTheSecretAndNothingElse(t *testing.T) {
	t.Parallel()
	bearer := Field{From: PlaceBearer}
	if err := (Route{Kind: KindLogin, Path: "/api/*", Password: &bearer}).Validate(); err != nil {
		t.Errorf("a token alone: %v", err)
	}
	keyed := Field{From: PlaceBearer, Key: "X"}
	for want, err := range map[string]error{
		"bearer takes no field name":          keyed.ValidatePassword(),
		"bearer is a secret and names":        Field{Name: "user", From: PlaceBearer}.ValidateIdentifier(),
		"a token is a secret and is never":    Field{Name: "plan", From: PlaceBearer}.ValidateProperty(),
		"unknown place \"bearer\"; write one": Match{From: PlaceBearer, Key: "x"}.Validate(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}
