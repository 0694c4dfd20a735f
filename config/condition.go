package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Condition is a set of tests on a response that must all hold.
type Condition []Test

// Part says what of a response a Test looks at.
type Part string

// The parts of a response.
const (
	PartStatus   Part = "status"
	PartHeader   Part = "header"
	PartCookie   Part = "cookie"
	PartRedirect Part = "redirect"
	PartBody     Part = "body"
	PartJSON     Part = "json"
)

// Parts lists the parts an operator may write.
var Parts = []Part{PartStatus, PartHeader, PartCookie, PartRedirect, PartBody, PartJSON}

// Example is a line about the part as an operator writes it.
func (p Part) Example() string { return partExamples[p] }

var partExamples = map[Part]string{
	PartStatus:   "status 302 4xx",
	PartHeader:   "header X-Result ok*",
	PartCookie:   "cookie session",
	PartRedirect: "redirect /home*",
	PartBody:     `body "wrong password"`,
	PartJSON:     "json error.code invalid*",
}

// Test is one line of a Condition. Several values are alternatives.
type Test struct {
	// Of is the part of the response.
	Of Part `json:"of"`
	// Name is the header or cookie name, or the dotted path of a JSON field.
	Name string `json:"name,omitempty"`
	// Values are the alternatives. For status: codes or classes such as 4xx.
	// For header, cookie, redirect and json: texts with an optional * at
	// either end. For body: texts that occur in it. Empty for header, cookie
	// and json: the field is present, whatever it holds.
	Values []string `json:"values,omitempty"`
}

var statusPattern = regexp.MustCompile(`^([1-5]xx|[1-5][0-9][0-9])$`)

func validateConditions(what string, conditions []Condition) error {
	var errs []error
	for _, c := range conditions {
		if err := c.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	return errors.Join(errs...)
}

// Validate reports every problem of the condition.
func (c Condition) Validate() error {
	if len(c) == 0 {
		return errors.New("an empty block holds for every answer; write at least one line, like `status 302`")
	}
	var errs []error
	statuses := 0
	for _, t := range c {
		errs = append(errs, t.Validate())
		if t.Of == PartStatus {
			statuses++
		}
	}
	if statuses > 1 {
		errs = append(errs, errors.New("two status lines can never hold together; write the codes on one line, they are alternatives"))
	}
	return errors.Join(errs...)
}

// Validate reports a test that is incomplete or that no response can pass.
func (t Test) Validate() error {
	switch t.Of {
	case PartStatus:
		return t.validateStatus()
	case PartHeader, PartCookie, PartJSON:
		if err := t.validateName(); err != nil {
			return err
		}
	case PartRedirect, PartBody:
		if len(t.Values) == 0 {
			return fmt.Errorf("%s needs at least one value; write something like `%s`", t.Of, partExamples[t.Of])
		}
	default:
		_, err := parseWord("response part", string(t.Of), Parts)
		return err
	}
	if t.Name != "" && (t.Of == PartRedirect || t.Of == PartBody) {
		return fmt.Errorf("%s takes no name, but %q is given; leave it out", t.Of, t.Name)
	}
	return t.validatePatterns()
}

func (t Test) validateStatus() error {
	if len(t.Values) == 0 || t.Name != "" {
		return errors.New("status needs one code or more and no name; write something like `status 302 4xx`")
	}
	for _, v := range t.Values {
		if !statusPattern.MatchString(v) {
			return fmt.Errorf("status %q can never match; write a code like 302 or a class like 4xx", v)
		}
	}
	return nil
}

func (t Test) validateName() error {
	switch {
	case t.Name == "":
		return fmt.Errorf("%s needs a name; write something like `%s`", t.Of, partExamples[t.Of])
	case t.Of == PartJSON:
		return validateJSONPath(t.Name)
	case !headerPattern.MatchString(t.Name):
		return fmt.Errorf("%s %q can never match: it is no %s name; write it without colon and spaces, like `%s`",
			t.Of, t.Name, t.Of, partExamples[t.Of])
	}
	return nil
}

// validatePatterns refuses values that say something else than they seem to.
func (t Test) validatePatterns() error {
	for _, v := range t.Values {
		inner := strings.TrimSuffix(strings.TrimPrefix(v, "*"), "*")
		switch {
		case v == "" && t.Of != PartJSON:
			return fmt.Errorf("%s: an empty value; write the text to look for", t.Of)
		case t.Of != PartBody && strings.Contains(inner, "*"):
			return fmt.Errorf("%s %q can never match: * is allowed at either end only; write several values, or a shorter one", t.Of, v)
		}
	}
	return nil
}
