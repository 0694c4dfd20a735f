package config

import (
	"errors"
	"fmt"
)

// Limit is a plain limit on attempts: it counts every attempt of a class or a
// route whatever its outcome, before the app, and refunds nothing. Several
// limits add up; the first exhausted one answers 429 and is named as the rule.
type Limit struct {
	// Class is the route class that is counted. Exactly one of Class and Path
	// is given.
	Class Class `json:"class,omitempty"`
	// Path counts the requests that are attempts on one path, written as in
	// [Route.Path].
	Path string `json:"path,omitempty"`
	// Rate is how many pass in a sliding window.
	Rate Rate `json:"rate"`
	// Per is what is counted separately: source, prefix, account, pair or
	// route.
	Per Axis `json:"per"`
}

// Validate reports every problem of the limit.
func (l Limit) Validate() error {
	var errs []error
	switch {
	case (l.Class == "") == (l.Path == ""):
		errs = append(errs, errors.New("write either a class (login, signup, reset, mfa, all) or a path"))
	case l.Path != "":
		errs = append(errs, ValidatePath(l.Path))
	default:
		_, err := ParseClass(string(l.Class))
		errs = append(errs, err)
	}
	_, err := ParseAxis(string(l.Per))
	return errors.Join(append(errs, err, l.Rate.Validate())...)
}

// String writes the line as an operator does, without the directive's name.
func (l Limit) String() string {
	what := string(l.Class)
	if l.Path != "" {
		what = l.Path
	}
	return fmt.Sprintf("%s %s per %s", what, l.Rate, l.Per)
}

// sameCounter reports whether both lines count the same attempts in the same
// window, so that the larger one can never be the first to be exhausted.
func (l Limit) sameCounter(o Limit) bool {
	return l.Class == o.Class && l.Path == o.Path && l.Per == o.Per && l.Rate.Window == o.Rate.Window
}
