#ifndef GREETING_H_
#define GREETING_H_

#include <stddef.h>

/* Writes a greeting for name into text, and ends it with a zero byte. */
void greet(char *text, size_t size, const char *name);

#endif
