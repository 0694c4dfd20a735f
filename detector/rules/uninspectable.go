package rules

import "github.com/doorward/doorward/config"

// A login body that cannot be read is refused only when it is plain that
// legitimate clients send none: among at least a thousand attempts on the
// route fewer than one in a thousand was like it and got in. Those that failed
// or were refused are the attacker's, who must not vote. Until then it counts
// as a failure of its source like any other.
const (
	inspectedEnough = 1000
	unreadPerMille  = 1
)

// Uninspectable fires for a body that could not be read on a confirmed login
// route where inspected attempts were readable and unread ones were not.
// Padding credentials beyond the inspected prefix, or encoding them so that
// only the app can read them, is the oldest way around a filter.
func Uninspectable(inspected, unread uint32) Detection {
	if inspected < inspectedEnough || uint64(unread)*1000 >= uint64(inspected)*unreadPerMille {
		return Detection{}
	}
	return Detection{
		Name: config.Uninspectable, Axis: config.AxisRoute, Rule: "uninspectable",
		Count: int(unread), Limit: int(inspected / 1000),
	}
}
