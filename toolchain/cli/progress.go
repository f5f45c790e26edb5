package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/textreport"
)

// How the progress line behaves: short audits never show it, long ones redraw
// it at most ten times a second.
const (
	progressDelay    = 500 * time.Millisecond
	progressInterval = 100 * time.Millisecond
)

// A progressLine draws one line over itself on a terminal. It is used by one
// goroutine at a time.
type progressLine struct {
	w     io.Writer
	width int // columns of the terminal
	now   func() time.Time
	next  time.Time // when the line may be drawn again
	drawn bool
}

func newProgressLine(w io.Writer, width int, now func() time.Time) *progressLine {
	return &progressLine{w: w, width: width, now: now, next: now().Add(progressDelay)}
}

func (l *progressLine) update(p audit.Progress) {
	now := l.now()
	if now.Before(l.next) {
		return
	}
	l.next = now.Add(progressInterval)
	l.drawn = true
	// A line that reached the last column would wrap, and could not be
	// erased again. Errors are left alone: progress is no result.
	fmt.Fprintf(l.w, "\r%s\x1b[K", clip(progressText(p), l.width-1))
}

// erase removes the line, so that what follows begins on an empty one.
func (l *progressLine) erase() {
	if l.drawn {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.drawn = false
	}
}

// barWidth is the inside of the progress bar, in columns.
const barWidth = 20

func progressText(p audit.Progress) string {
	bar := ""
	if p.FilesTotal > 0 {
		done := min(p.FilesDone, p.FilesTotal)
		filled := done * barWidth / p.FilesTotal
		bar = fmt.Sprintf("[%s%s] %3d%% ", strings.Repeat("=", filled), strings.Repeat(" ", barWidth-filled), done*100/p.FilesTotal)
	}
	return fmt.Sprintf("%s%d of %d files, %s, %d objects",
		bar, p.FilesDone, p.FilesTotal, textreport.Bytes(p.BytesDone), p.Objects)
}

// clip returns the first columns of s, which holds ASCII.
func clip(s string, columns int) string {
	return s[:min(len(s), max(columns, 0))]
}
