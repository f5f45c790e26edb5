void sink(void *);
__attribute__((no_split_stack)) int plain(int a) { char b[100]; sink(b); return b[a]; }
int small(int a) { char b[100]; sink(b); return b[a]; }
