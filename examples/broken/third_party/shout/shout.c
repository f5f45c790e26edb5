#include "third_party/shout/shout.h"

#include <ctype.h>

void shout(char *text) {
  for (; *text; text++) *text = (char)toupper((unsigned char)*text);
}
