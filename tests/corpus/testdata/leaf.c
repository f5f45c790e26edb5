int leaf(int a) { return a + 1; }
