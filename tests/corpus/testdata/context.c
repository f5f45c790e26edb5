void __splitstack_getcontext(void **);
void f(void **c) { __splitstack_getcontext(c); }
