#include "greeting.h"

#include <stdio.h>

#include "third_party/shout/shout.h"

void greet(char *text, size_t size, const char *name) {
  snprintf(text, size, "Hello, %s, from C!", name);
  shout(text);
}
