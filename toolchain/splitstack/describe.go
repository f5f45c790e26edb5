package splitstack

import (
	"cmp"
	"math"
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
func nameBudget(size int) int { return size/2 + 1<<20 }

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

// functionSet gathers functions; several places may lie in one.
type functionSet []locatedFunction

func (s *functionSet) add(fn locatedFunction) {
	// The places come in order, mostly.
	if n := len(*s); n == 0 || (*s)[n-1].place != fn.place {
		*s = append(*s, fn)
	}
}

// sorted returns the functions by place, each once: the first that was added.
func (s functionSet) sorted() []locatedFunction {
	slices.SortStableFunc(s, func(a, b locatedFunction) int {
		return cmp.Or(cmp.Compare(a.place.Section, b.place.Section), cmp.Compare(a.place.Address, b.place.Address))
	})
	return slices.CompactFunc(s, func(a, b locatedFunction) bool { return a.place == b.place })
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
	most := math.MaxInt
	if j.describeFirst != nil && slices.ContainsFunc(j.located, func(fns []locatedFunction) bool { return len(fns) > 0 }) {
		most = j.describeFirst()
	}
	var places []dwarfline.Place
	for i, fns := range j.located {
		slices.SortStableFunc(fns, func(a, b locatedFunction) int { return cmp.Compare(a.Offset, b.Offset) })
		for k := range min(most, len(fns)) {
			places = append(places, fns[k].place)
		}
		if len(fns) > 0 {
			j.findings[i].Functions = make([]finding.Function, 0, len(fns))
		}
	}
	var lines []dwarfline.Position
	if len(places) > 0 {
		// Lines inform: without them, or with some of them, the finding
		// stands.
		lines, _ = dwarfline.Resolve(j.file, places)
	}
	j.nameBytes = nameBudget(len(j.file.Data)) // again, for the demangled names
	for i, fns := range j.located {
		for k := range fns {
			fn := &fns[k]
			if k < most {
				fn.Demangled = j.demangled(fn.Name)
				fn.File, fn.Line = lines[0].File, lines[0].Line
				lines = lines[1:]
			} else {
				fn.Demangled = fn.Name
			}
			j.findings[i].Functions = append(j.findings[i].Functions, fn.Function)
		}
	}
}
