package intel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// reading is what a source gave.
type reading struct {
	unchanged bool
	set       *Set
	report    Report
	version   Version
	published time.Time
}

// refusedFile is a state of a file that was read and refused.
type refusedFile struct {
	version Version
	layout  Layout
	err     error
}

// read asks the source within a bounded time. What a module does wrong ends
// here.
func (l *List) read(ctx context.Context, spec *Spec) (got reading, err error) {
	defer func() {
		if p := recover(); p != nil {
			got, err = reading{}, fmt.Errorf("the module that supplies the list panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	have := l.last
	if l.layout != spec.Layout {
		have = Version{}
	}
	content, err := spec.Origin.Open(ctx, have)
	if err != nil {
		return reading{}, err
	}
	if content.Unchanged {
		if have == (Version{}) {
			return reading{}, errors.New("the source says that nothing has changed, and nothing is known of it")
		}
		return reading{unchanged: true, version: have}, nil
	}
	if isFile(spec.Origin) && content.Version != (Version{}) && content.Version == l.refused.version && l.refused.layout == spec.Layout {
		_ = content.Body.Close()
		return reading{}, l.refused.err
	}
	set, report, err := spec.Layout.Parse(&untilDone{ctx, content.Body})
	if closeErr := content.Body.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		l.refused = refusedFile{content.Version, spec.Layout, err}
		return reading{}, err
	}
	return reading{set: set, report: report, version: content.Version.bounded(), published: content.Published}, nil
}

// untilDone is a reader that ends with ctx, whether or not r does.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

func (v Version) bounded() Version {
	if len(v.ETag) > maxValidator {
		v.ETag = ""
	}
	if len(v.LastModified) > maxValidator {
		v.LastModified = ""
	}
	return v
}

// guard refuses a list that has lost too much. The Tor exit list changes by a
// few percent a day; to lose half between two looks takes a broken generator, a
// cut transfer or somebody who wants his addresses off the list. The operator
// consents by deleting the last good copy: a deed that needs no restart and
// cannot happen by a typo.
func (l *List) guard(fresh *Set, maxLoss int) error {
	have := l.past.answer.Len()
	if fresh.Len()*100 >= have*(100-maxLoss) || l.copy.removed() {
		return nil
	}
	consent := "restart"
	if l.copy.kept {
		consent = "delete " + l.copy.path
	}
	return refuse(ReasonShrunken, 0, "the list shrank from %d to %d entries, by more than %d %% at once; if that is meant, %s",
		have, fresh.Len(), maxLoss, consent)
}
