package recognizer

import (
	"math"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// Line is what is told of one entry. Its JSON form is the contract of
// `caddy doorward recognize --json`.
type Line struct {
	// File is the file as it was named on the command line.
	File string `json:"file"`
	// Entry counts from 0.
	Entry int `json:"entry"`
	// Kind is none for a request that is no attempt; then all below is absent,
	// except the evidence of credentials that were only sent again.
	Kind config.Kind `json:"kind"`
	// Outcome is how the attempt ended.
	Outcome recognize.Result `json:"outcome,omitempty"`
	// Identity holds the identifiers as submitted, whitespace and spelling made
	// normal; for a second factor, those of the first step. Absent when the
	// request names nobody.
	Identity map[string]string `json:"identity,omitempty"`
	// PrimaryKey is the key of Identity that stands for it.
	PrimaryKey string `json:"primary_key,omitempty"`
	// Confidence is 0 to 1: the smaller of how sure the kind and how sure the
	// outcome is, and that of the kind alone while the outcome is unknown.
	Confidence float64 `json:"confidence,omitempty"`
	// Evidence says why, first about the outcome, then about the kind, never
	// with a submitted value.
	Evidence []string `json:"evidence,omitempty"`
}

// tell fills in what an attempt is and how it ended.
func (l *Line) tell(found recognize.Credentials, o recognize.Outcome, who identity.Identity) {
	l.Kind, l.Outcome = found.Kind, o.Result
	l.Identity = who.Map()
	l.PrimaryKey, _, _ = who.PrimaryKey()
	sure := found.Confidence
	if o.Result != recognize.Unknown {
		sure = min(sure, o.Confidence)
	}
	l.Confidence = math.Round(float64(sure)*100) / 100
	l.Evidence = append(append([]string{}, o.Evidence...), found.Evidence...)
}
