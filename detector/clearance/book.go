package clearance

import (
	"crypto/rand"
	"fmt"
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
	second := evidence.ToSeconds(now)
	b.expected.Update(b.browserKey(p, userAgent), second, func(e *expectedEntry, _ bool) {
		*e = expectedEntry{until: second + evidence.Span(expectFor), class: classByte(class)}
	})
}

// Expecting reports whether any browser may be expected.
func (b *Book) Expecting() bool { return b.expected.Len() > 0 }

// Expected tells whether the browser shall see the challenge now, and forgets it:
// it is shown once, so that nobody behind the same address with the same browser
// is kept from the site by another.
func (b *Book) Expected(now time.Time, p Place, userAgent string) (class config.Class) {
	if b.expected.Len() == 0 {
		return config.ClassNone
	}
	key := b.browserKey(p, userAgent)
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

func (b *Book) browserKey(p Place, userAgent string) evidence.Key {
	return b.hasher.Text(p.Site^p.Prefix.number(), axisExpected, userAgent[:min(len(userAgent), maxAgent)])
}
