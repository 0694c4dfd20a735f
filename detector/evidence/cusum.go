package evidence

import "math"

// maxAhead is by how much events may be out of order, in seconds.
const maxAhead Seconds = 300

// Cusum is the cumulative sum test of Page ("Continuous inspection schemes",
// 1954) for events that come at random (Poisson): it tells when they begin to
// come more often than expected by a factor, after as few of them as possible.
// Each event adds the logarithm of the factor; time takes away what events at
// the rate between expected and raised would have added. It never sinks below
// zero. The zero value has seen nothing. Not safe for concurrent use.
type Cusum struct {
	sum float64
	at  Seconds
}

// Event counts one event at now and returns the sum. expected is how many an
// hour are normal, factor how many times more are looked for (over 1). ceiling
// bounds the sum, so that it drains in bounded time after the last event; 0 is
// none.
func (c *Cusum) Event(now Seconds, expected, factor, ceiling float64) float64 {
	c.drain(now, expected, factor)
	c.sum += math.Log(factor)
	if ceiling > 0 {
		c.sum = min(c.sum, ceiling)
	}
	return c.sum
}

// Sum is the sum at now.
func (c *Cusum) Sum(now Seconds, expected, factor float64) float64 {
	c.drain(now, expected, factor)
	return c.sum
}

// Reset begins anew with the given sum.
func (c *Cusum) Reset(now Seconds, sum float64) { c.sum, c.at = sum, now }

func (c *Cusum) drain(now Seconds, expected, factor float64) {
	if c.at > now && c.at-now > maxAhead {
		c.at = now // the clock was set back: else nothing drains until the old time has come
	}
	if now > c.at {
		hours := float64(now-c.at) / 3600
		c.sum = max(0, c.sum-(factor-1)*expected*hours)
		c.at = now
	}
}
