//go:build unix && !linux

package mapfile

import "golang.org/x/sys/unix"

// populate may fail: then the pages come one by one.
func populate(pages []byte) { _ = unix.Madvise(pages, unix.MADV_WILLNEED) }
