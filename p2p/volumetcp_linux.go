package p2p

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// carriedTCP returns what the kernel counted of a connection, or false where it is closed or
// the kernel counts no bytes sent (before Linux 4.19), or nothing (emulators).
func carriedTCP(raw syscall.RawConn) (s segments, ok bool) {
	err := raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil || info.Segs_in+info.Segs_out == 0 || info.Bytes_sent < info.Bytes_acked-min(info.Bytes_acked, 1) {
			return
		}
		s = segments{int64(info.Bytes_received), int64(info.Bytes_sent), int64(info.Segs_in), int64(info.Segs_out)}
		ok = true
	})
	return s, ok && err == nil
}
