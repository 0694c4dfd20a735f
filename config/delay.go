package config

import (
	"errors"
	"fmt"
	"time"
)

// Delay says how attempts are held that an `on … delay` line answers: each
// waits, and then reaches the app.
type Delay struct {
	// First is how long the first attempt beyond a threshold waits; each further
	// one waits twice as long as the one before. Default 200ms, as Nextcloud's
	// throttler begins.
	First Duration `json:"first,omitempty"`
	// Longest is the longest wait. No request is held for longer. Default 25s,
	// as Nextcloud's throttler ends; at most 1m, beyond which browsers and
	// proxies give up.
	Longest Duration `json:"longest,omitempty"`
	// Held is how many requests of the site are held at once. Beyond it, and
	// beyond [App.Held], the answer is limit instead. Default 128.
	Held int `json:"held,omitempty"`
}

// DefaultDelay is how attempts are held without a `delay` line.
var DefaultDelay = Delay{First: Duration(200 * time.Millisecond), Longest: Duration(25 * time.Second), Held: 128}

// DefaultHeld is how many requests of the process are held at once. Each costs
// a goroutine, a connection and the inspected part of its body.
const DefaultHeld = 512

const (
	shortestDelay = Duration(time.Millisecond)
	longestDelay  = Duration(time.Minute)
	maxHeld       = 65_536
)

// WithDefaults returns d with every unset field set.
func (d Delay) WithDefaults() Delay {
	if d.First == 0 {
		d.First = DefaultDelay.First
	}
	if d.Longest == 0 {
		d.Longest = max(DefaultDelay.Longest, d.First)
	}
	if d.Held == 0 {
		d.Held = DefaultDelay.Held
	}
	return d
}

// Validate reports every problem of the delay.
func (d Delay) Validate() error {
	full := d.WithDefaults()
	var errs []error
	switch {
	case full.First < shortestDelay:
		errs = append(errs, fmt.Errorf("delay %s is shorter than a millisecond; write something like `delay 200ms 25s`", full.First))
	case full.Longest < full.First:
		errs = append(errs, fmt.Errorf("the longest delay %s is shorter than the first %s; write the longer one last: `delay %s %s`",
			full.Longest, full.First, full.Longest, full.First))
	case full.Longest > longestDelay:
		errs = append(errs, fmt.Errorf("delay %s: a request is held for at most %s; write less, or answer with limit", full.Longest, longestDelay))
	}
	return errors.Join(append(errs, validateHeld("held", d.Held))...)
}

func validateHeld(name string, n int) error {
	if n < 0 || n > maxHeld {
		return fmt.Errorf("%s %d: write a number of requests from 1 to %d", name, n, maxHeld)
	}
	return nil
}
