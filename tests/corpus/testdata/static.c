__attribute__((noinline)) static int __morestack(int a) { return a * 2; }
int f(int a) { return __morestack(a); }
