package mapfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/mapfile"
)

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRelease: what was released is read again as it was, and releasing what
// belongs to no file does nothing.
func TestRelease(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	f, err := mapfile.Open(write(t, content), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := len(content)
	for _, part := range [][]byte{f.Data, f.Data[:1], f.Data[1 : n-1], f.Data[n/2:], f.Data[n:], nil, content, make([]byte, 3*n)} {
		f.Release(part)
		if !bytes.Equal(f.Data, content) {
			t.Fatal("the content changed")
		}
	}
}

func TestOpen(t *testing.T) {
	path := write(t, []byte("hello"))
	var seen string
	f, err := mapfile.Open(path, func(prefix []byte, size int64) bool {
		seen = string(prefix)
		return size == 5
	})
	if err != nil || string(f.Data) != "hello" || seen != "hello" {
		t.Fatalf("%+v, error %v, prefix %q", f, err, seen)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if f, err := mapfile.Open(path, func([]byte, int64) bool { return false }); f != nil || err != nil {
		t.Errorf("an unwanted file: %+v, error %v", f, err)
	}
	if f, err := mapfile.Open(write(t, nil), nil); err != nil || len(f.Data) != 0 || f.Close() != nil {
		t.Errorf("an empty file: %+v, error %v", f, err)
	}
	if _, err := mapfile.Open(t.TempDir(), nil); !errors.Is(err, mapfile.ErrNotRegular) {
		t.Errorf("a directory: error %v", err)
	}
	if _, err := mapfile.Open(path+"x", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: error %v", err)
	}
}
