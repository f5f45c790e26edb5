package audit_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// show renders a report, a line for each thing in it, with dir taken off.
func show(r *finding.Report, dir string) string {
	var b strings.Builder
	for _, o := range r.Objects {
		fmt.Fprintf(&b, "%s", o.Path)
		if o.Member != "" {
			fmt.Fprintf(&b, "(%s)#%d", o.Member, o.Index)
		}
		fmt.Fprintf(&b, " %s", o.Verdict)
		for _, f := range o.Findings {
			fmt.Fprintf(&b, " %s", f.ID)
			if f.ID == finding.NS007 {
				fmt.Fprintf(&b, " %s", f.Message)
			}
		}
		b.WriteByte('\n')
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "%s", s.Path)
		if s.Member != "" {
			fmt.Fprintf(&b, "(%s)#%d", s.Member, s.Index)
		}
		fmt.Fprintf(&b, " skipped: %s\n", s.Reason)
	}
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "%s error: %s\n", e.Path, e.Message)
	}
	return strings.ReplaceAll(b.String(), dir+string(filepath.Separator), "")
}

// tree makes a directory with a split object, a clean one, and archives of
// them.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	objtest.Compile(t, dir, "gcc", "split.c", "int f(int a) { return a; }", "-fsplit-stack")
	objtest.Compile(t, dir, "gcc", "clean.c", "int f(int a) { return a; }")
	return dir
}

func run(t *testing.T, dir string, opt audit.Options, paths ...string) string {
	t.Helper()
	var abs []string
	for _, p := range paths {
		abs = append(abs, filepath.Join(dir, p))
	}
	return show(audit.Run(context.Background(), abs, opt), dir)
}

func check(t *testing.T, got string, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, strings.Split(strings.TrimSuffix(got, "\n"), "\n")); d != "" {
		t.Errorf("report (-want +got):\n%s", d)
	}
}

func TestArchives(t *testing.T) {
	dir := tree(t)
	objtest.Write(t, dir, "readme.txt", "hello")
	objtest.Run(t, dir, "ar", "rcs", "lib.a", "clean.o", "split.o", "readme.txt")
	// Two members of one name, as an archive gets them from two directories.
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	objtest.Compile(t, filepath.Join(dir, "sub"), "gcc", "clean.c", "int g(int a) { return a; }", "-fsplit-stack")
	objtest.Run(t, dir, "ar", "qcs", "dup.a", "clean.o", "sub/clean.o")
	objtest.Run(t, dir, "ar", "rcs", "nested.a", "lib.a")
	objtest.Run(t, dir, "ar", "rcsT", "thin.a", "clean.o", "split.o")
	objtest.Run(t, dir, "ar", "rcsT", "thin_of_archive.a", "dup.a")

	check(t, run(t, dir, audit.Options{}, "lib.a", "dup.a", "nested.a", "thin.a", "thin_of_archive.a"),
		"dup.a(clean.o)#0 clean",
		"dup.a(clean.o)#1 violation NS001",
		"lib.a(clean.o)#0 clean",
		"lib.a(split.o)#1 violation NS001",
		"nested.a(lib.a(clean.o))#0 clean",
		"nested.a(lib.a(split.o))#0 violation NS001",
		"thin.a(clean.o)#0 clean",
		"thin.a(split.o)#1 violation NS001",
		"thin_of_archive.a(dup.a(clean.o))#0 clean",
		"thin_of_archive.a(dup.a(clean.o))#1 violation NS001",
		"lib.a(readme.txt)#2 skipped: text",
		"nested.a(lib.a(readme.txt))#0 skipped: text",
	)
}

// TestThinMembers: what a thin archive names may be missing, and may lie where
// the audit was not asked to look.
func TestThinMembers(t *testing.T) {
	dir := tree(t)
	for _, sub := range []string{"lib", "obj"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	objtest.Run(t, dir, "mv", "clean.o", "split.o", "obj/")
	objtest.Run(t, dir, "ar", "rcsT", "lib/out.a", "obj/clean.o", "obj/split.o")
	refused := func(member string) string {
		return fmt.Sprintf("NS007 the thin archive's member %q lies outside the archive's directory; allow its directory with --thin-root", member)
	}

	check(t, run(t, dir, audit.Options{}, "lib/out.a"),
		"lib/out.a(../obj/clean.o)#0 unauditable "+refused("../obj/clean.o"),
		"lib/out.a(../obj/split.o)#1 unauditable "+refused("../obj/split.o"))
	check(t, run(t, dir, audit.Options{ThinRoots: []string{filepath.Join(dir, "obj")}}, "lib/out.a"),
		"lib/out.a(../obj/clean.o)#0 clean",
		"lib/out.a(../obj/split.o)#1 violation NS001")
	// A directory on the command line is a place to look.
	check(t, run(t, dir, audit.Options{}, "lib", "obj"),
		"lib/out.a(../obj/clean.o)#0 clean",
		"lib/out.a(../obj/split.o)#1 violation NS001",
		"obj/clean.o clean",
		"obj/split.o violation NS001")
	if err := os.Remove(filepath.Join(dir, "obj/clean.o")); err != nil {
		t.Fatal(err)
	}
	check(t, run(t, dir, audit.Options{ThinRoots: []string{dir}}, "lib/out.a"),
		"lib/out.a(../obj/clean.o)#0 unauditable NS007 the thin archive's member is missing: there is no file obj/clean.o; build it again, or audit where the archive was made",
		"lib/out.a(../obj/split.o)#1 violation NS001")
	// A link inside that leads outside is outside.
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "obj/clean.o")); err != nil {
		t.Fatal(err)
	}
	check(t, run(t, dir, audit.Options{ThinRoots: []string{dir}}, "lib/out.a"),
		"lib/out.a(../obj/clean.o)#0 unauditable "+refused("../obj/clean.o"),
		"lib/out.a(../obj/split.o)#1 violation NS001")
}

// TestThinRepeats: a thin archive that names itself, or one file again and
// again, ends.
func TestThinRepeats(t *testing.T) {
	dir := tree(t)
	header := func(name string) string {
		return fmt.Sprintf("%-16s%-12s%-6s%-6s%-8s%-10s`\n", name, "0", "0", "0", "644", "1000")
	}
	objtest.Write(t, dir, "self.a", "!<thin>\n"+header("self.a/"))
	objtest.Write(t, dir, "again.a", "!<thin>\n"+strings.Repeat(header("split.o/")+header("./split.o/"), 1000))
	check(t, run(t, dir, audit.Options{}, "self.a"),
		"self.a(self.a)#0 unauditable NS007 a thin archive within an archive, whose members are nowhere")
	got := run(t, dir, audit.Options{}, "again.a")
	if n := strings.Count(got, "violation NS001"); n != 16 {
		t.Errorf("%d members were judged, want 16", n)
	}
	if n := strings.Count(got, "more than 16 times"); n != 1 {
		t.Errorf("%d complaints, want 1:\n%s", n, got)
	}
}

func TestBadInput(t *testing.T) {
	dir := tree(t)
	whole := objtest.Read(t, filepath.Join(dir, "split.o"))
	objtest.Write(t, dir, "cut.o", string(whole[:len(whole)/2]))
	objtest.Write(t, dir, "empty.o", "")
	objtest.Write(t, dir, "bare.bc", "BC\xc0\xde....")
	objtest.Run(t, dir, "ar", "rcs", "lies.a", "clean.o", "split.o")
	lies := objtest.Read(t, filepath.Join(dir, "lies.a"))
	at := strings.LastIndex(string(lies), "split.o/")
	copy(lies[at+48:], "9999999999")
	objtest.Write(t, dir, "lies.a", string(lies))
	objtest.Write(t, dir, "void.a", "!<arch>\n")
	if err := os.Mkdir(filepath.Join(dir, "texts"), 0o755); err != nil {
		t.Fatal(err)
	}
	objtest.Write(t, dir, "texts/a.txt", "hello")

	got := run(t, dir, audit.Options{}, "missing.o", "texts", "cut.o", "empty.o", "bare.bc", "lies.a", "texts/a.txt", "void.a", "clean.o")
	var cut string
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "cut.o") {
			cut = strings.TrimSpace(line)
		}
	}
	if !strings.Contains(cut, "unauditable NS007") || !strings.Contains(cut, "outside") {
		t.Errorf("cut object: %s", cut)
	}
	check(t, got,
		"bare.bc unauditable NS007 LLVM bitcode that cannot be read: the file ends where a module should begin",
		"clean.o clean",
		cut,
		"empty.o unauditable NS007 an empty file where an object is expected; build it again",
		"lies.a(clean.o)#0 clean",
		fmt.Sprintf(`lies.a unauditable NS007 member "split.o" claims 9999999999 bytes, but %d are left in the archive (at offset %#x)`, len(lies)-at-60, at),
		"texts/a.txt skipped: text",
		"missing.o error: no such file or directory; check the path, and that the build wrote it",
		"texts error: the directory holds no ELF object, so that nothing was audited; name the directory that the build writes to",
	)

	// Alone, an archive without members is nothing to pass on.
	if got := run(t, dir, audit.Options{}, "void.a"); !strings.Contains(got, "void.a error: the file holds no ELF object") {
		t.Errorf("empty archive: %s", got)
	}
}

// TestUnreadable needs a user who may not read everything.
func TestUnreadable(t *testing.T) {
	dir := tree(t)
	if err := os.Mkdir(filepath.Join(dir, "closed"), 0o755); err != nil {
		t.Fatal(err)
	}
	objtest.Run(t, dir, "chmod", "0", "split.o", "closed")
	t.Cleanup(func() { objtest.Run(t, dir, "chmod", "755", "closed") })
	want := []string{
		"clean.o clean",
		"closed unauditable NS007 the directory cannot be listed: permission denied",
		"split.o unauditable NS007 cannot be read: permission denied",
	}
	keep := func(s string) string {
		lines := slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.Contains(l, "skipped") })
		return strings.Join(lines, "\n")
	}
	if os.Getuid() != 0 {
		check(t, keep(run(t, dir, audit.Options{}, ".")), want...)
		return
	}
	// Root reads everything: the test goes on as somebody else.
	if os.Getenv("AUDIT_TEST_DIR") != "" {
		t.Fatal("still root")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	helper := filepath.Join(dir, "audit.test")
	objtest.Run(t, dir, "cp", self, helper)
	for d := dir; d != filepath.Dir(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		objtest.Run(t, dir, "chmod", "o+x", d)
	}
	objtest.Run(t, dir, "chmod", "o+rx", dir, helper)
	cmd := exec.Command(helper, "-test.run=^TestHelperAudit$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "AUDIT_TEST_DIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	report, _, _ := strings.Cut(string(out), "PASS")
	check(t, keep(report), append([]string{"audit.test clean"}, want...)...)
}

// TestHelperAudit is run by TestUnreadable in a process of its own.
func TestHelperAudit(t *testing.T) {
	dir := os.Getenv("AUDIT_TEST_DIR")
	if dir == "" {
		return
	}
	fmt.Print(run(t, dir, audit.Options{}, "."))
}

// TestLinks: links to files outside the tree are followed, links to what the
// tree holds anyway and to directories are not.
func TestLinks(t *testing.T) {
	dir := tree(t)
	in := filepath.Join(dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	objtest.Run(t, dir, "mv", "clean.o", "in/")
	for name, target := range map[string]string{
		"to_inside.o": "clean.o", "to_outside.o": "../split.o", "to_outside_again.o": "../split.o",
		"to_nothing.o": "gone.o", "to_directory": ".",
	} {
		if err := os.Symlink(target, filepath.Join(in, name)); err != nil {
			t.Fatal(err)
		}
	}
	check(t, run(t, dir, audit.Options{}, "in"),
		"in/clean.o clean",
		"in/to_outside.o violation NS001",
		"in/to_directory skipped: a symbolic link to a directory, not followed",
		"in/to_nothing.o skipped: a symbolic link that leads nowhere")

	// What a link in one directory leads to may be in another one.
	if err := os.Mkdir(filepath.Join(dir, "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../in/clean.o", filepath.Join(dir, "other/link.o")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"in", "other"}, {"other", "in"}} {
		if got := run(t, dir, audit.Options{}, args...); strings.Contains(got, "other/") {
			t.Errorf("%v: a file is audited twice:\n%s", args, got)
		}
	}
}

// TestSpecialFiles: an audit must not wait for a FIFO's writer.
func TestSpecialFiles(t *testing.T) {
	dir := tree(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(t, run(t, dir, audit.Options{}, "fifo", "clean.o"),
		"clean.o clean",
		"fifo skipped: not a regular file (p---------)")
}

// TestDeterministic: the report does not depend on the number of workers, nor
// on the order of the arguments.
func TestDeterministic(t *testing.T) {
	dir := tree(t)
	var members []string
	for i := range 300 {
		name := fmt.Sprintf("m%03d.o", i)
		src := "clean.o"
		if i%7 == 0 {
			src = "split.o"
		}
		objtest.Write(t, dir, name, string(objtest.Read(t, filepath.Join(dir, src))))
		members = append(members, name)
	}
	objtest.Run(t, dir, "ar", append([]string{"rcs", "many.a"}, members...)...)
	want := run(t, dir, audit.Options{Jobs: 1}, "many.a", "split.o", ".")
	if n := strings.Count(want, "many.a(") - strings.Count(want, "many.a(m000"); n < 299 {
		t.Fatalf("%d members in the report", n)
	}
	for _, jobs := range []int{2, 7, runtime.NumCPU()} {
		if d := cmp.Diff(want, run(t, dir, audit.Options{Jobs: jobs}, ".", "split.o", "many.a")); d != "" {
			t.Errorf("%d jobs (-one job +more):\n%s", jobs, d)
		}
	}
}

// TestOverlappingArguments: a directory inside another one is not empty because
// its files were found already.
func TestOverlappingArguments(t *testing.T) {
	dir := tree(t)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	objtest.Run(t, dir, "mv", "clean.o", "split.o", "sub/")
	check(t, run(t, dir, audit.Options{}, ".", "sub", "sub/clean.o", "sub/../sub"),
		"sub/clean.o clean",
		"sub/split.o violation NS001",
		"clean.c skipped: text",
		"split.c skipped: text")
}

func TestProgress(t *testing.T) {
	dir := tree(t)
	objtest.Run(t, dir, "ar", "rcs", "lib.a", "clean.o", "split.o")
	var last audit.Progress
	audit.Run(context.Background(), []string{dir}, audit.Options{Progress: func(p audit.Progress) { last = p }})
	if last.FilesDone != last.FilesTotal || last.FilesTotal != 5 || last.Objects != 4 || last.BytesDone == 0 {
		t.Errorf("the last progress is %+v", last)
	}
}

func TestCancelled(t *testing.T) {
	dir := tree(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := audit.Run(ctx, []string{dir}, audit.Options{}); len(r.Objects) != 0 {
		t.Errorf("objects after cancelling: %+v", r.Objects)
	}
}

// TestBitcode: files of LLVM bitcode get verdicts like objects, bare and in
// archives.
func TestBitcode(t *testing.T) {
	dir := tree(t)
	const source = "void sink(void *); int f(int a) { char b[100]; sink(b); return b[a]; }"
	objtest.Compile(t, dir, "clang", "b.c", source, "-flto", "-fsplit-stack")
	objtest.Compile(t, dir, "clang", "c.c", source, "-flto")
	objtest.Run(t, dir, "ar", "rcS", "lib.a", "b.o", "c.o", "clean.o")
	check(t, run(t, dir, audit.Options{}, "lib.a", "b.o", "c.o"),
		"b.o violation NS002",
		"c.o clean",
		"lib.a(b.o)#0 violation NS002",
		"lib.a(c.o)#1 clean",
		"lib.a(clean.o)#2 clean",
	)
}

// TestForgedIndex: linkers find members by the index, which may lead into the
// content of a member that a walk over the headers takes for text.
func TestForgedIndex(t *testing.T) {
	dir := tree(t)
	member := func(name, content string) string {
		return fmt.Sprintf("%-16s%-12s%-6s%-6s%-8s%-10d`\n%s", name, "0", "0", "0", "644", len(content), content)
	}
	hidden := member("x.o/", string(objtest.Read(t, filepath.Join(dir, "split.o"))))
	text := "read me\n" + hidden
	first := len("!<arch>\n") + len(member("/", "\x00\x00\x00\x01\x00\x00\x00\x00f\x00"))
	for _, tt := range []struct {
		name   string
		offset int
		want   []string
	}{
		{"true.a", first, []string{"true.a(clean.o)#1 clean", "true.a(readme/)#0 skipped: text"}},
		{"forged.a", first + 60 + 8, []string{
			"forged.a(clean.o)#1 clean",
			fmt.Sprintf("forged.a unauditable NS007 the symbol index leads to offset %#x, where no member begins: a linker would read an object there (at offset 0x8)", first+68),
			"forged.a(readme/)#0 skipped: text",
		}},
	} {
		index := "\x00\x00\x00\x01" + string([]byte{0, 0, byte(tt.offset >> 8), byte(tt.offset)}) + "f\x00"
		content := "!<arch>\n" + member("/", index) + member("readme//", text)
		if len(content)%2 == 1 {
			content += "\n"
		}
		content += member("clean.o/", string(objtest.Read(t, filepath.Join(dir, "clean.o"))))
		objtest.Write(t, dir, tt.name, content)
		check(t, run(t, dir, audit.Options{}, tt.name), tt.want...)
	}
}
