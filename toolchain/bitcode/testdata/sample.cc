// What the samples are made of; see README.md.
extern "C" int declared(int);
extern "C" unsigned bits(unsigned x) { return x & 7; }
__attribute__((no_split_stack)) int cleared(int x) { return declared(x) + 1; }
int split(int x) { return declared(x) + 2; }
static __attribute__((noinline)) int local(int x) { return declared(x) + 3; }
template <typename T> __attribute__((noinline)) T twice(T x) { return x + local(x); }
int split(long x) { return twice<int>(static_cast<int>(x)); }
extern "C" void clear(int *p) { *p = 0; p[1] = declared(1); }
static __attribute__((noinline)) unsigned __int128 wide(unsigned x) { return bits(x) + static_cast<unsigned __int128>(declared(2) & 15); }
extern "C" unsigned __int128 widest(unsigned x) { return wide(x) + 1; }
extern inline __attribute__((gnu_inline, noinline)) int elsewhere(int x) { return declared(x) + 4; }
int copies(int x) { return elsewhere(x); }
extern "C" unsigned other(unsigned) __attribute__((alias("bits")));
extern "C" int (*resolver(void))(int) { return declared; }
extern "C" int chosen(int) __attribute__((ifunc("resolver")));
