package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
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

// Policy chooses the answer to a detection or to an address list.
type Policy struct {
	// On names a detection or an address list.
	On string `json:"on"`
	// Class is the class it speaks about. Default: login and signup for lists,
	// the class the detection fired on for detections.
	Class Class `json:"class,omitempty"`
	// Answer is what happens.
	Answer Answer `json:"answer"`
	// For is how long the first sanction lasts; later ones double. Only with
	// limit, block and drop. Default: 10 minutes, see [Thresholds.Ban].
	For Duration `json:"for,omitempty"`
}

// ReservedNames are the names an address list may not have.
func ReservedNames() []string {
	names := make([]string, 0, 32)
	for _, d := range Detections {
		names = append(names, string(d))
	}
	for _, c := range Classes {
		names = append(names, string(c))
	}
	for _, a := range Answers {
		names = append(names, string(a))
	}
	return names
}

// Validate reports every problem of the policy.
func (p Policy) Validate(lists []string) error {
	var errs []error
	isList := slices.Contains(lists, p.On)
	isDetection := slices.Contains(Detections, Detection(p.On))
	if !isList && !isDetection {
		errs = append(errs, p.unknown(lists))
	}
	if p.Class != "" {
		_, err := ParseClass(string(p.Class))
		errs = append(errs, err)
	}
	if isDetection && p.Class == ClassAll {
		errs = append(errs, errors.New("a detection refuses login and signup only; write one of them, or leave the class out (`all` is for address lists)"))
	}
	if isDetection && (p.Class == ClassReset || p.Class == ClassMFA) && !p.Answer.LetsThrough() {
		errs = append(errs, fmt.Errorf("a detection refuses login and signup only; write tag, or a plain limit: `limit %s 10/15m per source`", p.Class))
	}
	if _, err := ParseAnswer(string(p.Answer)); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, p.validateAnswer(isList))...)
}

// validateAnswer reports an answer or duration that makes no sense here.
func (p Policy) validateAnswer(isList bool) error {
	switch {
	case p.Answer == AnswerChallenge:
		return errors.New("challenge is not available in this version: the challenge page does not exist yet; write limit, or tag to let the app decide")
	case p.Answer == AnswerDelay:
		return errors.New("delay is not available in this version; write tag or limit")
	case p.For < 0:
		return fmt.Errorf("the duration %s is negative; write something like 10m", p.For)
	case p.For > 0 && p.For < Duration(time.Second):
		return fmt.Errorf("the duration %s is shorter than a second; write something like 10m", p.For)
	case p.For > Longest:
		return fmt.Errorf("the duration %s is longer than %s; write at most that, `caddy doorward block` is for longer", p.For, Longest)
	case p.For > 0 && p.Answer.LetsThrough():
		return fmt.Errorf("%s takes no duration: nothing lasts; leave %s out, or write limit, block or drop", p.Answer, p.For)
	case p.For > 0 && isList:
		return fmt.Errorf("a list takes no duration: it answers as long as the address is listed; leave %s out", p.For)
	case Detection(p.On) == Takeover && !p.Answer.LetsThrough():
		return errors.New("takeover is known after the app has answered and refuses nothing; write tag, or leave the line out")
	}
	return nil
}

func (p Policy) unknown(lists []string) error {
	if p.On == ListTor {
		return errors.New("the list tor is switched off by `tor off` in the global option; remove one of the two lines")
	}
	known := slices.Clone(lists)
	for _, d := range Detections {
		known = append(known, string(d))
	}
	if near := Nearest(p.On, known); near != "" {
		return fmt.Errorf("unknown detection or list %q; did you mean %s?", p.On, near)
	}
	return fmt.Errorf("unknown detection or list %q; write one of %s", p.On, strings.Join(known, ", "))
}
