void sink(void *);
int huge(int a) { char b[3000000000ul]; sink(b); return b[a]; }
