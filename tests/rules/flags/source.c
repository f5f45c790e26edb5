int from_c(int a) { return a + 1; }
