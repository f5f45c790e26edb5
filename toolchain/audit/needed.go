package audit

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// linkedFile is what the dynamic section of a judged file says.
type linkedFile struct {
	path    string
	machine string
	dynamic elfobj.Dynamic
}

// noteDynamic remembers what a linked file needs. A dynamic section that cannot
// be read is none: no loader loads the file.
func (res *results) noteDynamic(o finding.Object, f *elfobj.File) {
	if !f.Linked() || o.Member != "" {
		return
	}
	if d, _ := f.Dynamic(); len(d.Needed) > 0 || d.Soname != "" {
		res.linked = append(res.linked, linkedFile{o.Path, o.Machine, d})
	}
}

// spread adds NS008 to the objects that need a violation, directly or through
// others. The objects are sorted by path.
func spread(objects []finding.Object, linked []linkedFile) {
	// What is looked up as: the name that others need a file by.
	type key struct{ machine, name string }
	needers := map[key][]int{} // indices in linked
	slices.SortFunc(linked, func(a, b linkedFile) int { return cmp.Compare(a.path, b.path) })
	for i, l := range linked {
		for _, name := range l.dynamic.Needed {
			k := key{l.machine, path.Base(name)}
			needers[k] = append(needers[k], i)
		}
	}
	var todo []int
	for i := range linked {
		if o := objectAt(objects, linked[i].path); o != nil && o.Verdict == finding.Violation {
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		bad := linked[todo[0]]
		todo = todo[1:]
		names := []string{filepath.Base(bad.path)}
		if soname := path.Base(bad.dynamic.Soname); bad.dynamic.Soname != "" && soname != names[0] {
			names = append(names, soname)
		}
		for _, name := range names {
			for _, i := range needers[key{bad.machine, name}] {
				o := objectAt(objects, linked[i].path)
				if o == nil || linked[i].path == bad.path {
					continue
				}
				was := o.Verdict
				if addNeeded(o, name, bad.path) && was != finding.Violation {
					todo = append(todo, i)
				}
			}
		}
	}
}

func objectAt(objects []finding.Object, path string) *finding.Object {
	i, ok := slices.BinarySearchFunc(objects, path, func(o finding.Object, path string) int { return cmp.Compare(o.Path, path) })
	if !ok {
		return nil
	}
	return &objects[i]
}

// addNeeded adds the need of one shared object to NS008, and reports whether it
// is new.
func addNeeded(o *finding.Object, name, file string) bool {
	ev := finding.Evidence{Kind: finding.EvidenceNeeded, Detail: "DT_NEEDED " + name + ": " + file}
	at := slices.IndexFunc(o.Findings, func(f finding.Finding) bool { return f.ID >= finding.NS008 })
	if at < 0 {
		at = len(o.Findings)
	}
	if at < len(o.Findings) && o.Findings[at].ID == finding.NS008 {
		f := &o.Findings[at]
		if slices.Contains(f.Evidence, ev) {
			return false
		}
		f.Evidence = append(f.Evidence, ev)
		slices.SortFunc(f.Evidence, func(a, b finding.Evidence) int { return cmp.Compare(a.Detail, b.Detail) })
		f.Message = fmt.Sprintf("needs %d shared objects that are violations", len(f.Evidence))
		return true
	}
	o.Findings = slices.Insert(o.Findings, at, finding.Finding{
		ID: finding.NS008, Level: finding.Error,
		Message:  fmt.Sprintf("needs the shared object %s, which is a violation: %s", name, file),
		Evidence: []finding.Evidence{ev},
	})
	o.Verdict = verdictOf(o.Findings)
	return true
}
