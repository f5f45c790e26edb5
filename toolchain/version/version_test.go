package version

import (
	"runtime/debug"
	"testing"
)

func TestFromBuildInfo(t *testing.T) {
	for in, want := range map[string]string{
		"":        "devel",
		"(devel)": "devel",
		"v1.2.3":  "1.2.3",
		"1.2.3":   "1.2.3",
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: in}}
		if got := fromBuildInfo(info); got != want {
			t.Errorf("fromBuildInfo(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStringPrefersTheLinkedVersion(t *testing.T) {
	t.Cleanup(func() { Version = "" })
	Version = "9.8.7"
	if got := String(); got != "9.8.7" {
		t.Errorf("String() = %q, want 9.8.7", got)
	}
	Version = ""
	if got := String(); got == "" {
		t.Error("String() is empty")
	}
}
