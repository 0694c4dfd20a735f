package recognize

import (
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
		if !slices.ContainsFunc(wants, func(w want) bool { return string(w.name) == string(name) }) {
			wants = append(wants, want{name: name, index: ofWhen})
		}
	}
	return wants
}

// matches reports whether all lines `when` hold. What could not be read holds
// too: nobody gets past a declared route by padding.
func (rd *reading) matches(r *Request, when []config.Match) bool {
	return !slices.ContainsFunc(when, func(m config.Match) bool { return !rd.holds(r, m) })
}

func (rd *reading) holds(r *Request, m config.Match) bool {
	values, present := rd.sent(r, m)
	if len(m.Values) == 0 && present || anySent(m.Values, values) {
		return true
	}
	return (rd.cut || rd.unread || rd.flood) && m.From != config.PlaceHeader && m.From != config.PlaceQuery
}

// anySent compares values with patterns; the empty pattern stands for no value.
func anySent(patterns, values []string) bool {
	if len(patterns) > 0 && len(values) == 0 {
		return slices.Contains(patterns, "")
	}
	return len(patterns) > 0 && anyMatches(patterns, values)
}

// sent returns the values of a field that are not empty, and whether it was
// sent at all.
func (rd *reading) sent(r *Request, m config.Match) (values []string, present bool) {
	if m.From == config.PlaceHeader {
		values = outsideValues(r, config.Field{From: config.PlaceHeader, Key: m.Key})
		return values, len(values) > 0
	}
	name := normalised(config.Field{Key: m.Key})
	i := slices.IndexFunc(rd.wants, func(w want) bool { return string(w.name) == string(name) })
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
