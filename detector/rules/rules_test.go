package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

var ten = config.Rate{N: 10, Window: config.Duration(10 * time.Minute)}

func TestRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		got  Detection
		want config.Detection
		axis config.Axis
	}{
		"source: the tenth failure":             {Source(10*Quarters, 1, 1, ten), "", ""},
		"source: the eleventh":                  {Source(11*Quarters, 1, 1, ten), config.BruteForce, config.AxisSource},
		"source: ten and an unknown":            {Source(10*Quarters+1, 1, 1, ten), config.BruteForce, config.AxisSource},
		"source: five names":                    {Source(11*Quarters, 5, 1, ten), config.BruteForce, config.AxisSource},
		"source: six names":                     {Source(11*Quarters, 6, 1, ten), config.CredentialStuffing, config.AxisSource},
		"source: gentle start, a hundred":       {Source(100*Quarters, 9, 10, ten), "", ""},
		"source: gentle start, one more":        {Source(101*Quarters, 9, 10, ten), config.CredentialStuffing, config.AxisSource},
		"slow: at the threshold":                {Slow(10*Quarters, 1, ten), "", ""},
		"slow: beyond":                          {Slow(11*Quarters, 1, ten), config.SlowGuessing, config.AxisSource},
		"pair: at the threshold":                {Pair(10*Quarters, 1, ten), "", ""},
		"pair: beyond":                          {Pair(11*Quarters, 1, ten), config.BruteForce, config.AxisPair},
		"account: beyond, from two sources":     {Account(99*Quarters, 2, 1, ten), "", ""},
		"account: at the threshold, from three": {Account(10*Quarters, 3, 1, ten), "", ""},
		"account: beyond, from three":           {Account(11*Quarters, 3, 1, ten), config.Distributed, config.AxisAccount},
		"unread: too little is known":           {Uninspectable(999, 0), "", ""},
		"unread: nobody else sends such":        {Uninspectable(1000, 0), config.Uninspectable, config.AxisRoute},
		"unread: legitimate clients do":         {Uninspectable(1000, 1), "", ""},
		"signup: the tenth account":             {Signup(10*Quarters, 1, ten), "", ""},
		"signup: the eleventh":                  {Signup(11*Quarters, 1, ten), config.SignupFlood, config.AxisSource},
	} {
		if c.got.Name != c.want || c.got.Axis != c.axis || c.got.Fired() != (c.want != "") {
			t.Errorf("%s: %+v, want %q on %q", name, c.got, c.want, c.axis)
		}
	}
}

func TestDetectionTellsItsNumbers(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]Detection{
		"11 failed logins from this source in 10m; 10 are let through":                                      Source(10*Quarters+1, 1, 1, ten),
		"11 different passwords for one account from one source in 10m; 10 are let through":                 Pair(11*Quarters, 1, ten),
		"11 different passwords for one account from several unfamiliar sources in 10m; 10 are let through": Account(11*Quarters, 3, 1, ten),
		"11 accounts created from this source in 10m; 10 are let through":                                   Signup(11*Quarters, 1, ten),
	} {
		if got := d.String(); !strings.EqualFold(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
