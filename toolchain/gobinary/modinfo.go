package gobinary

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// The module information is text between two markers of 16 bytes, which make
// it findable in the programs of compilers without a blob. Source: Go,
// cmd/go/internal/modload/build.go.
const (
	modInfoStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	modInfoEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// Bounds of what is kept, in bytes and in settings.
const (
	maxPath          = 4 << 10
	maxSetting       = 16 << 10
	maxSettings      = 512
	maxSettingsBytes = 64 << 10
)

// truncatedKey is the key of the last setting when the file records more.
const truncatedKey = "(truncated)"

// unframe takes the markers away. Text without them, or without a line end, is
// no module information.
func unframe(b []byte) []byte {
	const n = len(modInfoStart)
	if len(b) <= 2*n || b[len(b)-n-1] != '\n' {
		return nil
	}
	return b[n : len(b)-n]
}

// parseModInfo reads the lines that runtime/debug.BuildInfo.String writes:
// "path", "mod", "dep", "=>" and "build", each with a tab after it. A build
// line holds key=value, with either quoted when it holds unusual characters.
// What is quoted badly is kept as it stands.
func parseModInfo(b []byte) (path string, settings []finding.GoSetting) {
	settings = []finding.GoSetting{} // a list in JSON even when it is empty
	total := 0
	for len(b) > 0 {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			break
		}
		b = rest
		if p, ok := bytes.CutPrefix(line, []byte("path\t")); ok {
			path = cut(p, maxPath)
			continue
		}
		kv, ok := bytes.CutPrefix(line, []byte("build\t"))
		if !ok {
			continue
		}
		s := parseSetting(kv)
		total += len(s.Key) + len(s.Value)
		if len(settings) == maxSettings || total > maxSettingsBytes {
			settings = append(settings, finding.GoSetting{
				Key:   truncatedKey,
				Value: "the file records more settings",
			})
			return path, settings
		}
		settings = append(settings, s)
	}
	return path, settings
}

func parseSetting(kv []byte) finding.GoSetting {
	var key, value []byte
	if n := quotedLen(kv); n > 0 && n < len(kv) && kv[n] == '=' {
		key, value = kv[:n], kv[n+1:]
	} else {
		key, value, _ = bytes.Cut(kv, []byte("="))
	}
	return finding.GoSetting{Key: unquote(key), Value: unquote(value)}
}

// quotedLen is the length of the quoted string that b begins with; 0 when b
// begins with none.
func quotedLen(b []byte) int {
	if len(b) == 0 || b[0] != '"' && b[0] != '`' {
		return 0
	}
	q, err := strconv.QuotedPrefix(string(b[:min(len(b), maxSetting)]))
	if err != nil {
		return 0
	}
	return len(q)
}

func unquote(b []byte) string {
	if len(b) == 0 || len(b) > maxSetting || b[0] != '"' && b[0] != '`' {
		return cut(b, maxSetting)
	}
	if s, err := strconv.Unquote(string(b)); err == nil {
		return s
	}
	return string(b)
}

// cut makes a string of at most limit bytes of b, and says when that was not
// all.
func cut(b []byte, limit int) string {
	if len(b) <= limit {
		return string(b)
	}
	return fmt.Sprintf("%s... (truncated, %d bytes in all)", b[:limit], len(b))
}
