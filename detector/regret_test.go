package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

var strictThresholds = config.DefaultThresholds

func named(s config.Site) config.Site {
	s.Name = "shop.test"
	return s
}

// refusedOwner lets the owner of an account be refused by the source rule, and
// log in from the same network an hour later.
func refusedOwner(w *world, i, place int) (refused Verdict) {
	ip := fmt.Sprintf("203.0.%d.7", place)
	for j := range uint64(11) {
		w.try(login(ip, fmt.Sprintf("other-%d-%d@x.test", place, j), uint64(100*place)+j), failed)
	}
	name, own := fmt.Sprintf("owner-%d@x.test", i), uint64(1_000_000+i)
	refused = w.try(login(ip, name, own), succeeded)
	w.now = w.now.Add(time.Hour)
	w.try(login(ip, name, own), succeeded)
	return refused
}

func regrets(w *world) map[string]RegretStatus {
	got := map[string]RegretStatus{}
	for _, r := range w.d.Status(w.now)[0].Regrets {
		got[r.Rule] = r
	}
	return got
}

func TestRefusedThenSucceededIsCountedByRule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	if v := refusedOwner(w, 1, 1); v.LetsThrough() {
		t.Fatal("not refused")
	}
	if got := regrets(w)["credential_stuffing"]; got.Total != 1 || got.Today != 0 || got.Softened {
		t.Errorf("%+v, want one, of an account that is new", got)
	}
	refusedOwner(w, 1, 2) // known now
	if got := regrets(w)["credential_stuffing"]; got.Total != 2 || got.Today != 1 {
		t.Errorf("%+v, want the second to speak against the rule", got)
	}
	refusedOwner(w, 1, 2)
	w.d.Forgive(login("203.0.2.7", "", 0).Source.Addr)
	refusedOwner(w, 1, 3)
	if got := regrets(w)["credential_stuffing"]; got.Total < 3 || got.Today != 1 {
		t.Errorf("%+v, want each account once a day", got)
	}
}

func TestWhatIsNoRegret(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, ip string) *Attempt{
		"another network": func(_ *world, _ string) *Attempt { return login("198.51.100.9", "owner@x.test", 1) },
		"another account": func(_ *world, ip string) *Attempt { return login(ip, "somebody@x.test", 1) },
		"a day later": func(w *world, ip string) *Attempt {
			w.now = w.now.Add(24 * time.Hour)
			return login(ip, "owner@x.test", 1)
		},
	} {
		w := newWorld(t, strictly)
		for j := range uint64(11) {
			w.try(login("192.0.2.1", fmt.Sprintf("other-%d@x.test", j), j), failed)
		}
		w.try(login("192.0.2.1", "owner@x.test", 1), succeeded)
		w.now = w.now.Add(time.Hour)
		w.try(change(w, "192.0.2.1"), succeeded)
		if got := regrets(w); len(got) != 0 {
			t.Errorf("%s: %+v, want nothing regretted", name, got)
		}
	}
}

func TestRegretCountsTheSameNetworkAndWouldBeRefusals(t *testing.T) {
	t.Parallel()
	site := strictly
	site.Mode = config.ModeObserve
	w := newWorld(t, site)
	for j := range uint64(11) {
		w.try(login("192.0.2.1", fmt.Sprintf("other-%d@x.test", j), j), failed)
	}
	if v := w.try(login("192.0.2.1", "owner@x.test", 1), failed); v.Would == "" {
		t.Fatalf("%+v, want a would-be refusal", v)
	}
	w.try(login("192.0.2.77", "owner@x.test", 2), succeeded) // a neighbour address
	if got := regrets(w)["credential_stuffing"]; got.Total != 1 {
		t.Errorf("%+v, want one", got)
	}
}

func TestRuleThatHurtsOwnersIsSoftened(t *testing.T) {
	t.Parallel()
	owners := func(w *world) {
		for i := range 30 {
			refusedOwner(w, i%15, i)
			w.now = w.now.Add(-time.Hour) // all within a day
		}
	}
	answer := func(w *world) config.Answer {
		for j := range uint64(11) {
			w.try(login("198.51.100.200", fmt.Sprintf("late-%d@x.test", j), j), failed)
		}
		return w.try(login("198.51.100.200", "late@x.test", 1), failed).Answer
	}
	w := newWorld(t, patient())
	for i := range 18 {
		refusedOwner(w, i%9, i)
		w.now = w.now.Add(-time.Hour)
	}
	if got := regrets(w)["credential_stuffing"]; got.Softened || got.Today == 0 {
		t.Fatalf("%+v, want nine owners not to be enough", got)
	}
	w = newWorld(t, patient())
	owners(w)
	if got := regrets(w)["credential_stuffing"]; !got.Softened || got.Today < 10 {
		t.Fatalf("%+v, want it softened", got)
	}
	if status := w.d.Status(w.now)[0]; status.HurtsOwners() != "credential_stuffing" {
		t.Error("status does not tell which rule hurts")
	}
	if got := answer(w); got != config.AnswerChallenge {
		t.Errorf("the softened rule answers %s, want challenge", got)
	}
	w.now = w.now.Add(25 * time.Hour)
	if got := regrets(w)["credential_stuffing"]; got.Softened {
		t.Errorf("%+v a day later, want it hard again", got)
	}
	written := newWorld(t, lines(config.Policy{On: "credential_stuffing", Answer: config.AnswerBlock}))
	owners(written)
	if got := answer(written); got != config.AnswerBlock {
		t.Errorf("the rule whose answer the operator wrote answers %s, want block", got)
	}
}

func TestHoursForget(t *testing.T) {
	t.Parallel()
	var h hours
	for hour := range int64(48) {
		h.add(1000 + hour)
	}
	for at, want := range map[int64]uint64{1047: 24} {
		if got := h.sum(at); got != want {
			t.Errorf("at hour %d: %d, want %d", at, got, want)
		}
	}
	if got := h.sum(1059); got != 12 {
		t.Errorf("twelve hours on: %d, want 12", got)
	}
	if got := h.sum(2000); got != 0 {
		t.Errorf("long after: %d, want 0", got)
	}
}

func TestRegretRulesAreBounded(t *testing.T) {
	t.Parallel()
	var w regretWatch
	for i := range 3 * maxRegretRules {
		if _, ok := w.index(fmt.Sprint("rule ", i)); ok != (i < maxRegretRules) {
			t.Fatalf("rule %d: taken %t", i, ok)
		}
	}
}
