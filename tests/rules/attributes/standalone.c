int standalone(int a) { return a + 1; }
