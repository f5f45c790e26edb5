package splitstack

import (
	"bytes"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// findGuards sorts the guards into those that make a function a split one and
// odd ones. The code of linked files is searched here. Guards that a linker
// rewrote are looked for when anything touches the limit: the runtime that they
// call does, and it is hidden, and so in the same file.
func (j *judgement) findGuards() error {
	touched := false
	for _, r := range j.regions {
		if j.file.Linked() {
			r.scan = j.dialect.scan(j.text(r.code))
		}
		touched = touched || r.scan.touched
		if r.scan.store >= 0 && j.store == nil {
			section, at := j.place(r, r.scan.store)
			j.store = &finding.Evidence{
				Kind: finding.EvidenceSignature, Detail: "code that writes the stack limit",
				Section: section, Offset: at,
			}
		}
	}
	if !touched {
		return nil
	}
	for _, r := range j.regions {
		if j.file.Linked() && j.dialect.rewritten != nil { // only a final link rewrites
			r.scan.guards = append(r.scan.guards, j.dialect.rewritten(j.text(r.code))...)
		}
		slices.SortFunc(r.scan.guards, func(a, b Guard) int { return a.Start - b.Start })
		r.callSites()
		j.split = slices.Grow(j.split, len(r.scan.guards))
		for i := range r.scan.guards {
			if err := j.sortGuard(placed{&r.scan.guards[i], r}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *judgement) sortGuard(g placed) error {
	if g.Slow != nil {
		// What a compiler emits, wherever it stands.
		j.split = append(j.split, g)
		return nil
	}
	// Segments hold more than code: what a section header calls data is code
	// only if it looks like all of it.
	if j.file.Linked() {
		if s, ok := j.section(g.region.base + uint64(g.Start)); ok && !s.Executable() {
			j.odd = append(j.odd, g)
			return nil
		}
	}
	entry, err := j.atEntry(g)
	if err != nil {
		return err
	}
	if g.Branch && entry {
		j.split = append(j.split, g)
	} else {
		j.odd = append(j.odd, g)
	}
	return nil
}

// atEntry reports whether the guard begins a function. Where the file has no
// function symbols, every place may be one.
func (j *judgement) atEntry(g placed) (bool, error) {
	ft, err := j.functionTable()
	if err != nil {
		return false, err
	}
	if !ft.any(g.region.section) {
		return true, nil
	}
	fn := ft.find(g.region.section, g.region.base+uint64(g.Start))
	if !fn.known {
		return true, nil
	}
	from := fn.start - g.region.base
	return from <= uint64(g.Start) && j.dialect.entryPrefix(g.region.code[from:g.Start]), nil
}

func (j *judgement) functionTable() (*functionTable, error) {
	if j.functions == nil {
		ft, err := newFunctionTable(j.object)
		if err != nil {
			return nil, err
		}
		j.functions = &ft
	}
	return j.functions, nil
}

// callCount counts references of the runtime from code, for evidence.
type callCount struct {
	n      int
	detail string
	first  finding.Evidence
}

// bareCall is a call of the runtime outside a guarded function.
type bareCall struct {
	region *region
	offset int
	target string
}

func (j *judgement) findCalls() error {
	if j.file.Linked() {
		return j.findLinkedCalls()
	}
	return j.findRelocatedCalls()
}

// findRelocatedCalls looks at the relocations of code against symbols of the
// runtime.
func (j *judgement) findRelocatedCalls() error {
	var targets []int
	names := map[int]string{}
	for _, s := range j.named {
		if entersRuntime(s.name) && len(targets) < maxTargets {
			targets = append(targets, s.index)
			names[s.index] = s.name
		}
	}
	if _, runtime := j.definesRuntime(); runtime || len(targets) == 0 {
		return nil
	}
	entries := 0
	for i := 1; i < j.file.NumSections; i++ {
		h := j.file.Header(i)
		if h.Type != elf.SHT_RELA && h.Type != elf.SHT_REL && h.Type != elfobj.SHTCrel || int(h.Link) != j.symtab {
			continue
		}
		code := j.codeOf(int(h.Info))
		if code == nil {
			continue // it does not change code
		}
		t, err := j.file.Relocations(j.file.Section(i))
		if err != nil {
			return err
		}
		// Each entry takes a byte at least, and no two tables share any.
		if entries += t.Len; entries > len(j.file.Data) {
			return &elfobj.FormatError{Offset: h.Offset, Msg: "the relocation tables are larger than the file: they overlap"}
		}
		var r *region
		for t.NextOf(targets) {
			if t.Offset >= uint64(len(code)) || !j.dialect.transfers(code, int(t.Offset), t.Type) {
				continue
			}
			if r == nil {
				r = j.regionOf(int(h.Info), code)
			}
			if err := j.call(r, int(t.Offset), names[t.Symbol]); err != nil {
				return err
			}
		}
		if err := t.Err(); err != nil {
			return err
		}
	}
	return nil
}

// maxTargets bounds the symbols of the runtime that relocations are compared
// with. The runtime has four functions that code enters.
const maxTargets = 16

// codeOf returns what a relocation table of code changes: a section that is
// executable, or one that guards were found in. It is nil for others.
func (j *judgement) codeOf(section int) []byte {
	if section <= 0 || section >= j.file.NumSections {
		return nil
	}
	if h := j.file.Header(section); !isCode(h) {
		i, ok := j.findRegion(section)
		if !ok {
			return nil
		}
		return j.regions[i].code
	} else if !j.file.Outside(h) {
		return j.file.Data[h.Offset : h.Offset+h.Size]
	}
	return nil
}

func (j *judgement) findRegion(section int) (int, bool) {
	return slices.BinarySearchFunc(j.regions, section, func(r *region, section int) int { return r.section - section })
}

// regionOf finds the region of a section, or makes one.
func (j *judgement) regionOf(section int, code []byte) *region {
	i, ok := j.findRegion(section)
	if !ok {
		j.regions = slices.Insert(j.regions, i, &region{section: section, code: code, scan: scan{store: -1}})
	}
	return j.regions[i]
}

// callSites makes the sorted list of the calls in slow paths.
func (r *region) callSites() {
	r.slowCalls = make([]int, 0, len(r.scan.guards))
	for i := range r.scan.guards {
		if s := r.scan.guards[i].Slow; s != nil {
			r.slowCalls = append(r.slowCalls, s.Call)
		}
	}
	slices.Sort(r.slowCalls)
}

// inSlowPath reports whether a slow path makes the call whose target is at an
// offset: in the instruction, which no machine has longer than six bytes.
func (r *region) inSlowPath(offset int) bool {
	i, _ := slices.BinarySearch(r.slowCalls, offset-5)
	return i < len(r.slowCalls) && r.slowCalls[i] <= offset
}

// call records one call of the runtime: it belongs to a guarded function, or
// it is a bare one.
func (j *judgement) call(r *region, offset int, target string) error {
	if j.calls.n == 0 {
		section, at := j.place(r, offset)
		j.calls.first = finding.Evidence{Kind: finding.EvidenceCall, Section: section, Offset: at}
		j.calls.detail = target
	}
	j.calls.n++
	if r.inSlowPath(offset) {
		return nil
	}
	guarded, err := j.guarded(r, offset)
	if err == nil && !guarded && j.room.take() {
		j.bareCalls = append(j.bareCalls, bareCall{r, offset, target})
	}
	return err
}

// convict moves to the split functions those odd guards whose function calls
// the runtime: whatever the shape, both together are split-stack code.
func (j *judgement) convict() {
	odd := j.odd[:0]
	for _, g := range j.odd {
		if g.region.called[g.Start] {
			j.split = append(j.split, g)
		} else {
			odd = append(odd, g)
		}
	}
	j.odd = odd
}

// guarded reports whether the code at an offset belongs to a function with a
// guard, and marks that guard.
func (j *judgement) guarded(r *region, offset int) (bool, error) {
	// The guard in question is the last one that begins before the offset.
	i, _ := slices.BinarySearchFunc(r.scan.guards, offset, func(g Guard, offset int) int { return g.Start - offset })
	if i == 0 {
		// gcc moves slow paths into .text.unlikely.
		return !j.file.Linked() && j.file.Section(r.section).NamePrefix(".text.unlikely") && len(j.split) > 0, nil
	}
	g := r.scan.guards[i-1]
	ft, err := j.functionTable()
	if err != nil {
		return false, err
	}
	here := ft.find(r.section, r.base+uint64(offset))
	there := ft.find(r.section, r.base+uint64(g.Start))
	if here.known && there.known && here.start != there.start && !isPartOf(here.name, there.name) {
		return false, nil
	}
	if r.called == nil {
		r.called = map[int]bool{}
	}
	r.called[g.Start] = true
	return true, nil
}

// isPartOf reports whether a function is what a compiler split off another one,
// such as f.cold of f.
func isPartOf(part, whole []byte) bool {
	return len(part) > len(whole) && part[len(whole)] == '.' && bytes.HasPrefix(part, whole)
}

// findLinkedCalls looks for direct calls of __morestack in a linked file that
// holds the runtime.
func (j *judgement) findLinkedCalls() error {
	if j.store == nil || len(j.dialect.morestack) == 0 {
		return nil
	}
	var target uint64
	for _, r := range j.regions {
		if at := bytes.Index(r.code, j.dialect.morestack); at >= 0 {
			target = r.base + uint64(at)
		}
	}
	if target == 0 {
		return nil
	}
	for _, r := range j.regions {
		err := j.dialect.callTo(r.code, int(target-r.base), func(at int) error { return j.call(r, at, "__morestack") })
		if err != nil {
			return err
		}
	}
	return nil
}

// addViolation adds NS001 for all split functions of the object.
func (j *judgement) addViolation(note elfobj.Section, hasNote bool) {
	fd := finding.Finding{ID: finding.NS001, Level: finding.Error}
	fns := make(functionSet, 0, len(j.split))
	shapes := map[string]int{} // index in fd.Evidence
	counts := map[string]int{}
	for _, g := range j.split {
		if _, ok := shapes[g.Shape]; !ok {
			section, at := j.place(g.region, g.Start)
			shapes[g.Shape] = len(fd.Evidence)
			fd.Evidence = append(fd.Evidence, finding.Evidence{Kind: finding.EvidenceGuard, Detail: g.Shape, Section: section, Offset: at})
		}
		counts[g.Shape]++
		fns.add(j.functionAt(g.region, g.Start, g.Frame))
	}
	for shape, i := range shapes {
		if n := counts[shape]; n > 1 {
			fd.Evidence[i].Detail += fmt.Sprintf(" (%d times)", n)
		}
	}
	if hasNote {
		for _, c := range j.bareCalls {
			fns.add(j.functionAt(c.region, c.offset, 0))
		}
		j.bareCalls = nil
	}
	if j.calls.n > 0 && j.calls.detail != "" {
		ev := j.calls.first
		ev.Detail = "call of " + j.calls.detail
		if j.calls.n > 1 {
			ev.Detail += fmt.Sprintf(" (%d calls of the runtime)", j.calls.n)
		}
		fd.Evidence = append(fd.Evidence, ev)
	}
	if hasNote {
		fd.Evidence = append(fd.Evidence, noteEvidence(note))
	}
	functions := fns.sorted()
	what := "check for a split stack on entry"
	if len(j.split) == 0 { // then there were bare calls
		what = "call the split-stack runtime, in an object that was compiled with -fsplit-stack"
	}
	if len(functions) == 1 {
		what = strings.Replace(strings.Replace(what, "check ", "checks ", 1), "call ", "calls ", 1)
		fd.Message = "1 function " + what
	} else {
		fd.Message = fmt.Sprintf("%d functions %s", len(functions), what)
	}
	if j.room.dropped > 0 {
		fd.Message += fmt.Sprintf("; %d more guards and calls are not listed", j.room.dropped)
	}
	j.add(fd, functions...)
}

// maxEvidence bounds the evidence for one NS009; the functions are all listed.
const maxEvidence = 100

// addOddities adds NS009 for what no compiler emits.
func (j *judgement) addOddities() {
	var fd finding.Finding
	var fns functionSet
	for _, g := range j.odd {
		if len(fd.Evidence) < maxEvidence {
			section, at := j.place(g.region, g.Start)
			fd.Evidence = append(fd.Evidence, finding.Evidence{Kind: finding.EvidenceGuard, Detail: g.Shape, Section: section, Offset: at})
		}
		fns.add(j.functionAt(g.region, g.Start, g.Frame))
	}
	for _, c := range j.bareCalls {
		if len(fd.Evidence) < maxEvidence {
			section, at := j.place(c.region, c.offset)
			fd.Evidence = append(fd.Evidence, finding.Evidence{Kind: finding.EvidenceCall, Detail: "call of " + c.target, Section: section, Offset: at})
		}
		fns.add(j.functionAt(c.region, c.offset, 0))
	}
	if len(fd.Evidence) == 0 {
		return
	}
	fd.ID, fd.Level = finding.NS009, finding.Warning
	var what []string
	if len(j.odd) > 0 {
		what = append(what, "compares the stack pointer with the split-stack limit in a way that no compiler does")
	}
	if len(j.bareCalls) > 0 {
		what = append(what, "calls the split-stack runtime without a guard")
	}
	fd.Message = strings.Join(what, ", and ")
	j.add(fd, fns.sorted()...)
}
