package baseline_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// split is C code whose functions all get a guard.
func split(functions ...string) string {
	source := "void sink(char *);\n"
	for _, name := range functions {
		source += "int " + name + "(int n) { char b[3000]; sink(b); return b[n]; }\n"
	}
	return source
}

// TestLifeOfABaseline takes real objects through what a project does with
// them: begin, add, mend, lose.
func TestLifeOfABaseline(t *testing.T) {
	dir := repo(t)
	compile := func(file string, functions ...string) {
		t.Helper()
		objtest.Compile(t, dir, "gcc", file, split(functions...), "-O1", "-fsplit-stack")
	}
	run := func() *finding.Report {
		t.Helper()
		r := audit.Run(t.Context(), []string{"lib", "app.o"}, audit.Options{})
		if len(r.Errors) > 0 {
			t.Fatalf("errors %v", r.Errors)
		}
		return r
	}
	// check applies the baseline file and compares what fails and what is
	// said.
	check := func(failing, grown, notice string) {
		t.Helper()
		b, err := baseline.Load("b.json")
		if err != nil {
			t.Fatal(err)
		}
		r := run()
		result := apply(t, b, r, "lib", "app.o")
		var got, said []string
		for i := range r.Objects {
			if o := &r.Objects[i]; o.Failing() {
				got = append(got, o.Path+"("+o.Member+")")
			}
		}
		for _, g := range result.Grown {
			said = append(said, g.String())
		}
		for _, n := range result.Notices {
			said = append(said, n.Message)
		}
		if diff := cmp.Diff(failing, strings.Join(got, " ")); diff != "" {
			t.Errorf("what fails differs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(strings.TrimSpace(grown+"\n"+notice), strings.Join(said, "\n")); diff != "" {
			t.Errorf("what is said differs (-want +got):\n%s", diff)
		}
	}
	save := func() string {
		t.Helper()
		data := write(t, newBaseline(t, "b.json", run()))
		if err := os.WriteFile("b.json", data, 0o644); err != nil {
			t.Fatal(err)
		}
		return string(data)
	}

	compile("app.c", "main_loop", "helper")
	compile("zip.c", "inflate", "deflate")
	objtest.Run(t, dir, "ar", "qcs", "lib/libzip.a", "zip.o")
	objtest.Write(t, dir, "b.json", "{\"schema\": \"nosplit.baseline/v1\", \"entries\": []}\n")
	check("app.o() lib/libzip.a(zip.o)", "", "")

	first := save()
	check("", "", "")
	if again := save(); again != first {
		t.Errorf("a second baseline differs:\n%s\n%s", first, again)
	}

	// Offsets, lines and frames change, functions do not.
	objtest.Compile(t, dir, "gcc", "app.c", "int first(int a) { return a + 1; }\n\n\n"+strings.ReplaceAll(split("helper", "main_loop"), "3000", "5000"), "-O1", "-fsplit-stack")
	objtest.Compile(t, dir, "gcc", "clean.c", "int clean(int a) { return a; }")
	check("app.o()", "1 function is new since the baseline, which lists 2 others: first", "")
	compile("app.c", "helper", "main_loop")
	objtest.Run(t, dir, "ar", "qcs", "lib/libzip.a", "clean.o")
	check("", "", "")

	compile("app.c", "helper", "main_loop", "parse")
	check("app.o()", "1 function is new since the baseline, which lists 2 others: parse", "")

	// A second member of the same name is another object.
	objtest.Run(t, dir, "mkdir", "old")
	objtest.Run(t, dir, "mv", "zip.o", "old/zip.o")
	compile("zip.c", "inflate")
	objtest.Run(t, dir, "rm", "lib/libzip.a")
	objtest.Run(t, dir, "ar", "qcs", "lib/libzip.a", "old/zip.o", "clean.o", "zip.o")
	compile("app.c", "helper")
	check("lib/libzip.a(zip.o)", "", "the baseline entry for NS001 in app.o lists 1 function that is gone: remove what is gone, or write the baseline again: main_loop")

	objtest.Run(t, dir, "rm", "lib/libzip.a")
	objtest.Compile(t, dir, "gcc", "clean.c", "int clean(int a) { return a; }")
	objtest.Run(t, dir, "cp", "clean.o", "lib/clean.o")
	check("", "", "the baseline entry for NS001 in app.o lists 1 function that is gone: remove what is gone, or write the baseline again: main_loop\n"+
		"the baseline entry for NS001 in lib/libzip.a(zip.o) no longer occurs: remove it, or write the baseline again")

	// A truncated file stays known as long as it stays truncated.
	data := string(objtest.Read(t, "app.o"))
	objtest.Write(t, dir, "app.o", data[:len(data)/2])
	if strings.Contains(save(), "NS001") {
		t.Error("a truncated object is listed as split")
	}
	objtest.Write(t, dir, "app.o", data[:len(data)/3])
	check("", "", "")
	objtest.Write(t, dir, "app.o", data)
	check("app.o()", "", "the baseline entry for NS007 in app.o no longer occurs: remove it, or write the baseline again")
}
