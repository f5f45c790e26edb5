/* A leaf, a small frame, a large frame: clang guards the last two only. */
void sink(void *);
int leaf(int a) { return a + 1; }
int small(int a) { char b[100]; sink(b); return b[a]; }
int large(int a) { char b[5000]; sink(b); return b[a]; }
