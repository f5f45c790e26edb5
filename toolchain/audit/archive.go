package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/ararchive"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/mapfile"
)

const (
	// rangeBytes is how much of an archive is judged as one task: enough to
	// make the cost of handing it out invisible, little enough to keep all
	// workers busy on one archive.
	rangeBytes = 1 << 20
	// releaseBytes is how much of a large archive leaves memory at a time, while
	// the walk is still under way.
	releaseBytes = 32 << 20
	// maxDepth bounds archives within archives. Linkers read none of them.
	maxDepth = 4
	// maxRepeats bounds how often a thin archive may name one file, so that a
	// small archive cannot have a large file read without end.
	maxRepeats = 16
)

// archiveWalk is the way through the headers of an archive. One worker at a
// time goes on with it, and leaves it to another while it judges what it found.
type archiveWalk struct {
	reader *ararchive.Reader
	next   int            // index behind the last member
	named  map[string]int // how often, in a thin archive
	// headers are where the headers of the members lie.
	headers []uint64
	// released is how much of the archive has left memory.
	released uint64
}

// auditArchive begins the walk through an archive.
func (r *run) auditArchive(src *source, res *results) {
	ar, err := ararchive.NewReader(src.file.Data)
	if err != nil {
		res.addUnauditable(finding.Object{Path: src.path, Format: "archive", Machine: unknown}, err)
		return
	}
	r.walkArchive(src, &archiveWalk{reader: ar, named: map[string]int{}}, res)
}

// walkArchive takes a range of members, hands the rest of the walk to whoever
// is free, and judges the range: so that all workers are busy with one large
// archive, and no more of it is in memory than they judge.
func (r *run) walkArchive(src *source, walk *archiveWalk, res *results) {
	members, more := r.nextMembers(src, walk, res)
	if more {
		src.retain()
		r.queue.pushFront(func(res *results) {
			defer src.release(r)
			res.protect(finding.Object{Path: src.path, Index: walk.next}, func() { r.walkArchive(src, walk, res) })
		})
	}
	if len(members) > 0 {
		r.auditMembers(src, members, res)
	}
}

// release lets go of what lies well before the member that the walk has come
// to. Another worker may still be at it, and reads it again then.
func (w *archiveWalk) release(src *source, m *ararchive.Member) {
	const near = releaseBytes / 4
	if !m.Thin && m.Header > w.released+releaseBytes {
		src.file.Release(src.file.Data[w.released : m.Header-near])
		w.released = m.Header - near
	}
}

// nextMembers returns the members of the next range, and whether there may be
// more behind them.
func (r *run) nextMembers(src *source, walk *archiveWalk, res *results) (members []*ararchive.Member, more bool) {
	for size := uint64(0); size < rangeBytes; {
		m, err := walk.reader.Next()
		if err != nil {
			res.sawObject[src.arg] = true
			res.addUnauditable(finding.Object{Path: src.path, Index: walk.next, Format: "archive", Machine: unknown}, err)
		}
		if m == nil {
			if err == nil {
				walk.checkIndex(src, res)
			}
			return members, false
		}
		walk.next = m.Index + 1
		walk.headers = append(walk.headers, m.Header)
		walk.release(src, m)
		// A thin member's content is elsewhere, and as large as it says.
		size += m.Size
		if m.Thin && !walk.take(src, m, res) {
			continue
		}
		members = append(members, m)
	}
	return members, true
}

func (w *archiveWalk) checkIndex(src *source, res *results) {
	if err := w.reader.CheckIndex(w.headers); err != nil {
		res.sawObject[src.arg] = true
		res.addUnauditable(finding.Object{Path: src.path, Index: w.next, Format: "archive", Machine: unknown}, err)
	}
}

// take counts how often a thin archive names a file, and refuses it when that
// is too often.
func (w *archiveWalk) take(src *source, m *ararchive.Member, res *results) bool {
	file := fmt.Sprint(filepath.Clean(m.Name), m.Origin)
	w.named[file]++
	if w.named[file] == maxRepeats+1 {
		res.addUnauditable(finding.Object{Path: src.path, Member: m.Name, Index: m.Index},
			fmt.Errorf("the thin archive names this file more than %d times; the others are not read", maxRepeats))
	}
	return w.named[file] <= maxRepeats
}

func (r *run) auditMembers(src *source, members []*ararchive.Member, res *results) {
	before := len(res.objects)
	for _, m := range members {
		if r.ctx.Err() != nil {
			return
		}
		o := finding.Object{Path: src.path, Member: m.Name, Index: m.Index}
		res.protect(o, func() {
			if m.Thin {
				r.auditThinMember(src, o, m, res)
			} else {
				r.auditMember(src.content, o, m.Data, 1, res)
			}
		})
	}
	r.meter.add(0, len(res.objects)-before, 0)
}

// auditMember judges the content of a member.
func (r *run) auditMember(c content, o finding.Object, data []byte, depth int, res *results) {
	k := classify(data[:min(len(data), mapfile.PrefixSize)], int64(len(data)), o.Member)
	switch {
	case k.elf:
		r.judge(c, o, data, res)
	case k.bitcode:
		res.judgeBitcode(c.input, o, data)
	case k.archive:
		r.auditNested(c, o, data, depth, res)
	case k.problem != nil:
		res.sawObject[c.arg] = true
		res.addUnauditable(o, k.problem)
	default:
		res.skip(c.input, o, k.skip)
	}
}

// auditNested judges the members of an archive that is a member itself.
func (r *run) auditNested(c content, o finding.Object, data []byte, depth int, res *results) {
	fail := func(err error) {
		res.sawObject[c.arg] = true
		o.Format, o.Machine = "archive", unknown
		res.addUnauditable(o, err)
	}
	if depth >= maxDepth {
		fail(fmt.Errorf("archives within archives, more than %d deep", maxDepth))
		return
	}
	ar, err := ararchive.NewReader(data)
	if err != nil {
		fail(err)
		return
	}
	if ar.Thin() {
		fail(errors.New("a thin archive within an archive, whose members are nowhere"))
		return
	}
	var headers []uint64
	for {
		m, err := ar.Next()
		if m == nil && err == nil {
			err = ar.CheckIndex(headers)
		}
		if err != nil {
			fail(err)
		}
		if m == nil {
			return
		}
		headers = append(headers, m.Header)
		inner := o
		inner.Member = o.Member + "(" + m.Name + ")"
		r.auditMember(c, inner, m.Data, depth+1, res)
	}
}

// auditThinMember judges a file that a thin archive names.
func (r *run) auditThinMember(src *source, o finding.Object, m *ararchive.Member, res *results) {
	res.sawObject[src.arg] = true
	path, err := r.thinPath(src.path, o.Member)
	if err != nil {
		res.addUnauditable(o, err)
		return
	}
	f, err := mapfile.Open(path, nil)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the thin archive's member is missing: there is no file %s; build it again, or audit where the archive was made", path)
		} else {
			err = fmt.Errorf("the thin archive's member %s cannot be read: %w", path, err)
		}
		res.addUnauditable(o, err)
		return
	}
	defer f.Close()
	res.bytes += int64(len(f.Data))
	data := f.Data
	if m.Origin != 0 {
		inner, err := memberAt(data, m.Origin)
		if err != nil {
			res.addUnauditable(o, fmt.Errorf("the thin archive's member %s: %w", path, err))
			return
		}
		o.Member += "(" + inner.Name + ")"
		data = inner.Data
	}
	// A thin archive of archives would lead to further files: one level.
	r.auditMember(content{src.input, f, src.described}, o, data, maxDepth-1, res)
}

// memberAt finds the member of an archive whose header is at an offset.
func memberAt(data []byte, header uint64) (*ararchive.Member, error) {
	ar, err := ararchive.NewReader(data)
	if err != nil {
		return nil, err
	}
	m, err := ar.At(header)
	if err == nil && (m == nil || m.Thin) {
		err = fmt.Errorf("no member at offset %#x", header)
	}
	return m, err
}

// thinPath says where the member of a thin archive is. An archive may come from
// anywhere; that it can make the audit open any file on the machine is not what
// its user asked for.
func (r *run) thinPath(archive, member string) (string, error) {
	dir := filepath.Dir(archive)
	path := member
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, member)
	}
	real, err := realPath(path)
	if err != nil {
		real = absolute(path) // missing: judged by its name
	}
	roots := append(thinRoots([]string{dir}), r.roots...)
	for _, root := range roots {
		if within(real, root) {
			return path, nil
		}
	}
	return "", fmt.Errorf("the thin archive's member %q lies outside the archive's directory; allow its directory with --thin-root", member)
}

// thinRoots makes directories comparable.
func thinRoots(dirs []string) []string {
	var roots []string
	for _, d := range dirs {
		if real, err := realPath(d); err == nil {
			roots = append(roots, real)
		}
	}
	return roots
}

func realPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return absolute(real), nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

func within(path, root string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
