package clearance

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// The bounds of a Book. All that is in it is small: together at most 6 MiB.
const (
	// maxNonces is how many clearances of a process may be under way.
	maxNonces = 1 << 16
	// maxClimbs is how many prefixes and identities that failed after solving are
	// remembered.
	maxClimbs = 1 << 14
	maxWaits  = 1 << 14
	// maxUnsolved is how many pairs that never solve are remembered.
	maxUnsolved = 1 << 14
	// maxExpected is how many browsers may have the challenge before them.
	maxExpected = 1 << 14
)

// The axes of numbers among evidence keys.
const (
	axisClimb byte = iota + 1
	axisWait
	axisUnsolved
	axisExpected
	axisReturn
)

// Book is what a process remembers of challenges. Its memory is bounded whatever
// is sent; nothing of a challenge that was issued and not answered is in it but
// one counter per pair of prefix and identity.
type Book struct {
	Nonces Nonces
	born   time.Time
	hasher evidence.Hasher

	climbs   *evidence.Table[climbEntry]
	waits    *evidence.Table[waitEntry]
	unsolved *evidence.Table[unsolvedEntry]
	expected *evidence.Table[expectedEntry]
	// the last ends in expected, by which a book that expects nobody knows at once
	expecting, returning atomic.Uint32
}

// NewBook returns an empty book with a NonceTable. It allocates its memory as it
// is needed. now is when the process begins to remember: what was issued before
// is not taken.
func NewBook(now time.Time) (*Book, error) {
	b := &Book{Nonces: NewNonceTable(maxNonces), born: now.Truncate(time.Millisecond)}
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails since Go 1.24
	b.hasher = evidence.NewHasher(key)
	var errs [4]error
	b.climbs, errs[0] = evidence.NewTable(maxClimbs, rankClimb)
	b.waits, errs[1] = evidence.NewTable(maxWaits, func(e *waitEntry, now evidence.Seconds) uint32 { return left(e.next, now) })
	b.unsolved, errs[2] = evidence.NewTable(maxUnsolved, rankUnsolved)
	b.expected, errs[3] = evidence.NewTable(maxExpected, func(e *expectedEntry, now evidence.Seconds) uint32 { return left(e.until, now) })
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("making the book of challenges: %w", err)
		}
	}
	return b, nil
}

func left(until, now evidence.Seconds) uint32 { return uint32(until - min(until, now)) }

// Entries is how many entries there are, by table, for metrics.
func (b *Book) Entries() map[string]int {
	n := map[string]int{
		"challenge_climb": b.climbs.Len(), "challenge_wait": b.waits.Len(),
		"challenge_unsolved": b.unsolved.Len(), "challenge_expected": b.expected.Len(),
	}
	if t, ok := b.Nonces.(*NonceTable); ok {
		n["challenge_nonce"] = t.Len()
	}
	return n
}

// forgotten reports whether what was issued then may have been used before this
// process began to remember.
func (b *Book) forgotten(issued time.Time) bool { return issued.Before(b.born) }

// FirstWait is how long a browser waits that cannot do the work, at the first
// step; it doubles like the work.
const FirstWait = 30 * time.Second

// longestQueue is how far ahead waits of one prefix are given out. Beyond it
// there is none to be had.
const longestQueue = 10 * time.Minute

// waitEntry is when the next wait of a prefix may begin.
type waitEntry struct{ next evidence.Seconds }

// wait gives out a wait: it begins when those before it of the same prefix are
// over, so that whoever asks for a hundred at once waits for the sum of them.
func (b *Book) wait(now time.Time, p Place, length time.Duration) (ready time.Time, ok bool) {
	second := evidence.ToSeconds(now)
	b.waits.Update(b.placeKey(axisWait, p), second, func(e *waitEntry, _ bool) {
		begin := max(e.next, second)
		if begin-second > evidence.Span(longestQueue) {
			return
		}
		e.next, ok = begin+evidence.Span(length), true
		ready = now.Add((begin - second).Span() + length)
	})
	return ready, ok
}

// The bounds of patience with clients that can solve nothing.
const (
	// unsolvedMax is how many challenges in a row a pair may leave unsolved.
	unsolvedMax = 6
	// unsolvedFor is how long they are counted, and limited then.
	unsolvedFor = 10 * time.Minute
)

// unsolvedEntry counts challenges in a row that were answered by an attempt
// without a clearance.
type unsolvedEntry struct {
	n     uint16
	until evidence.Seconds
}

func rankUnsolved(e *unsolvedEntry, now evidence.Seconds) uint32 {
	if e.until <= now {
		return 0
	}
	return uint32(e.n)
}

// Unsolved counts an attempt of prefix and identity that is answered with a
// challenge. wait is how long a program shall wait, which doubles each time;
// limited tells that no further challenge makes sense until then.
func (b *Book) Unsolved(now time.Time, p Place, id Identity) (wait time.Duration, limited bool) {
	second := evidence.ToSeconds(now)
	key := b.hasher.NumberPair(p.Site, axisUnsolved, id, b.placeKey(axisUnsolved, p))
	b.unsolved.Update(key, second, func(e *unsolvedEntry, _ bool) {
		if e.until <= second {
			*e = unsolvedEntry{until: second + evidence.Span(unsolvedFor)}
		}
		if e.n >= unsolvedMax {
			wait, limited = (e.until - second).Span(), true
			return
		}
		wait = min(time.Second<<e.n, time.Minute)
		e.n++
	})
	return wait, limited
}

// Solved forgets what Unsolved has counted.
func (b *Book) Solved(p Place, id Identity) {
	b.unsolved.Delete(b.hasher.NumberPair(p.Site, axisUnsolved, id, b.placeKey(axisUnsolved, p)))
}

// expectFor is how long the next page of a browser shows the challenge.
const expectFor = 5 * time.Minute

// expectedEntry is a browser whose script was refused.
type expectedEntry struct {
	until evidence.Seconds
	class byte
}

// Expect notes that a script of the browser was answered with a challenge that
// it cannot show.
func (b *Book) Expect(now time.Time, p Place, userAgent string, class config.Class) {
	b.expect(now, b.browserKey(axisExpected, p, userAgent), expectFor, class, &b.expecting)
}

func (b *Book) expect(now time.Time, key evidence.Key, length time.Duration, class config.Class, last *atomic.Uint32) {
	second := evidence.ToSeconds(now)
	until := second + evidence.Span(length)
	b.expected.Update(key, second, func(e *expectedEntry, _ bool) { *e = expectedEntry{until, classByte(class)} })
	last.Store(max(last.Load(), uint32(until))) // of two at once the ends are the same but for a second
}

// Expecting reports whether any browser may be expected now.
func (b *Book) Expecting(now time.Time) bool {
	return b.expecting.Load() > uint32(evidence.ToSeconds(now))
}

// Expected tells whether the browser shall see the challenge now, and forgets it:
// it is shown once, so that nobody behind the same address with the same browser
// is kept from the site by another.
func (b *Book) Expected(now time.Time, p Place, userAgent string) (class config.Class) {
	if !b.Expecting(now) {
		return config.ClassNone
	}
	return b.meet(now, b.browserKey(axisExpected, p, userAgent))
}

// returnFor is how long a browser takes at most to follow the way back from a
// challenge.
const returnFor = 30 * time.Second

// Return notes that the browser was given a clearance and is led back.
func (b *Book) Return(now time.Time, p Place, userAgent string) {
	b.expect(now, b.browserKey(axisReturn, p, userAgent), returnFor, config.ClassAll, &b.returning)
}

// Returned tells whether the browser was just given a clearance, and forgets it.
// One that comes back without it keeps no cookies: asked again, its page would
// compute and come back for ever by itself.
func (b *Book) Returned(now time.Time, p Place, userAgent string) bool {
	return b.returning.Load() > uint32(evidence.ToSeconds(now)) &&
		b.meet(now, b.browserKey(axisReturn, p, userAgent)) != config.ClassNone
}

// meet returns what was noted of a browser, and forgets it.
func (b *Book) meet(now time.Time, key evidence.Key) (class config.Class) {
	b.expected.View(key, func(e *expectedEntry) {
		if e.until > evidence.ToSeconds(now) {
			class = classFrom(e.class)
		}
	})
	if class != config.ClassNone {
		b.expected.Delete(key)
	}
	return class
}

// maxAgent is how much of a user agent tells browsers apart.
const maxAgent = 256

func (b *Book) browserKey(axis byte, p Place, userAgent string) evidence.Key {
	return b.hasher.Text(p.Site^p.Prefix.number(), axis, userAgent[:min(len(userAgent), maxAgent)])
}
