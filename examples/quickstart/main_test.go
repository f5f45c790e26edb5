package main

import "testing"

func TestGreetComesFromC(t *testing.T) {
	if got, want := greet("test"), "Hello, test, from C!"; got != want {
		t.Errorf("greet(%q) = %q, want %q", "test", got, want)
	}
}
