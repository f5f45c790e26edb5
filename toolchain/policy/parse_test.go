package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const validPolicy = `# What we live with until the vendor delivers.
version: 1
audit:
  allow:
    - id: NS001
      path: "third_party/legacy/**/*.a"
      member: "co_*.o"
      reason: "vendor fix promised, ticket 1234"
      expires: 2027-03-31
    - id: NS003
      path: ./lto/*.o
      reason: judged after the link
      expires: "2027-01-01"
  unauditable: warn
libraries:
  - {name: anything, deps: [goes, here]}
binaries: 7
tests:
`

func TestParseValid(t *testing.T) {
	got, err := Parse("dir/nosplit.yaml", []byte(validPolicy))
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		File:            "dir/nosplit.yaml",
		WarnUnauditable: true,
		Allow: []Entry{{
			ID: "NS001", Path: "third_party/legacy/**/*.a", Member: "co_*.o",
			Reason:  "vendor fix promised, ticket 1234",
			Expires: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), Line: 5,
		}, {
			ID: "NS003", Path: "lto/*.o", Reason: "judged after the link",
			Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), Line: 10,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policy differs (-want +got):\n%s", diff)
	}
}

func TestParseAcceptsEmptySections(t *testing.T) {
	for _, data := range []string{
		"version: 1\n",
		"version: 1\naudit:\n",
		"version: 1\naudit:\n  allow:\n",
		"version: 1\naudit: {allow: [], unauditable: error}\n",
		"---\nversion: 1\n...\n",
	} {
		p, err := Parse("f", []byte(data))
		if err != nil {
			t.Errorf("Parse(%q): %v", data, err)
		} else if len(p.Allow) != 0 || p.WarnUnauditable {
			t.Errorf("Parse(%q) = %+v, want an empty policy", data, p)
		}
	}
}

// entryWith is a policy with one correct entry, whose lines are replaced by
// key; the entry begins at 4:7.
func entryWith(changes ...string) string {
	lines := []string{
		`id: NS001`, `path: "*.a"`, `member: "*.o"`, `reason: because`, `expires: 2027-03-31`,
	}
	for _, change := range changes {
		key, value, _ := strings.Cut(change, ":")
		for i, line := range lines {
			if strings.HasPrefix(line, key+":") {
				lines[i] = change
				if value == "" {
					lines[i] = "# no " + key
				}
			}
		}
	}
	return "version: 1\naudit:\n  allow:\n    -\n      " + strings.Join(lines, "\n      ") + "\n"
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, data string
		want       []string
	}{
		{"empty", "", []string{`n.yaml: the policy file is empty: write at least "version: 1"`}},
		{"comments only", "# nothing\n", []string{`n.yaml: the policy file is empty: write at least "version: 1"`}},
		{"not a mapping", "- a\n", []string{`n.yaml:1:1: the policy file must be a mapping with the keys version, audit, libraries, binaries, tests, found a list`}},
		{"no version", "audit: {}\n", []string{`n.yaml:1:1: "version" is missing: write "version: 1"`}},
		{"version 2", "version: 2\n", []string{`n.yaml:1:10: "version" must be the number 1, found the number 2`}},
		{"version is a string", "version: '1'\n", []string{`n.yaml:1:10: "version" must be the number 1, found "1"`}},
		{"second document", "version: 1\n---\nversion: 1\n", []string{`n.yaml:2:1: a second YAML document begins here: a policy file holds one`}},
		{"unknown top key", "version: 1\naudits: {}\n", []string{`n.yaml:2:1: unknown key "audits" in the policy file (did you mean "audit"?); known keys are version, audit, libraries, binaries, tests`}},
		{"unknown key far from any", "version: 1\nzzzzzz: {}\n", []string{`n.yaml:2:1: unknown key "zzzzzz" in the policy file; known keys are version, audit, libraries, binaries, tests`}},
		{"unknown audit key", "version: 1\naudit:\n  alow: []\n", []string{`n.yaml:3:3: unknown key "alow" in "audit" (did you mean "allow"?); known keys are allow, unauditable`}},
		{"unknown entry key", entryWith("member: x\n      expired: 1"), []string{`n.yaml:8:7: unknown key "expired" in an allow entry (did you mean "expires"?); known keys are id, path, member, reason, expires`}},
		{"duplicate key", "version: 1\nversion: 1\n", []string{`n.yaml:2:1: key "version" is given twice in the policy file, first on line 1: keep one`}},
		{"duplicate entry key", entryWith("member: x\n      id: NS002"), []string{`n.yaml:8:7: key "id" is given twice in an allow entry, first on line 5: keep one`}},
		{"key that is a list", "version: 1\n? [a]\n: b\n", []string{`n.yaml:2:3: a key of the policy file must be a plain word, found a list; known keys are version, audit, libraries, binaries, tests`}},
		{"audit is a list", "version: 1\naudit: []\n", []string{`n.yaml:2:8: "audit" must be a mapping with the keys allow, unauditable, found a list`}},
		{"allow is a mapping", "version: 1\naudit:\n  allow: {id: NS001}\n", []string{`n.yaml:3:10: "allow" must be a list of entries, found a mapping: begin each entry with "- id:"`}},
		{"entry is a string", "version: 1\naudit:\n  allow: [NS001]\n", []string{`n.yaml:3:11: an allow entry must be a mapping with the keys id, path, member, reason, expires, found "NS001"`}},
		{"bad unauditable", "version: 1\naudit: {unauditable: ignore}\n", []string{`n.yaml:2:22: "unauditable" must be error or warn, found "ignore"`}},
		{"unauditable false", "version: 1\naudit: {unauditable: false}\n", []string{`n.yaml:2:22: "unauditable" must be error or warn, found the truth value false`}},
		{"unauditable empty", "version: 1\naudit: {unauditable: }\n", []string{`n.yaml:2:22: "unauditable" must be error or warn, found nothing`}},
		{"empty entry", "version: 1\naudit: {allow: [{}]}\n", []string{
			`n.yaml:2:17: the allow entry has no "id": name the finding, as in NS001`,
			`n.yaml:2:17: the allow entry has no "path": write a glob relative to this file, as in "third_party/**/*.a"`,
			`n.yaml:2:17: the allow entry has no "reason": say why this is allowed and where that is tracked`,
			`n.yaml:2:17: the allow entry has no "expires": give the last day on which it holds, as in 2027-03-31`,
		}},
		{"unknown id", entryWith("id: NS099"), []string{`n.yaml:5:11: "id" must be one of NS001, NS002, NS003, NS004, NS005, NS006, NS007, NS008, NS009, found "NS099" (did you mean "NS009"?)`}},
		{"lower-case id", entryWith("id: ns003"), []string{`n.yaml:5:11: "id" must be one of NS001, NS002, NS003, NS004, NS005, NS006, NS007, NS008, NS009, found "ns003" (did you mean "NS003"?)`}},
		{"id is a list", entryWith("id: [NS001]"), []string{`n.yaml:5:11: "id" must be a string, found a list`}},
		{"open glob", entryWith(`path: "a/[b"`), []string{`n.yaml:6:13: "path" is not a valid glob: "a/[b": close every [ and {, and write \[ for the character itself`}},
		{"open member glob", entryWith(`member: "{a,b"`), []string{`n.yaml:7:15: "member" is not a valid glob: "{a,b": close every [ and {, and write \[ for the character itself`}},
		{"glob explosion", entryWith(`path: "` + strings.Repeat("{a,b}", 9) + `"`), []string{`n.yaml:6:13: "path" has more than 256 combinations of alternatives: write several entries`}},
		{"endless glob", entryWith(`path: "` + strings.Repeat("a", 4097) + `"`), []string{`n.yaml:6:13: "path" is longer than 4096 bytes`}},
		{"directory", entryWith(`path: lib/`), []string{`n.yaml:6:13: "path" names a directory: write "lib/**" for everything below it`}},
		{"dot", entryWith(`path: .`), []string{`n.yaml:6:13: "path" holds an empty segment, "." or ".." after its beginning: write it without, found "."`}},
		{"parent inside", entryWith(`path: a/../b`), []string{`n.yaml:6:13: "path" holds an empty segment, "." or ".." after its beginning: write it without, found "a/../b"`}},
		{"number as reason", entryWith("reason: 1234"), []string{`n.yaml:8:15: "reason" must be a string, found the number 1234: put it in quotes`}},
		{"no reason", entryWith("reason:"), []string{`n.yaml:5:7: the allow entry has no "reason": say why this is allowed and where that is tracked`}},
		{"null reason", entryWith("reason: ~"), []string{`n.yaml:8:15: "reason" is empty: write a value or remove the key`}},
		{"blank reason", entryWith(`reason: "  "`), []string{`n.yaml:8:15: "reason" is empty: write a value or remove the key`}},
		{"empty member", entryWith(`member: ""`), []string{`n.yaml:7:15: "member" is empty: write a value or remove the key`}},
		{"no such day", entryWith("expires: 2027-02-30"), []string{`n.yaml:9:16: "expires" must be a date written YYYY-MM-DD, found "2027-02-30"`}},
		{"time of day", entryWith("expires: 2027-02-20T10:00:00Z"), []string{`n.yaml:9:16: "expires" must be a date written YYYY-MM-DD, found "2027-02-20T10:00:00Z"`}},
		{"never", entryWith("expires: never"), []string{`n.yaml:9:16: "expires" must be a date written YYYY-MM-DD, found "never"`}},
		{"year only", entryWith("expires: 2027"), []string{`n.yaml:9:16: "expires" must be a string, found the number 2027: put it in quotes`}},
		{"alias", "version: 1\nlibraries: &l [x]\naudit:\n  allow: *l\n", []string{`n.yaml:4:10: "allow" must be a list of entries, found the alias *l (aliases are not supported: write the value out): begin each entry with "- id:"`}},
		{"merge key", "version: 1\nlibraries: &l {x: y}\naudit:\n  <<: *l\n", []string{`n.yaml:4:3: unknown key "<<" in "audit"; known keys are allow, unauditable`}},
		{"terminal escape", "version: 1\n\"\\e[2J\": 1\n", []string{`n.yaml:2:1: unknown key "\x1b[2J" in the policy file; known keys are version, audit, libraries, binaries, tests`}},
		{"tab", "version: 1\naudit:\n\tallow: []\n", []string{"n.yaml:3: not valid YAML: found character that cannot start any token: indent with spaces, and quote a value that begins with @, % or a backquote"}},
		{"unquoted glob", entryWith("path: *.a"), []string{`n.yaml:6: not valid YAML: did not find expected alphabetic or numeric character: a value that begins with * needs quotes, as in "*.o"`}},
		{"unquoted word glob", entryWith("path: *a"), []string{`n.yaml: not valid YAML: unknown anchor 'a' referenced: a value that begins with * needs quotes, as in "*.o"`}},
		{"binary", "\x7fELF\x02\x01\x01\x00", []string{"n.yaml: not valid YAML: control characters are not allowed"}},
		{"all mistakes in the order of the file", "audit:\n  unauditable: 1\n  allow:\n    - {id: X, path: a, reason: b, expires: c}\nextra: 1\nversion: 3\n", []string{
			`n.yaml:2:16: "unauditable" must be error or warn, found the number 1`,
			`n.yaml:4:12: "id" must be one of NS001, NS002, NS003, NS004, NS005, NS006, NS007, NS008, NS009, found "X"`,
			`n.yaml:4:44: "expires" must be a date written YYYY-MM-DD, found "c"`,
			`n.yaml:5:1: unknown key "extra" in the policy file; known keys are version, audit, libraries, binaries, tests`,
			`n.yaml:6:10: "version" must be the number 1, found the number 3`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("n.yaml", []byte(tt.data))
			if err == nil {
				t.Fatal("no error")
			}
			var got []string
			for _, mistake := range Mistakes(err) {
				got = append(got, mistake.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mistakes differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAliasBombStaysSmall(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nlibraries:\n  - &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 40; i++ {
		prev := "*a" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		if i == 1 {
			prev = "*a0"
		}
		name := "&a" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		b.WriteString("  - " + name + " [" + strings.TrimSuffix(strings.Repeat(prev+", ", 9), ", ") + "]\n")
	}
	if _, err := Parse("n.yaml", []byte(b.String())); err != nil {
		t.Fatalf("a key of another command is not looked into: %v", err)
	}
	_, err := Parse("n.yaml", []byte(b.String()+"audit: *a39\n"))
	if err == nil || !strings.Contains(err.Error(), "aliases are not supported") {
		t.Fatalf("err = %v, want a refusal of the alias", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	t.Run("valid", func(t *testing.T) {
		p, err := Load(write("ok.yaml", validPolicy))
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Allow) != 2 {
			t.Errorf("%d entries, want 2", len(p.Allow))
		}
	})
	for name, tt := range map[string]struct{ file, want string }{
		"missing":   {filepath.Join(dir, "none.yaml"), "the policy file cannot be read: no such file or directory: check the path"},
		"directory": {dir, "the policy file cannot be read: is a directory: check the path"},
		"too large": {write("big.yaml", strings.Repeat("#", 1<<20+1)), "the policy file is larger than 1048576 bytes: name the nosplit.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(tt.file)
			if err == nil || err.Error() != tt.file+": "+tt.want {
				t.Errorf("err = %v, want %q", err, tt.file+": "+tt.want)
			}
		})
	}
}
