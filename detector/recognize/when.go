package recognize

import (
	"bytes"
	"slices"

	"github.com/doorward/doorward/config"
)

// What a want looks for, if it is none of the identifiers.
const (
	ofPassword = -1
	ofWhen     = -2
)

// appendMatched adds the fields that lines `when` name. A field that is looked
// for already is there for both.
func appendMatched(wants []want, when []config.Match) []want {
	for _, m := range when {
		if m.From == config.PlaceHeader {
			continue
		}
		name := normalised(config.Field{Key: m.Key})
		if !slices.ContainsFunc(wants, func(w want) bool { return bytes.EqualFold(w.name, name) }) {
			wants = append(wants, want{name: name, index: ofWhen})
		}
	}
	return wants
}

// matches reports whether all lines `when` hold. What could not be read does
// not: a long upload to the same path is no login, and a login padded beyond
// what is read is left to the automatic mode, which knows such.
func (rd *reading) matches(r *Request, when []config.Match) bool {
	return !slices.ContainsFunc(when, func(m config.Match) bool { return !rd.holds(r, m) })
}

func (rd *reading) holds(r *Request, m config.Match) bool {
	values, present := rd.sent(r, m)
	switch {
	case len(m.Values) == 0:
		return present
	case len(values) == 0: // absent or empty
		return slices.Contains(m.Values, "")
	}
	return anyMatches(m.Values, values)
}

// sent returns the values of a field that are not empty, and whether it was
// sent at all.
func (rd *reading) sent(r *Request, m config.Match) (values []string, present bool) {
	if m.From == config.PlaceHeader {
		values = outsideValues(r, config.Field{From: config.PlaceHeader, Key: m.Key})
		return values, len(values) > 0
	}
	name := normalised(config.Field{Key: m.Key})
	i := slices.IndexFunc(rd.wants, func(w want) bool { return bytes.EqualFold(w.name, name) })
	if i < 0 {
		return nil, false
	}
	present = rd.wants[i].present
	if m.From == config.PlaceQuery {
		present = rd.wants[i].queried
	}
	for _, f := range rd.wants[i].values {
		if m.From != config.PlaceQuery || f.place == inQuery {
			values = append(values, string(f.value))
		}
	}
	return values, present
}
