void sink(void *);
#ifdef __i386__
__attribute__((fastcall)) int fast(int a, int b) { char c[5000]; sink(c); return c[a] + b; }
__attribute__((thiscall)) int thisc(int a, int b) { char c[5000]; sink(c); return c[a] + b; }
#endif
int plain(int a, int b) { char c[5000]; sink(c); return c[a] + b; }
