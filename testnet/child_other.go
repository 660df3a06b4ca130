//go:build !linux

package testnet

import "syscall"

// childAttributes keeps the terminal's Ctrl-C from a child, so that it is stopped in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
