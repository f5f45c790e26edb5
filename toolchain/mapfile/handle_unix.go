//go:build unix

package mapfile

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// descriptor is a file that was opened past package os, whose files take part
// in the runtime's polling: system calls that regular files have no use for.
type descriptor int

func open(path string) (handle, error) {
	// O_NONBLOCK: opening a FIFO would wait for a writer otherwise.
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		return descriptor(fd), nil
	}
}

func (d descriptor) stat() (fs.FileMode, int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(d), &st); err != nil {
		return 0, 0, err
	}
	var mode fs.FileMode
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		mode = fs.ModeDir
	case unix.S_IFIFO:
		mode = fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode = fs.ModeSocket
	case unix.S_IFCHR:
		mode = fs.ModeDevice | fs.ModeCharDevice
	default:
		mode = fs.ModeDevice
	}
	return mode, st.Size, nil
}

func (d descriptor) readAt(b []byte) (int, error) {
	for {
		n, err := unix.Pread(int(d), b, 0)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func (d descriptor) load(size int) ([]byte, mapping, error) {
	data, err := unix.Mmap(int(d), 0, size, unix.PROT_READ, unix.MAP_PRIVATE)
	return data, mapping{unix.Munmap, dontNeed}, err
}

// dontNeed may fail: then the pages stay.
func dontNeed(pages []byte) { _ = unix.Madvise(pages, unix.MADV_DONTNEED) }

func (d descriptor) close() { _ = unix.Close(int(d)) }
