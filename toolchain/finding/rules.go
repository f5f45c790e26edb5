package finding

import "slices"

// RuleTableVersion counts the changes to the rule table: it grows when a rule
// is added or its text changes. An ID keeps its meaning for ever.
const RuleTableVersion = 2

// A Rule is what there is to say about one ID, whichever object it is found in.
// The texts are plain paragraphs without line breaks; printers wrap them.
type Rule struct {
	ID    ID
	Level Level
	// Verdict is what an object with this finding is: Violation or
	// Unauditable for rules at level Error, empty for the others.
	Verdict Verdict
	// Title names the rule in a few words.
	Title string
	// Meaning says what was seen.
	Meaning string
	// Why says what goes wrong in a Go program because of it.
	Why string
	// Fix says what to do about it.
	Fix string
	// Example shows the rule at work: lines of shell and C, ready to print.
	Example string
}

// Rules returns the rule table, sorted by ID. The caller owns the slice.
func Rules() []Rule {
	return slices.Clone(rules)
}

// Lookup returns the rule for id, and whether there is one.
func Lookup(id ID) (Rule, bool) {
	for _, r := range rules {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// rules is sorted by ID; a test holds it to that.
var rules = []Rule{
	{
		ID:      NS001,
		Level:   Error,
		Verdict: Violation,
		Title:   "split-stack machine code",
		Meaning: "Functions of this object begin with a split-stack guard, or, in an object with the compiler's note, their code calls the split-stack runtime of libgcc (__morestack and its relatives). " +
			"The guard compares the stack pointer with a limit in thread-local storage and moves to a stack segment from the heap when the frame does not fit.",
		Why: "Go runs C on the thread's own stack and remembers the bounds of that stack. " +
			"Split code leaves it behind Go's back: when such code calls back into Go on the main thread, the program dies with \"fatal error: morestack on g0\". " +
			"Without any callback, code linked by the default linker calls libc on a segment of about 12 KiB, and snprintf, glob or getaddrinfo overrun it. " +
			"On threads that Go makes the limit is usually 0, so there the guard protects nothing. " +
			"No compiler, linker or go command warns.",
		Fix: "Compile the listed functions with -fno-split-stack as the last flag; the last of the two flags wins. " +
			"Look for -fsplit-stack in CFLAGS, copts, #cgo CFLAGS and CGO_CFLAGS. " +
			"The attribute __attribute__((no_split_stack)) clears a single function, but not the wrappers that cgo generates. " +
			"Code made by gccgo is always split: build it with the gc toolchain.",
		Example: "# violation\n$ gcc -O2 -fsplit-stack -c inflate.c && nosplit audit inflate.o\n" +
			"# clean: the last flag wins\n$ gcc -O2 -fsplit-stack -fno-split-stack -c inflate.c",
	},
	{
		ID:      NS002,
		Level:   Error,
		Verdict: Violation,
		Title:   "LLVM bitcode with the split-stack attribute",
		Meaning: "Functions defined in LLVM bitcode carry the attribute \"split-stack\". " +
			"Declarations carry it too and are not counted.",
		Why: "The attribute is recorded per function when clang compiles, and the link turns it into split-stack machine code whatever the link line says: -fno-split-stack at link time changes nothing. " +
			"Searching the file with strings or grep cannot find it, since bitcode packs text into 6-bit characters. " +
			"The linked code then fails in a Go program as NS001 says.",
		Fix: "Compile the listed functions to bitcode again with -fno-split-stack as the last flag. " +
			"Adding the flag to the link does not help.",
		Example: "# violation\n$ clang -O2 -flto -fsplit-stack -c zip.c && nosplit audit zip.o\n" +
			"# clean\n$ clang -O2 -flto -fno-split-stack -c zip.c",
	},
	{
		ID:      NS003,
		Level:   Error,
		Verdict: Unauditable,
		Title:   "GCC LTO intermediate code",
		Meaning: "The object holds GCC's intermediate code and no machine code. " +
			"GCC decides at the link whether it becomes split-stack code; the options recorded in the object are an intent only.",
		Why: "An object compiled with -fsplit-stack becomes ordinary code when the link does not ask for split stacks, and an object compiled without becomes split when the link does. " +
			"Calling such an object clean would be a guess.",
		Fix: "Compile without -flto, or with -ffat-lto-objects so that there is machine code to judge, or audit the linked program or shared object, where the decision has been taken. " +
			"Put -fno-split-stack last on the link line in every case.",
		Example: "# unauditable\n$ gcc -O2 -flto -c zip.c && nosplit audit zip.o\n" +
			"# decidable\n$ gcc -O2 -fno-lto -c zip.c",
	},
	{
		ID:    NS004,
		Level: Warning,
		Title: "compiled with -fsplit-stack, without split code",
		Meaning: "The object carries the section .note.GNU-split-stack, which the compiler writes when -fsplit-stack is on, and yet none of its functions is split: " +
			"it holds only data, or every function opted out, or the compiler ignores the flag on this machine.",
		Why: "The object does no harm as it is. " +
			"The flag is on in the build that made it, though, so the next function or the next machine may become split; " +
			"and linkers treat an object with the note differently: gold and lld refuse to mix it with others under -r.",
		Fix: "Remove -fsplit-stack from the compile line of this object, or put -fno-split-stack after it.",
		Example: "$ echo 'int table[4];' > t.c\n" +
			"# clean, with a warning\n$ gcc -fsplit-stack -c t.c && nosplit audit t.o",
	},
	{
		ID:    NS005,
		Level: Note,
		Title: "the split-stack runtime is linked in",
		Meaning: "The object holds libgcc's split-stack runtime (morestack.o), but no split function was found in it. " +
			"libgcc.a itself is the usual case.",
		Why: "The runtime alone changes no stack. " +
			"It shows that something asked for it: code using the __splitstack_* functions, or -fsplit-stack on the link line.",
		Fix: "Nothing has to be done for libgcc.a. " +
			"In a program or shared object, look for -fsplit-stack on the link line and for users of __splitstack_* (NS006).",
		Example: "# clean, with a note\n$ nosplit audit --all \"$(gcc -print-libgcc-file-name)\"",
	},
	{
		ID:    NS006,
		Level: Warning,
		Title: "uses the __splitstack_* functions",
		Meaning: "The object refers to functions such as __splitstack_makecontext. " +
			"Coroutine libraries use them, for example Boost.Context with segmented stacks.",
		Why: "Such code runs functions on stacks that it allocated itself. " +
			"A callback into Go from there has the stack pointer outside the bounds that Go knows, which is the failure of NS001 by another road; " +
			"the reference also links the split-stack runtime in.",
		Fix: "Build the coroutine library without segmented stacks (Boost: no BOOST_USE_SEGMENTED_STACKS, segmented-stacks=off), and make no Go callback from a coroutine.",
		Example: "# a warning\n$ b2 segmented-stacks=on context && nosplit audit stage/lib\n" +
			"# none\n$ b2 segmented-stacks=off context",
	},
	{
		ID:      NS007,
		Level:   Error,
		Verdict: Unauditable,
		Title:   "cannot be read as what it claims to be",
		Meaning: "The file or archive member is truncated, corrupt, unreadable or missing, or it uses a form that cannot be decoded, so it was not judged.",
		Why: "What was not read may hold split-stack code. " +
			"Some tools pass over such input without a word: ar lists a truncated member as if it were whole.",
		Fix: "Do what the message says. Otherwise make the file again and audit it again; look for a full disk, an interrupted build or a download cut short. " +
			"For a missing member of a thin archive, keep the objects beside the archive or name their directory with --thin-root.",
		Example: "# unauditable, exit 3\n$ head -c 500 inflate.o > cut.o && nosplit audit cut.o",
	},
	{
		ID:      NS008,
		Level:   Error,
		Verdict: Violation,
		Title:   "needs a shared object that is a violation",
		Meaning: "The dynamic section names (DT_NEEDED) a shared object that was audited in the same run and is a violation.",
		Why:     "A program that loads a split shared object holds no trace of split code itself, and crashes in the same way as if the code were its own.",
		Fix:     "Rebuild the named shared object with -fno-split-stack, see NS001; this finding disappears with it.",
		Example: "$ gcc -shared -fPIC -fsplit-stack -o libzip.so zip.c\n" +
			"# both are violations\n$ gcc -o app app.c -L. -lzip && nosplit audit app libzip.so",
	},
	{
		ID:    NS009,
		Level: Warning,
		Title: "an unusual use of the split-stack runtime",
		Meaning: "Code calls the split-stack runtime without a guard, or has a shape near a guard that no known compiler emits. " +
			"Hand-written assembly, a patched object or an obfuscator can look like this.",
		Why:     "It is not proved to be split-stack code, and it is too close to it to be passed over.",
		Fix:     "Look at the named places with objdump -dr. If the code does switch stacks, rebuild it without; if it does not, allow it in the policy file with the reason.",
		Example: "$ nosplit audit vendor/ctx.o && objdump -dr vendor/ctx.o",
	},
}
