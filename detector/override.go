package detector

import (
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/config"
)

// overrideSwitch is the operator's kill switch: a mode for the whole process
// that needs no reload. The file switch and the command are kept apart, so
// that removing the file does not end what a command began.
type overrideSwitch struct {
	command atomic.Pointer[override]
	file    atomic.Bool
}

type override struct {
	mode  config.Mode
	until time.Time // zero: until it is taken back
}

// Override sets a mode for every site until it is taken back or until has
// passed (zero: for ever). ModeGraduated takes it back.
func (d *Detector) Override(mode config.Mode, until time.Time) {
	if mode == config.ModeGraduated {
		d.override.command.Store(nil)
		return
	}
	d.override.command.Store(&override{mode: mode, until: until})
}

// OverrideByFile tells that the file OBSERVE exists in the state directory.
func (d *Detector) OverrideByFile(exists bool) (changed bool) {
	return d.override.file.Swap(exists) != exists
}

// Overridden returns the mode that holds instead of the configured one, why,
// and until when.
func (d *Detector) Overridden(now time.Time) (mode config.Mode, why string, until time.Time) {
	if o := d.override.command.Load(); o != nil && (o.until.IsZero() || now.Before(o.until)) {
		return o.mode, "command", o.until
	}
	if d.override.file.Load() {
		return config.ModeObserve, "file", time.Time{}
	}
	return config.ModeGraduated, "", time.Time{}
}

// Mode returns the mode that holds for p now.
func (d *Detector) Mode(now time.Time, p *Policy) config.Mode {
	if p.config.Mode == config.ModeOff {
		return config.ModeOff
	}
	if mode, why, _ := d.Overridden(now); why != "" {
		return mode
	}
	return p.config.Mode
}
