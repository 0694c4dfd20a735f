package evidence

import "math"

// Decay counts events that fade: what was added counts half after every
// half-life. Eight bytes, no log. The zero value is empty. It is not safe for
// concurrent use; it lives in an entry of a Table or under its owner's lock.
//
// The half-life is passed with every call, so that a changed setting acts at
// once. Time that runs backwards fades nothing.
type Decay struct {
	value float32
	at    Seconds
}

// Add counts n at now. What sinks below floor is cut off there: credit must not
// be saved up without end.
func (d *Decay) Add(now, halfLife Seconds, n, floor float64) {
	v := max(d.Value(now, halfLife)+n, floor)
	d.value, d.at = float32(v), max(now, d.at)
}

// Value is what counts at now.
func (d Decay) Value(now, halfLife Seconds) float64 {
	if d.value == 0 || now <= d.at {
		return float64(d.value)
	}
	return float64(d.value) * math.Exp2(-float64(now-d.at)/float64(max(halfLife, 1)))
}

// Rate is how many events an hour keep Value where it is.
func (d Decay) Rate(now, halfLife Seconds) float64 {
	return d.Value(now, halfLife) * math.Ln2 / float64(max(halfLife, 1)) * 3600
}

// Until is the earliest moment, now or later, at which Value is at most v if
// nothing is added until then.
func (d Decay) Until(now, halfLife Seconds, v float64) Seconds {
	have := d.Value(now, halfLife)
	if have <= v || v <= 0 {
		return now
	}
	return now + Seconds(math.Ceil(math.Log2(have/v)*float64(halfLife)))
}

// Merge adds what another sum holds.
func (d *Decay) Merge(other Decay, halfLife Seconds) {
	d.Add(max(d.at, other.at), halfLife, other.Value(max(d.at, other.at), halfLife), math.Inf(-1))
}
