package intel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// origin is the place where a list comes from.
type origin interface {
	// read brings the list, or says that it has not changed since last, the
	// stamp of the entries in use (zero: none are in use). It returns within
	// a bounded time after ctx ends.
	read(ctx context.Context, last stamp) (reading, error)
	// String names the place for people, without credentials.
	String() string
}

// stamp identifies one state of a place.
type stamp struct {
	// etag and modified are the validators of a URL, to be sent back as they
	// came (RFC 9110 §13.1).
	etag, modified string
	// file is the state of a file; nil if it may change unnoticed.
	file os.FileInfo
	// published is the date the place itself gives its content; may be zero.
	published time.Time
}

// reading is what a place gave.
type reading struct {
	unchanged bool
	set       *Set
	report    Report
	stamp     stamp
}

// settled is how old a file's modification time must be for an unchanged time
// to prove an unchanged file: the coarsest clock among common file systems
// (FAT) counts in two seconds.
const settled = 2 * time.Second

// fileOrigin is a file of the machine.
type fileOrigin struct {
	path string
	now  func() time.Time
}

func (o *fileOrigin) String() string { return o.path }

func (o *fileOrigin) read(_ context.Context, last stamp) (reading, error) {
	info, err := regularFile(o.path)
	if err != nil {
		return reading{}, err
	}
	if sameState(last.file, info) {
		return reading{unchanged: true, stamp: last}, nil
	}
	set, report, err := parseFile(o.path)
	if err != nil {
		return reading{}, err
	}
	after, err := regularFile(o.path)
	if err != nil {
		return reading{}, err
	}
	if !sameState(info, after) {
		return reading{}, errors.New("the file changed while it was read; it is read again")
	}
	st := stamp{published: info.ModTime()}
	if o.now().Sub(info.ModTime()) >= settled {
		st.file = info
	}
	return reading{set: set, report: report, stamp: st}, nil
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

func parseFile(path string) (*Set, Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Report{}, fmt.Errorf("opening the file: %w", bare(err))
	}
	defer f.Close()
	return Parse(f)
}

// bare drops the path from err: the caller names it.
func bare(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// CheckFile reads the list at path as a [List] would and says why it could not
// be used: with the path, the line if there is one, and what to write instead.
// For configurations, to be refused at load.
func CheckFile(path string) error {
	if _, err := regularFile(path); err != nil {
		return fmt.Errorf("list file %s: %w", path, err)
	}
	if _, _, err := parseFile(path); err != nil {
		return fmt.Errorf("list file %s: %w", path, err)
	}
	return nil
}
