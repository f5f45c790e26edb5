// Package audit judges files, archives and directories: it opens them, hands
// every object to the decision procedure and gathers the verdicts.
//
//  1. The named paths are expanded: directories are walked.
//  2. Each file is classified by its first bytes. ELF files and archives are
//     mapped; the members of an archive are handed out in ranges, so that one
//     large archive occupies all workers.
//  3. Package splitstack judges each object.
//  4. What a program needs that is a violation makes it one, too.
//  5. The report is sorted, so that its bytes do not depend on the timing.
package audit

import (
	"cmp"
	"context"
	"runtime"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// Options say how to audit.
type Options struct {
	// Jobs is how many objects are judged at a time; 0 means one per CPU.
	Jobs int
	// ThinRoots are directories that members of thin archives may lie in,
	// beside the archive's own directory tree and the named directories.
	ThinRoots []string
	// Describe bounds what is looked up beyond the verdict.
	Describe Describe
	// Progress, when not nil, is told now and then how far the audit is. It
	// is called from one goroutine at a time.
	Progress func(Progress)
}

// Describe says how many functions get their demangled names and source lines.
// A report for people shows no more than a few, and looking up the others would
// take a large part of the audit's time. The zero value means all.
type Describe struct {
	// Functions is how many functions of one finding, the first by offset.
	Functions int
	// Objects is how many objects with findings about functions of one file;
	// of more, it is open which.
	Objects int
}

// Progress is how far an audit is.
type Progress struct {
	FilesDone, FilesTotal int
	BytesDone             int64
	Objects               int
}

// Run judges everything below the paths. What cannot be read becomes a finding
// or an InputError; the rest is judged all the same. When ctx is cancelled the
// report holds what was judged until then.
func Run(ctx context.Context, paths []string, opt Options) *finding.Report {
	jobs := opt.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	args := newArguments(paths)
	r := &run{
		ctx:      ctx,
		queue:    newQueue(),
		roots:    thinRoots(append(args.directories(), opt.ThinRoots...)),
		meter:    &meter{tell: opt.Progress},
		describe: opt.Describe,
	}
	workers := make([]*results, jobs)
	for i := range workers {
		workers[i] = newResults()
	}
	// Walking directories takes as long as reading small files: the workers
	// begin with the first file that is found.
	var in *inputs
	r.queue.push(func(*results) {
		in = expand(ctx, args, func(f input) {
			r.meter.found()
			r.queue.push(func(res *results) { r.auditFile(f, res) })
		})
	})
	r.queue.work(workers)

	report := &finding.Report{Errors: args.missing, Objects: in.unreadable, Skipped: in.skipped}
	sawObject := map[string]bool{}
	var linked []linkedFile
	for _, res := range workers {
		report.Objects = append(report.Objects, res.objects...)
		report.Skipped = append(report.Skipped, res.skipped...)
		report.Files += res.files
		report.Bytes += res.bytes
		linked = append(linked, res.linked...)
		for arg := range res.sawObject {
			sawObject[arg] = true
		}
	}
	if ctx.Err() == nil {
		for _, arg := range args.found {
			if !sawObject[arg.path] && (arg.directory && !anyBelow(report.Objects, arg.path) || len(report.Objects) == 0) {
				report.Errors = append(report.Errors, arg.nothing())
			}
		}
	}
	sortReport(report)
	spread(report.Objects, linked)
	return report
}

// anyBelow reports whether an object lies in the directory: an argument that
// is inside another one finds its files taken.
func anyBelow(objects []finding.Object, dir string) bool {
	return slices.ContainsFunc(objects, func(o finding.Object) bool { return within(o.Path, dir) })
}

func sortReport(r *finding.Report) {
	// Members of one name of an archive within an archive tie; one worker found
	// them, in their order.
	slices.SortStableFunc(r.Objects, func(a, b finding.Object) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Member, b.Member))
	})
	slices.SortFunc(r.Skipped, func(a, b finding.Skipped) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Member, b.Member))
	})
	slices.SortFunc(r.Errors, func(a, b finding.InputError) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
}
