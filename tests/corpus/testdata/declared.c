/* Calls functions that it does not define. */
int small(int), large(int);
__attribute__((no_split_stack)) int caller(int a) { return small(a) + large(a); }
