package sanction

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

const noon evidence.Seconds = 1_770_000_000

func newLadder(t testing.TB, size int) *Ladder {
	t.Helper()
	l, err := NewLadder(size)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func keyOf(i int) evidence.Key {
	return evidence.NewHasher([16]byte{1}).Text(1, 's', fmt.Sprint(i))
}

var terms = Terms{
	Classes: LoginAndSignup, Answer: config.AnswerLimit, Detection: config.BruteForce,
	First: 10 * time.Minute, Cap: 24 * time.Hour, Count: 11, Limit: 10,
}

func TestLifeOfASanction(t *testing.T) {
	t.Parallel()
	l := newLadder(t, 1024)
	key := keyOf(1)
	if hit := l.Check(key, noon, config.ClassLogin); hit.State != Free {
		t.Fatalf("state %v before any sanction", hit.State)
	}
	hit := l.Impose(key, noon, terms)
	if hit.State != Held || hit.ID == 0 || hit.Detection != config.BruteForce || hit.Count != 11 || hit.Limit != 10 {
		t.Fatalf("imposed %+v", hit)
	}
	if again := l.Impose(key, noon+1, terms); again.Until != hit.Until || again.ID != hit.ID {
		t.Errorf("a second crossing changed the sanction: %+v", again)
	}
	for class, state := range map[config.Class]State{
		config.ClassLogin: Held, config.ClassSignup: Held, config.ClassReset: Free, config.ClassMFA: Free, config.ClassNone: Free,
	} {
		if got := l.Check(key, hit.Until-1, class); got.State != state {
			t.Errorf("class %q: state %v, want %v", class, got.State, state)
		}
	}
	if got := l.Check(key, hit.Until, config.ClassLogin); got.State != Probation {
		t.Errorf("after its end: %v, want probation", got.State)
	}
	if got := l.Check(key, hit.Until+1, config.ClassLogin); got.State != Waiting {
		t.Errorf("beside the attempt on probation: %v, want waiting", got.State)
	}
	l.Pass(key)
	if got := l.Check(key, hit.Until+2, config.ClassLogin); got.State != Probation {
		t.Errorf("after the attempt passed: %v, want the next one on probation", got.State)
	}
	renewed := l.Fail(key, hit.Until+3, terms.First, terms.Cap)
	if renewed.Rung != 1 || renewed.State != Held || renewed.ID != hit.ID {
		t.Errorf("renewed %+v, want the next rung of the same sanction", renewed)
	}
	quiet := renewed.Until + (renewed.Until - renewed.Created)
	if got := l.Check(key, quiet, config.ClassLogin); got.State != Free {
		t.Errorf("after a quiet probation: %v, want free", got.State)
	}
	if fresh := l.Impose(key, quiet, terms); fresh.Rung != 0 || fresh.ID == hit.ID {
		t.Errorf("a new sanction after a quiet probation: %+v, want the lowest rung", fresh)
	}
}

func TestUnansweredProbationDoesNotLockTheSourceOut(t *testing.T) {
	t.Parallel()
	l := newLadder(t, 1024)
	hit := l.Impose(keyOf(1), noon, terms)
	l.Check(keyOf(1), hit.Until, config.ClassLogin)
	after := hit.Until + evidence.Span(ProbeTimeout)
	if got := l.Check(keyOf(1), after-1, config.ClassLogin); got.State != Waiting {
		t.Errorf("before the timeout: %v, want waiting", got.State)
	}
	if got := l.Check(keyOf(1), after, config.ClassLogin); got.State != Probation {
		t.Errorf("after the timeout: %v, want the next attempt on probation", got.State)
	}
}

func TestLengthsDoubleWithAPartAtRandomAndStopAtTheCap(t *testing.T) {
	t.Parallel()
	lengths := map[time.Duration]bool{}
	for rung := range 12 {
		nominal := min(10*time.Minute<<rung, 24*time.Hour)
		for range 50 {
			got := rungLength(10*time.Minute, 24*time.Hour, rung)
			if got < nominal || got > min(nominal*5/4, 24*time.Hour) {
				t.Fatalf("rung %d lasts %s, want %s and up to a quarter more, at most 24h", rung, got, nominal)
			}
			lengths[got] = true
		}
	}
	if len(lengths) < 100 {
		t.Errorf("only %d different lengths: bans end in step", len(lengths))
	}
}

func TestClosedPairNeedsQuiet(t *testing.T) {
	t.Parallel()
	l := newLadder(t, 1024)
	pair := terms
	pair.Classes, pair.Sliding, pair.First = Login, true, QuietPair
	l.Impose(keyOf(1), noon, pair)
	week := evidence.Span(QuietPair)
	if got := l.Check(keyOf(1), noon+week-1, config.ClassLogin); got.State != Held || got.Until != noon+week-1+week {
		t.Errorf("a refused attempt did not restart the clock: %+v", got)
	}
	if got := l.Check(keyOf(1), noon+2*week, config.ClassLogin); got.State != Free {
		t.Errorf("after seven quiet days: %v, want free", got.State)
	}
}

func TestFloodOfFirstOffendersFreesNoRepeatedOne(t *testing.T) {
	t.Parallel()
	l := newLadder(t, 1024)
	for i := range 5 {
		hit := l.Impose(keyOf(i), noon, terms)
		l.Fail(keyOf(i), hit.Until, terms.First, terms.Cap)
	}
	now := noon + 800
	for i := 100; i < 20_100; i++ {
		l.Impose(keyOf(i), now, terms)
	}
	for i := range 5 {
		if got := l.Peek(keyOf(i), now); got.State != Held {
			t.Errorf("repeated offender %d was forgotten", i)
		}
	}
	if l.Len() > 1024 {
		t.Errorf("%d sanctions are held, more than 1024", l.Len())
	}
}

func TestFindAndLift(t *testing.T) {
	t.Parallel()
	l := newLadder(t, 1024)
	hit := l.Impose(keyOf(1), noon, terms)
	l.Impose(keyOf(2), noon, terms)
	if got := l.Running(noon + 1); got != 2 {
		t.Errorf("%d run, want 2", got)
	}
	if found, ok := l.FindID(hit.ID, noon); !ok || found.Until != hit.Until {
		t.Errorf("found %+v, %t", found, ok)
	}
	if key, ok := l.LiftID(hit.ID); !ok || key != keyOf(1) {
		t.Errorf("lifted %v %t, want the sanction on key 1", key, ok)
	}
	if _, ok := l.LiftID(hit.ID); ok {
		t.Error("a sanction was lifted twice")
	}
	if got := l.Check(keyOf(1), noon, config.ClassLogin); got.State != Free {
		t.Errorf("after lifting: %v", got.State)
	}
	if !l.Lift(keyOf(2)) {
		t.Error("lifting by key found nothing")
	}
}

func TestIDsSurviveTheTelephone(t *testing.T) {
	t.Parallel()
	for range 1000 {
		id := NewID()
		text := FormatID(id)
		if got, err := ParseID(" S" + text[1:] + "\n"); err != nil || got != id {
			t.Fatalf("%s reads as %d (%v), want %d", text, got, err, id)
		}
	}
	for _, bad := range []string{"", "s-", "s-123", "01JQ", "s-!!!!!!!!!!!!!", "192.0.2.1"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q was read as an id", bad)
		}
	}
	if FormatID(0) != "" {
		t.Error("no sanction has an id")
	}
}

// TestClockThatIsSetBackProlongsNothing: a sanction of ten minutes that began in
// what turns out to be next year lasts ten minutes from now.
func TestClockThatIsSetBackProlongsNothing(t *testing.T) {
	t.Parallel()
	l := newLadder(t, 1024)
	key := keyOf(1)
	ahead := noon + 365*24*3600
	hit := l.Impose(key, ahead, terms)
	length := hit.Until - ahead
	if got := l.Check(key, noon, config.ClassLogin); got.State != Held || got.Until != noon+length {
		t.Errorf("when the clock was set back: %v until noon+%d; want held until noon+%d", got.State, got.Until-noon, length)
	}
	if got := l.Check(key, noon+length, config.ClassLogin); got.State != Probation {
		t.Errorf("after its length: %v; want probation", got.State)
	}
	if got := l.Check(key, noon+length-200, config.ClassLogin); got.State != Held {
		t.Errorf("a clock that is corrected by minutes: %v; want held as before", got.State)
	}
}
