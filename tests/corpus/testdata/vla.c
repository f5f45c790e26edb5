void sink(void *);
int vla(int n) { char b[n]; sink(b); return b[n / 2]; }
