package sanction

import (
	"strings"

	"github.com/doorward/doorward/config"
)

// Classes is a set of route classes.
type Classes uint8

// The sets. LoginAndSignup is what a detection sanctions a source for.
const (
	Login Classes = 1 << iota
	Signup
	Reset
	MFA
	// Everything is every request, attempt or not. Only an operator can write it.
	Everything

	LoginAndSignup = Login | Signup
)

var classNames = []struct {
	bit   Classes
	class config.Class
}{
	{Login, config.ClassLogin},
	{Signup, config.ClassSignup},
	{Reset, config.ClassReset},
	{MFA, config.ClassMFA},
	{Everything, config.ClassAll},
}

// ClassesOf returns the set of one class; ClassNone is the empty set.
func ClassesOf(class config.Class) Classes {
	for _, n := range classNames {
		if n.class == class {
			return n.bit
		}
	}
	return 0
}

// Has reports whether the set speaks about class.
func (c Classes) Has(class config.Class) bool {
	return c&Everything != 0 || c&ClassesOf(class) != 0
}

// String lists the classes, comma separated.
func (c Classes) String() string {
	var names []string
	for _, n := range classNames {
		if c&n.bit != 0 {
			names = append(names, string(n.class))
		}
	}
	return strings.Join(names, ",")
}
