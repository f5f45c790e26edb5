package baseline

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEncode(t *testing.T) {
	for name, want := range map[string]string{
		"":                               "",
		"inflate":                        "inflate",
		"_ZN3zip4openEPKc":               "_ZN3zip4openEPKc",
		"operator<<&\"\\'":               "operator<<&\"\\'",
		"with space":                     "with space",
		"café":                           "café",
		"\u7d04\u675f\U0001f642":         "\u7d04\u675f\U0001f642",
		"gopkg.in/yaml%2ev3.Decode":      "gopkg.in/yaml%252ev3.Decode",
		"caf\xe9":                        "caf%E9",
		"\x00\x1b[2J\n\x7f":              "%00%1B[2J%0A%7F",
		"\u009b":                         "%C2%9B",
		"\u202e":                         "%E2%80%AE",
		"\u00a0":                         "%C2%A0",
		"\ufffd":                         "%EF%BF%BD",
		"\xff\xfe":                       "%FF%FE",
		"\xed\xa0\x80":                   "%ED%A0%80", // a surrogate, which UTF-8 does not have
		"\xe2\x82":                       "%E2%82",    // cut short
		strings.Repeat("a", 70) + "\x01": strings.Repeat("a", 70) + "%01",
	} {
		got := encode(name)
		if got != want {
			t.Errorf("encode(%q) = %q, want %q", name, got, want)
		}
		if !utf8.ValidString(got) {
			t.Errorf("encode(%q) is not UTF-8", name)
		}
		if back, err := decode(got); err != nil || back != name {
			t.Errorf("decode(%q) = %q, %v, want %q", got, back, err, name)
		}
	}
}

func TestEveryByteComesBack(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			name := string([]byte{'x', byte(a), byte(b)})
			if back, err := decode(encode(name)); err != nil || back != name {
				t.Fatalf("decode(encode(%q)) = %q, %v", name, back, err)
			}
		}
	}
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{"%41": "A", "%2f%2F": "//", "%25%": "", "%": "", "%4": "", "%4g": "", "a%%": "", "% 4": "", "\ufffd": "", "\xff": ""} {
		got, err := decode(in)
		if (err != nil) != (want == "") || got != want {
			t.Errorf("decode(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for c := range 256 {
		isDigit := strings.IndexByte("0123456789abcdefABCDEF", byte(c)) >= 0
		if isHex(byte(c)) != isDigit {
			t.Errorf("isHex(%q) = %t", byte(c), !isDigit)
		}
	}
}

func TestMost(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "", ""},
		{"a", "", "a"},
		{"", "a", "a"},
		{"a", "a", "a"},
		{"a c", "b", "a b c"},
		{"a a b", "a b b", "a a b b"},
		{"a", "a a a", "a a a"},
		{"x x", "x", "x x"},
	} {
		a, b := strings.Fields(tt.a), strings.Fields(tt.b)
		if got := strings.Join(most(a, b), " "); got != tt.want {
			t.Errorf("most(%q, %q) = %q, want %q", tt.a, tt.b, got, tt.want)
		}
		if strings.Join(a, " ") != tt.a || strings.Join(b, " ") != tt.b {
			t.Errorf("most(%q, %q) changed its arguments", tt.a, tt.b)
		}
	}
}

func TestOutermost(t *testing.T) {
	got := outermost([]string{"/b/c", "/a-b", "/b", "/a/x", "/a", "/a/x/y", "/b"})
	if want := "/a-b /a /b"; strings.Join(got, " ") != want {
		t.Errorf("outermost = %v, want %s", got, want)
	}
	if got := outermost([]string{"/a", "/"}); strings.Join(got, " ") != "/" {
		t.Errorf("outermost = %v, want /", got)
	}
}
