#define _GNU_SOURCE
#include "stack.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// 128 KiB, an estimate: several times one level of a type with a hundred properties without
// optimisation, and what it calls (formatting, the C library's printing, a signal frame with
// AVX-512 registers).
static const size_t reserve = 128 << 10;
// The default limit. If only the stack limit gives the bounds of the first thread's stack, no more
// than this is assumed.
static const size_t usual_limit = 8 << 20;

static _Thread_local struct {
  bool is_asked;
  // The lowest byte, the lowest byte above the reserve, and the end. All 0 if unknown.
  uintptr_t base, low, end;
} stack;

// The bounds according to the C library, which reads /proc for the first thread of a process.
static bool ask_library(uintptr_t *base, size_t *size) {
  pthread_attr_t attributes;
  void *address = NULL;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
  bool is_known = pthread_attr_getstack(&attributes, &address, size) == 0;
  pthread_attr_destroy(&attributes);
  *base = (uintptr_t)address;
  return is_known && *size > 0;
}

// For a process without /proc or a free descriptor: the kernel stores the program's name at the
// very end of the first thread's stack, and lets the stack grow down to the limit.
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
  // On another stack, such as one of a coroutine library.
  if (here < stack.base || here >= stack.end) return -1;
  return here > stack.low ? (intptr_t)(here - stack.low) : 0;
}
