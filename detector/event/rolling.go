package event

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/DeRuina/timberjack"

	"github.com/doorward/doorward/config"
)

// fileRetry is how long a file that failed is left alone (a full disk is not
// asked again for every event), and how long a file that somebody has removed
// may go unnoticed.
const fileRetry = time.Second

// openFiles are the files of all FileSinks of the process by absolute path.
// timberjack does not append atomically to a file it has made, so two of its
// loggers on one path would overwrite each other's lines.
var openFiles = struct {
	sync.Mutex
	byPath map[string]*rollingFile
}{byPath: make(map[string]*rollingFile)}

// rollingFile is a file of lines that is shared by sinks.
type rollingFile struct {
	path string
	refs int // guarded by openFiles

	mu     sync.Mutex
	cfg    config.FileSink // of the sink that was opened last
	logger *timberjack.Logger
	// torn: the file ends in part of a line.
	torn    bool
	lookAt  time.Time // when to look whether somebody has removed the file
	retryAt time.Time
	failure error // why the file is left alone until retryAt
}

// acquireFile returns the file for cfg, which then rotates as cfg says. The
// caller releases it.
func acquireFile(cfg config.FileSink) *rollingFile {
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		path = filepath.Clean(cfg.Path)
	}
	openFiles.Lock()
	f := openFiles.byPath[path]
	if f == nil {
		f = &rollingFile{path: path, cfg: cfg}
		openFiles.byPath[path] = f
	}
	f.refs++
	openFiles.Unlock()
	f.configure(cfg) // may wait for a slow disk: not under the lock of all files
	return f
}

func (f *rollingFile) release() error {
	openFiles.Lock()
	f.refs--
	last := f.refs == 0
	if last {
		delete(openFiles.byPath, f.path)
	}
	openFiles.Unlock()
	if !last {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closeLogger()
}

// configure reopens the file when it is to be rotated otherwise than before.
func (f *rollingFile) configure(cfg config.FileSink) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cfg.RollSize == cfg.RollSize && f.cfg.Keep == cfg.Keep {
		return
	}
	f.cfg = cfg
	_ = f.closeLogger() // what was written is written; the next line opens it again
}

func (f *rollingFile) closeLogger() error {
	if f.logger == nil {
		return nil
	}
	err := f.logger.Close()
	f.logger = nil
	return err
}

// writeLine appends line, which ends with a line end.
func (f *rollingFile) writeLine(line []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Now().Before(f.retryAt) {
		return f.failure
	}
	if err := f.write(line); err != nil {
		f.retryAt = time.Now().Add(fileRetry)
		f.failure = fmt.Errorf("waiting after an error: %w", err)
		return err
	}
	return nil
}

func (f *rollingFile) write(line []byte) error {
	if err := f.open(); err != nil {
		return err
	}
	if f.torn {
		if _, err := f.logger.Write([]byte{'\n'}); err != nil {
			return err
		}
		f.torn = false
	}
	n, err := f.logger.Write(line)
	f.torn = err != nil && n > 0
	return err
}

// open prepares the logger, which opens the file itself with the first write.
func (f *rollingFile) open() error {
	f.reopenIfRemoved()
	if f.logger != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	torn, err := endsTorn(f.path)
	if err != nil {
		return err
	}
	f.torn = torn
	const mib = 1 << 20
	f.logger = &timberjack.Logger{
		Filename:   f.path,
		MaxSize:    int(max((f.cfg.RollSize+mib-1)/mib, 1)),
		MaxBackups: f.cfg.Keep,
		FileMode:   0o600,
	}
	return nil
}

// reopenIfRemoved closes a file that has lost its name: lines written to it
// would reach nobody.
func (f *rollingFile) reopenIfRemoved() {
	now := time.Now()
	if f.logger == nil || now.Before(f.lookAt) {
		return
	}
	f.lookAt = now.Add(fileRetry)
	if _, err := os.Stat(f.path); errors.Is(err, os.ErrNotExist) {
		_ = f.closeLogger() // nothing is lost that was not lost before
	}
}

// endsTorn reports whether the file ends in part of a line, as a process that
// was killed may leave it.
func endsTorn(path string) (bool, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], info.Size()-1); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return last[0] != '\n', nil
}
