// Package version tells which nosplit this is.
package version

import "runtime/debug"

// Version is the release, without a leading v. A release build sets it with
//
//	-ldflags "-X github.com/rules-nosplit/rules_nosplit/toolchain/version.Version=1.2.3"
//
// When it is empty, String asks the build information of the binary.
var Version string

// String returns the version, or "devel" when the binary does not know it. It
// is never empty.
func String() string {
	if Version != "" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	return fromBuildInfo(info)
}

const unknown = "devel"

func fromBuildInfo(info *debug.BuildInfo) string {
	switch v := info.Main.Version; v {
	case "", "(devel)":
		return unknown
	default:
		if v[0] == 'v' {
			return v[1:]
		}
		return v
	}
}
