//go:build !linux

package integration

import "os/exec"

// bindToParent does nothing where the system has no such signal.
func bindToParent(*exec.Cmd) {}
