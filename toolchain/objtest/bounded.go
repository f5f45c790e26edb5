package objtest

import (
	"runtime"
	"testing"
)

// Bounded runs f on an input of a size in bytes, and fails the test when f
// allocates more than readers may: three times the size and 64 MiB. All that is
// allocated counts, whether it is in use at one time or not.
func Bounded(t testing.TB, size int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	limit := 3*uint64(size) + 64<<20
	if used := after.TotalAlloc - before.TotalAlloc; used > limit {
		t.Errorf("allocated %d bytes for an input of %d, and may %d", used, size, limit)
	}
}
