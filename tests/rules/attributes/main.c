#include "prefixed/everything.h"

#if !defined(EVERYTHING) || !defined(DEPENDENCY)
#error defines must reach dependents
#endif
#if defined(LOCAL) || defined(IMPLEMENTATION_DEPENDENCY) || defined(TABLE_VALUE)
#error local_defines and implementation_deps must not reach dependents
#endif

int main(void) { return everything() == 6 ? 0 : 1; }
