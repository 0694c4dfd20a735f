//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/doorward/doorward/detector/store"
)

const (
	fileName = "state.db"
	lockName = "state.lock"
	pageSize = 4096
	// openTimeout bounds what is done before the first request.
	openTimeout = 5 * time.Second
)

// DB is the embedded store.
type DB struct {
	dir      string
	db       *sql.DB
	lock     *sql.DB // holds the lock; nil when the store is only read
	readOnly bool
	room     roomWatch

	mu      sync.Mutex
	layouts map[string]int64 // ids of layouts
	writing bool             // a snapshot is being written
}

// Options of Open.
type Options struct {
	// Dir is the folder. It is made when missing.
	Dir string
	// Bytes is how large the database may become. Default 512 MiB.
	Bytes int64
	// Free tells how many bytes the disk has free and altogether. Default: the
	// system's answer, and no bound where it has none.
	Free func(dir string) (free, total uint64, err error)
}

// Open opens the database in a folder for writing, makes it when it is missing
// and brings its schema to this version. The errors wrap those of package store:
// ErrInUse when another process writes it, ErrReadOnly, ErrCorrupt when the file
// is damaged or no database, ErrForeign when it is another program's, ErrNewer.
func Open(o Options) (*DB, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	path := filepath.Join(o.Dir, fileName)
	if err := prepareFiles(o.Dir, path); err != nil {
		return nil, fmt.Errorf("opening the store in %s: %w", o.Dir, err)
	}
	lock, err := takeLock(ctx, filepath.Join(o.Dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("locking the store in %s: %w", o.Dir, known(err))
	}
	db, err := openFile(ctx, path, o.bytes())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store in %s: %w", o.Dir, known(err)), lock.Close())
	}
	return &DB{dir: o.Dir, db: db, lock: lock, layouts: make(map[string]int64), room: roomWatch{free: o.Free}}, nil
}

func (o *Options) bytes() int64 {
	if o.Bytes <= 0 {
		return store.DefaultRetention.Bytes
	}
	return o.Bytes
}

// OpenReadOnly opens the database for reading alone, beside the process that
// writes it, or in a folder that cannot be written. Nothing is made or changed.
func OpenReadOnly(dir string) (*DB, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("reading the store in %s: %w", dir, err)
	}
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(1000)", "query_only(1)"}}))
	if err == nil {
		_, err = checkVersion(ctx, db)
	}
	if err != nil && errors.Is(known(err), store.ErrReadOnly) {
		// A write-ahead log needs a file beside it that cannot be made here: read
		// the database as it was last checkpointed.
		_ = db.Close()
		db, err = sql.Open("sqlite", dsn(path, url.Values{"mode": {"ro"}, "immutable": {"1"}}))
		if err == nil {
			_, err = checkVersion(ctx, db)
		}
	}
	if err != nil {
		if db != nil {
			_ = db.Close()
		}
		return nil, fmt.Errorf("reading the store in %s: %w", dir, known(err))
	}
	return &DB{dir: dir, db: db, readOnly: true, layouts: make(map[string]int64)}, nil
}

// prepareFiles makes the folder and the files with the modes they shall have:
// SQLite's own would let everybody read them.
func prepareFiles(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return errors.Join(store.ErrReadOnly, err)
	}
	for _, name := range []string{path, filepath.Join(dir, lockName)} {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return errors.Join(store.ErrReadOnly, err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

func dsn(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: query.Encode()}).String()
}

// takeLock begins a transaction in a database of its own that excludes all
// others, and never ends it. The system ends it with the process, however that
// dies.
func takeLock(ctx context.Context, path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"_pragma": {"busy_timeout(0)"}}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if _, err := db.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// look reports what Open must not touch: a database that is damaged, of
// something else, or of a version that this one cannot read.
func look(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	_, err = checkVersion(ctx, db)
	return errors.Join(err, db.Close())
}

// openFile opens the database and brings its schema to this version.
func openFile(ctx context.Context, path string, bytes int64) (*sql.DB, error) {
	if err := look(ctx, path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path, url.Values{
		"mode": {"rw"}, "_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(2000)", "secure_delete(on)", "auto_vacuum(incremental)", "journal_mode(wal)", "synchronous(normal)",
			"wal_autocheckpoint(1000)", "journal_size_limit(16777216)", "temp_store(memory)",
			"max_page_count(" + strconv.FormatInt(max(bytes/pageSize, 256), 10) + ")",
		},
	}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(3)
	db.SetConnMaxIdleTime(time.Minute)
	if err := upgrade(ctx, db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// upgrade makes or changes the schema. A database of an earlier version is copied
// first.
func upgrade(ctx context.Context, db *sql.DB, path string) error {
	version, err := checkVersion(ctx, db)
	if err != nil || version >= schemaVersion {
		return err
	}
	if version > 0 {
		if err := copyBefore(ctx, db, path); err != nil {
			return err
		}
	}
	return migrate(ctx, db, version)
}

func copyBefore(ctx context.Context, db *sql.DB, path string) error {
	before := fmt.Sprintf("%s.before-v%d", path, schemaVersion)
	if _, err := os.Stat(before); err == nil {
		return nil // of an attempt that was interrupted: it is the older one
	}
	part := before + ".part" // of one that was interrupted while it copied
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := copyInto(ctx, db, part); err != nil {
		return err
	}
	return os.Rename(part, before)
}

// copyInto writes a consistent copy to a new file with mode 0600.
func copyInto(ctx context.Context, db *sql.DB, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// checkVersion returns the version of the schema, 0 for an empty file.
func checkVersion(ctx context.Context, db *sql.DB) (version int, err error) {
	var application, tables int
	err = errors.Join(
		db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version),
		db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application),
		db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables),
	)
	switch {
	case err != nil:
		return 0, err
	case tables == 0 && version == 0:
		return 0, nil
	case application != applicationID || version == 0:
		return 0, fmt.Errorf("%w; give Doorward a folder of its own", store.ErrForeign)
	case version <= schemaVersion:
		return version, nil
	}
	since := 0
	if err := db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'readable_since'").Scan(&since); err != nil {
		return 0, err
	}
	if since > schemaVersion {
		return 0, fmt.Errorf("%w: version %d, readable from %d; this is %d", store.ErrNewer, version, since, schemaVersion)
	}
	return version, nil
}

// known adds the error of package store that one of SQLite's means.
func known(err error) error {
	if err == nil {
		return nil
	}
	for _, already := range []error{store.ErrInUse, store.ErrReadOnly, store.ErrCorrupt, store.ErrFull, store.ErrNewer, store.ErrForeign} {
		if errors.Is(err, already) {
			return err
		}
	}
	if errors.Is(err, fs.ErrPermission) {
		return errors.Join(store.ErrReadOnly, err)
	}
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failed.Code() & 0xff { // the rest is detail
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errors.Join(store.ErrInUse, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return errors.Join(store.ErrReadOnly, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT:
		return errors.Join(store.ErrCorrupt, err)
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		return errors.Join(store.ErrFull, err)
	}
	return err
}

// SetAside renames a damaged database, so that a new one can be made. It returns
// the new name. Call it when the store is closed.
func SetAside(dir string, now time.Time) (string, error) {
	path := filepath.Join(dir, fileName)
	aside := path + ".corrupt-" + now.UTC().Format("20060102T150405.000")
	if err := rename(path, aside); err != nil {
		return "", fmt.Errorf("setting a damaged store aside: %w", err)
	}
	return aside, nil
}

// Name tells which file it is.
func (s *DB) Name() string { return "embedded " + filepath.Join(s.dir, fileName) }

// ReadOnly reports whether the store can only be read.
func (s *DB) ReadOnly() bool { return s.readOnly }

// Close ends the store.
func (s *DB) Close() error {
	err := s.db.Close()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
