//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/storetest"
)

// roomy is a disk that never fills.
func roomy(string) (free, total uint64, err error) { return 1 << 40, 2 << 40, nil }

func opened(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(Options{Dir: dir, Free: roomy})
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	return db
}

func TestConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Maker{
		New: func(t *testing.T) store.Store { return opened(t, t.TempDir()) },
		Again: func(t *testing.T, st store.Store) store.Store {
			dir := st.(*DB).dir
			if err := st.Close(); err != nil {
				t.Fatalf("closing: %v", err)
			}
			return opened(t, dir)
		},
	})
}

func TestSecondOneReadsAndTheLockEndsWithTheFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := opened(t, dir)
	batch := store.Batch{Time: time.Now(), Documents: []store.Document{{Name: "a", Data: []byte("1")}}}
	if err := first.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir, Free: roomy}); !errors.Is(err, store.ErrInUse) {
		t.Fatalf("a second writer: %v; want ErrInUse", err)
	}
	reader, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatalf("a reader beside the writer: %v", err)
	}
	defer reader.Close()
	if docs, err := reader.Documents(t.Context()); err != nil || string(docs["a"]) != "1" {
		t.Errorf("it reads %q, %v", docs, err)
	}
	if err := reader.Append(t.Context(), batch); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("it writes: %v; want ErrReadOnly", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, dir).Close(); err != nil {
		t.Error(err)
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	db := opened(t, dir)
	defer db.Close()
	if err := db.Append(t.Context(), store.Batch{Time: time.Now(), Documents: []store.Document{{Name: "a", Data: []byte("1")}}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), filepath.Join(dir, "backup.db")); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), filepath.Join(dir, "backup.db")); err == nil {
		t.Error("a backup overwrote another one")
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) < 4 {
		t.Fatalf("files %v, %v; want state.db, its log, the lock and the backup", list, err)
	}
	for _, f := range list {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v; want 0600", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v; want 0700", info.Mode(), err)
	}
}

// damages write what is no database.
var damages = map[string]func(t *testing.T, path string){
	"no database": func(t *testing.T, path string) {
		if err := os.WriteFile(path, []byte(strings.Repeat("not a database. ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
	},
	"a database whose beginning was overwritten": func(t *testing.T, path string) {
		change(t, path, "CREATE TABLE recipes (name TEXT)")
		b, err := os.ReadFile(path)
		if err == nil {
			copy(b, "what is this?")
			err = os.WriteFile(path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	},
}

// change runs statements on a database without Doorward.
func change(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.ExecContext(t.Context(), statements)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestDatabaseOfSomethingElseIsLeftAlone: its program would lose it.
func TestDatabaseOfSomethingElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	change(t, filepath.Join(dir, fileName), "CREATE TABLE recipes (name TEXT)")
	if _, err := Open(Options{Dir: dir, Free: roomy}); !errors.Is(err, store.ErrForeign) || errors.Is(err, store.ErrCorrupt) {
		t.Errorf("opening: %v; want ErrForeign, which sets nothing aside", err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	db := opened(t, t.TempDir())
	if err := errors.Join(db.Backup(t.Context(), backup), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(dir, backup, time.Now()); !errors.Is(err, store.ErrForeign) {
		t.Errorf("restoring over it: %v; want ErrForeign", err)
	}
	change(t, filepath.Join(dir, fileName), "INSERT INTO recipes VALUES ('soup')")
}

// TestRestoreThatFailsChangesNothing: the backup turns out to be unusable late.
func TestRestoreThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	dir, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
	db := opened(t, dir)
	row := store.Row{ID: "kept", Time: time.Now(), Type: "operator"}
	err := errors.Join(db.Backup(t.Context(), backup), db.Append(t.Context(), store.Batch{Time: time.Now(), Audit: []store.Row{row}}), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	change(t, backup, "DROP TABLE erased")
	if _, err := Restore(dir, backup, time.Now()); err == nil {
		t.Fatal("restoring what cannot be used: no error")
	}
	db = opened(t, dir)
	defer db.Close()
	if rows, err := db.Audit(t.Context(), store.Query{}); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v; want the one that was there", len(rows), err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*restor*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestOnePersonOnManySites: there is a pseudonym for each spelling on each site.
func TestOnePersonOnManySites(t *testing.T) {
	t.Parallel()
	db := opened(t, t.TempDir())
	defer db.Close()
	row := store.Row{ID: "1", Time: time.Now(), Type: "attempt", Pseudonym: "p39999"}
	if err := db.Append(t.Context(), store.Batch{Time: time.Now(), Audit: []store.Row{row}}); err != nil {
		t.Fatal(err)
	}
	names := make([]string, 40_000)
	for i := range names {
		names[i] = fmt.Sprintf("p%d", i)
	}
	if rows, err := db.Audit(t.Context(), store.Query{Pseudonym: names}); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v; want the one", len(rows), err)
	}
}

func TestDamagedFileIsSetAside(t *testing.T) {
	t.Parallel()
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, fileName)
			damage(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(Options{Dir: dir, Free: roomy}); !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("opening: %v; want ErrCorrupt", err)
			}
			aside, err := SetAside(dir, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if after, err := os.ReadFile(aside); err != nil || string(after) != string(before) {
				t.Errorf("%s is not the damaged file: %v", aside, err)
			}
			if err := opened(t, dir).Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryEarlierVersionIsMigrated(t *testing.T) {
	t.Parallel()
	for version := 1; version < schemaVersion; version++ {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, fileName)
			makeVersion(t, path, version)
			db := opened(t, dir)
			defer db.Close()
			if docs, err := db.Documents(t.Context()); err != nil || string(docs["entries"]) != "[]" {
				t.Errorf("documents %q, %v; want those of before", docs, err)
			}
			if n, err := db.AuditCount(t.Context()); err != nil || n != 0 {
				t.Errorf("%d audited, %v", n, err)
			}
			if v, err := checkVersion(t.Context(), db.db); err != nil || v != schemaVersion {
				t.Errorf("version %d, %v; want %d", v, err, schemaVersion)
			}
			copied, err := sql.Open("sqlite", fmt.Sprintf("%s.before-v%d", path, schemaVersion))
			if err != nil {
				t.Fatal(err)
			}
			defer copied.Close()
			if v, err := checkVersion(t.Context(), copied); err != nil || v != version {
				t.Errorf("the copy is of version %d, %v; want %d", v, err, version)
			}
		})
	}
}

func makeVersion(t *testing.T, path string, version int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for v := 1; v <= version; v++ {
		if err := migrateOne(t.Context(), db, v); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO documents VALUES ('entries', 1, '[]')"); err != nil {
		t.Fatal(err)
	}
}

func TestLaterVersions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		since string
		want  error
	}{
		"one that only added something is used":    {"1", nil},
		"one that this one cannot read is left be": {fmt.Sprint(schemaVersion + 1), store.ErrNewer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			db := opened(t, dir)
			later(t, db.db, c.since)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db, err := Open(Options{Dir: dir, Free: roomy})
			if !errors.Is(err, c.want) {
				t.Errorf("opening: %v; want %v", err, c.want)
			}
			if err == nil {
				_ = db.Close()
			}
		})
	}
}

func later(t *testing.T, db *sql.DB, since string) {
	t.Helper()
	for _, statement := range []string{
		"ALTER TABLE audit ADD COLUMN later TEXT NOT NULL DEFAULT ''",
		fmt.Sprintf("PRAGMA user_version = %d", schemaVersion+1),
		"UPDATE meta SET value = '" + since + "' WHERE name = 'readable_since'",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingIsWrittenToAFullDisk(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]struct{ free, total uint64 }{
		"a tenth of a small disk": {100 << 20, 1000 << 20},
		"1 GiB of a large one":    {1 << 30, 1 << 40},
	} {
		free := disk.free
		db, err := Open(Options{Dir: t.TempDir(), Free: func(string) (uint64, uint64, error) { return free, disk.total, nil }})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		batch := store.Batch{Time: time.Now(), Documents: []store.Document{{Name: "a", Data: []byte("1")}}}
		if err := db.Append(t.Context(), batch); err != nil {
			t.Errorf("with %s free: %v", name, err)
		}
		free--
		db.room.next = time.Time{} // it is asked every few seconds
		if err := db.Append(t.Context(), batch); !errors.Is(err, store.ErrFull) {
			t.Errorf("with less than %s free: %v; want ErrFull", name, err)
		}
		if _, err := db.Snapshot(t.Context()); !errors.Is(err, store.ErrFull) {
			t.Errorf("a snapshot with less than %s free: %v; want ErrFull", name, err)
		}
	}
}

func TestDatabaseNeverGrowsBeyondItsBound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(Options{Dir: dir, Bytes: 2 << 20, Free: roomy})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	part := store.Chunk{Table: "one", Layout: "x:u8", Count: 1 << 18, Records: make([]byte, 1<<18)}
	var full error
	for range 20 {
		if full = db.Append(t.Context(), store.Batch{Time: time.Now(), Changes: []store.Chunk{part}}); full != nil {
			break
		}
	}
	if !errors.Is(full, store.ErrFull) {
		t.Fatalf("writing 5 MiB into 2: %v; want ErrFull", full)
	}
	if n, err := db.Size(t.Context()); err != nil || n > 2<<20 {
		t.Errorf("it has %d bytes, %v; want at most 2 MiB", n, err)
	}
	if err := db.Read(context.Background(), "one", func(store.Chunk) error { return nil }); err != nil {
		t.Errorf("reading the full database: %v", err)
	}
}

func TestRowsMakeRoomTheDearOnesLast(t *testing.T) {
	t.Parallel()
	db := opened(t, t.TempDir())
	defer db.Close()
	now := time.Now()
	rows := make([]store.Row, 6000)
	for i := range rows {
		rows[i] = store.Row{ID: fmt.Sprint(i), Time: now, Type: "attempt", Count: 1, Dear: i < 100, Event: make([]byte, 500)}
	}
	if err := db.Append(t.Context(), store.Batch{Time: now, Audit: rows}); err != nil {
		t.Fatal(err)
	}
	limits := store.DefaultRetention
	limits.Bytes = 1 << 20
	for more := true; more; {
		var err error
		if more, err = db.Prune(t.Context(), now, limits); err != nil {
			t.Fatal(err)
		}
	}
	if size, err := db.Size(t.Context()); err != nil || size > 1<<20 {
		t.Errorf("%d bytes, %v; want at most 1 MiB", size, err)
	}
	var dear, others int
	if err := db.db.QueryRowContext(t.Context(), "SELECT sum(dear), sum(1-dear) FROM audit").Scan(&dear, &others); err != nil {
		t.Fatal(err)
	}
	if dear != 100 || others == 0 || others > 5000 {
		t.Errorf("%d dear rows of 100 and %d others are kept", dear, others)
	}
}
