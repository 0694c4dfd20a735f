package detector

import (
	"testing"

	"github.com/doorward/doorward/detector/recognize"
)

// What was refused, aborted or not answered by the app says nothing about
// whether its answers can be read.
func TestOnlyAnsweredAttemptsCountForTheShareOfTheUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for _, o := range []recognize.Outcome{
		failed, succeeded,
		{Result: recognize.Unknown},
		{Result: recognize.Challenge, Confidence: 0.9},
		{Result: recognize.Failure, Confidence: 0.7},
		{Result: recognize.Unknown, Aborted: true},
		{Result: recognize.Unknown, Upstream: true},
	} {
		a := login("192.0.2.1", "a@x.test", 1)
		a.Served = false
		w.try(a, o)
	}
	r := w.d.Status(w.now)[0].Routes[0]
	if r.Attempts != 7 || r.Answered != 5 || r.Unknown != 1 || r.Successes != 1 || r.Failures != 1 {
		t.Errorf("%d attempts, %d answered, %d unknown, %d and %d plain; want 7, 5, 1, 1 and 1", r.Attempts, r.Answered, r.Unknown, r.Successes, r.Failures)
	}
	if r.Served || r.Proved {
		t.Errorf("served %t, proved %t; nothing showed either", r.Served, r.Proved)
	}
	w.try(login("192.0.2.2", "b@x.test", 2), succeeded) // a served form
	if r := w.d.Status(w.now)[0].Routes[0]; !r.Served {
		t.Error("that the app served the form is not told")
	}
}
