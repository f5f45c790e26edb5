package sarifreport

import (
	"net/url"
	"testing"
)

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ base, path, uri, baseID, stable string }{
		{"/w", "a.o", "a.o", rootID, "a.o"},
		{"/w", "./a//b/../a.o", "a/a.o", rootID, "a/a.o"},
		{"/w", "/w/a.o", "a.o", rootID, "a.o"},
		{"/w/", "/w/a.o", "a.o", rootID, "a.o"},
		{"/w", "/wide/a.o", "file:///wide/a.o", "", "a.o"},
		{"/w", "/w", ".", rootID, "."},
		{"/w", "../w/a.o", "a.o", rootID, "a.o"},
		{"/w/x", "../y/a.o", "../y/a.o", rootID, "../y/a.o"},
		{"/w", "..a.o", "..a.o", rootID, "..a.o"},
		{"/", "/usr/a.o", "usr/a.o", rootID, "usr/a.o"},
		{"", "/usr/a.o", "file:///usr/a.o", "", "a.o"},
		{"", "../a.o", "../a.o", rootID, "../a.o"},
		{"", "", ".", rootID, "."},
		{"/w", "libstdc++.a", "libstdc++.a", rootID, "libstdc++.a"},
		{"/w", "file:///a.o", "file%3A/a.o", rootID, "file:/a.o"},
		{"/w", "a\xff%\n?#.o", "a%FF%25%0A%3F%23.o", rootID, "a\xff%\n?#.o"},
	} {
		p := newPlaces(tt.base)
		got := p.artifact(tt.path)
		if got.URI != tt.uri || got.URIBaseID != tt.baseID {
			t.Errorf("base %q: artifact(%q) = %+v, want %s %s", tt.base, tt.path, got, tt.uri, tt.baseID)
		}
		if p.absolute != (tt.baseID == "") {
			t.Errorf("base %q: absolute is %t after %q", tt.base, p.absolute, tt.path)
		}
		if got := p.stable(tt.path); got != tt.stable {
			t.Errorf("base %q: stable(%q) = %q, want %q", tt.base, tt.path, got, tt.stable)
		}
	}
}

func TestPercentEncodeIsReversible(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	got, err := url.PathUnescape(percentEncode(string(all)))
	if err != nil || got != string(all) {
		t.Errorf("decoded %q, %v", got, err)
	}
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äöü…"}, {"\xff\xff\xff\xff", 3, "\xff\xff\xff…"},
	} {
		if got := shorten(tt.in, tt.limit); got != tt.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"a/b.o", 5, "a/b.o"}, {"xx/a/b.o", 6, "…/a/b.o"}, {"xx/a/b.o", 5, "…/b.o"}, {"abcdefgh.o", 5, "…fgh.o"}, {"xüü.o", 5, "…ü.o"}, {"xü", 2, "…ü"},
	} {
		if got := shortenPath(tt.in, tt.limit); got != tt.want {
			t.Errorf("shortenPath(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}
