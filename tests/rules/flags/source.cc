int from_cc(int a) { return a + 1; }
