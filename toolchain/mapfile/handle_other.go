//go:build !unix

package mapfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

type osFile struct{ *os.File }

func open(path string) (handle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	return osFile{f}, nil
}

func (f osFile) stat() (fs.FileMode, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0, plain(err)
	}
	return info.Mode(), info.Size(), nil
}

func (f osFile) readAt(b []byte) (int, error) {
	n, err := f.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return n, plain(err)
}

func (f osFile) load(size int) ([]byte, mapping, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(f.File, 0, int64(size)), data)
	return data, mapping{}, plain(err)
}

func (f osFile) close() { _ = f.Close() }

// plain takes the operation and the path off an error.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
