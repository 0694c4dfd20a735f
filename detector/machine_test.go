package detector

import (
	"testing"
	"time"
)

// monitored is a world in which a monitor has logged in every ten minutes for
// days.
func monitored(t *testing.T, days int) *world {
	t.Helper()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.1", "x@x.test", 9), failed) // the route looks at passwords
	for range days * 24 * 6 {
		w.try(login("192.0.2.1", "monitor@x.test", 1), succeeded)
		w.now = w.now.Add(10 * time.Minute)
	}
	return w
}

func TestMachineWithARotatedSecretIsLimitedByTheMinute(t *testing.T) {
	t.Parallel()
	w := monitored(t, 8)
	machines := w.d.Status(w.now)[0].Machines
	if len(machines) != 1 || machines[0].Source.String() != "192.0.2.1/32" || !machines[0].Failing.IsZero() {
		t.Fatalf("machines %+v, want the monitor", machines)
	}
	// A new secret that is wrong each time: worse than any real monitor.
	if !w.guess("192.0.2.1", "monitor@x.test", 100) {
		t.Fatal("the first failure was refused")
	}
	if m := w.d.Status(w.now)[0].Machines; len(m) != 1 || m[0].Failing.IsZero() {
		t.Fatalf("machines %+v, want the notice before anything is refused", m)
	}
	through, seconds := 0, 600
	for i := range seconds {
		w.now = w.now.Add(time.Second)
		v := w.try(login("192.0.2.1", "monitor@x.test", uint64(200+i)), failed)
		if v.LetsThrough() {
			through++
			continue
		}
		if v.Sanction != 0 || v.Until.After(w.now.Add(time.Minute)) {
			t.Fatalf("%+v, want no sanction and a minute at most", v)
		}
	}
	if through < 9+9 || through > 10+10 {
		t.Errorf("%d of %d guesses let through, want ten and one a minute", through, seconds)
	}
	w.now = w.now.Add(61 * time.Second)
	if !w.try(login("192.0.2.1", "monitor@x.test", 1), succeeded).LetsThrough() {
		t.Error("the mended monitor is refused")
	}
}

func TestWhoIsNoMachine(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"too young":           func(w *world) { *w = *monitored(w.t.(*testing.T), 6) },
		"a second account":    func(w *world) { w.guess("192.0.2.1", "b@x.test", 5) },
		"no account":          func(w *world) { w.guess("192.0.2.1", "", 5) },
		"another client":      func(w *world) { a := login("192.0.2.1", "monitor@x.test", 1); a.Client = 9; w.try(a, succeeded) },
		"other software":      func(w *world) { a := login("192.0.2.1", "monitor@x.test", 1); a.UserAgent = 9; w.try(a, succeeded) },
		"a pause of two days": func(w *world) { w.now = w.now.Add(48 * time.Hour) },
		"one that never got in": func(w *world) {
			*w = *newWorld(w.t, strictly)
			for range 8 * 24 {
				w.try(login("192.0.2.1", "monitor@x.test", 1), failed)
				w.now = w.now.Add(time.Hour)
			}
		},
	} {
		w := monitored(t, 8)
		change(w)
		if m := w.d.Status(w.now)[0].Machines; len(m) != 0 {
			t.Errorf("%s: machines %+v", name, m)
		}
		through := 0
		for i := range 60 {
			w.now = w.now.Add(10 * time.Second)
			if w.guess("192.0.2.1", "monitor@x.test", uint64(300+i)) {
				through++
			}
		}
		if through > 10 {
			t.Errorf("%s: %d guesses let through, want ten at most", name, through)
		}
	}
}

func TestMachineIsNotShutOutByWhatItsSourceFails(t *testing.T) {
	t.Parallel()
	site := strictly
	site.Thresholds.Source.N, site.Thresholds.Source.Window = 3, 0
	site.Thresholds.Source.Window = strictThresholds.Source.Window
	w := monitored(t, 8).on(named(site))
	for i := range uint64(6) {
		if v := w.try(login("192.0.2.1", "monitor@x.test", 500+i), failed); !v.LetsThrough() {
			t.Fatalf("failure %d: %+v, want only the pair to count", i, v)
		}
	}
}
