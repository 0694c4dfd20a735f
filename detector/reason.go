package detector

import (
	"github.com/doorward/doorward/detector/rules"
	"github.com/doorward/doorward/detector/sanction"
)

// Reason tells in a sentence with numbers why a verdict is what it is. It is made
// when somebody asks for it: most refusals of a flood are counted and never told
// one by one, and the sentence would be the dearest part of them. The zero value
// is no reason.
type Reason struct {
	text  string          // the sentence, or how it begins
	name  string          // … which ends with this
	fired rules.Detection // a rule or a sanction that speaks for itself
	entry *sanction.Entry // what the operator has blocked
	also  string          // after a semicolon
}

// sanctionRule is the rule of what a sanction that runs refuses, or would refuse.
const sanctionRule = "sanction"

// reasonOf is the reason of a detection.
func reasonOf(fired rules.Detection) Reason { return Reason{fired: fired} }

// Because is a reason in words.
func Because(text string) Reason { return Reason{text: text} }

// And adds a clause.
func (r Reason) And(clause string) Reason {
	if r.also != "" {
		clause = r.also + "; " + clause
	}
	r.also = clause
	return r
}

// String returns the sentence, empty for the zero value.
func (r Reason) String() string {
	text := r.sentence()
	if r.also != "" {
		text += "; " + r.also
	}
	return text
}

func (r Reason) sentence() string {
	switch {
	case r.entry != nil:
		text := "the operator has blocked " + r.entry.Range.String()
		if r.entry.Reason != "" {
			text += ": " + r.entry.Reason
		}
		return text
	case r.fired.Rule == sanctionRule:
		return sanctionReason(r.fired.Axis, r.fired.Count, r.fired.Limit)
	case r.fired.Rule != "":
		return r.fired.String()
	}
	return r.text + r.name
}
