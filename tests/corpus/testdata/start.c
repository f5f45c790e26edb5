/* A program without a C library, for machines that have none here. */
void sink(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }
int small(int), large(int), leaf(int);
/* Stands in for libgcc's, which calls the C library. */
__attribute__((visibility("hidden"))) void __morestack(void) {}
void _start(void) { small(0); large(0); leaf(0); }
