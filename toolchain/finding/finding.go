// Package finding is the vocabulary of an audit: verdicts, finding IDs, levels,
// and the report that readers fill, policy filters and printers show.
//
// It depends on nothing, so that every other package can depend on it: readers
// know no policy, policy knows no printing, printers know no ELF.
package finding

// A Verdict says what an audit concluded about one object.
type Verdict string

const (
	// Clean: the object was read completely and holds no split-stack code.
	Clean Verdict = "clean"
	// Violation: the object holds split-stack code, or code that becomes it
	// whatever the link line says.
	Violation Verdict = "violation"
	// Unauditable: the object could not be decided. Never silently clean.
	Unauditable Verdict = "unauditable"
)

// A Level says what weight a finding has.
type Level string

const (
	// Error decides the verdict of the object.
	Error Level = "error"
	// Warning informs about something a person should look at.
	Warning Level = "warning"
	// Note informs.
	Note Level = "note"
)

// An ID names a kind of finding. An ID never changes its meaning.
type ID string

// The findings of an audit. Rules holds their texts.
const (
	NS001 ID = "NS001" // split-stack machine code
	NS002 ID = "NS002" // LLVM bitcode with the split-stack attribute
	NS003 ID = "NS003" // GCC LTO intermediate code
	NS004 ID = "NS004" // compiled with -fsplit-stack, no split code
	NS005 ID = "NS005" // the split-stack runtime is linked in
	NS006 ID = "NS006" // uses the __splitstack_* API
	NS007 ID = "NS007" // cannot be read as what it claims to be
	NS008 ID = "NS008" // needs a shared object that is a violation
	NS009 ID = "NS009" // calls the runtime without a guard, or an unknown shape
)

// An EvidenceKind says where a piece of evidence was seen.
type EvidenceKind string

const (
	// EvidenceGuard is a stack check in machine code at a function's entry.
	EvidenceGuard EvidenceKind = "guard"
	// EvidenceCall is a call or branch from code to the split-stack runtime.
	EvidenceCall EvidenceKind = "call"
	// EvidenceNote is a .note.GNU-split-stack or .note.GNU-no-split-stack section.
	EvidenceNote EvidenceKind = "note"
	// EvidenceSymbol is an entry of a symbol table.
	EvidenceSymbol EvidenceKind = "symbol"
	// EvidenceSignature is a byte sequence of libgcc's split-stack runtime.
	EvidenceSignature EvidenceKind = "signature"
	// EvidenceAttribute is an attribute of a function in intermediate code.
	EvidenceAttribute EvidenceKind = "attribute"
	// EvidenceNeeded is an entry of a dynamic section and the file that it
	// stands for.
	EvidenceNeeded EvidenceKind = "needed"
	// EvidenceFormat is a place where a file breaks the rules of its format.
	EvidenceFormat EvidenceKind = "format"
)

// Evidence is one observation that a finding rests on.
type Evidence struct {
	Kind   EvidenceKind `json:"kind"`
	Detail string       `json:"detail"`
	// Section is the name of the section that Offset counts in; empty when
	// the observation has no section.
	Section string `json:"section"`
	// Offset is in bytes: from the start of Section in a relocatable object,
	// a virtual address in a linked file, from the start of the object when
	// Section is empty.
	Offset uint64 `json:"offset"`
}

// Function is one function that a finding concerns.
type Function struct {
	// Name is the symbol's name; empty when the file has no symbol for it.
	Name string `json:"name"`
	// Demangled is the name as a programmer writes it; equal to Name when
	// the name is not mangled.
	Demangled string `json:"demangled"`
	// File and Line say where the function's code begins in the source,
	// from DWARF; empty and 0 when the object has no line table for it.
	File string `json:"file"`
	Line int    `json:"line"`
	// Offset of the function's entry, counted as Evidence.Offset is.
	Offset uint64 `json:"offset"`
	// FrameBytes is the stack need that the guard checks for, in bytes; 0
	// when the guard compares the bare stack pointer (a small frame) and the
	// slow path does not tell it either.
	FrameBytes uint64 `json:"frame_bytes"`
}

// Suppression says that the policy or the baseline allowed a finding, and on whose
// word.
type Suppression struct {
	Reason string `json:"reason"`
	// Expires is the last day on which the entry holds, as YYYY-MM-DD; empty
	// for an entry of a baseline.
	Expires string `json:"expires"`
	// By names the entry: policy file and line, or the baseline file.
	By string `json:"by"`
}

// Finding is one thing that an audit has to say about one object.
type Finding struct {
	ID         ID           `json:"id"`
	Level      Level        `json:"level"`
	Message    string       `json:"message"`
	Evidence   []Evidence   `json:"evidence"`
	Functions  []Function   `json:"functions"`
	Suppressed *Suppression `json:"suppressed,omitempty"`
}

// Object is one judged object: a plain file or a member of an archive.
type Object struct {
	// Path of the file, as it was named or found below a named directory.
	Path string `json:"path"`
	// Member is the archive member's name; empty for a plain file.
	Member string `json:"member"`
	// Index is the member's position among the archive's members, from 0,
	// not counting the symbol index and the name table; 0 for a plain file.
	Index int `json:"index"`
	// Format and Machine name the object file's kind, as in
	// "elf-relocatable" and "x86-64"; "unknown" when that could not be read.
	Format  string `json:"format"`
	Machine string `json:"machine"`
	// Verdict is what the object is, whatever the policy allows.
	Verdict  Verdict   `json:"verdict"`
	Findings []Finding `json:"findings"`
	// Go says how a Go program or library was built; nil for other objects.
	Go *GoBuild `json:"go,omitempty"`
}

// GoBuild is what a linked file tells of the Go toolchain that made it. It
// informs: no verdict depends on it.
type GoBuild struct {
	// Compiler is "gc" or "gccgo".
	Compiler string `json:"compiler"`
	// Version of the toolchain, as in "go1.27.3"; empty when unknown.
	Version string `json:"version"`
	// Path of the main package, as in "example.org/app/cmd/app"; empty when
	// the file does not tell.
	Path string `json:"path"`
	// LinkMode is "internal" (cmd/link alone), "external" (the C linker
	// finished the link) or empty when the file does not show it.
	LinkMode string `json:"link_mode"`
	// Cgo is "yes" when the program holds cgo's runtime, "no" when it does
	// not, and empty when the file does not show it.
	Cgo string `json:"cgo"`
	// Settings are the build settings that the toolchain recorded, such as
	// CGO_ENABLED=1 or CGO_CFLAGS=-O2, in the order of the file.
	Settings []GoSetting `json:"settings"`
}

// GoSetting is one recorded build setting.
type GoSetting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Skipped is a file or member that holds no ELF object.
type Skipped struct {
	Path   string `json:"path"`
	Member string `json:"member"`
	Index  int    `json:"index"`
	Reason string `json:"reason"`
	// Walked is true for a file that was found in a directory rather than
	// named, where a printer may leave it at the count.
	Walked bool `json:"-"`
}

// InputError is a named path that could not be audited at all: a mistake on
// the command line rather than a property of an object.
type InputError struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Report is the result of one audit, sorted by path, index and ID.
type Report struct {
	Objects []Object
	Skipped []Skipped
	Errors  []InputError
	// Files and Bytes count what was opened: files that hold at least one
	// object or could not be read, and their sizes.
	Files int
	Bytes int64
}
