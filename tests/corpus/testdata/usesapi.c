void __splitstack_block_signals(int *, int *);
int main(void) { __splitstack_block_signals(0, 0); return 0; }
