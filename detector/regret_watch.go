package detector

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/doorward/doorward/detector/evidence"
)

// hours counts by the hour of the last day.
type hours struct {
	n    [24]uint32
	hour int64
}

func (h *hours) advance(hour int64) {
	for ; h.hour < hour && h.hour != 0; h.hour++ {
		if hour-h.hour > 24 {
			h.n, h.hour = [24]uint32{}, hour
			return
		}
		h.n[(h.hour+1)%24] = 0
	}
	h.hour = max(h.hour, hour)
}

func (h *hours) add(hour int64) {
	h.advance(hour)
	h.n[hour%24]++
}

func (h *hours) sum(hour int64) (total uint64) {
	h.advance(hour)
	for _, n := range h.n {
		total += uint64(n)
	}
	return total
}

// regretWatch counts by rule. The zero value is ready. At most maxRegretRules
// rules are told apart.
type regretWatch struct {
	softened atomic.Uint64 // by the index of the rule

	mu     sync.Mutex
	names  []string
	totals [maxRegretRules]uint64
	today  [maxRegretRules]hours // that speak against the rule
	logins hours
}

// index returns the place of a rule.
func (w *regretWatch) index(name string) (uint8, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.names, name)
	if i < 0 {
		if len(w.names) == maxRegretRules {
			return 0, false
		}
		i = len(w.names)
		w.names = append(w.names, strings.Clone(name))
	}
	return uint8(i), true
}

// login counts a good login, and looks at the rules anew.
func (w *regretWatch) login(now evidence.Seconds) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hour := int64(now / 3600)
	if w.logins.hour != hour {
		w.judge(hour)
	}
	w.logins.add(hour)
}

// regret counts a refusal that hit an owner.
func (w *regretWatch) regret(now evidence.Seconds, rule uint8, speaks bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.totals[rule]++
	if speaks {
		w.today[rule].add(int64(now / 3600))
		w.judge(int64(now / 3600))
	}
}

// judge decides which rules are softened; called with mu held.
func (w *regretWatch) judge(hour int64) {
	var mask uint64
	logins := w.logins.sum(hour)
	for i := range w.names {
		n := w.today[i].sum(hour)
		if n >= regretAtLeast && n*regretShareOf > logins*regretTooMany {
			mask |= 1 << i
		}
	}
	w.softened.Store(mask)
}

// isSoft reports whether a rule is regretted too often.
func (w *regretWatch) isSoft(name string) bool {
	mask := w.softened.Load()
	if mask == 0 {
		return false
	}
	i, ok := w.index(name)
	return ok && mask&(1<<i) != 0
}

// RegretStatus is how often a rule refused somebody who then logged in.
type RegretStatus struct {
	// Rule is the detection, `list` and the name of a list, or limit.
	Rule string `json:"rule"`
	// Total counts since the process began, Today the accounts of the last day
	// that had logged in before.
	Total uint64 `json:"total"`
	Today uint64 `json:"today"`
	// Softened tells that the rule answers no harder than challenge because of
	// it, where the operator wrote no answer.
	Softened bool `json:"softened,omitempty"`
}

func (w *regretWatch) status(now evidence.Seconds) (list []RegretStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judge(int64(now / 3600))
	mask := w.softened.Load()
	for i, name := range w.names {
		if w.totals[i] > 0 {
			list = append(list, RegretStatus{
				Rule: name, Total: w.totals[i], Today: w.today[i].sum(int64(now / 3600)), Softened: mask&(1<<i) != 0,
			})
		}
	}
	slices.SortFunc(list, func(a, b RegretStatus) int { return strings.Compare(a.Rule, b.Rule) })
	return list
}

// HurtsOwners is the name of a rule that refuses too many owners, empty if none
// does.
func (s *SiteStatus) HurtsOwners() string {
	for _, r := range s.Regrets {
		if r.Softened {
			return r.Rule
		}
	}
	return ""
}

// FailingMachine is the first machine whose logins fail, empty if none does.
func (s *SiteStatus) FailingMachine() string {
	for _, m := range s.Machines {
		if !m.Failing.IsZero() {
			return m.Source.String()
		}
	}
	return ""
}
