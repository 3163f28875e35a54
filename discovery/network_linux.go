package discovery

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Groups of rtnetlink(7) whose messages mean that interfaces changed.
const netlinkGroups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR

// watchSystem calls changed for each rtnetlink message until ctx ends.
func watchSystem(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "rtnetlink")
	defer f.Close()
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: netlinkGroups}); err != nil {
		return err
	}
	return readEvents(ctx, f, changed)
}

// lostEvents tells whether the kernel dropped messages because we read too
// slowly, which is an event like any other.
func lostEvents(err error) bool { return errors.Is(err, unix.ENOBUFS) }

// Flags of an IPv6 address in /proc/net/if_inet6, see linux/if_addr.h.
const unusableFlags = unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED

// unusableAddrs lists IPv6 addresses that nobody should be told: those still
// checked for duplicates do not answer yet, deprecated ones soon will not.
// Without /proc the list is empty.
func unusableAddrs() map[ifaceAddr]bool {
	f, err := os.Open("/proc/net/if_inet6")
	if err != nil {
		return nil
	}
	defer f.Close()
	out := map[ifaceAddr]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		// address, index, prefix length, scope, flags, name
		w := strings.Fields(s.Text())
		if len(w) != 6 {
			continue
		}
		raw, err1 := hex.DecodeString(w[0])
		flags, err2 := strconv.ParseUint(w[4], 16, 32)
		addr, ok := netip.AddrFromSlice(raw)
		if err1 == nil && err2 == nil && ok && flags&unusableFlags != 0 {
			out[ifaceAddr{w[5], addr}] = true
		}
	}
	return out
}
