// Tells ThreadSanitizer what the slow paths of Swift's `Mutex` do. Preloaded by `make tsan`.
//
// A lock that is free is taken by code that the compiler puts into the caller, which ThreadSanitizer sees. One that is
// taken is waited for in libswiftSynchronization, which is not built for it: without this every access after such a wait
// would be reported as a race. A method of Swift's gets `self` in the register of `swift_context`.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT(result) __attribute__((swiftcall)) result
#define SELF __attribute__((swift_context)) void *self

// In programs that are not built for it, as the launcher of the tests, there are no such functions.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

// Synchronization._MutexHandle._lockSlow(_: UInt32), ._tryLockSlow() -> Bool, ._unlockSlow()
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT(void) lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT(_Bool) try_lock(SELF) __asm__(TRY_LOCK);
SWIFT(void) unlock(SELF) __asm__(UNLOCK);

SWIFT(void) lock(uint32_t thread, SELF) {
  ((SWIFT(void)(*)(uint32_t, SELF))dlsym(RTLD_NEXT, LOCK))(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT(_Bool) try_lock(SELF) {
  _Bool taken = ((SWIFT(_Bool)(*)(SELF))dlsym(RTLD_NEXT, TRY_LOCK))(self);
  if (taken && __tsan_acquire) __tsan_acquire(self);
  return taken;
}

SWIFT(void) unlock(SELF) {
  if (__tsan_release) __tsan_release(self);
  ((SWIFT(void)(*)(SELF))dlsym(RTLD_NEXT, UNLOCK))(self);
}
