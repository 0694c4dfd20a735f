//go:build !((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)))

package caddymodule

import (
	"errors"
	"time"

	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/keeper"
)

// openEmbedded finds no embedded database on this platform: state is kept in
// memory, and status says so.
func openEmbedded(o *keeper.Options, _ string, _ int64) {
	o.Open = func() (store.Store, error) {
		return nil, errAbsent
	}
}

var errAbsent = errors.New("the embedded database does not exist for this platform; write `store memory`")

func restoreEmbedded(_, _ string, _ time.Time) (string, error) { return "", errAbsent }
