//go:build (netbsd && amd64) || (openbsd && (amd64 || arm64))

package sqlite

// freeSpace is not asked here: a disk that does not tell has room.
func freeSpace(string) (free, total uint64, err error) { return 0, 0, nil }
