package sarifreport

import (
	"path"
	"strings"
)

// rootID stands for the directory that relative locations start from. The name
// is the one that GitHub's code scanning and CodeQL use.
const rootID = "%SRCROOT%"

// places makes locations of paths.
type places struct {
	base string // cleaned, or empty
	// absolute is set once a location was a file URI.
	absolute bool
}

func newPlaces(base string) *places {
	if base != "" {
		base = path.Clean(base)
	}
	return &places{base: base}
}

// relative returns the path below base, or else the path without needless
// elements: absolute when it was, or beginning with "..".
func (p *places) relative(name string) string {
	name = path.Clean(name)
	whole := name
	if p.base == "" {
		return name
	}
	if !path.IsAbs(name) {
		if !strings.HasPrefix(name, "../") {
			return name
		}
		whole = path.Join(p.base, name)
	}
	if whole == p.base {
		return "."
	}
	if below, ok := strings.CutPrefix(whole, strings.TrimSuffix(p.base, "/")+"/"); ok {
		return below
	}
	return name
}

// artifact returns the location of a file. A path that leads out of the base by
// ".." stays as it is: made absolute, it would name this machine.
func (p *places) artifact(name string) artifactLocation {
	name = p.relative(name)
	if path.IsAbs(name) {
		p.absolute = true
		return artifactLocation{URI: fileURI(name)}
	}
	return artifactLocation{URI: percentEncode(name), URIBaseID: rootID}
}

// stable names a file in a fingerprint: without what is before the base, and
// of an absolute path elsewhere only the last element, since the rest differs
// from machine to machine.
func (p *places) stable(name string) string {
	name = p.relative(name)
	if path.IsAbs(name) {
		return path.Base(name)
	}
	return name
}

// display names a file in a text of bounded length, the end before the start.
func (p *places) display(name string) string {
	return shortenPath(p.relative(name), maxPath)
}

func fileURI(absolute string) string {
	return "file://" + percentEncode(absolute)
}

// percentEncode writes a path as RFC 3986 wants it, section 3.3: any byte may
// be in it. A colon is encoded as well, as it would end a scheme in the first
// segment of a relative reference.
func percentEncode(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("/-._~!$&'()*+,;=@", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&0xf])
	}
	return b.String()
}
