//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package caddymodule

import (
	"time"

	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/keeper"
	"github.com/doorward/doorward/detector/store/sqlite"
)

// openEmbedded lets the keeper use the embedded database in a folder, which takes
// up to so many bytes. It is built for the platforms that it was ported to.
func openEmbedded(o *keeper.Options, dir string, bytes int64) {
	o.Open = func() (store.Store, error) { return opened(sqlite.Open(sqlite.Options{Dir: dir, Bytes: bytes})) }
	o.OpenReadOnly = func() (store.Store, error) { return opened(sqlite.OpenReadOnly(dir)) }
	o.SetAside = func(now time.Time) (string, error) { return sqlite.SetAside(dir, now) }
}

// restoreEmbedded puts a backup in the place of the database in a folder.
func restoreEmbedded(dir, backup string, now time.Time) (aside string, err error) {
	return sqlite.Restore(dir, backup, now)
}

// opened keeps a nil *DB from becoming a Store that is not nil.
func opened(db *sqlite.DB, err error) (store.Store, error) {
	if err != nil {
		return nil, err
	}
	return db, nil
}
