// How much stack is left.
//
// In C because the bounds of a thread's stack are GNU's to ask for, because Swift has no variable of the thread, and
// because it cannot say where its own frame lies: with the address sanitizer a local variable lies elsewhere.

#ifndef PROCPOOL_STACK_H
#define PROCPOOL_STACK_H

#include <stdint.h>

// Bytes that the calling thread may still use of its stack; 0 if only the reserve is left, negative if the bounds are
// unknown. The reserve is what code that does not ask may use: 128 KiB, and a quarter of a stack of less than 512 KiB.
//
// Costs two reads of thread-local memory, and a few microseconds the first time in a thread.
intptr_t procpool_stack_room(void);

#endif
