package caddymodule

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/store"
)

// TestStoreHasRoomForTwoSnapshotsAndWhatChangedBetweenThem: with less none could
// be finished, and nothing be kept any more.
func TestStoreHasRoomForTwoSnapshotsAndWhatChangedBetweenThem(t *testing.T) {
	t.Parallel()
	if got := storeBytes(config.DefaultMaxTracked); got != store.DefaultRetention.Bytes {
		t.Errorf("by default it takes %d bytes; want %d, as it is written", got, store.DefaultRetention.Bytes)
	}
	// How many of each table there are for one of max_tracked, see Open.
	shares := map[string]float64{
		"sanction": 1. / 2, "history": 1. / 2, "account": 1. / 2, "pair": 3. / 4, "source": 1, "device": 1. / 4,
		"network": 1. / 8, "flood": 1. / 8, "machine": 1. / 24, "limit": 1,
	}
	d := detector.New()
	if err := d.Open(4096, make([]byte, 32), time.Now); err != nil {
		t.Fatal(err)
	}
	tables, _ := d.KeptTables()
	each := 0.0
	for _, table := range tables {
		share, ok := shares[table.Name()]
		if !ok {
			t.Fatalf("table %s has no share here", table.Name())
		}
		each += share * float64(recordBytes(t, table))
	}
	for _, tracked := range []int{config.DefaultMaxTracked, 1_000_000, 20_000_000} {
		if need, have := 3*each*float64(tracked), float64(storeBytes(tracked)); need > have*0.9 {
			t.Errorf("max_tracked %d: tables take up to %.0f MiB of %.0f; a tenth must stay free", tracked, need/(1<<20), have/(1<<20))
		}
	}
}

// recordBytes is what an entry of a table takes: its key, its time and its fields.
func recordBytes(t *testing.T, table detector.Kept) (n int) {
	t.Helper()
	sizes := map[string]int{
		"bool": 1, "u8": 1, "i8": 1, "u16": 2, "i16": 2, "u32": 4, "i32": 4, "f32": 4, "u64": 8, "i64": 8, "f64": 8,
	}
	fields, _, _ := strings.Cut(table.Layout(), "\n")
	for field := range strings.FieldsSeq(fields) {
		_, kind, _ := strings.Cut(field, ":")
		kind, times, _ := strings.Cut(kind, "*")
		many := 1
		for i, digit := range times {
			if i == 0 {
				many = 0
			}
			many = 10*many + int(digit-'0')
		}
		n += sizes[kind] * many
	}
	return n + 16 + binary.Size(uint32(0))
}
