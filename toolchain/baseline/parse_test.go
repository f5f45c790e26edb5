package baseline_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
)

// file is a baseline around entries, each on one line; the first is line 4.
func file(entries ...string) string {
	return "{\n  \"schema\": \"nosplit.baseline/v1\",\n  \"entries\": [\n" + strings.Join(entries, ",\n") + "\n]}\n"
}

const plain = `{"id": "NS001", "path": "a.o", "member": "", "functions": ["f"]}`

// with is a correct entry in which old is replaced.
func with(old, new string) string {
	if !strings.Contains(plain, old) {
		panic(old)
	}
	return file(strings.Replace(plain, old, new, 1))
}

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want []baseline.Entry
	}{
		"empty":     {`{"schema":"nosplit.baseline/v1","entries":[]}`, nil},
		"any order": {`{"entries":[],"schema":"nosplit.baseline/v1"}`, nil},
		"sorted by path, member, occurrence and ID": {
			file(
				`{"id": "NS009", "path": "b.a", "member": "m", "functions": [], "occurrence": 2}`,
				`{"id": "NS001", "path": "b.a", "member": "m", "functions": [], "occurrence": 2}`,
				`{"id": "NS009", "path": "b.a", "member": "m", "functions": ["z", "a", "z"]}`,
				`{"unnamed": 7, "functions": [], "member": "", "path": "../a%25%ff", "id": "NS001"}`),
			[]baseline.Entry{
				{ID: "NS001", Path: "../a%\xff", Unnamed: 7, Line: 7},
				{ID: "NS009", Path: "b.a", Member: "m", Functions: []string{"a", "z", "z"}, Line: 6},
				{ID: "NS001", Path: "b.a", Member: "m", Occurrence: 2, Line: 5},
				{ID: "NS009", Path: "b.a", Member: "m", Occurrence: 2, Line: 4},
			},
		},
		"directories": {
			file(
				`{"id": "NS007", "path": ".", "member": "", "functions": []}`,
				`{"id": "NS007", "path": "..", "member": "", "functions": []}`,
				`{"id": "NS007", "path": "...", "member": "", "functions": []}`),
			[]baseline.Entry{
				{ID: "NS007", Path: ".", Line: 4},
				{ID: "NS007", Path: "..", Line: 5},
				{ID: "NS007", Path: "...", Line: 6},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, "dir/b.json", []byte(tt.data))
			if diff := cmp.Diff(&baseline.Baseline{File: "dir/b.json", Entries: tt.want}, got); diff != "" {
				t.Errorf("baseline differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"empty", "", "b.json: the baseline is empty: make it with --write-baseline"},
		{"blank", " \n", "b.json: the baseline is empty: make it with --write-baseline"},
		{"policy", "version: 1\n", "b.json:1:1: not valid JSON: invalid character 'v' looking for beginning of value: name a file that --write-baseline wrote"},
		{"binary", "\x7fELF\x02", `b.json:1:1: not valid JSON: invalid character '\x7f' looking for beginning of value: name a file that --write-baseline wrote`},
		{"terminal escape", "\x1b[2J", `b.json:1:1: not valid JSON: invalid character '\x1b' looking for beginning of value: name a file that --write-baseline wrote`},
		{"merge conflict", file("<<<<<<< HEAD\n" + plain), "b.json:4:1: not valid JSON: invalid character '<' looking for beginning of value: name a file that --write-baseline wrote"},
		{"cut short", strings.TrimSuffix(file(plain), "]}\n"), "b.json:5:1: the file ends too early: write it again with --write-baseline"},
		{"cut in a string", `{"sche`, "b.json:1:2: the file ends too early: write it again with --write-baseline"},
		{"two values", file(plain) + "{}", "b.json:6:1: something follows the baseline: a file holds one JSON value"},
		{"two values, the second wrong", file(plain) + "x", "b.json:6:1: something follows the baseline: a file holds one JSON value"},
		{"trailing comma", file(plain, ""), "b.json:6:1: not valid JSON: invalid character ']' looking for beginning of value: name a file that --write-baseline wrote"},
		{"comment", "// known\n{}", "b.json:1:1: not valid JSON: invalid character '/' looking for beginning of value: name a file that --write-baseline wrote"},
		{"list", "[]", "b.json:1:1: the baseline must be an object with the keys schema, entries, found a list"},
		{"null", "null", "b.json:1:1: the baseline must be an object with the keys schema, entries, found null"},
		{"string", `"x"`, `b.json:1:1: the baseline must be an object with the keys schema, entries, found "x"`},
		{"no schema", `{"entries": []}`, `b.json:1:1: the baseline has no "schema": write the file again with --write-baseline`},
		{"no entries", `{"schema": "nosplit.baseline/v1"}`, `b.json:1:1: the baseline has no "entries": write the file again with --write-baseline`},
		{"another version", `{"schema": "nosplit.baseline/v2", "new": 1}`, `b.json:1:12: "schema" must be "nosplit.baseline/v1", found "nosplit.baseline/v2": use the version of nosplit that wrote the file, or write it again with --write-baseline`},
		{"an audit", `{"schema": "nosplit.audit/v1"}`, `b.json:1:12: "schema" must be "nosplit.baseline/v1", found "nosplit.audit/v1": use the version of nosplit that wrote the file, or write it again with --write-baseline`},
		{"schema is a number", `{"schema": 1}`, `b.json:1:12: "schema" must be "nosplit.baseline/v1", found the number 1: use the version of nosplit that wrote the file, or write it again with --write-baseline`},
		{"unknown key", `{"version": 1}`, `b.json:1:2: unknown key "version" in the baseline; known keys are schema, entries`},
		{"key in another case", `{"Schema": "nosplit.baseline/v1"}`, `b.json:1:2: unknown key "Schema" in the baseline; known keys are schema, entries`},
		{"key twice", `{"schema": "nosplit.baseline/v1", "schema": "nosplit.baseline/v1"}`, `b.json:1:35: key "schema" is given twice in the baseline: keep one`},
		{"entries is an object", `{"entries": {}}`, `b.json:1:13: "entries" must be a list, found an object`},
		{"entry is a string", file(`"a.o"`), `b.json:4:1: an entry must be an object with the keys id, path, member, functions, occurrence, unnamed, found "a.o"`},
		{"entry is a list", file("[[[["), `b.json:4:1: an entry must be an object with the keys id, path, member, functions, occurrence, unnamed, found a list`},
		{"unknown entry key", with(`"id"`, `"line": 5, "id"`), `b.json:4:2: unknown key "line" in an entry; known keys are id, path, member, functions, occurrence, unnamed`},
		{"entry key twice", with(`"id"`, `"id": "NS001", "id"`), `b.json:4:17: key "id" is given twice in an entry: keep one`},
		{"hostile key", with(`"id"`, `"\u001b[2J\u202e`+strings.Repeat("é", 60)+`"`), `b.json:4:2: unknown key "\x1b[2J\u202e` + strings.Repeat("é", 36) + `…" in an entry; known keys are id, path, member, functions, occurrence, unnamed`},
		{"no id", with(`"id": "NS001", `, ""), `b.json:4:1: an entry has no "id": write the file again with --write-baseline`},
		{"no path", with(`"path": "a.o", `, ""), `b.json:4:1: an entry has no "path": write the file again with --write-baseline`},
		{"no member", with(`"member": "", `, ""), `b.json:4:1: an entry has no "member": write the file again with --write-baseline`},
		{"no functions", with(`, "functions": ["f"]`, ""), `b.json:4:1: an entry has no "functions": write the file again with --write-baseline`},
		{"unknown id", with("NS001", "NS999"), `b.json:4:8: "id" "NS999" is not known to this version of nosplit: use the version that wrote the file, or remove the entry`},
		{"id is null", with(`"NS001"`, "null"), `b.json:4:8: "id" must be a string, found null`},
		{"path is a truth value", with(`"a.o"`, "true"), `b.json:4:25: "path" must be a string, found the truth value true`},
		{"empty path", with(`"a.o"`, `""`), `b.json:4:25: "path" is empty: name the file`},
		{"absolute path", with(`a.o`, `/a.o`), `b.json:4:25: "path" must be relative to the directory of this file, found "/a.o"`},
		{"hidden absolute path", with(`a.o`, `%2Fa.o`), `b.json:4:25: "path" must be relative to the directory of this file, found "/a.o"`},
		{"long way", with(`a.o`, `./b/../a.o`), `b.json:4:25: "path" must be in its shortest form, "a.o", found "./b/../a.o"`},
		{"slash at the end", with(`a.o`, `a/`), `b.json:4:25: "path" must be in its shortest form, "a", found "a/"`},
		{"open percent", with(`a.o`, `a%zz`), `b.json:4:25: "path" holds a % without two hexadecimal digits behind it: write %25 for the character itself`},
		{"not UTF-8", with(`a.o`, "a\xff"), `b.json:4:25: "path" holds U+FFFD, or bytes that are not UTF-8: write each such byte as %XX`},
		{"half a surrogate", with(`a.o`, `\ud800`), `b.json:4:25: "path" holds U+FFFD, or bytes that are not UTF-8: write each such byte as %XX`},
		{"member is a list", with(`""`, "[]"), `b.json:4:42: "member" must be a string, found a list`},
		{"functions is a string", with(`["f"]`, `"f"`), `b.json:4:59: "functions" must be a list, found "f"`},
		{"functions is null", with(`["f"]`, `null`), `b.json:4:59: "functions" must be a list, found null`},
		{"function is a number", with(`["f"]`, `["f", 1.5]`), `b.json:4:65: a function must be a string, found the number 1.5`},
		{"function is a list", with(`["f"]`, `[[]]`), `b.json:4:60: a function must be a string, found a list`},
		{"function without a name", with(`["f"]`, `[""]`), `b.json:4:60: a function has an empty name: count it in "unnamed"`},
		{"unnamed is a string", with(`"id"`, `"unnamed": "1", "id"`), `b.json:4:13: "unnamed" must be a whole number from 1 to 2147483647, found "1": leave the key out for 0`},
		{"unnamed is 0", with(`"id"`, `"unnamed": 0, "id"`), `b.json:4:13: "unnamed" must be a whole number from 1 to 2147483647, found the number 0: leave the key out for 0`},
		{"unnamed is a fraction", with(`"id"`, `"unnamed": 1.5, "id"`), `b.json:4:13: "unnamed" must be a whole number from 1 to 2147483647, found the number 1.5: leave the key out for 0`},
		{"occurrence is negative", with(`"id"`, `"occurrence": -1, "id"`), `b.json:4:16: "occurrence" must be a whole number from 1 to 2147483647, found the number -1: leave the key out for 0`},
		{"occurrence is huge", with(`"id"`, `"occurrence": 99999999999999999999, "id"`), `b.json:4:16: "occurrence" must be a whole number from 1 to 2147483647, found the number 99999999999999999999: leave the key out for 0`},
		{"twice", file(plain, `{"id": "NS002", "path": "a.o", "member": "", "functions": []}`, plain), `b.json:6:1: a second entry for NS001 in a.o, the first is on line 4: keep one, or write the file again with --write-baseline`},
		{"twice in another spelling", file(plain, strings.Replace(plain, "a.o", "%61.o", 1)), `b.json:5:1: a second entry for NS001 in a.o, the first is on line 4: keep one, or write the file again with --write-baseline`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := baseline.Parse("b.json", []byte(tt.data))
			if err == nil {
				t.Fatal("no error")
			}
			if b != nil {
				t.Error("a baseline and an error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("message differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	save := func(name, data string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := save("ok.json", file(plain))
	b, err := baseline.Load(good)
	if err != nil {
		t.Fatal(err)
	}
	if b.File != good || len(b.Entries) != 1 {
		t.Errorf("Load = %+v", b)
	}
	full := file(plain)
	full += strings.Repeat(" ", 32<<20-len(full))
	if _, err := baseline.Load(save("full.json", full)); err != nil {
		t.Errorf("a file of the largest size: %v", err)
	}
	for name, tt := range map[string]struct{ file, want string }{
		"missing":   {filepath.Join(dir, "none.json"), ": the baseline cannot be read: no such file or directory: check the path, or make the file with --write-baseline"},
		"directory": {dir, ": the baseline cannot be read: is a directory: check the path, or make the file with --write-baseline"},
		"too large": {save("big.json", full+" "), ": the baseline is larger than 33554432 bytes: name a file that --write-baseline wrote"},
		"mistake":   {save("bad.json", "{}"), `:1:1: the baseline has no "schema": write the file again with --write-baseline`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := baseline.Load(tt.file)
			if err == nil || err.Error() != tt.file+tt.want {
				t.Errorf("err = %v, want %q", err, tt.file+tt.want)
			}
			if e, ok := errors.AsType[*baseline.Error](err); !ok || e.File != tt.file {
				t.Errorf("%#v does not name the file", err)
			}
		})
	}
	if got := (&baseline.Error{File: "a\x1b.json", Message: "m"}).Error(); got != `a\x1b.json: m` {
		t.Errorf("Error() = %q", got)
	}
}
