// The remaining stack space.
//
// In C because the functions that return a thread's stack bounds are GNU extensions, because Swift
// has no thread-local variables, and because Swift has no access to the frame's address: with the
// address sanitizer, local variables are elsewhere.

#ifndef PROCPOOL_STACK_H
#define PROCPOOL_STACK_H

#include <stdint.h>

// Returns the bytes of stack that the calling thread may still use; 0 if only the reserve is left,
// negative if the bounds are unknown. The reserve is for code that does not check: 128 KiB, and a
// quarter of a stack of less than 512 KiB.
//
// Costs two reads of thread-local memory, and a few microseconds for the first call in a thread.
intptr_t procpool_stack_room(void);

#endif
