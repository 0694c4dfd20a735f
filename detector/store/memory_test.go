package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Maker{New: func(*testing.T) store.Store { return store.NewMemory(false) }})
}

// TestMemoryWithTablesConforms: the store itself is what is opened again.
func TestMemoryWithTablesConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Maker{
		New: func(*testing.T) store.Store { return store.NewMemory(true) },
		Again: func(_ *testing.T, st store.Store) store.Store {
			st.(*store.Memory).Abandon()
			return st
		},
	})
}

func TestMemoryKeepsTheNewestRows(t *testing.T) {
	t.Parallel()
	st := store.NewMemory(false)
	for i := range 50 {
		rows := make([]store.Row, 100)
		for j := range rows {
			rows[j] = store.Row{ID: fmt.Sprint(i, " ", j), Time: time.Unix(int64(i), 0), Count: 1}
		}
		if err := st.Append(t.Context(), store.Batch{Audit: rows}); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := st.AuditCount(t.Context()); n != 2000 {
		t.Errorf("%d rows are kept; want the newest 2000", n)
	}
	if rows, _ := st.Audit(t.Context(), store.Query{Limit: 1}); len(rows) != 1 || rows[0].Time.Unix() != 49 {
		t.Errorf("the newest row is %+v", rows)
	}
}
