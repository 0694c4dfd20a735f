package detector

import (
	"cmp"
	"slices"
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

// RunningSanctions returns the sanctions of detections that run or are on
// probation, those that end last first, at most n. What they are about is known
// by hash alone: events and the audit log tell it by id. It walks the table.
func (d *Detector) RunningSanctions(now time.Time, n int) (list []SanctionStatus) {
	m := d.memory.Load()
	if m == nil {
		return nil
	}
	for _, hit := range m.ladder.All(evidence.ToSeconds(now)) {
		list = append(list, *sanctionStatus(hit))
	}
	slices.SortFunc(list, func(a, b SanctionStatus) int {
		return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.ID, b.ID))
	})
	return list[:min(len(list), n)]
}
