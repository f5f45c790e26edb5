/* Names that symbol scanners take for the runtime. */
extern void __morestack(void) __attribute__((weak));
extern void runtime_morestack(void) __asm__("runtime.morestack");
const char *text = "__morestack .note.GNU-split-stack EnableSplitLTOUnit";
void *pointer = (void *)__morestack;
void *address(void) { runtime_morestack(); return (void *)__morestack; }
