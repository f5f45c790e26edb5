package mapfile

import "golang.org/x/sys/unix"

// populate may fail, on Linux before 5.14 for one: then the pages come one by
// one.
func populate(pages []byte) { _ = unix.Madvise(pages, unix.MADV_POPULATE_READ) }
