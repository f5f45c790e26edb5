#ifndef SHOUT_H_
#define SHOUT_H_

/* Turns every letter of text into a capital one. */
void shout(char *text);

#endif
