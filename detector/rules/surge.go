package rules

import (
	"math"

	"github.com/doorward/doorward/config"
)

// Surge tells that the site is under attack and that strangers from this
// network fail far more often than people do. After that a challenge is asked
// of them; where even those who solve it keep failing, solving proves nothing
// and they are limited.
func Surge(failures float64, solvers bool) Detection {
	d := Detection{Name: config.Attack, Axis: config.AxisNetwork, Rule: "attack", Count: int(math.Ceil(failures))}
	if solvers {
		d.Name = config.AttackSolved
	}
	return d
}
