package splitstack

import (
	"cmp"
	"slices"

	"github.com/ianlancetaylor/demangle"

	"github.com/rules-nosplit/rules_nosplit/toolchain/dwarfline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// maxDemangle bounds demangled names as a power of two, in bytes: a hostile
// name of a few bytes can describe one of gigabytes.
const maxDemangle = 13

// nameBudget is how many bytes of names are kept for an object of a size in
// bytes. Real names are a part of the object each; a hostile string table gives
// a million functions one name of a megabyte.
func nameBudget(size int) int { return 2*size + 1<<16 }

// spend copies a name out of the file, as long as there is room.
func (j *judgement) spend(name []byte) string {
	if len(name) > j.nameBytes {
		return ""
	}
	j.nameBytes -= len(name)
	return string(name)
}

// demangled is the name as a programmer writes it, as long as there is room.
func (j *judgement) demangled(name string) string {
	d := demangle.Filter(name, demangle.MaxLength(maxDemangle))
	if len(d) > j.nameBytes {
		return name
	}
	j.nameBytes -= len(d)
	return d
}

// locatedFunction is a function of a finding and the place to look up its
// source line by.
type locatedFunction struct {
	finding.Function
	place dwarfline.Place
}

// functionSet holds functions in the order they came, each once.
type functionSet struct {
	list []locatedFunction
	seen map[dwarfline.Place]bool
}

func (s *functionSet) add(fn locatedFunction) {
	if s.seen == nil {
		s.seen = map[dwarfline.Place]bool{}
	}
	if !s.seen[fn.place] {
		s.seen[fn.place] = true
		s.list = append(s.list, fn)
	}
}

// functionAt names the function around an offset; without a symbol it is the
// place itself.
func (j *judgement) functionAt(r *region, offset int, frame uint64) locatedFunction {
	fn := locatedFunction{
		Function: finding.Function{FrameBytes: frame},
		place:    dwarfline.Place{Section: r.section, Address: r.base + uint64(offset)},
	}
	// The table was opened before, or there is no function to name: an error
	// would have ended the judgement there.
	if ft, err := j.functionTable(); err == nil {
		if f := ft.find(r.section, fn.place.Address); f.known {
			fn.Name, fn.place.Address = j.spend(f.name), f.start
		}
	}
	fn.Offset = fn.place.Address
	return fn
}

// describe completes the functions of all findings for people: demangled
// names, and source lines where the object has them.
func (j *judgement) describe() {
	var places []dwarfline.Place
	for _, fns := range j.located {
		for _, fn := range fns {
			places = append(places, fn.place)
		}
	}
	if len(places) == 0 {
		return
	}
	// Lines inform: without them, or with some of them, the finding stands.
	lines, _ := dwarfline.Resolve(j.file, places)
	j.nameBytes = nameBudget(len(j.file.Data)) // again, for the demangled names
	for i, fns := range j.located {
		for _, fn := range fns {
			fn.Demangled = j.demangled(fn.Name)
			fn.File, fn.Line = lines[0].File, lines[0].Line
			lines = lines[1:]
			j.findings[i].Functions = append(j.findings[i].Functions, fn.Function)
		}
		slices.SortStableFunc(j.findings[i].Functions, func(a, b finding.Function) int {
			return cmp.Compare(a.Offset, b.Offset)
		})
	}
}
