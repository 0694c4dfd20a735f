package config

import (
	"strings"
	"testing"
	"time"
)

func TestChallengesAreValidated(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		challenge Challenge
		want      string // in the error, "" for none
	}{
		"nothing":                      {Challenge{}, ""},
		"everything":                   {Challenge{Bits: 20, Prefix: "/auth/-/", Life: Duration(time.Minute), Cookie: "pass", Name: "The Shop", Logo: "/a.svg", Template: "/t.html"}, ""},
		"the defaults":                 {Challenge{}.WithDefaults(), ""},
		"work that is none":            {Challenge{Bits: 7}, "write something like bits 14"},
		"work without end":             {Challenge{Bits: 21}, "write something like bits 14"},
		"a clearance for the day":      {Challenge{Life: Duration(24 * time.Hour)}, "write something like life 15m"},
		"a clearance of a second":      {Challenge{Life: Duration(time.Second)}, "write something like life 15m"},
		"a prefix without a beginning": {Challenge{Prefix: "doorward/"}, "begin and end with a slash"},
		"a prefix without an end":      {Challenge{Prefix: "/doorward"}, "begin and end with a slash"},
		"the whole site as prefix":     {Challenge{Prefix: "/"}, "begin and end with a slash"},
		"a prefix of slashes":          {Challenge{Prefix: "//"}, "begin and end with a slash"},
		"a prefix with an empty part":  {Challenge{Prefix: "/a//b/"}, "empty segment"},
		"a prefix of dots":             {Challenge{Prefix: "/../"}, "dots"},
		"a prefix to be escaped":       {Challenge{Prefix: "/a b/"}, "letters, digits"},
		"a prefix with a query":        {Challenge{Prefix: "/a?b/"}, "letters, digits"},
		"a prefix that is too long":    {Challenge{Prefix: "/" + strings.Repeat("a", 200) + "/"}, "write at most 128"},
		"a cookie of two words":        {Challenge{Cookie: "a b"}, "no name of a cookie"},
		"a cookie with a prefix":       {Challenge{Cookie: "__Host-a"}, "write the name alone"},
		"a name of two lines":          {Challenge{Name: "a\nb"}, "control character"},
		"a logo from elsewhere":        {Challenge{Logo: "https://cdn.test/a.svg"}, "no path of this site"},
		"a logo from a host":           {Challenge{Logo: "//cdn.test/a.svg"}, "no path of this site"},
		"a logo with a space":          {Challenge{Logo: "/a b.svg"}, "escape it"},
		"a logo of data":               {Challenge{Logo: "data:image/png;base64,AAAA"}, ""},
		"data that are no picture":     {Challenge{Logo: "data:text/html,x"}, "no path of this site"},
		"a logo of a megabyte":         {Challenge{Logo: "data:image/png;base64," + strings.Repeat("A", 1<<20)}, "write at most"},
	} {
		err := Site{Challenge: row.challenge}.Validate(nil)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q in it", name, err, row.want)
		}
	}
}

func TestTwoCookiesHaveTwoNames(t *testing.T) {
	t.Parallel()
	for _, s := range []Site{
		{DeviceCookie: DeviceCookie{Name: "both"}, Challenge: Challenge{Cookie: "both"}},
		{DeviceCookie: DeviceCookie{Name: DefaultClearanceCookie}},
		{Challenge: Challenge{Cookie: DefaultDeviceCookie}},
	} {
		if err := s.Validate(nil); err == nil || !strings.Contains(err.Error(), "give one another name") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
