package detector

import (
	"errors"
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

// aside is evidence that speaks for a source or against a rule. It is kept apart
// from what rules count: a flood that fills these tables makes Doorward less
// lenient, never less strict.
type aside struct {
	machines *evidence.Table[machineEvidence]
	regrets  *evidence.Table[regretEvidence]
}

// The sizes of the tables, as shares of max_tracked and at most: there are few
// machines, and refusals of good users are rare or somebody looks at them.
const (
	machineShare, maxMachines = 24, 8 << 10
	regretShare, maxRegrets   = 16, 64 << 10
)

// openAside makes the tables for maxTracked, or moves them.
func (d *Detector) openAside(maxTracked int, clock func() time.Time) error {
	var made aside
	var errs [2]error
	made.machines, errs[0] = evidence.NewTable(min(max(maxTracked/machineShare, 64), maxMachines), rankMachine)
	made.regrets, errs[1] = evidence.NewTable(min(max(maxTracked/regretShare, 64), maxRegrets), rankRegret)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if old := d.aside.Load(); old != nil {
		now := evidence.ToSeconds(clock())
		made.machines.Transfer(old.machines, now)
		made.regrets.Transfer(old.regrets, now)
	}
	d.aside.Store(&made)
	return nil
}

// asideMemory adds the tables to what is told of the memory.
func (d *Detector) asideMemory(m *Memory) {
	a := d.aside.Load()
	if a == nil {
		return
	}
	m.Tracked["machine"], m.Evictions["machine"] = a.machines.Len(), a.machines.Evictions()
	m.Tracked["regret"], m.Evictions["regret"] = a.regrets.Len(), a.regrets.Evictions()
	m.Bytes += a.machines.Bytes() + a.regrets.Bytes()
}
