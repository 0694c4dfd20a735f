package detector

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/sanction"
)

// snapshotOf is everything that is kept of a detector.
type snapshotOf struct {
	docs   []Document
	tables map[string]Records
	layout map[string]string
}

func kept(t testing.TB, d *Detector, now time.Time) snapshotOf {
	t.Helper()
	docs, err := d.Documents(now, true)
	if err != nil {
		t.Fatal(err)
	}
	s := snapshotOf{docs: docs, tables: map[string]Records{}, layout: map[string]string{}}
	tables, _ := d.KeptTables()
	for _, table := range tables {
		var r Records
		for cursor, more := (evidence.Cursor{}), true; more; {
			more = table.Walk(&cursor, &r)
		}
		s.tables[table.Name()], s.layout[table.Name()] = r, table.Layout()
	}
	return s
}

func restore(t testing.TB, d *Detector, now time.Time, s snapshotOf) {
	t.Helper()
	for _, doc := range s.docs {
		if err := d.RestoreDocument(now, doc); err != nil {
			t.Fatal(err)
		}
	}
	tables, _ := d.KeptTables()
	for _, table := range tables {
		into := table.Restore(evidence.ToSeconds(now))
		if err := into.Put(s.layout[table.Name()], s.tables[table.Name()]); err != nil {
			t.Fatal(err)
		}
		into.Done()
	}
}

// restarted is the same site in a new process that has the same secret, after a
// time without.
func (w *world) restarted(away time.Duration) *world {
	w.t.Helper()
	s := kept(w.t, w.d, w.now)
	cfg := w.policy.Site()
	next := newWorld(w.t, config.Site{Name: "another.test"})
	next.now = w.now.Add(away)
	next.d.Keep()
	restore(w.t, next.d, next.now, s)
	return next.on(cfg)
}

func TestRestartKeepsSanctionsAndTheirRungs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	before := w.try(login("192.0.2.1", "", 0), failed)
	w = w.restarted(time.Minute)
	after := w.try(login("192.0.2.1", "", 0), failed)
	if after.LetsThrough() || after.Sanction != before.Sanction || !after.Until.Equal(before.Until) || after.Detection != before.Detection {
		t.Fatalf("after a restart %+v; want sanction %+v", after, before)
	}
	w.now = after.Until.Add(time.Second)
	w = w.restarted(time.Second)
	if !w.guess("192.0.2.1", "", 0) {
		t.Fatal("the first attempt after the sanction was refused")
	}
	again := w.try(login("192.0.2.1", "", 0), failed)
	if length := again.Until.Sub(w.now); again.LetsThrough() || length < 19*time.Minute {
		t.Errorf("the second sanction lasts %s; want the next rung, 20 minutes and more", length)
	}
}

func TestRestartKeepsCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	if got := w.guesses("192.0.2.1", "a@x.test", 1, 6); got != 6 {
		t.Fatalf("%d of 6 guesses let through", got)
	}
	w = w.restarted(time.Second)
	if got := w.guesses("192.0.2.1", "a@x.test", 100, 6); got != 4 {
		t.Errorf("%d of 6 guesses let through after 6 before a restart; want 4", got)
	}
}

func TestRestartKeepsWhoAnAccountKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	w.try(login("198.51.100.7", "a@x.test", 1), failed)
	for range 3 {
		w.try(login("198.51.100.7", "a@x.test", 2), succeeded)
		w.now = w.now.Add(24 * time.Hour)
	}
	for i := range 40 { // strangers close the account to strangers
		w.guess(address(i), "a@x.test", uint64(100+i))
	}
	w = w.restarted(time.Second)
	if w.guess("203.0.120.9", "a@x.test", 999) {
		t.Error("a stranger gets a guess at an account that was closed to strangers")
	}
	if !w.try(login("198.51.100.7", "a@x.test", 2), succeeded).LetsThrough() {
		t.Error("the owner is refused where the account was logged in to before")
	}
	if !w.d.Seen(seenAttempt(w, "a@x.test")) {
		t.Error("the name is not known to have logged in")
	}
}

func seenAttempt(w *world, name string) *Attempt {
	a := login("198.51.100.7", name, 2)
	w.d.Admit(w.now, w.policy, w.site, a)
	return a
}

func TestRestartKeepsWhatTheOperatorSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	entry := func(text string, allow bool, until time.Time) sanction.Entry {
		p, err := config.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		return sanction.Entry{
			ID: sanction.NewID(), Range: p, Allow: allow, Reason: "because of \"it\"", Site: "shop.test",
			Classes: sanction.Everything, Answer: config.AnswerBlock, Created: w.now, Until: until,
		}
	}
	list := []sanction.Entry{
		entry("192.0.2.0/24", false, time.Time{}), entry("2001:db8::/32", true, w.now.Add(time.Hour)),
		entry("198.51.100.1", false, w.now.Add(time.Minute)),
		{ID: sanction.NewID(), Path: "/health/*", Allow: true, Classes: sanction.Everything, Created: w.now},
	}
	for _, e := range list {
		if err := w.d.Book.Add(w.now, e); err != nil {
			t.Fatal(err)
		}
	}
	w.d.Book.Configure([]sanction.Entry{entry("10.0.0.0/8", true, time.Time{})})
	w.d.Override(config.ModeObserve, w.now.Add(time.Hour))
	next := w.restarted(2 * time.Minute)
	got := next.d.Book.List(next.now)
	if len(got) != 3 {
		t.Fatalf("entries %+v; want the three that have not ended, and none of the configuration", got)
	}
	for i, want := range []sanction.Entry{list[3], list[1], list[0]} {
		e := got[i]
		if !e.Created.Equal(want.Created) || !e.Until.Equal(want.Until) {
			t.Errorf("entry %+v; want %+v", e, want)
		}
		e.Created, e.Until = want.Created, want.Until
		if e != want {
			t.Errorf("entry %+v; want %+v", e, want)
		}
	}
	if mode, why, _ := next.d.Overridden(next.now); mode != config.ModeObserve || why != "command" {
		t.Errorf("mode %s by %q; want observe by command", mode, why)
	}
	if mode, _, _ := w.restarted(2 * time.Hour).d.Overridden(w.now.Add(2 * time.Hour)); mode != config.ModeGraduated {
		t.Errorf("mode %s after its time", mode)
	}
}

func TestRestartKeepsLearnedRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config.Site{})
	for i := range 210 {
		w.try(login(apart(i), fmt.Sprintf("u%d@x.test", i), uint64(i+1)), succeeded)
		w.try(login(apart(i), fmt.Sprintf("u%d@x.test", i), uint64(i+9000)), failed)
		w.now = w.now.Add(10 * time.Minute)
	}
	before := w.d.Status(w.now)[0]
	w = w.restarted(time.Second)
	after := w.d.Status(w.now)
	i := slices.IndexFunc(after, func(s SiteStatus) bool { return s.Site == "shop.test" })
	if i < 0 || len(after[i].Routes) != 1 || fmt.Sprint(after[i].Routes[0]) != fmt.Sprint(before.Routes[0]) || !after[i].Routes[0].Graduated {
		t.Errorf("routes %+v; want %+v, graduated", after, before.Routes)
	}
	if fmt.Sprint(after[i].Attack) != fmt.Sprint(before.Attack) {
		t.Errorf("the test of strangers says %+v; want %+v", after[i].Attack, before.Attack)
	}
}

// TestNothingOfAPasswordIsKept: nothing that is written changes with the
// passwords that were tried (H14).
func TestNothingOfAPasswordIsKept(t *testing.T) {
	t.Parallel()
	run := func(passwords uint64) snapshotOf {
		w := newWorld(t, patient())
		client := func(name string, password uint64) *Attempt {
			a := login("198.51.100.7", name, passwords+password)
			a.Client = 77
			return a
		}
		w.try(client("a@x.test", 9), failed) // so that a success on the route counts
		w.try(client("a@x.test", 1), succeeded)
		w.now = w.now.Add(8 * 24 * time.Hour)
		w.try(client("a@x.test", 1), succeeded)
		for i := range uint64(5) {
			w.try(client("a@x.test", 10+i), failed)
			w.guess("192.0.2.1", "b@x.test", passwords+20+i)
			w.guess(address(int(i)), "a@x.test", passwords+30+i)
		}
		return kept(t, w.d, w.now)
	}
	one, other := run(1<<40), run(1<<50)
	for name, r := range one.tables {
		if r.Count == 0 && name != "limit" && name != "flood" && name != "sanction" {
			t.Errorf("table %s is empty: the test shows nothing about it", name)
		}
		if sorted(r) != sorted(other.tables[name]) {
			t.Errorf("what is kept of table %s depends on the passwords", name)
		}
	}
}

// sorted are the records of a table in the order of their keys.
func sorted(r Records) string {
	if r.Count == 0 {
		return ""
	}
	list := slices.Collect(slices.Chunk(r.Data, len(r.Data)/r.Count))
	slices.SortFunc(list, bytes.Compare)
	return string(bytes.Join(list, nil))
}

// TestNoClientIsKeptInTheClear: the id in a device cookie opens nothing by
// itself, but it is a cookie's.
func TestNoClientIsKeptInTheClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	client := uint64(0x1122334455667788)
	for range 10 {
		a := login("198.51.100.7", "a@x.test", 1)
		a.Client = client
		w.try(a, succeeded)
		w.now = w.now.Add(24 * time.Hour)
	}
	for name, r := range kept(t, w.d, w.now).tables {
		for _, id := range [][]byte{
			binary.LittleEndian.AppendUint64(nil, client), binary.BigEndian.AppendUint64(nil, client),
			binary.LittleEndian.AppendUint32(nil, uint32(client^client>>32)),
		} {
			if bytes.Contains(r.Data, id) {
				t.Errorf("table %s holds % x", name, id)
			}
		}
	}
}

// TestClockThatWasAheadLocksNobodyOut: what a clock wrote that was a year ahead
// is not held for a year.
func TestClockThatWasAheadLocksNobodyOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	right := w.now
	w.now = w.now.AddDate(1, 0, 0)
	w.guesses("192.0.2.1", "", 0, 12)
	s := kept(t, w.d, w.now)
	next := newWorld(t, strictly)
	next.now = right
	restore(t, next.d, right, s)
	v := next.try(login("192.0.2.1", "", 0), failed)
	if v.LetsThrough() {
		t.Error("the sanction is gone")
	}
	if v.Until.After(right.Add(15 * time.Minute)) {
		t.Errorf("it lasts until %s, it is %s; want the ten minutes that were meant", v.Until, right)
	}
	next.now = right.Add(time.Hour)
	if !next.guess("192.0.2.1", "", 0) {
		t.Error("the source is refused an hour later")
	}
}
