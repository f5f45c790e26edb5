package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

func TestWantsColor(t *testing.T) {
	tests := []struct {
		name     string
		env      string
		terminal bool
		want     bool
	}{
		{"terminal", "TERM=xterm", true, true},
		{"no terminal", "TERM=xterm", false, false},
		{"NO_COLOR", "TERM=xterm NO_COLOR=1", true, false},
		{"NO_COLOR before CLICOLOR_FORCE", "NO_COLOR=1 CLICOLOR_FORCE=1", true, false},
		{"CLICOLOR_FORCE", "CLICOLOR_FORCE=1", false, true},
		{"CLICOLOR_FORCE before TERM", "CLICOLOR_FORCE=1 TERM=dumb", false, true},
		{"CLICOLOR_FORCE=0", "CLICOLOR_FORCE=0", false, false},
		{"CLICOLOR=0", "CLICOLOR=0 TERM=xterm", true, false},
		{"dumb terminal", "TERM=dumb", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{}
			for _, pair := range strings.Fields(tt.env) {
				key, value, _ := strings.Cut(pair, "=")
				env[key] = value
			}
			if got := wantsColor(func(key string) string { return env[key] }, tt.terminal); got != tt.want {
				t.Errorf("wantsColor = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestProgressLine(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	line := newProgressLine(&out, 60, func() time.Time { return now })

	// An audit that is over at once shows nothing.
	line.update(audit.Progress{FilesDone: 1, FilesTotal: 4})
	line.erase()
	if out.Len() > 0 {
		t.Errorf("too early: %q", out.String())
	}
	// Two updates in the same instant draw once.
	now = now.Add(progressDelay)
	line.update(audit.Progress{FilesDone: 1, FilesTotal: 4, BytesDone: 5_500_000, Objects: 7})
	line.update(audit.Progress{FilesDone: 2, FilesTotal: 4})
	if want := "\r[=====               ]  25% 1 of 4 files, 5.5 MB, 7 objects\x1b[K"; out.String() != want {
		t.Errorf("drawn %q, want %q", out.String(), want)
	}
	out.Reset()
	now = now.Add(progressInterval)
	line.update(audit.Progress{FilesDone: 123456789, FilesTotal: 123456789, BytesDone: 1e15, Objects: 1234567890})
	drawn := strings.TrimSuffix(strings.TrimPrefix(out.String(), "\r"), "\x1b[K")
	if len(drawn) != 59 {
		t.Errorf("a line of %d columns on a terminal of 60: %q", len(drawn), drawn)
	}
	out.Reset()
	line.erase()
	line.erase()
	if want := "\r\x1b[K"; out.String() != want {
		t.Errorf("erased with %q, want %q", out.String(), want)
	}
}

func TestNoProgressWithoutATerminal(t *testing.T) {
	h := newHarness(t, &finding.Report{})
	h.want(t, ExitOK, "audit", "x")
	if h.gotOptions.Progress != nil {
		t.Error("the engine was asked for progress that nobody sees")
	}
}
