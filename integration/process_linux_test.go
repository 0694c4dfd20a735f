package integration

import (
	"os/exec"
	"syscall"
)

// bindToParent lets the child die with the test run, also when that is killed
// by a timeout and runs no cleanup.
func bindToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
