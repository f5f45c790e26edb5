// Hello greets from C.
package main

// #include <stdlib.h>
// #include "greeting.h"
import "C"

import (
	"fmt"
	"unsafe"
)

func main() {
	fmt.Println(greet("Go"))
}

// greet returns the greeting that the C library has for a name.
func greet(name string) string {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	var text [64]C.char
	C.greet(&text[0], C.size_t(len(text)), cname)
	return C.GoString(&text[0])
}
