/* Beyond the 16-bit immediates of s390 and PowerPC. */
void sink(void *);
int frame(int a) { char b[200000]; sink(b); return b[a]; }
