package audit

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/mapfile"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// TestShrunkFile truncates a file between mapping and reading it.
func TestShrunkFile(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	dir := t.TempDir()
	path := objtest.Compile(t, dir, "gcc", "a.c", "char big[100000] = {1}; int f(void) { return big[1]; }")
	f, err := mapfile.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	res := newResults()
	o := finding.Object{Path: filepath.Base(path)}
	res.protect(o, func() { (&run{}).judge(content{file: f}, o, f.Data, res) })
	if len(res.objects) != 1 || res.objects[0].Verdict != finding.Unauditable ||
		!strings.Contains(res.objects[0].Findings[0].Message, "changed") {
		t.Errorf("objects %+v", res.objects)
	}
}

// TestInternalError: a mistake of ours is a finding about the file.
func TestInternalError(t *testing.T) {
	res := newResults()
	res.protect(finding.Object{Path: "x.o"}, func() { panic("out of cheese") })
	if len(res.objects) != 1 || res.objects[0].Verdict != finding.Unauditable ||
		!strings.Contains(res.objects[0].Findings[0].Message, "internal error: out of cheese") {
		t.Errorf("objects %+v", res.objects)
	}
}
