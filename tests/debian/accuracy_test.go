package debian_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// TestAccuracy compares every verdict below a directory with what is true by
// other means, and prints precision and recall. The directory is /usr/lib, or
// that of NOSPLIT_CORPUS: tests/bench/corpus.sh fetches one with gccgo's
// libraries for six machines.
//
// In an object that nobody doctored, readelf's undefined __morestack is the
// truth: compilers refer to it in split code and nowhere else, apart from LLVM's
// JIT linker, which takes the address of a weak one. A linked file is split if
// gccgo made it, which its name tells: libgo.so and the programs of the gccgo
// package.
func TestAccuracy(t *testing.T) {
	objtest.Tool(t, "readelf")
	objtest.Tool(t, "gccgo-12")
	root := os.Getenv("NOSPLIT_CORPUS")
	if root == "" {
		root = "/usr/lib"
	}
	want := map[string]bool{}
	objects := splitMembers(t, root, want)
	madeByGccgo := regexp.MustCompile(`/libgo\.so\.[0-9.]+$|/bin/[a-z0-9_-]+-go-12$|/bin/[a-z0-9_-]+-gofmt-12$|/(cgo|vet|buildid|test2json)$`)
	// gcc has no split stacks for these.
	without := regexp.MustCompile(`aarch64-linux-gnu|arm-linux-gnueabi|riscv64-linux-gnu`)

	found, hits, missed, alarms := 0, 0, 0, 0
	for _, o := range auditPaths(t, root).Objects {
		key := o.Path
		if o.Member != "" {
			key = fmt.Sprintf("%s(%s)", o.Path, o.Member)
		}
		split := want[key]
		if o.Format != "elf-relocatable" && o.Format != "llvm-bitcode" {
			split = madeByGccgo.MatchString(o.Path) && !without.MatchString(o.Path)
		}
		switch violation := o.Verdict == finding.Violation; {
		case violation && split:
			hits++
		case violation:
			alarms++
			t.Errorf("false alarm: %s: %+v", key, o.Findings)
		case split:
			missed++
			t.Errorf("missed: %s: %s", key, o.Verdict)
		}
		if split {
			found++
		}
	}
	if found < 200 {
		t.Fatalf("%d objects with split code below %s: are gccgo's libraries there?", found, root)
	}
	t.Logf("below %s: %d objects with split code among %d that readelf lists and the linked files: precision %.2f %%, recall %.2f %% (%d false alarms, %d missed)",
		root, found, objects, 100*float64(hits)/float64(hits+alarms), 100*float64(hits)/float64(found), alarms, missed)
}

// splitMembers adds the relocatable objects that refer to the runtime, as
// "libx.a(member.o)" or "file.o", and returns how many objects there are.
func splitMembers(t *testing.T, root string, want map[string]bool) int {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && (strings.HasSuffix(path, ".a") || strings.HasSuffix(path, ".o") || strings.HasSuffix(path, ".gox")) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	undefined := regexp.MustCompile(`GLOBAL +(DEFAULT|HIDDEN) +UND __morestack(_large_model|_allocate_stack_space)?$`)
	// libgcc's own objects call each other.
	runtime := regexp.MustCompile(`\((generic-)?morestack(-thread)?\.o\)$`)
	n := 0
	for len(files) > 0 {
		batch := files[:min(200, len(files))]
		files = files[len(batch):]
		// readelf complains of members that are not ELF, and ends with an error.
		cmd := exec.Command("readelf", append([]string{"-sW"}, batch...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		// Of a single file readelf does not say the name.
		object := batch[0]
		for lines.Scan() {
			line := lines.Text()
			if name, ok := strings.CutPrefix(line, "File: "); ok {
				object = name
				n++
			} else if undefined.MatchString(line) && !runtime.MatchString(object) {
				want[object] = true
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	return n
}
