package testnet

import "syscall"

// childAttributes keeps the terminal's Ctrl-C from a child, so that it is stopped in
// order, and has the kernel kill it should its parent die without stopping it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
