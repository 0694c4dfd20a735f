package sanction

import (
	"math/rand/v2"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// ProbeTimeout is how long an attempt on probation may stay unanswered before
// the next one is let through. An app that takes longer than a minute to
// answer a login is not worth waiting for.
const ProbeTimeout = time.Minute

// QuietPair is how long a closed pair must be quiet before it opens again.
const QuietPair = 7 * 24 * time.Hour

// record is one sanction: 40 bytes, no pointers.
type record struct {
	id        uint64
	created   evidence.Seconds
	until     evidence.Seconds
	quiet     evidence.Seconds // end of the probation
	probe     evidence.Seconds // when the attempt on probation was let through, 0 for none
	count     uint16           // what the evidence showed, in whole failures
	limit     uint16
	classes   Classes
	rung      uint8
	answer    uint8
	detection uint8
	sliding   bool // every refused attempt restarts the clock (closed pairs)
}

// Ladder holds the sanctions of detections. Create it with NewLadder.
type Ladder struct {
	table *evidence.Table[record]
}

// NewLadder returns a ladder for at most max sanctions. When a bucket of its
// table is full, the one on the lowest rung that ends first is forgotten, so
// that a flood of first offenders cannot free a repeated one.
func NewLadder(max int) (*Ladder, error) {
	table, err := evidence.NewTable(max, func(r *record, now evidence.Seconds) uint32 {
		if r.quiet <= now {
			return 0
		}
		return uint32(r.rung)<<24 | min(uint32(r.until-min(r.until, now)), 1<<24-1)
	})
	if err != nil {
		return nil, err
	}
	return &Ladder{table: table}, nil
}

// State is where the holder of a key stands.
type State uint8

// The states.
const (
	// Free: no sanction, or one that has passed quietly.
	Free State = iota
	// Held: a sanction is running.
	Held
	// Probation: the sanction has ended; this attempt is let through and
	// decides. Settle it with Pass or Fail.
	Probation
	// Waiting: on probation while another attempt is being decided.
	Waiting
)

// Hit is a sanction as it stands.
type Hit struct {
	State     State
	ID        uint64
	Answer    config.Answer
	Detection config.Detection
	Classes   Classes
	Created   evidence.Seconds
	Until     evidence.Seconds
	Rung      int
	// Begun tells that Impose began it, or began it again, just now.
	Begun bool
	// Count and Limit are the numbers that led to it, in failures.
	Count, Limit int
}

// Terms are the length and the reach of a new sanction.
type Terms struct {
	Classes   Classes
	Answer    config.Answer
	Detection config.Detection
	// First is the length of the lowest rung, Cap the longest.
	First, Cap time.Duration
	// Sliding makes every refused attempt restart the clock, and leaves out
	// the ladder, the random part and the probation: a closed pair.
	Sliding bool
	// Count and Limit are the numbers that led to it.
	Count, Limit int
}

// Check looks up key for an attempt of class. Held and Waiting refuse; a
// Probation must be settled.
func (l *Ladder) Check(key evidence.Key, now evidence.Seconds, class config.Class) (hit Hit) {
	if l.table.Len() == 0 {
		return Hit{}
	}
	l.table.View(key, func(r *record) {
		r.rebase(now) // the clock was set back
		if !r.classes.Has(class) || now >= r.quiet {
			return
		}
		hit = r.hit()
		switch {
		case now < r.until:
			hit.State = Held
			if r.sliding {
				length := r.until - r.created
				r.created, r.until, r.quiet = now, now+length, now+length
				hit.Until = r.until
			}
		case r.probe != 0 && now < r.probe+evidence.Seconds(ProbeTimeout/time.Second):
			hit.State = Waiting
			hit.Until = r.probe + evidence.Seconds(ProbeTimeout/time.Second)
		default:
			hit.State = Probation
			r.probe = now
		}
	})
	return hit
}

// Peek is Check without effect, for explanations.
func (l *Ladder) Peek(key evidence.Key, now evidence.Seconds) (hit Hit) {
	l.table.View(key, func(r *record) {
		if now >= r.quiet {
			return
		}
		hit = r.hit()
		hit.State = Held
		if now >= r.until {
			hit.State = Probation
		}
	})
	return hit
}

// Impose begins a sanction. If the holder is under one already it is left as
// it is: two requests that cross the threshold together climb one rung. On
// probation it begins again on the next one.
func (l *Ladder) Impose(key evidence.Key, now evidence.Seconds, t Terms) (hit Hit) {
	id := NewID()
	l.table.Update(key, now, func(r *record, fresh bool) {
		begun := fresh || now >= r.until
		switch {
		case fresh || now >= r.quiet:
			*r = record{id: id, classes: t.Classes, created: now}
			r.begin(now, t)
		case begun:
			r.rung = min(r.rung+1, 30)
			r.created, r.probe = now, 0
			r.begin(now, t)
		}
		r.classes |= t.Classes
		hit = r.hit()
		hit.State, hit.Begun = Held, begun
	})
	return hit
}

// Fail settles a probation with a failure: the sanction begins again on the
// next rung, with the length of the rung for the given first and longest one.
func (l *Ladder) Fail(key evidence.Key, now evidence.Seconds, first, limit time.Duration) (hit Hit) {
	l.table.View(key, func(r *record) {
		if now < r.until {
			hit = r.hit()
			return
		}
		r.rung = min(r.rung+1, 30)
		r.created, r.probe = now, 0
		r.extend(now, rungLength(first, limit, int(r.rung)))
		hit = r.hit()
		hit.State = Held
	})
	return hit
}

// Pass settles a probation without a failure: the next attempt may come.
func (l *Ladder) Pass(key evidence.Key) {
	l.table.View(key, func(r *record) { r.probe = 0 })
}

// Lift ends a sanction and its probation. It reports whether there was one.
func (l *Ladder) Lift(key evidence.Key) bool { return l.table.Delete(key) }

// LiftID ends the sanction with this id and returns the key it was on. It walks
// the whole table: for operators, not for requests.
func (l *Ladder) LiftID(id uint64) (found evidence.Key, ok bool) {
	l.table.Range(func(key evidence.Key, r *record) bool {
		if r.id == id {
			found, ok = key, true
		}
		return !ok
	})
	return found, ok && l.table.Delete(found)
}

// FindID returns the sanction with this id. It walks the whole table.
func (l *Ladder) FindID(id uint64, now evidence.Seconds) (hit Hit, ok bool) {
	l.table.Range(func(_ evidence.Key, r *record) bool {
		if r.id != id || now >= r.quiet {
			return true
		}
		hit, ok = r.hit(), true
		hit.State = Held
		if now >= r.until {
			hit.State = Probation
		}
		return false
	})
	return hit, ok
}

// Running counts the sanctions that have not ended at now. It walks the table.
func (l *Ladder) Running(now evidence.Seconds) (n int) {
	l.table.Range(func(_ evidence.Key, r *record) bool {
		if now < r.until {
			n++
		}
		return true
	})
	return n
}

// Table sizes, for metrics.
func (l *Ladder) Len() int          { return l.table.Len() }
func (l *Ladder) Evictions() uint64 { return l.table.Evictions() }
func (l *Ladder) Bytes() int64      { return l.table.Bytes() }

// Transfer copies the sanctions of old that fit, those on the highest rungs
// first.
func (l *Ladder) Transfer(old *Ladder, now evidence.Seconds) { l.table.Transfer(old.table, now) }

func (r *record) begin(now evidence.Seconds, t Terms) {
	length := t.First
	if !t.Sliding {
		length = rungLength(t.First, t.Cap, int(r.rung))
	}
	r.extend(now, length)
	if t.Sliding {
		r.quiet = r.until
	}
	r.sliding = t.Sliding
	r.answer = answerIndex(t.Answer)
	r.detection = detectionIndex(t.Detection)
	r.count, r.limit = uint16(min(t.Count, 1<<16-1)), uint16(min(t.Limit, 1<<16-1))
}

// extend lets the sanction run for length from now, and the probation as long
// again.
func (r *record) extend(now evidence.Seconds, length time.Duration) {
	seconds := evidence.Seconds(max(length/time.Second, 1))
	r.until = now + seconds
	r.quiet = r.until + seconds
}

// rungLength doubles first per rung, adds up to a quarter at random and stops
// at cap. The random part follows fail2ban's bantime.rndtime: botnets probe
// for the exact length of a ban.
func rungLength(first, limit time.Duration, rung int) time.Duration {
	length := first
	for range rung {
		if length >= limit {
			break
		}
		length *= 2
	}
	length += rand.N(length/4 + 1)
	return min(length, max(limit, first))
}

func (r *record) hit() Hit {
	return Hit{
		ID: r.id, Answer: config.Answers[r.answer], Detection: detectionAt(r.detection),
		Classes: r.classes, Created: r.created, Until: r.until, Rung: int(r.rung),
		Count: int(r.count), Limit: int(r.limit),
	}
}

func answerIndex(a config.Answer) uint8 {
	for i, known := range config.Answers {
		if known == a {
			return uint8(i)
		}
	}
	return 0
}

func detectionIndex(d config.Detection) uint8 {
	for i, known := range config.Detections {
		if known == d {
			return uint8(i)
		}
	}
	return uint8(len(config.Detections))
}

func detectionAt(i uint8) config.Detection {
	if int(i) < len(config.Detections) {
		return config.Detections[i]
	}
	return ""
}
