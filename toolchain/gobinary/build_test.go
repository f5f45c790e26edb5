package gobinary_test

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/gobinary"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// programs are the packages main of a test's module, by directory.
var programs = map[string]string{
	"pure": "package main\n\nfunc main() { println(1) }\n",
	"cgo": "package main\n\n// static int f(int x) { return x + 1; }\nimport \"C\"\n\n" +
		"func main() { println(C.f(1)) }\n",
	"net": "package main\n\nimport \"net\"\n\n" +
		"func main() { a, err := net.LookupHost(\"localhost\"); println(len(a), err) }\n",
	"lib": "package main\n\nimport \"C\"\n\n//export F\nfunc F() {}\n\nfunc main() {}\n",
}

func writeModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	objtest.Write(t, dir, "go.mod", "module example.org/app\n\ngo 1.26\n")
	for name, source := range programs {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		objtest.Write(t, filepath.Join(dir, name), "main.go", source)
	}
	return dir
}

// goBuild builds package pkg of the module and returns the output's path. No
// network is used; the build cache is the user's where there is one.
func goBuild(t *testing.T, module, pkg string, env []string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), pkg)
	args := append(append([]string{"build", "-o", out}, flags...), "./"+pkg)
	cmd := exec.Command(objtest.Tool(t, "go"), args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off",
		"GOOS=linux", "GOARCH="+runtime.GOARCH, "CGO_ENABLED=1")
	if _, err := os.UserCacheDir(); err != nil && os.Getenv("GOCACHE") == "" {
		cmd.Env = append(cmd.Env, "GOCACHE="+t.TempDir())
	}
	cmd.Env = append(cmd.Env, env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return out
}

func read(t testing.TB, data []byte) *finding.GoBuild {
	t.Helper()
	f, err := elfobj.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	b, err := gobinary.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withoutSections takes the section headers away.
func withoutSections(data []byte) []byte {
	data = bytes.Clone(data)
	if elf.Class(data[elf.EI_CLASS]) == elf.ELFCLASS64 {
		clear(data[40:48])
		clear(data[60:64])
	} else {
		clear(data[32:36])
		clear(data[48:52])
	}
	return data
}

// anonymous keeps the section headers and takes their names away.
func anonymous(data []byte) []byte {
	data = bytes.Clone(data)
	binary.NativeEndian.PutUint16(data[62:], 0)
	return data
}

func strip(t *testing.T, path string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "stripped")
	objtest.Run(t, filepath.Dir(path), "strip", "-s", "-o", out, path)
	return objtest.Read(t, out)
}

func TestLinks(t *testing.T) {
	module := writeModule(t)
	const extStatic = "-ldflags=-linkmode=external -extldflags=-static"
	tests := []struct {
		name, pkg string
		flags     []string
		env       []string
		link, cgo string
		needs     string
	}{
		{name: "without cgo", pkg: "pure", env: []string{"CGO_ENABLED=0"}, link: "internal", cgo: "no"},
		{name: "cgo enabled but not used", pkg: "pure", link: "internal", cgo: "no"},
		{name: "linked without symbols", pkg: "pure", flags: []string{"-ldflags=-s -w"}, link: "internal", cgo: "no"},
		{name: "without a build ID", pkg: "pure", flags: []string{"-ldflags=-buildid="}, link: "internal", cgo: "no"},
		{name: "pie without cgo", pkg: "pure", flags: []string{"-buildmode=pie"}, env: []string{"CGO_ENABLED=0"}, link: "internal", cgo: "no"},
		{name: "pure external", pkg: "pure", flags: []string{"-ldflags=-linkmode=external"}, link: "external", cgo: "yes"},
		{name: "net without cgo", pkg: "net", env: []string{"CGO_ENABLED=0"}, link: "internal", cgo: "no"},
		{name: "net", pkg: "net", flags: []string{"-ldflags=-linkmode=internal"}, link: "internal", cgo: "yes"},
		{name: "net pie internal", pkg: "net", flags: []string{"-buildmode=pie", "-ldflags=-linkmode=internal"}, link: "internal", cgo: "yes"},
		{name: "cgo", pkg: "cgo", link: "external", cgo: "yes"},
		{name: "cgo internal", pkg: "cgo", flags: []string{"-ldflags=-linkmode=internal"}, link: "internal", cgo: "yes"},
		{name: "cgo without symbols", pkg: "cgo", flags: []string{"-ldflags=-s -w"}, link: "external", cgo: "yes"},
		{name: "cgo pie", pkg: "cgo", flags: []string{"-buildmode=pie"}, link: "external", cgo: "yes"},
		{name: "cgo static", pkg: "cgo", flags: []string{extStatic}, link: "external", cgo: "yes"},
		{name: "cgo static pie", pkg: "cgo", flags: []string{"-buildmode=pie", extStatic + "-pie"}, link: "external", cgo: "yes"},
		{name: "cgo with lld", pkg: "cgo", flags: []string{"-ldflags=-extldflags=-fuse-ld=lld"}, link: "external", cgo: "yes", needs: "ld.lld"},
		{name: "cgo with gold", pkg: "cgo", flags: []string{"-ldflags=-extldflags=-fuse-ld=gold"}, link: "external", cgo: "yes", needs: "ld.gold"},
		{name: "c-shared", pkg: "lib", flags: []string{"-buildmode=c-shared"}, link: "external", cgo: "yes"},
		{name: "c-shared without symbols", pkg: "lib", flags: []string{"-buildmode=c-shared", "-ldflags=-s -w"}, link: "external", cgo: "yes"},
		{name: "plugin", pkg: "pure", flags: []string{"-buildmode=plugin"}, link: "external", cgo: "yes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.needs != "" {
				objtest.Tool(t, tt.needs)
			}
			path := goBuild(t, module, tt.pkg, tt.env, tt.flags...)
			data := objtest.Read(t, path)
			want := oracle(t, data)
			if want.Path != "example.org/app/"+tt.pkg || len(want.Settings) == 0 {
				t.Fatalf("the build has no module information: %+v", want)
			}
			want.LinkMode, want.Cgo = tt.link, tt.cgo
			stripped := strip(t, path)
			for variant, data := range map[string][]byte{
				"as built":            data,
				"stripped":            stripped,
				"no section headers":  withoutSections(data),
				"stripped, no names":  anonymous(stripped),
				"stripped, no tables": withoutSections(stripped),
			} {
				if diff := cmp.Diff(want, read(t, data)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", variant, diff)
				}
			}
		})
	}
}

// oracle is what debug/buildinfo tells.
func oracle(t *testing.T, data []byte) *finding.GoBuild {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return fromOracle(info)
}

func fromOracle(info *buildinfo.BuildInfo) *finding.GoBuild {
	b := &finding.GoBuild{Compiler: "gc", Version: info.GoVersion, Path: info.Path, Settings: []finding.GoSetting{}}
	for _, s := range info.Settings {
		b.Settings = append(b.Settings, finding.GoSetting{Key: s.Key, Value: s.Value})
	}
	return b
}

// The settings that users care for are there, quoted ones in plain text.
func TestSettings(t *testing.T) {
	const flags = "-O1 '-DX=\"a b\"'"
	path := goBuild(t, writeModule(t), "cgo", []string{"CGO_CFLAGS=" + flags})
	got := read(t, objtest.Read(t, path))
	settings := map[string]string{}
	for _, s := range got.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"CGO_ENABLED": "1", "CGO_CFLAGS": flags, "-compiler": "gc"} {
		if settings[key] != want {
			t.Errorf("%s is %q, want %q", key, settings[key], want)
		}
	}
}

// Other machines: word sizes and byte orders. The Go linker makes these alone.
func TestMachines(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the runtime for three machines")
	}
	module := writeModule(t)
	for _, machine := range []string{"386", "s390x", "arm64"} {
		t.Run(machine, func(t *testing.T) {
			path := goBuild(t, module, "pure", []string{"CGO_ENABLED=0", "GOARCH=" + machine})
			data := objtest.Read(t, path)
			want := oracle(t, data)
			want.LinkMode, want.Cgo = "internal", "no"
			for variant, data := range map[string][]byte{"as built": data, "no section headers": withoutSections(data)} {
				if diff := cmp.Diff(want, read(t, data)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", variant, diff)
				}
			}
		})
	}
}

// The Go object in a c-archive, the other objects there, and a C program that
// is linked with it.
func TestArchive(t *testing.T) {
	dir := t.TempDir()
	archive := goBuild(t, writeModule(t), "lib", nil, "-buildmode=c-archive")
	object := read(t, []byte(objtest.Run(t, dir, "ar", "p", archive, "go.o")))
	if object == nil {
		t.Fatal("the Go object of the archive shows no sign of Go")
	}
	if object.Path != "example.org/app/lib" || object.LinkMode != "external" || object.Cgo != "yes" {
		t.Errorf("got %+v", object)
	}
	if other := read(t, []byte(objtest.Run(t, dir, "ar", "p", archive, "000000.o"))); other != nil {
		t.Errorf("an object of C is Go: %+v", other)
	}

	objtest.Write(t, dir, "main.c", "void F(void); int main(void) { F(); return 0; }\n")
	objtest.Run(t, dir, "gcc", "-o", "user", "main.c", archive, "-lpthread")
	if diff := cmp.Diff(object, read(t, objtest.Read(t, filepath.Join(dir, "user")))); diff != "" {
		t.Errorf("object and program differ:\n%s", diff)
	}
}

// The running test is a Go program, whoever built it.
func TestSelf(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data := objtest.Read(t, path)
	got := read(t, data)
	if got == nil || got.Compiler != "gc" || got.Version != runtime.Version() || got.LinkMode == "" || got.Cgo == "" {
		t.Errorf("got %+v", got)
	}
}
