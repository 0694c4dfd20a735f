package recognize

import (
	"slices"
	"sync"
)

// The bounds of Shapes.
const (
	// MaxShapes is how many shapes of one route are remembered. An app answers
	// a login in two or three; the rest is room for its error pages.
	MaxShapes = 8
	// decisiveVotes is how many proved outcomes a shape needs before it decides
	// others. One could be a coincidence, two one user's.
	decisiveVotes = 3
	maxVotes      = 1 << 15
)

// Shapes is what the answers of one route look like, and which outcome they
// were proved to have: by an explicit word of the app, by the page the answer
// led to, by what the session then opened. A shape that was only ever proved to
// be one outcome decides later answers that say nothing themselves; one that
// both outcomes have decides nothing, for as long as it is remembered.
//
// The zero value is ready. It is safe for concurrent use, bounded by MaxShapes,
// and keeps no value a client sent but the redirect paths and cookie names of
// the app's answers, in general form.
type Shapes struct {
	mu   sync.Mutex
	list []shapeVotes
}

type shapeVotes struct {
	shape            Shape
	text             string
	success, failure uint16
}

// ShapeStatus is a shape as status shows it.
type ShapeStatus struct {
	// Answer describes the shape.
	Answer string `json:"answer"`
	// Successes and Failures are how often it was proved to be one.
	Successes uint16 `json:"proved_successes"`
	Failures  uint16 `json:"proved_failures"`
	// Decides is the outcome that it stands for, "" while it stands for none.
	Decides Result `json:"decides,omitempty"`
}

func (v *shapeVotes) decides() Result {
	switch {
	case v.success >= decisiveVotes && v.failure == 0:
		return Success
	case v.failure >= decisiveVotes && v.success == 0:
		return Failure
	}
	return ""
}

// Vote records that an answer was proved to be a success or a failure; other
// results prove nothing.
func (s *Shapes) Vote(x Exchange, proved Result) {
	shape := ShapeOf(x)
	if shape.IsZero() || proved != Success && proved != Failure {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.find(shape)
	if v == nil {
		v = s.add(shapeVotes{shape: shape, text: describeShape(x, shape)})
	}
	if proved == Success {
		v.success = min(v.success+1, maxVotes)
	} else {
		v.failure = min(v.failure+1, maxVotes)
	}
}

func (s *Shapes) find(shape Shape) *shapeVotes {
	for i := range s.list {
		if s.list[i].shape == shape {
			return &s.list[i]
		}
	}
	return nil
}

// add makes room by the shape that was seen least, the newest of them, so that
// a stream of odd answers does not wash out what is established.
func (s *Shapes) add(v shapeVotes) *shapeVotes {
	if len(s.list) == MaxShapes {
		fewest := len(s.list) - 1
		for i := range s.list {
			if s.list[i].votes() < s.list[fewest].votes() {
				fewest = i
			}
		}
		s.list = slices.Delete(s.list, fewest, fewest+1)
	}
	s.list = append(s.list, v)
	return &s.list[len(s.list)-1]
}

func (v *shapeVotes) votes() int { return int(v.success) + int(v.failure) }

// decide returns the outcome that the shape of the answer stands for, "" when
// it stands for none.
func (s *Shapes) decide(x Exchange) Result {
	if s == nil {
		return ""
	}
	s.mu.Lock()
	empty := len(s.list) == 0
	s.mu.Unlock()
	if empty {
		return ""
	}
	shape := ShapeOf(x)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.find(shape); v != nil {
		return v.decides()
	}
	return ""
}

// differs reports whether the answer is a whole page without the word password
// where every failure that was proved had it: those show the form again, and
// this page does not.
func (s *Shapes) differs(x Exchange) bool {
	shape := ShapeOf(x)
	if shape.content != contentPage || shape.marks&(markPassword|markCut) != 0 || shape.status >= 300 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	failures := 0
	for i := range s.list {
		v := &s.list[i]
		if v.failure == 0 {
			continue
		}
		if v.shape.content != contentPage || v.shape.marks&markPassword == 0 {
			return false
		}
		failures += int(v.failure)
	}
	return failures >= decisiveVotes
}

// Failed reports whether an answer of this shape was ever proved a failure.
func (s *Shapes) Failed(x Exchange) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	empty := len(s.list) == 0
	s.mu.Unlock()
	if empty {
		return false
	}
	shape := ShapeOf(x)
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.find(shape)
	return v != nil && v.failure > 0
}

// Status lists the shapes, the most frequent first.
func (s *Shapes) Status() []ShapeStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]ShapeStatus, 0, len(s.list))
	for i := range s.list {
		v := &s.list[i]
		list = append(list, ShapeStatus{Answer: v.text, Successes: v.success, Failures: v.failure, Decides: v.decides()})
	}
	slices.SortStableFunc(list, func(a, b ShapeStatus) int {
		return int(b.Successes) + int(b.Failures) - int(a.Successes) - int(a.Failures)
	})
	return list
}

// byShape lets what was learned decide an answer that says too little by
// itself. It turns no failure into a success: who could teach a shape would
// guess for free. For the same reason it decides nothing where a page tells:
// three logins with an account of his own, in a shape that the client chose by a
// field, would make every guess of that shape a success that nobody checks.
func byShape(x Exchange, o Outcome) Outcome {
	if x.Known.Shapes == nil || o.Confidence >= sureEnough || o.Aborted || o.Upstream || o.Next {
		return o
	}
	if o.Result != Unknown && o.Result != Success && o.Result != Failure {
		return o
	}
	learned := x.Known.Shapes.decide(x)
	switch {
	case learned == "" && o.Result == Unknown && x.Known.Shapes.differs(x):
		return outcome(Success, 0.75, "no password field, unlike every failure before")
	case learned == "", learned == Success && o.Result == Failure:
		return o
	case learned == o.Result:
		o.Evidence = append(o.Evidence, "the app answered so before, and it was proved "+string(learned))
	default:
		o = outcome(learned, 0, "the app answered so before, and it was proved "+string(learned))
	}
	o.Confidence, o.Next = sureEnough, false
	return o
}

// sureEnough is the confidence from which an outcome needs no help.
const sureEnough = 0.9
