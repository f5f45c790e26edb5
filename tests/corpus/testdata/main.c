void sink(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }
int small(int), large(int), leaf(int);
int main(void) { return small(0) + large(0) + leaf(0); }
