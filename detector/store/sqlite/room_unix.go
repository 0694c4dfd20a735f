//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64))

package sqlite

import "golang.org/x/sys/unix"

// freeSpace asks the file system of dir what an ordinary user may still write,
// and of how much: what is reserved for others counts for neither.
func freeSpace(dir string) (free, total uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	size := uint64(st.Bsize)
	free = uint64(st.Bavail) * size //nolint:unconvert // it is signed on some systems
	return free, (st.Blocks-st.Bfree)*size + free, nil
}
