package gobinary_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/gobinary"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

func gccgo(t testing.TB, dir string, args ...string) string {
	t.Helper()
	objtest.Write(t, dir, "main.go", programs["pure"])
	out := filepath.Join(dir, "out")
	objtest.Run(t, dir, "gccgo-12", append(args, "-o", out, "main.go")...)
	return out
}

func TestGccgo(t *testing.T) {
	version := "gccgo "
	tests := []struct {
		name string
		args []string
		// What is told when the section headers are gone.
		link, cgo, bareLink string
	}{
		{"program", nil, "external", "no", "external"},
		{"static libgo", []string{"-static-libgo"}, "external", "", ""},
		{"static", []string{"-static"}, "external", "", ""},
		{"lld", []string{"-fuse-ld=lld"}, "external", "no", "external"},
		{"object", []string{"-c"}, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := gccgo(t, t.TempDir(), tt.args...)
			data := objtest.Read(t, path)
			variants := map[string][]byte{"as built": data}
			if tt.link != "" {
				variants["stripped"] = strip(t, path)
			}
			for variant, data := range variants {
				b := read(t, data)
				if b == nil {
					t.Fatalf("%s: no sign of Go", variant)
				}
				if b.Compiler != "gccgo" || !strings.HasPrefix(b.Version, version) || !strings.Contains(b.Version, "12.") ||
					b.LinkMode != tt.link || b.Cgo != tt.cgo || b.Path != "" || len(b.Settings) != 0 {
					t.Errorf("%s: got %+v", variant, b)
				}
			}
			bare := read(t, withoutSections(data))
			if tt.bareLink == "" {
				if bare != nil {
					t.Errorf("without sections: got %+v", bare)
				}
			} else if bare == nil || bare.LinkMode != tt.bareLink || bare.Version != "" || bare.Cgo != tt.cgo {
				t.Errorf("without sections: got %+v", bare)
			}
		})
	}
}

// cmd/go compiles the module information into gccgo's programs.
func TestGccgoByGo(t *testing.T) {
	bin := t.TempDir()
	if err := os.Symlink(objtest.Tool(t, "gccgo-12"), filepath.Join(bin, "gccgo")); err != nil {
		t.Fatal(err)
	}
	module := writeModule(t)
	objtest.Write(t, module, "go.mod", "module example.org/app\n\ngo 1.18\n")
	env := []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	for pkg, cgo := range map[string]string{"pure": "no", "cgo": "yes"} {
		path := goBuild(t, module, pkg, env, "-compiler=gccgo")
		for variant, data := range map[string][]byte{
			"as built":      objtest.Read(t, path),
			"stripped":      strip(t, path),
			"without names": withoutSections(objtest.Read(t, path)),
		} {
			b := read(t, data)
			if b == nil || b.Compiler != "gccgo" || b.Path != "example.org/app/"+pkg || b.Cgo != cgo {
				t.Errorf("%s, %s: got %+v", pkg, variant, b)
				continue
			}
			if !contains(b.Settings, finding.GoSetting{Key: "-compiler", Value: "gccgo"}) {
				t.Errorf("%s, %s: settings %v", pkg, variant, b.Settings)
			}
		}
	}
}

func contains(list []finding.GoSetting, want finding.GoSetting) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// Two versions of GCC in .comment do not tell which one compiled the Go code.
func TestGccgoMixedComment(t *testing.T) {
	dir := t.TempDir()
	path := gccgo(t, dir)
	objtest.Write(t, dir, "comment", "GCC: (Other) 4.9.9\x00GCC: (Debian) 12.2.0\x00")
	objtest.Run(t, dir, "objcopy", "--update-section", ".comment=comment", path)
	b := read(t, objtest.Read(t, path))
	if b == nil || b.Compiler != "gccgo" || b.Version != "" {
		t.Errorf("got %+v", b)
	}
}

// Programs that are not Go's, some of which look like it.
func TestOthers(t *testing.T) {
	const text = `#include <stdio.h>
static char magic[] __attribute__((aligned(16))) = "\xff Go buildinf:\x08\x02";
char *names = "\0crosscall2\0runtime.goexit\0libgo.so.21\0.gopclntab\0.go_export";
int main(void) { puts(magic); puts(names); return 0; }
`
	dir := t.TempDir()
	objtest.Write(t, dir, "main.c", text)
	objtest.Run(t, dir, "gcc", "-o", "c", "main.c")
	objtest.Run(t, dir, "gcc", "-static", "-o", "static", "main.c")
	objtest.Run(t, dir, "gcc", "-c", "-o", "c.o", "main.c")
	objtest.Run(t, dir, "gcc", "-shared", "-fPIC", "-o", "liblibgo.so.1", "-Wl,-soname,liblibgo.so.1", "main.c")
	objtest.Run(t, dir, "gcc", "-o", "other", "-L.", "main.c", "-Wl,--no-as-needed", "-l:liblibgo.so.1")
	libc := strings.TrimSpace(objtest.Run(t, dir, "gcc", "-print-file-name=libc.so.6"))
	for _, path := range []string{"c", "static", "c.o", "liblibgo.so.1", "other", libc} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if b := read(t, objtest.Read(t, path)); b != nil {
			t.Errorf("%s: got %+v", filepath.Base(path), b)
		}
	}
	if f, err := elfobj.Open(core()); err != nil {
		t.Error(err)
	} else if b, err := gobinary.Read(f); b != nil || err != nil {
		t.Errorf("core dump: %+v, %v", b, err)
	}
}
