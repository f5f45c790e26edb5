// Command bench times nosplit audit, as a whole process, against the symbol
// scanners that people use in its place, over the same files in one run.
//
//	go run ./tests/bench [-n RUNS] [-nm RUNS] [DIR...]
//
// It prints medians and ratios and judges nothing: how fast a machine is, is no
// property of the program. The directories default to /usr/lib; corpus.sh beside
// this file fetches several gigabytes of Debian's archives and libraries. The
// peers are Debian's pax-utils (scanelf) and binutils (nm), each started by xargs
// with one process for each CPU.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// objects are the names under which object files, archives and libraries are
// installed; symbol scanners have no other way to know. Programs are known by
// their mode.
var objects = regexp.MustCompile(`\.(a|o|so)(\.[0-9.]+)?$`)

func main() {
	runs := flag.Int("n", 5, "how often to run each program, in turn")
	nmRuns := flag.Int("nm", 1, "how often to run nm, which takes long")
	flag.Parse()
	dirs := flag.Args()
	if len(dirs) == 0 {
		dirs = []string{"/usr/lib"}
	}
	if err := run(*runs, *nmRuns, dirs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// program is one of the competitors.
type program struct {
	name string
	// command is run by sh; $LIST and $LIST0 name files with the paths.
	command string
	// ok are the exit codes of a run that did its work.
	ok []int
	// runs is how often to run it.
	runs int
}

type sample struct {
	wall, cpu time.Duration
	maxRSS    int64 // in KiB
}

func run(runs, nmRuns int, dirs []string) error {
	tmp, err := os.MkdirTemp("", "nosplit-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	nosplit := filepath.Join(tmp, "nosplit")
	if out, err := exec.Command("go", "build", "-o", nosplit, "./toolchain/cmd/nosplit").CombinedOutput(); err != nil {
		return fmt.Errorf("building nosplit from the repository's root: %v\n%s", err, out)
	}
	for tool, pkg := range map[string]string{"scanelf": "pax-utils", "nm": "binutils"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing: apt-get install -y %s", tool, pkg)
		}
	}
	files, size, err := find(dirs)
	if err != nil {
		return err
	}
	list, list0 := filepath.Join(tmp, "list"), filepath.Join(tmp, "list0")
	if err := errors.Join(
		os.WriteFile(list, []byte(strings.Join(files, "\n")+"\n"), 0o644),
		os.WriteFile(list0, []byte(strings.Join(files, "\x00")+"\x00"), 0o644),
	); err != nil {
		return err
	}
	each := fmt.Sprintf(`xargs -0 -P%d -n64`, runtime.NumCPU())
	programs := []program{
		{"nosplit audit", nosplit + ` audit --files-from "$LIST"`, []int{0, 1, 3}, runs},
		{"nosplit audit -j1", nosplit + ` audit -j1 --files-from "$LIST"`, []int{0, 1, 3}, runs},
		{"nosplit audit --format json", nosplit + ` audit --format json --files-from "$LIST"`, []int{0, 1, 3}, runs},
		{each + " scanelf -qRA -g -s morestack", each + ` scanelf -qRA -g -s morestack <"$LIST0"`, []int{0}, runs},
		// nm ends with an error for files without symbols.
		{each + " nm -A", each + ` nm -A <"$LIST0" 2>/dev/null`, []int{0, 1, 123}, nmRuns},
	}
	fmt.Printf("%d files, %d MB, below %s; %d CPUs; %d runs of each after one to warm up, %d of nm\n\n",
		len(files), size/1e6, strings.Join(dirs, " "), runtime.NumCPU(), runs, nmRuns)
	samples := make([][]sample, len(programs))
	for round := range runs + 1 {
		for i, p := range programs {
			if round > p.runs || round == 0 && p.runs < runs {
				continue // one cold run of what takes long is enough
			}
			s, err := measure(p, "LIST="+list, "LIST0="+list0)
			if err != nil {
				return err
			}
			if round > 0 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return print(programs, samples)
}

// find lists the object files below the directories, without links.
func find(dirs []string) (files []string, size int64, err error) {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err != nil || !objects.MatchString(path) && (info.Mode()&0o100 == 0 || !isELF(path)) {
				return err
			}
			files = append(files, path)
			size += info.Size()
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	if len(files) == 0 {
		return nil, 0, fmt.Errorf("no object files below %s", strings.Join(dirs, " "))
	}
	return files, size, nil
}

// isELF keeps scripts out, which scanelf would pass over and nm complain of.
func isELF(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	return err == nil && string(magic[:]) == "\x7fELF"
}

func measure(p program, env ...string) (sample, error) {
	cmd := exec.Command("sh", "-c", p.command)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(start)}
	if cmd.ProcessState == nil {
		return s, err
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(p.ok, code) {
		return s, fmt.Errorf("%s: exit code %d\n%s", p.name, code, stderr.String())
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.maxRSS = usage.Maxrss
	}
	return s, nil
}

// print writes a table; ratios are to scanelf, the fastest of the peers, and to
// nm.
func print(programs []program, samples [][]sample) error {
	median := func(i int, of func(sample) float64) float64 {
		var v []float64
		for _, s := range samples[i] {
			v = append(v, of(s))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	wall := func(s sample) float64 { return s.wall.Seconds() }
	find := func(name string) int {
		return slices.IndexFunc(programs, func(p program) bool { return strings.Contains(p.name, name) })
	}
	scanelf, nm := find("scanelf"), find("nm -A")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "wall s\tmin..max\tcpu s\tMiB\tto scanelf\tnm takes\t  program")
	for i, p := range programs {
		low, high := samples[i][0].wall, samples[i][0].wall
		for _, s := range samples[i] {
			low, high = min(low, s.wall), max(high, s.wall)
		}
		fmt.Fprintf(w, "%.2f\t%.2f..%.2f\t%.2f\t%.0f\t%.2f\t%.1fx\t  %s\n",
			median(i, wall), low.Seconds(), high.Seconds(),
			median(i, func(s sample) float64 { return s.cpu.Seconds() }),
			median(i, func(s sample) float64 { return float64(s.maxRSS) / 1024 }),
			median(i, wall)/median(scanelf, wall), median(nm, wall)/median(i, wall), p.name)
	}
	return w.Flush()
}
