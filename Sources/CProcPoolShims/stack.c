#define _GNU_SOURCE
#include "stack.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// 128 KiB, by estimate: one level of a type of a hundred properties without optimisation, and what it calls (formatting,
// the C library's printing, a signal's frame with AVX-512 registers), several times over.
static const size_t reserve = 128 << 10;
// Of the stack of a first thread whose bounds only its limit tells, no more is believed than every system gives.
static const size_t usual_limit = 8 << 20;

static _Thread_local struct {
  bool is_asked;
  // The lowest byte, the lowest that is not reserve, and the first beyond. All 0 if they are not known.
  uintptr_t base, low, end;
} stack;

// The bounds as the C library knows them. It reads /proc for a process's first thread.
static bool ask_library(uintptr_t *base, size_t *size) {
  pthread_attr_t attributes;
  void *address = NULL;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
  bool is_known = pthread_attr_getstack(&attributes, &address, size) == 0;
  pthread_attr_destroy(&attributes);
  *base = (uintptr_t)address;
  return is_known && *size > 0;
}

// Without /proc, or a descriptor to read it: the kernel puts the name of the program at the very end of the first
// thread's stack, and lets that grow up to the limit.
static bool ask_kernel(uintptr_t *base, size_t *size) {
  uintptr_t end = getauxval(AT_EXECFN);
  struct rlimit limit;
  if (syscall(SYS_gettid) != getpid() || end == 0 || getrlimit(RLIMIT_STACK, &limit) != 0) return false;
  *size = limit.rlim_cur < usual_limit ? limit.rlim_cur : usual_limit;
  if (*size == 0 || *size > end) return false;
  *base = end - *size;
  return true;
}

static void ask(void) {
  uintptr_t base;
  size_t size;
  stack.is_asked = true;
  if (!ask_library(&base, &size) && !ask_kernel(&base, &size)) return;
  stack.base = base;
  stack.low = base + (size / 4 < reserve ? size / 4 : reserve);
  stack.end = base + size;
}

intptr_t procpool_stack_room(void) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  if (!stack.is_asked) ask();
  // Elsewhere: on a stack that a library of coroutines made.
  if (here < stack.base || here >= stack.end) return -1;
  return here > stack.low ? (intptr_t)(here - stack.low) : 0;
}
