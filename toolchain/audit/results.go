package audit

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/splitstack"
)

// results is what one worker found. Workers share nothing while they work.
type results struct {
	objects   []finding.Object
	skipped   []finding.Skipped
	files     int
	bytes     int64
	sawObject map[string]bool // by argument
	linked    []linkedFile
}

func newResults() *results { return &results{sawObject: map[string]bool{}} }

// verdictOf says what the findings make of an object.
func verdictOf(findings []finding.Finding) finding.Verdict {
	v := finding.Clean
	for _, f := range findings {
		if f.Level != finding.Error {
			continue
		}
		// The rule table says which errors leave an object undecided.
		if rule, ok := finding.Lookup(f.ID); !ok || rule.Verdict != finding.Unauditable {
			return finding.Violation
		}
		v = finding.Unauditable
	}
	return v
}

// addUnauditable adds an object that could not be read.
func (res *results) addUnauditable(o finding.Object, err error) {
	o.Findings = []finding.Finding{splitstack.Unreadable(err)}
	o.Verdict = finding.Unauditable
	if o.Format == "" {
		o.Format, o.Machine = unknown, unknown
	}
	res.objects = append(res.objects, o)
}

// unknown stands for a format or machine that could not be read.
const unknown = "unknown"

// protect runs f, and turns a panic in it into an unauditable object: memory
// that is gone because the file shrank, or a mistake of ours that a hostile
// file found.
func (res *results) protect(o finding.Object, f func()) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		// What debug.SetPanicOnFault panics with knows the address.
		if _, fault := r.(interface {
			runtime.Error
			Addr() uintptr
		}); fault {
			res.addUnauditable(o, errors.New("the file changed or became unreadable while it was read; audit it again when nothing writes to it"))
			return
		}
		res.addUnauditable(o, fmt.Errorf("internal error: %v; please report it with this file", r))
	}()
	f()
}

// meter counts progress and tells it on.
type meter struct {
	mu   sync.Mutex
	tell func(Progress)
	p    Progress
}

// found counts a file that is to be audited.
func (m *meter) found() {
	m.mu.Lock()
	m.p.FilesTotal++
	m.mu.Unlock()
}

func (m *meter) add(files, objects int, bytes int64) {
	if m.tell == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p.FilesDone += files
	m.p.Objects += objects
	m.p.BytesDone += bytes
	m.tell(m.p)
}
