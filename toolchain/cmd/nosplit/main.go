// Command nosplit proves that no split-stack code is in what you link into Go.
package main

import (
	"os"
	"runtime/debug"

	"github.com/rules-nosplit/rules_nosplit/toolchain/cli"
)

// gcPercent lets the heap grow further than usual between collections. It holds
// findings only, a few megabytes; the files that are read are mapped, beside it.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
