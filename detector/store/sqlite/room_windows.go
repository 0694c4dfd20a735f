package sqlite

import "golang.org/x/sys/windows"

// freeSpace asks the disk of dir what this user may still write.
func freeSpace(dir string) (free, total uint64, err error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	err = windows.GetDiskFreeSpaceEx(path, &free, &total, nil)
	return free, total, err
}
