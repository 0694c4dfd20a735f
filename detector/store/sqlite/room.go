//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package sqlite

import (
	"fmt"
	"sync"
	"time"

	"github.com/doorward/doorward/detector/store"
)

// The disk may hold the certificates: nothing is written any more when less than
// a tenth of a small disk, or less than a GiB of a large one, is free (hostile
// reading, H16). A tenth of a large disk is many times what the store may take:
// sanctions must not be lost for that.
const (
	leastShare = 10 // the part of the disk
	leastFree  = 1 << 30
	// lookEvery is how often the disk is asked.
	lookEvery = 5 * time.Second
)

// roomWatch asks the disk how much is free. The zero value asks the system.
type roomWatch struct {
	free func(dir string) (free, total uint64, err error)

	mu   sync.Mutex
	next time.Time
	err  error
}

// check returns an error that wraps store.ErrFull when there is too little room.
// A disk that does not tell has room.
func (w *roomWatch) check(dir string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if now.Before(w.next) && now.After(w.next.Add(-lookEvery)) {
		return w.err
	}
	w.next, w.err = now.Add(lookEvery), nil
	ask := w.free
	if ask == nil {
		ask = freeSpace
	}
	free, total, err := ask(dir)
	if err != nil || total == 0 {
		return nil
	}
	if least := min(total/leastShare, leastFree); free < least {
		w.err = fmt.Errorf("%w: %d MiB of %d are free on the disk of %s; at least %d must be",
			store.ErrFull, free>>20, total>>20, dir, least>>20)
	}
	return w.err
}
