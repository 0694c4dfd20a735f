package rules

import "github.com/doorward/doorward/config"

// Popular fires when one wrong password was tried for more names than rate lets
// pass (threshold T7). names is for how many it was tried in the last one to
// two windows. Only strangers are refused, with that password: "Popularity is
// everything", Schechter, Herley and Mitzenmacher (2010).
func Popular(names int, rate config.Rate) Detection {
	if names < rate.N {
		return Detection{}
	}
	return Detection{
		Name: config.PasswordSpray, Axis: config.AxisCredential, Rule: "spray",
		Count: names, Limit: rate.N, Window: rate.Window.Std(),
	}
}

// RefusedRule names the rule that a refused credential stays refused.
const RefusedRule = "refused before"

// Refused tells that these credentials were refused to another stranger within
// the hour.
func Refused() Detection {
	return Detection{Name: config.Attack, Axis: config.AxisCredential, Rule: RefusedRule}
}
