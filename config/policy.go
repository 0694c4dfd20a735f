package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Policy chooses the answer to a detection or to an address list: one `on`
// line.
type Policy struct {
	// On names a detection or an address list.
	On string `json:"on"`
	// Class is the class it speaks about. Default: login and signup for lists,
	// the class the detection fired on for detections.
	Class Class `json:"class,omitempty"`
	// Observe tells what would have been done and does not do it: the events
	// have it as `would`, whatever the mode of the site. No sanction begins, and
	// one that runs because of the detection is not carried out.
	Observe bool `json:"observe,omitempty"`
	// Answer is what happens, or what is told with Observe. Only with Observe
	// and a detection may it be empty: then it is what would have been done
	// without the line.
	Answer Answer `json:"answer,omitempty"`
	// For is how long the first sanction lasts; later ones double. Only with
	// challenge, limit, block and drop. Default: 10 minutes, see
	// [Thresholds.Ban].
	For Duration `json:"for,omitempty"`
}

// ownClass are the detections that speak about a class of their own, besides
// which they refuse nothing.
var ownClass = map[Detection]Class{"reset_flood": ClassReset, "code_guessing": ClassMFA}

// ObserveWord stands in an `on` line in front of the answer, or in its place.
const ObserveWord = "observe"

// String writes the line as an operator does, without the word on.
func (p Policy) String() string {
	words := []string{p.On}
	if p.Class != "" {
		words = append(words, string(p.Class))
	}
	if p.Observe {
		words = append(words, ObserveWord)
	}
	if p.Answer != "" {
		words = append(words, string(p.Answer))
	}
	if p.For != 0 {
		words = append(words, p.For.String())
	}
	return strings.Join(words, " ")
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
	if isDetection && (p.Class == ClassReset || p.Class == ClassMFA) && !p.Observe && !p.Answer.LetsThrough() &&
		ownClass[Detection(p.On)] != p.Class {
		errs = append(errs, fmt.Errorf("a detection refuses login and signup only; write tag, or a plain limit: `limit %s 10/15m per source`", p.Class))
	}
	if p.Answer != "" || !p.Observe {
		_, err := ParseAnswer(string(p.Answer))
		errs = append(errs, err)
	}
	return errors.Join(append(errs, p.validateObserve(isList), p.validateAnswer(isList))...)
}

func (p Policy) validateObserve(isList bool) error {
	switch {
	case !p.Observe:
		return nil
	case isList && p.Answer == "":
		return fmt.Errorf("observe what? Without a line a list tightens, which refuses nobody by itself; write the answer you think of, like `on %s observe challenge`", p.On)
	case p.Answer == AnswerAllow || p.Answer == AnswerTag || p.Answer == AnswerTighten:
		return fmt.Errorf("%s refuses nobody, so there is nothing to observe; leave `observe` out, or write `observe limit`", p.Answer)
	case Detection(p.On).Afterwards():
		return fmt.Errorf("%s refuses nobody, so there is nothing to observe; leave the line out", p.On)
	}
	return nil
}

// validateAnswer reports an answer or duration that makes no sense here.
func (p Policy) validateAnswer(isList bool) error {
	switch {
	case p.For < 0:
		return fmt.Errorf("the duration %s is negative; write something like 10m", p.For)
	case p.For > 0 && p.For < Duration(time.Second):
		return fmt.Errorf("the duration %s is shorter than a second; write something like 10m", p.For)
	case p.For > Longest:
		return fmt.Errorf("the duration %s is longer than %s; write at most that, `caddy doorward block` is for longer", p.For, Longest)
	case p.For > 0 && p.Answer == AnswerDelay:
		return fmt.Errorf("delay takes no duration here: every attempt waits as the line `delay` says; leave %s out, or write `delay 200ms 25s` on a line of its own", p.For)
	case p.For > 0 && p.Answer.LetsThrough():
		return fmt.Errorf("%s takes no duration: nothing lasts; leave %s out, or write limit, block or drop", p.nothing(), p.For)
	case p.For > 0 && isList:
		return fmt.Errorf("a list takes no duration: it answers as long as the address is listed; leave %s out", p.For)
	}
	return p.validateMeaning(isList)
}

// validateMeaning reports an answer that the list or detection cannot have.
func (p Policy) validateMeaning(isList bool) error {
	switch {
	case p.Answer == AnswerTighten && !isList:
		return errors.New("tighten halves the thresholds of listed sources; of a detection write the threshold you want, like `threshold source 5/10m`")
	case Detection(p.On).Afterwards() && (p.Answer == AnswerDelay || !p.Answer.LetsThrough()):
		return fmt.Errorf("%s is known after the app has answered and refuses nothing; write tag, or leave the line out", p.On)
	}
	return nil
}

// nothing names the answer that lasts not.
func (p Policy) nothing() string {
	if p.Answer == "" {
		return ObserveWord
	}
	return string(p.Answer)
}

func (p Policy) unknown(lists []string) error {
	if p.On == ListTor {
		return errors.New("the list tor is switched off by `tor off` in the global option; remove one of the two lines")
	}
	if slices.Contains(NetworkKinds, p.On) {
		return fmt.Errorf("networks of the kind %s are known from a database or a list only; write `geo /var/lib/GeoIP/FILE.mmdb` or `list %s SOURCE` into the global option", p.On, p.On)
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
