package main

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// The clock of this process goes wrong while it runs, by as many seconds as the
// file TRUCE_SKEW says. The soak builds the program with this file and with a
// time.Skew; see soak_clock_root_test.go.
func init() {
	f, err := os.Open(os.Getenv("TRUCE_SKEW"))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	page, err := syscall.Mmap(int(f.Fd()), 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	time.Skew = (*int64)(unsafe.Pointer(&page[0]))
}
