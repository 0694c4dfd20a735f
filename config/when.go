package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Match narrows a route down to requests that hold a field, for apps that have
// one address for several things: /wp-login.php?action=register,
// option=com_users&task=user.login.
type Match struct {
	// From is form, json, query or header. What is said of a form or JSON field
	// holds in every kind of body and in the query, as for identifiers.
	From Place `json:"from"`
	// Key is the name of the field, as in [Field].
	Key string `json:"key"`
	// Values are alternatives, with an optional * at either end. The empty text
	// holds when the field is absent or empty. Without values the field must be
	// there, whatever it holds.
	Values []string `json:"values,omitempty"`
}

// matchPlaces are the places a Match may look at.
var matchPlaces = []Place{PlaceForm, PlaceJSON, PlaceQuery, PlaceHeader}

// Validate reports a match that no request can pass.
func (m Match) Validate() error {
	if !slices.Contains(matchPlaces, m.From) {
		return fmt.Errorf("when: unknown place %q; write one of %s", m.From, joinWords(matchPlaces))
	}
	if err := (Field{From: m.From, Key: m.Key}).validatePlace(); err != nil {
		return fmt.Errorf("when: %w", err)
	}
	for _, v := range m.Values {
		if strings.Contains(strings.TrimSuffix(strings.TrimPrefix(v, "*"), "*"), "*") {
			return fmt.Errorf("when %s %s: %q can never match: * is allowed at either end only; write several values, or a shorter one", m.From, m.Key, v)
		}
	}
	return nil
}

func validateMatches(matches []Match) error {
	var errs []error
	for i, m := range matches {
		errs = append(errs, m.Validate())
		if slices.ContainsFunc(matches[:i], func(o Match) bool { return o.From == m.From && o.Key == m.Key }) {
			errs = append(errs, fmt.Errorf("when %s %s is written twice; write the values on one line, they are alternatives", m.From, m.Key))
		}
	}
	return errors.Join(errs...)
}

// narrower reports whether whatever o's lines `when` let through passes those
// of r too.
func (r Route) narrower(o Route) bool {
	return !slices.ContainsFunc(r.When, func(m Match) bool {
		return !slices.ContainsFunc(o.When, func(n Match) bool { return reflect.DeepEqual(m, n) })
	})
}
