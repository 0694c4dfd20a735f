package storetest

import (
	"testing"
	"time"

	"github.com/doorward/doorward/detector/store"
)

func row(id string, at time.Time) store.Row {
	return store.Row{
		ID: id, Time: at, Type: "attempt", Site: "shop.test", Source: "192.0.2.7", Identity: "a•••@x.test",
		Pseudonym: "p1", Count: 1, Event: []byte(`{"id":"` + id + `"}`),
	}
}

func write(t *testing.T, st store.Store, rows ...store.Row) {
	t.Helper()
	must(t, "appending rows", st.Append(background, store.Batch{Time: noon, Audit: rows}))
}

func ids(t *testing.T, st store.Store, q store.Query) (list []string) {
	t.Helper()
	rows, err := st.Audit(background, q)
	must(t, "reading the log", err)
	for _, r := range rows {
		list = append(list, r.ID)
	}
	return list
}

func audited(t *testing.T, m Maker) {
	st := made(t, m)
	second, third := row("e2", noon.Add(time.Second)), row("e3", noon.Add(2*time.Second))
	second.Source, second.Pseudonym, second.Type, second.Sanction, second.Count, second.Dear = "2001:db8::1", "p2", "sanction", "s-1", 0, true
	third.Pseudonym = ""
	write(t, st, row("e1", noon))
	write(t, st, second, third)
	for _, c := range []struct {
		what string
		q    store.Query
		want []string
	}{
		{"all", store.Query{}, []string{"e3", "e2", "e1"}},
		{"the newest two", store.Query{Limit: 2}, []string{"e3", "e2"}},
		{"by type", store.Query{Type: "sanction"}, []string{"e2"}},
		{"by source", store.Query{Source: "192.0.2.7"}, []string{"e3", "e1"}},
		{"by sanction", store.Query{Sanction: "s-1"}, []string{"e2"}},
		{"by pseudonyms", store.Query{Pseudonym: []string{"p1", "p2"}}, []string{"e2", "e1"}},
		{"by no pseudonym that is there", store.Query{Pseudonym: []string{"p9"}}, nil},
		{"by no pseudonym at all", store.Query{Pseudonym: []string{}}, nil},
		{"since", store.Query{Since: noon.Add(time.Second)}, []string{"e3", "e2"}},
		{"by two of them", store.Query{Type: "attempt", Since: noon.Add(time.Second)}, []string{"e3"}},
	} {
		want(t, c.what, ids(t, st, c.q), c.want...)
	}
	rows, err := st.Audit(background, store.Query{Sanction: "s-1"})
	must(t, "reading the log", err)
	got := rows[0]
	if !got.Time.Equal(second.Time) || got.Source != second.Source || got.Identity != second.Identity || !got.Dear || string(got.Event) != string(second.Event) {
		t.Errorf("row %+v; want %+v", got, second)
	}
	if n, err := st.AuditCount(background); err != nil || n != 2 {
		t.Errorf("%d attempts, %v; want 2", n, err)
	}
}

func counted(t *testing.T, m Maker) {
	st := made(t, m)
	first, more := row("c1", noon), row("c1", noon.Add(time.Minute))
	more.Count = 41
	write(t, st, first)
	write(t, st, more)
	rows, err := st.Audit(background, store.Query{})
	must(t, "reading the log", err)
	if len(rows) != 1 || rows[0].Count != 42 || !rows[0].Time.Equal(more.Time) || string(rows[0].Event) != string(first.Event) {
		t.Errorf("rows %+v; want one with 42 attempts, the time of the later and the event of the first", rows)
	}
}

func erased(t *testing.T, m Maker) {
	st := made(t, m)
	other := row("e2", noon)
	other.Pseudonym = "p2"
	write(t, st, row("e1", noon), other)
	n, err := st.Erase(background, noon, []string{"p1", "p9"})
	if err != nil || n != 1 {
		t.Errorf("erased %d rows, %v; want 1", n, err)
	}
	checkErased(t, st)
	if n, err := st.AuditCount(background); err != nil || n != 2 {
		t.Errorf("%d attempts, %v; want 2: erasing changes no count", n, err)
	}
	// What is written about an erased one later, as by a restored backup.
	write(t, st, row("e3", noon.Add(-time.Hour)), row("e4", noon.Add(time.Hour)))
	if n, err := st.Reerase(background); err != nil || n != 1 {
		t.Errorf("erased %d rows again, %v; want the one from before, not the one that came later", n, err)
	}
	list, err := st.Erased(background)
	if err != nil || len(list) != 2 || !list["p1"].Equal(noon) {
		t.Errorf("erased %v, %v; want p1 and p9", list, err)
	}
}

// checkErased looks whether e1 tells nobody, and e2 still who.
func checkErased(t *testing.T, st store.Store) {
	t.Helper()
	rows, err := st.Audit(background, store.Query{Source: "192.0.2.7"})
	must(t, "reading the log", err)
	if len(rows) != 2 {
		t.Fatalf("%d rows; want both, one without who", len(rows))
	}
	for _, r := range rows {
		if r.ID == "e1" && (r.Identity != "" || r.Pseudonym != "" || len(r.Event) != 0) {
			t.Errorf("row %+v still tells who", r)
		}
		if r.ID == "e2" && r.Pseudonym != "p2" {
			t.Errorf("row %+v was erased, too", r)
		}
	}
}

func pruned(t *testing.T, m Maker) {
	st := made(t, m)
	day := 24 * time.Hour
	old, dear, coarse, six := row("old", noon.Add(-40*day)), row("dear", noon.Add(-40*day)), row("coarse", noon.Add(-20*day)), row("six", noon.Add(-20*day))
	dear.Dear, six.Source = true, "2001:db8:1:2:3::4"
	write(t, st, old, dear, coarse, six, row("new", noon))
	limits := store.Retention{Rows: 30 * day, Dear: 365 * day, Addresses: 10 * day}
	for more := true; more; {
		var err error
		more, err = st.Prune(background, noon, limits)
		must(t, "pruning", err)
	}
	rows, err := st.Audit(background, store.Query{})
	must(t, "reading the log", err)
	sources := map[string]string{}
	for _, r := range rows {
		sources[r.ID] = r.Source
		if r.ID != "new" && len(r.Event) > 0 {
			t.Errorf("row %s has an event with the address", r.ID)
		}
	}
	for id, source := range map[string]string{"dear": "192.0.2.0/24", "coarse": "192.0.2.0/24", "six": "2001:db8:1::/48", "new": "192.0.2.7"} {
		if sources[id] != source {
			t.Errorf("row %s is about %q; want %q", id, sources[id], source)
		}
	}
	if _, ok := sources["old"]; ok {
		t.Error("the old row is there")
	}
}
