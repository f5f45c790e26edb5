package textreport

import (
	"fmt"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// maxGoFiles is how many Go programs are listed without Options.All.
const maxGoFiles = 10

// goFiles says of each Go program how it was built: who reads of split code in
// one wants to know which linker put it there.
func (p *printer) goFiles(objects []finding.Object) {
	var t table
	n := 0
	for i := range objects {
		o := &objects[i]
		if o.Go == nil {
			continue
		}
		if n++; n <= maxGoFiles || p.opt.All {
			t.add(append([]string{printable.Escape(o.Path)}, goWords(o.Go)...)...)
		}
	}
	if n == 0 {
		return
	}
	p.printf("%s\n", p.style.bold("Built by Go:"))
	for _, line := range t.lines() {
		p.printf("  %s\n", line)
	}
	if more := n - len(t.rows); more > 0 {
		p.printf("  … and %d more (--all lists them)\n", more)
	}
	p.printf("\n")
}

// goWords tells a Go build in four columns.
func goWords(b *finding.GoBuild) []string {
	compiler := b.Compiler
	if b.Version != "" {
		compiler = printable.Escape(b.Version)
		if b.Compiler != "gc" {
			compiler = b.Compiler + " " + compiler
		}
	}
	link := "linked by an unknown linker"
	switch b.LinkMode {
	case "internal":
		link = "internal linking"
	case "external":
		link = "external linking"
	}
	cgo := "cgo unknown"
	switch b.Cgo {
	case "yes":
		cgo = "with cgo"
	case "no":
		cgo = "no cgo"
	}
	return []string{compiler, link, cgo, cgoFlags(b)}
}

// cgoFlags are the recorded flags that speak of split stacks.
func cgoFlags(b *finding.GoBuild) string {
	var found []string
	for _, s := range b.Settings {
		if strings.Contains(s.Value, "split-stack") {
			found = append(found, fmt.Sprintf("%s=%s", printable.Escape(s.Key), printable.Escape(s.Value)))
		}
	}
	return strings.Join(found, " ")
}
