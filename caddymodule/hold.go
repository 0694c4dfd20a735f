package caddymodule

import (
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/config"
)

// holding counts the requests that are held by the answer delay. The zero value
// holds none. It never exceeds the bound it is asked with.
type holding struct{ n atomic.Int64 }

func (h *holding) take(bound int) bool {
	if h.n.Add(1) <= int64(bound) {
		return true
	}
	h.n.Add(-1)
	return false
}

func (h *holding) leave() { h.n.Add(-1) }

// now is how many are held.
func (h *holding) now() int64 { return h.n.Load() }

// hold holds an attempt that is answered with delay and reports whether it goes
// on to the app. It waits for as long as the verdict says, which is at most the
// site's longest delay and never more than a minute, and no longer than the
// client: whoever hangs up frees the place, and his attempt is taken back, for
// the app never saw it. (Of a body that is longer than what is looked at, the
// server reads no further until the app does, and does not notice.) Beyond the
// bounds of the site and of the process the verdict becomes limit.
func (v *visit) hold() (goOn bool) {
	if v.verdict.Answer != config.AnswerDelay {
		return true
	}
	state := v.h.app.state
	if !v.mayHold() {
		v.h.sheltered("admit", func() {
			v.verdict = state.detector.Overflow(time.Now(), v.h.policy, v.site, &v.attempt, v.verdict)
		})
		return true
	}
	defer state.held.leave()
	defer v.h.watch.holding.leave()
	timer := time.NewTimer(v.verdict.Wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-v.r.Context().Done():
	}
	v.h.sheltered("admit", func() { state.detector.Withdraw(time.Now(), v.h.policy, v.site, &v.attempt) })
	return false
}

// mayHold takes a place of the site and one of the process, or neither.
func (v *visit) mayHold() bool {
	site := &v.h.watch.holding
	if !site.take(v.h.policy.Site().Delay.Held) {
		return false
	}
	if !v.h.app.state.held.take(v.h.app.heldBound()) {
		site.leave()
		return false
	}
	return true
}

// heldBound is how many requests of the process may be held.
func (a *App) heldBound() int {
	if a.cfg.Held == 0 {
		return config.DefaultHeld
	}
	return a.cfg.Held
}
