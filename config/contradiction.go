package config

import (
	"errors"
	"fmt"
	"slices"
)

// validateSides refuses conditions that stand where they can decide nothing: a
// block that only holds when one that wins over it does too, and a block that
// stands twice.
func (r Route) validateSides() error {
	return errors.Join(
		validateOrder("success", r.Success, "failure", r.Failure),
		validateOrder("success", r.Success, "unknown", r.Unknown),
		validateOrder("unknown", r.Unknown, "failure", r.Failure),
		validateOnce("success", r.Success), validateOnce("failure", r.Failure), validateOnce("unknown", r.Unknown),
	)
}

func validateOrder(what string, conditions []Condition, winner string, winners []Condition) error {
	var errs []error
	for i, c := range conditions {
		for j, w := range winners {
			if c.implies(w) {
				errs = append(errs, fmt.Errorf("%s block %d never counts: %s block %d holds whenever it does, and %s wins; "+
					"write into one of them what tells them apart, like a `redirect` or `cookie` line", what, i+1, winner, j+1, winner))
			}
		}
	}
	return errors.Join(errs...)
}

func validateOnce(what string, conditions []Condition) error {
	for i, c := range conditions {
		for j, before := range conditions[:i] {
			if c.implies(before) && before.implies(c) {
				return fmt.Errorf("%s: block %d says the same as block %d; keep one", what, i+1, j+1)
			}
		}
	}
	return nil
}

// implies reports whether every answer that c holds for is one that o holds
// for, as far as the lines themselves show it: each line of o is implied by one
// of c.
func (c Condition) implies(o Condition) bool {
	if len(c) == 0 || len(o) == 0 {
		return false
	}
	for _, t := range o {
		if !slices.ContainsFunc(c, func(s Test) bool { return s.implies(t) }) {
			return false
		}
	}
	return true
}

// implies compares values as they are written; of patterns it knows the classes
// of statuses, and that a line without values asks for presence alone.
func (t Test) implies(o Test) bool {
	if t.Of != o.Of || t.Name != o.Name {
		return false
	}
	if len(o.Values) == 0 {
		return true
	}
	if len(t.Values) == 0 {
		return false
	}
	for _, v := range t.Values {
		covered := slices.Contains(o.Values, v) ||
			t.Of == PartStatus && len(v) == 3 && slices.Contains(o.Values, v[:1]+"xx")
		if !covered {
			return false
		}
	}
	return true
}
