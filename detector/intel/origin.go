package intel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// Origin is a place that a list comes from. Open is called by one goroutine at a
// time; String may be called at the same time. One with a method Local() bool
// that returns true is asked every five seconds, for it costs nobody anything.
type Origin interface {
	// Open brings the content, or tells that it is still that of have, the
	// version of the entries in use (zero: none are in use). It heeds ctx, which
	// ends after 30 seconds and also bounds the reading of the body. Its errors
	// are shown to operators; they name no credentials.
	Open(ctx context.Context, have Version) (Content, error)
	// String names the place for people, without credentials.
	String() string
}

// Version identifies one state of a place. Both texts mean what the origin wants
// them to, are given back to it as they came, also after a restart, and are
// forgotten when they are longer than 512 bytes. The zero Version is none: the
// content is read each time.
type Version struct{ ETag, LastModified string }

// Content is what a place gives.
type Content struct {
	// Unchanged says that there is nothing newer; the rest is ignored.
	Unchanged bool
	// Body is read as far as [MaxBytes] and closed. It is gzip or plain, in any
	// format. An error of Close refuses what was read.
	Body io.ReadCloser
	// Version of the body.
	Version Version
	// Published is the date the place gives it; may be zero.
	Published time.Time
}

// settled is how old a file's modification time must be for an unchanged time
// to prove an unchanged file: the coarsest clock among common file systems
// (FAT) counts in two seconds.
const settled = 2 * time.Second

// fileOrigin is a file of the machine.
type fileOrigin struct {
	path string
	now  func() time.Time

	// A state of the file has a number that no other process gives out, so that
	// the version in a copy made before a restart proves nothing.
	mu     sync.Mutex
	run    uint64
	number int
	known  os.FileInfo
}

// NewFileOrigin is the file at path. It does no I/O.
func NewFileOrigin(path string) Origin { return newFileOrigin(path, time.Now) }

func newFileOrigin(path string, now func() time.Time) *fileOrigin {
	return &fileOrigin{path: path, now: now, run: rand.Uint64()} //nolint:gosec // told apart, not secret
}

func (o *fileOrigin) String() string { return o.path }

// Local says that asking costs a look at the disk.
func (*fileOrigin) Local() bool { return true }

// Open opens the file, unless its size, modification time and identity are those
// of have.
func (o *fileOrigin) Open(_ context.Context, have Version) (Content, error) {
	info, err := regularFile(o.path)
	if err != nil {
		return Content{}, err
	}
	version := o.version(info)
	if version != (Version{}) && version == have {
		return Content{Unchanged: true, Version: have}, nil
	}
	f, err := os.Open(o.path)
	if err != nil {
		return Content{}, fmt.Errorf("opening the file: %w", bare(err))
	}
	return Content{Body: &steadyFile{File: f, before: info, path: o.path}, Version: version, Published: info.ModTime()}, nil
}

// version names the state of the file; none while it may change unnoticed.
func (o *fileOrigin) version(info os.FileInfo) Version {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now().Sub(info.ModTime()) < settled {
		o.known = nil
		return Version{}
	}
	if !sameState(o.known, info) {
		o.known, o.number = info, o.number+1
	}
	return Version{ETag: fmt.Sprintf("%x-%d", o.run, o.number)}
}

// steadyFile is a file whose Close tells when it changed while it was read.
type steadyFile struct {
	*os.File
	before os.FileInfo
	path   string
}

// Close closes the file.
func (f *steadyFile) Close() error {
	if err := f.File.Close(); err != nil {
		return err
	}
	after, err := regularFile(f.path)
	if err != nil {
		return err
	}
	if !sameState(f.before, after) {
		return errors.New("the file changed while it was read; it is read again")
	}
	return nil
}

func sameState(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// regularFile refuses what could block for ever when opened (a named pipe) or
// never end (a device).
func regularFile(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("the file does not exist")
	case err != nil:
		return nil, fmt.Errorf("looking at the file: %w", bare(err))
	case info.IsDir():
		return nil, errors.New("this is a directory; write the path of a file")
	case !info.Mode().IsRegular():
		return nil, errors.New("this is no regular file; write the path of a file")
	case info.Size() > MaxBytes:
		return nil, refuse(ReasonTooLarge, 0, "the list is larger than %d MiB", MaxBytes>>20)
	}
	return info, nil
}

// bare drops the path from err: the caller names it.
func bare(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// maxCheckBytes is the largest file that is read while a configuration is
// loaded: some milliseconds.
const maxCheckBytes = 1 << 20

// CheckFile says why the list at path could not be used: with the path, the
// line if there is one, and what to write instead. For configurations, to be
// refused at load. A file of more than a mebibyte is only looked at, so that
// nobody waits; what is wrong with its content is told by its [List].
func CheckFile(path string, layout Layout) error {
	info, err := regularFile(path)
	if err == nil && info.Size() <= maxCheckBytes {
		err = parseFile(path, layout)
	}
	if err != nil {
		return fmt.Errorf("list file %s: %w", path, err)
	}
	return nil
}

func parseFile(path string, layout Layout) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the file: %w", bare(err))
	}
	defer f.Close()
	_, _, err = layout.Parse(f)
	return err
}
