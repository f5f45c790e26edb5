#include "tests/rules/attributes/dependency.h"

int everything(void);
