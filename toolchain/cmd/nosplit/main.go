// Command nosplit proves that no split-stack code is in what you link into Go.
package main

import (
	"os"

	"github.com/rules-nosplit/rules_nosplit/toolchain/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
