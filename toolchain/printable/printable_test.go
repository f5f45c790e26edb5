package printable

import (
	"strconv"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"empty", "", ""},
		{"plain", "libx.a(inflate.o)", "libx.a(inflate.o)"},
		{"other scripts stay", "größe_关_é.o", "größe_关_é.o"},
		{"quotes stay", `operator""_s 'x'`, `operator""_s 'x'`},
		{"escape sequence", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"eight-bit CSI", "a\u009b2Jb", `a\u009b2Jb`},
		{"line breaks", "a\r\nb\tc\u2028d", `a\r\nb\tc\u2028d`},
		{"delete and NUL", "a\x7f\x00b", `a\x7f\x00b`},
		{"invalid UTF-8", "a\xff\xfeb", `a\xff\xfeb`},
		{"genuine replacement character", "a\ufffdb", "a\ufffdb"},
		{"bidi override", "a\u202ecod.o", `a\u202ecod.o`},
		{"bidi isolate", "a\u2066b", `a\u2066b`},
		{"zero width", "a\u200bb", `a\u200bb`},
		{"tag character", "a\U000e0041", `a\U000e0041`},
		{"backslash", `a\x1b`, `a\\x1b`},
		{"command of a CI log", "::stop-commands::x", `\x3a:stop-commands::x`},
		{"command of another CI log", "a.o##[error]b", `a.o\x23#[error]b`},
		{"C++ names stay", "zip::inflate(int)", "zip::inflate(int)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Escape(tt.in); got != tt.want {
				t.Errorf("Escape(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a\x1b[0m", "\xff", `\`, "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Escape(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if !strconv.IsPrint(r) {
				t.Fatalf("Escape(%q) = %q holds %U", s, got, r)
			}
		}
	})
}
