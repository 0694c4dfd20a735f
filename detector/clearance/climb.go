package clearance

import (
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

// The climb: what is asked of who fails after solving (H6). Each failure doubles
// the work for its source prefix and for its identity, up to MaxSteps doublings;
// a prefix that goes on failing is limited, and after some limits blocked. All of
// it fades by half in climbFade. A success takes half of it from its prefix, so
// that who shares it with an attacker is not the one who pays.
const (
	// MaxSteps is how often the work doubles: sixteen times as much at last.
	MaxSteps = 4
	// limitFrom is from how many failures after solving a prefix is limited. It
	// is above MaxSteps and a whole clearance: nobody meets it with one password
	// that he does not remember.
	limitFrom = 8
	// limitFor is how long it is limited, blockFor how long blocked after
	// blockAfter limits in a day.
	limitFor   = 10 * time.Minute
	blockFor   = time.Hour
	blockAfter = 3
	climbFade  = evidence.Seconds(30 * time.Minute / time.Second)
	limitsFade = evidence.Seconds(12 * time.Hour / time.Second)
)

// climbEntry is what is known of a prefix or an identity.
type climbEntry struct {
	failed  evidence.Decay
	limits  evidence.Decay
	until   evidence.Seconds
	blocked bool
}

func rankClimb(e *climbEntry, now evidence.Seconds) uint32 {
	if e.until > now {
		return 1<<16 + uint32(e.until-now)
	}
	return uint32(e.failed.Value(now, climbFade) * 16)
}

// Standing is what is asked of who comes.
type Standing struct {
	// Steps is how often the work has doubled.
	Steps int
	// Limited tells that no challenge is offered until Until, Blocked that it is
	// refused for good so long.
	Limited, Blocked bool
	Until            time.Time
}

// Place names a source prefix on a site.
type Place struct {
	// Site tells sites apart: a keyed or random hash of its name.
	Site   uint64
	Prefix Prefix
}

func (b *Book) placeKey(axis byte, p Place) evidence.Key {
	return b.hasher.Number(p.Site, axis, p.Prefix.number())
}

func (b *Book) nameKey(site uint64, id Identity) evidence.Key { return b.hasher.Account(site, id) }

// Standing returns what is asked of the prefix for the identity, which may be
// zero.
func (b *Book) Standing(now time.Time, p Place, id Identity) (s Standing) {
	if b.climbs.Len() == 0 {
		return s
	}
	second := evidence.ToSeconds(now)
	b.climbs.View(b.placeKey(axisClimb, p), func(e *climbEntry) {
		s.Steps = steps(e, second)
		if e.until > second {
			s.Limited, s.Blocked, s.Until = true, e.blocked, e.until.Time()
		}
	})
	if id != (Identity{}) {
		b.climbs.View(b.nameKey(p.Site, id), func(e *climbEntry) { s.Steps = max(s.Steps, steps(e, second)) })
	}
	return s
}

func steps(e *climbEntry, now evidence.Seconds) int {
	return min(int(e.failed.Value(now, climbFade)+0.5), MaxSteps)
}

// Failed counts a failure after solving.
func (b *Book) Failed(now time.Time, p Place, id Identity) {
	second := evidence.ToSeconds(now)
	b.climbs.Update(b.placeKey(axisClimb, p), second, func(e *climbEntry, _ bool) {
		e.failed.Add(second, climbFade, 1, 0)
		if e.failed.Value(second, climbFade) < limitFrom-0.5 || e.until > second {
			return
		}
		e.limits.Add(second, limitsFade, 1, 0)
		e.blocked = e.limits.Value(second, limitsFade) > blockAfter-0.5
		if e.until = second + evidence.Span(limitFor); e.blocked {
			e.until = second + evidence.Span(blockFor)
		}
	})
	if id != (Identity{}) {
		b.climbs.Update(b.nameKey(p.Site, id), second, func(e *climbEntry, _ bool) { e.failed.Add(second, climbFade, 1, 0) })
	}
}

// Succeeded counts a success after solving.
func (b *Book) Succeeded(now time.Time, p Place) {
	second := evidence.ToSeconds(now)
	b.climbs.View(b.placeKey(axisClimb, p), func(e *climbEntry) {
		e.failed.Add(second, climbFade, -e.failed.Value(second, climbFade)/2, 0)
	})
}
