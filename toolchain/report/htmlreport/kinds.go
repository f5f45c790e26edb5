package htmlreport

import (
	"cmp"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// A kind is an ID that occurs in the report, with what there is to say about
// it.
type kind struct {
	ID        string
	Level     string
	Class     string        // of the level
	Rule      *finding.Rule // nil for an ID that the table does not know
	Fix       []word        // of the rule
	Objects   string        // how many objects have it
	Functions string        // how many functions it names; empty without any
	Allowed   string        // how many objects have it allowed; empty without any
	// Listed is how many of the objects are in the list.
	Listed int
	// Unlisted says how many are not; empty without any.
	Unlisted string
}

// kinds counts the findings over all objects, the gravest kinds first.
func kinds(all []finding.Object, listed objects) []kind {
	type tally struct {
		level                               finding.Level
		objects, functions, allowed, listed int
	}
	tallies := map[finding.ID]*tally{}
	for i := range all {
		o := &all[i]
		counted := map[finding.ID]bool{}
		for j := range o.Findings {
			f := &o.Findings[j]
			t := tallies[f.ID]
			if t == nil {
				t = &tally{level: f.Level}
				tallies[f.ID] = t
			}
			t.functions += len(f.Functions)
			if counted[f.ID] {
				continue
			}
			counted[f.ID] = true
			t.objects++
			if f.Suppressed != nil {
				t.allowed++
			}
			if listed.has[o] {
				t.listed++
			}
		}
	}
	ids := make([]finding.ID, 0, len(tallies))
	for id := range tallies {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b finding.ID) int {
		return cmp.Or(cmp.Compare(levelRank(tallies[a].level), levelRank(tallies[b].level)), cmp.Compare(a, b))
	})
	l := newLimits(false)
	out := make([]kind, 0, len(ids))
	for _, id := range ids {
		t := tallies[id]
		k := kind{ID: l.text(string(id)), Level: l.text(string(t.level)), Class: levelClass(t.level), Objects: number(t.objects), Listed: t.listed}
		if rule, ok := finding.Lookup(id); ok {
			k.Rule, k.Fix = &rule, words(rule.Fix)
		}
		if t.functions > 0 {
			k.Functions = number(t.functions)
		}
		if t.allowed > 0 {
			k.Allowed = number(t.allowed)
		}
		if n := t.objects - t.listed; n > 0 {
			k.Unlisted = number(n)
		}
		out = append(out, k)
	}
	return out
}

func levelRank(l finding.Level) int {
	switch l {
	case finding.Error:
		return 0
	case finding.Warning:
		return 1
	}
	return 2
}

// levelClass is the level as the style knows it.
func levelClass(l finding.Level) string {
	switch l {
	case finding.Error, finding.Warning:
		return string(l)
	}
	return string(finding.Note)
}
