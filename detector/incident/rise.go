package incident

import (
	"math"
	"time"
)

// The rise of failures of a whole site, which no single source or account shows:
// the number of failures in ten minutes against what is usual. Sqreen announced
// "a suspicious rise of login failures" the same way; three times the usual is
// what Cloudflare's and F5's site-wide rules begin at (threshold T8). The floor
// keeps a site with ten logins a day quiet.
const (
	riseBin    = 5 * time.Minute
	riseFactor = 3
	riseFloor  = 15 // failures in two bins
	// riseLearn is how many bins must have been seen before anything is unusual:
	// an hour.
	riseLearn = 12
	// usualHalf is in how many bins what was usual loses half its weight: a day.
	usualHalf = 288
)

// riseWatch knows how many failures of a site are usual. The zero value knows
// nothing.
type riseWatch struct {
	bin       int64 // number of the bin under way
	now, last int   // failures in it and in the one before
	usual     float64
	seen      int // bins, up to usualHalf
}

// see counts a failure that no incident explains and reports whether such
// failures are far above the usual ones. While they are nothing is learned: an
// attack must not become usual.
func (w *riseWatch) see(at time.Time) bool {
	w.advance(at.UnixNano() / int64(riseBin))
	w.now++
	return w.risen()
}

func (w *riseWatch) risen() bool {
	n := w.now + w.last
	return w.seen >= riseLearn && n >= riseFloor && float64(n) > 2*riseFactor*w.usual
}

// advance closes the bins before bin. A pause of a day and more is a quiet day,
// whatever its length.
func (w *riseWatch) advance(bin int64) {
	if w.bin == 0 {
		w.bin = bin
	}
	if bin <= w.bin {
		return
	}
	for range min(bin-w.bin, usualHalf) {
		w.close()
	}
	w.bin = bin
}

func (w *riseWatch) close() {
	if !w.risen() {
		w.seen = min(w.seen+1, usualHalf)
		// The mean of what was seen so far, then one that forgets.
		weight := max(1/float64(w.seen), 1-math.Exp2(-1./usualHalf))
		w.usual += (float64(w.now) - w.usual) * weight
	}
	w.last, w.now = w.now, 0
}

// beginRise opens the incident of a rise. It is told once: what is detected in
// its course about the whole site joins it.
func (b *Book) beginRise(s *Sighting) *campaign {
	rise := *s
	rise.Detection, rise.Axis = RiseOfFailures, ""
	return b.begin(&rise)
}

// rising is the open incident of a rise, if there is one.
func (b *Book) rising() *campaign {
	return b.latest(func(c *campaign) bool { return c.detection == RiseOfFailures })
}
