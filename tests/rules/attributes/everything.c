#include "prefixed/everything.h"
#include "tests/rules/attributes/implementation_dependency.h"

#if !defined(EVERYTHING) || !defined(LOCAL)
#error defines and local_defines must reach the library
#endif

int everything(void) {
  return DEPENDENCY_VALUE + IMPLEMENTATION_DEPENDENCY_VALUE + TABLE_VALUE;
}
