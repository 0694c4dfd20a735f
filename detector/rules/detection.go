package rules

import (
	"fmt"
	"time"

	"github.com/doorward/doorward/config"
)

// Quarters is how many units of evidence make one failure.
const Quarters = 4

// Detection is a rule that fired.
type Detection struct {
	// Name is what an `on` line and the events call it.
	Name config.Detection
	// Axis is what it is about, and what a sanction is put on.
	Axis config.Axis
	// Rule names the threshold: source, source_slow, pair, account, signups.
	Rule string
	// Count is how many were seen, Limit how many are let through, Window in
	// what time.
	Count, Limit int
	Window       time.Duration
}

// Fired reports whether the rule fired.
func (d Detection) Fired() bool { return d.Name != "" }

// String tells the detection in a sentence for operators.
func (d Detection) String() string {
	switch {
	case d.Rule == crowdRule:
		return fmt.Sprintf("one request names more accounts than it may be charged to, with %d passwords", d.Count)
	case d.Name == config.Uninspectable:
		return "the body cannot be read, and legitimate clients of this route send none like it"
	}
	switch d.Rule {
	case "contacts":
		return fmt.Sprintf("%d accounts failed at first contact from this %s and none that is trusted got in; %d are let through", d.Count, d.Axis, d.Limit)
	case CadenceRule:
		return fmt.Sprintf("%d failed logins from this source in %s: nobody types that fast; %d are let through", d.Count, config.Duration(d.Window), d.Limit)
	case "spray":
		return fmt.Sprintf("this password was tried in vain for %d names in %s; %d are let through", d.Count, config.Duration(d.Window), d.Limit)
	case "attack":
		return fmt.Sprintf("the site is under attack, and %d strangers from this network failed lately", d.Count)
	case SignupSurge:
		return "several addresses from which nobody logs in make more than one account a day, and this is one of them or on a list"
	case RefusedRule:
		return "the same credentials were refused to another stranger within the hour"
	}
	what, where := d.words()
	return fmt.Sprintf("%d %s %s in %s; %d are let through", d.Count, what, where, config.Duration(d.Window), d.Limit)
}

// words say what was counted, and where.
func (d Detection) words() (what, where string) {
	what, where = "failed logins", "from this source"
	switch d.Rule {
	case "pair":
		what, where = "different passwords", "for one account from one source"
	case "account":
		what, where = "different passwords", "for one account from several unfamiliar sources"
	case "resets":
		what = "requests for a reset"
	case "account_resets":
		what, where = "requests for a reset", "for one account from unfamiliar sources"
	case "codes":
		what, where = "codes of a second factor", "for one account from one source"
		if d.Axis == config.AxisAccount {
			where = "for one account from unfamiliar sources"
		}
	case "missing":
		what = "logins without a password or a user name"
	case "signups":
		what = "accounts created"
	}
	return what, where
}

// over reports whether quarters is beyond n whole failures.
func over(quarters, n int) bool { return quarters > n*Quarters }

// whole rounds quarters up to failures.
func whole(quarters int) int { return (quarters + Quarters - 1) / Quarters }

func fired(name config.Detection, axis config.Axis, rule string, quarters, n int, r config.Rate) Detection {
	return Detection{Name: name, Axis: axis, Rule: rule, Count: whole(quarters), Limit: n, Window: r.Window.Std()}
}
