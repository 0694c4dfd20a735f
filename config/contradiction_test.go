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
