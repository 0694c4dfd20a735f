package geo

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// MaxBytes is the largest file that is read: it is kept in memory. The largest
// that vendors publish, with a city for every network, have some hundreds of
// megabytes.
const MaxBytes = 2 << 30

// file is one file of the operator and what is in use of it.
type file struct {
	path    string
	quiet   time.Duration // how long a change must be left alone
	log     *slog.Logger
	current atomic.Pointer[database]
	tried   chan struct{} // closed after the first look

	mu       sync.Mutex
	loaded   os.FileInfo // of what is in use
	judged   os.FileInfo // of what was refused
	seen     os.FileInfo // of what has to be left alone first
	seenAt   time.Time
	status   Status
	reported string // the last error that was told
}

func newFile(path string, quiet time.Duration, log *slog.Logger) *file {
	return &file{path: path, quiet: quiet, log: log, tried: make(chan struct{}), status: Status{File: path}}
}

// look takes the file into use if it is another one than before, and has been
// left alone for a while: it may be being written.
func (f *file) look(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := f.status.CheckedAt.IsZero()
	f.status.CheckedAt = now
	if first {
		defer close(f.tried)
	}
	info, err := stat(f.path)
	if err != nil {
		f.fail(err)
		return
	}
	switch {
	case same(info, f.loaded):
		f.judged, f.seen = nil, nil
		f.status.LastError, f.reported = "", ""
		return
	case same(info, f.judged):
		return
	case !first && !same(info, f.seen):
		f.seen, f.seenAt = info, now
		return
	case !first && now.Sub(f.seenAt) < f.quiet:
		return
	}
	f.load(now)
}

// load is called with mu held.
func (f *file) load(now time.Time) {
	data, info, err := read(f.path)
	if err == nil {
		var db *database
		if db, err = open(data); err == nil {
			f.use(now, db, info)
			return
		}
		f.judged = info
		f.status.Refused++
	}
	f.fail(err)
}

func (f *file) use(now time.Time, db *database, info os.FileInfo) {
	f.current.Store(db)
	f.loaded, f.judged, f.seen, f.reported = info, nil, nil, ""
	f.status.LoadedAt, f.status.Bytes, f.status.LastError = now, info.Size(), ""
	f.status.Type, f.status.Built, f.status.Gives = printable(db.reader.Metadata.DatabaseType), db.built(), db.gives
	f.log.Info("a database of countries and networks is in use", "file", f.path, "type", f.status.Type,
		"gives", db.gives, "built", f.status.Built, "bytes", info.Size())
}

// fail notes why the file cannot be used, and tells it once.
func (f *file) fail(err error) {
	f.status.LastError = err.Error()
	if f.reported == f.status.LastError {
		return
	}
	f.reported = f.status.LastError
	rest := "nothing is known of countries and networks by it"
	if f.current.Load() != nil {
		rest = "the one before it stays in use"
	}
	f.log.Error("a database of countries and networks cannot be used; "+rest, "file", f.path, "error", err.Error())
}

func (f *file) snapshot() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.status
	if db := f.current.Load(); db != nil {
		s.Unreadable = db.unreadable.Load()
	}
	return s
}

// stat looks at a file without opening it: a pipe would wait for its writer.
func stat(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("looking at the database: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file; write the path of a .mmdb file", path)
	case info.Size() > MaxBytes:
		return nil, fmt.Errorf("%s has %d bytes, and databases are kept in memory; at most %d are read: give one with fewer fields",
			path, info.Size(), int64(MaxBytes))
	}
	return info, nil
}

// read reads a whole file that does not change meanwhile.
func read(path string) ([]byte, os.FileInfo, error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the database: %w", err)
	}
	defer opened.Close()
	before, err := opened.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("looking at the database: %w", err)
	}
	if !before.Mode().IsRegular() || before.Size() > MaxBytes {
		return nil, nil, fmt.Errorf("%s has become something else than a file that can be kept in memory", path)
	}
	data := make([]byte, before.Size())
	if _, err := io.ReadFull(opened, data); err != nil {
		return nil, nil, fmt.Errorf("reading the database: %w; is it being written?", err)
	}
	after, err := opened.Stat()
	if err != nil || !same(before, after) {
		return nil, nil, fmt.Errorf("%s changed while it was read; it is looked at again", path)
	}
	return data, before, nil
}

// same reports whether both are one file in one state.
func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// tail is how far from the end of a file its metadata may begin (MaxMind DB
// specification 2.0).
const tail = 128 << 10

// Check tells at a glance whether a file is one that may be used, without
// reading it: it is there, and ends as a whole MaxMind DB does.
func Check(path string) error {
	info, err := stat(path)
	if err != nil {
		return err
	}
	opened, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer opened.Close()
	from := max(info.Size()-tail, 0)
	end, err := io.ReadAll(io.NewSectionReader(opened, from, tail))
	if err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	if !bytes.Contains(end, []byte("\xab\xcd\xefMaxMind.com")) {
		return fmt.Errorf("%s: %w", path, ErrFormat)
	}
	return nil
}
