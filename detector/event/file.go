package event

import (
	"context"
	"fmt"
	"sync"

	"github.com/doorward/doorward/config"
)

// FileSink writes events as JSON lines to a file with rotation. The file is
// made with mode 0600 and missing folders with 0700; a file that is there
// already keeps its mode until it is rotated. Nothing is opened before the
// first event.
//
// An event that cannot be written (the disk is full, the folder is gone) is
// lost and counted by the worker; the file is tried again once a second. A line
// that was only written in part is ended before the next, so that every other
// line stays readable.
//
// Sinks with the same path, as two configurations have during a reload, write
// through one open file.
type FileSink struct {
	cfg config.FileSink

	mu     sync.Mutex
	file   *rollingFile // nil before the first write and after Close
	buf    []byte       // reused; at most MaxEncoded and a line end
	closed bool
}

// NewFileSink returns a sink for cfg, whose zero fields are the defaults of
// [config.FileSink]. It does no I/O.
func NewFileSink(cfg config.FileSink) *FileSink {
	return &FileSink{cfg: *config.App{File: &cfg}.WithDefaults().File}
}

// Name is "file".
func (s *FileSink) Name() string { return "file" }

// Write appends e as one line.
func (s *FileSink) Write(_ context.Context, e *Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("writing event to %s: the sink is closed", s.cfg.Path)
	}
	if s.file == nil {
		s.file = acquireFile(s.cfg)
	}
	s.buf = append(e.AppendJSON(s.buf[:0]), '\n')
	if err := s.file.writeLine(s.buf); err != nil {
		return fmt.Errorf("writing event to %s: %w", s.cfg.Path, err)
	}
	return nil
}

// Close closes the file unless another sink writes to it. Further calls do
// nothing.
func (s *FileSink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	if err := f.release(); err != nil {
		return fmt.Errorf("closing %s: %w", s.cfg.Path, err)
	}
	return nil
}

// Interface guard
var _ Sink = (*FileSink)(nil)
