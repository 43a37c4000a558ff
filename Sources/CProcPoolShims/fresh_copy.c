#include "fresh_copy.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

// From here on memory comes from the kernel in pages of its own, more often than not; below, the heap has it at hand.
static const size_t shortest = 1 << 18;
// What stays in a second-level cache until it is written; each piece costs a call.
static const size_t small_piece = 1 << 18;
// Because no page is smaller on the systems that there are; where they are larger, the advice is refused.
static const uintptr_t page = 4096;
// MADV_POPULATE_WRITE since Linux 5.14; older headers lack the name, older kernels the advice.
static const int populate_write = 23;

// Large pages, where the system gives them to those who ask: the kernel has one to find and to map where it had 512. All
// of it is written at once, so that none is wasted. From where two of them fit in any case.
static const size_t large_page = 2 << 20;
static const size_t worth_large_pages = 6 << 20;

void procpool_copy_fresh(void *to, const void *from, size_t count) {
  bool is_known = count >= shortest;
  size_t piece = small_piece;
  if (count >= worth_large_pages) {
    uintptr_t start = ((uintptr_t)to + large_page - 1) & ~(large_page - 1);
    uintptr_t end = ((uintptr_t)to + count) & ~(large_page - 1);
    if (madvise((void *)start, end - start, MADV_HUGEPAGE) == 0) piece = large_page;
  }
  for (size_t done = 0; done < count;) {
    size_t length = is_known && count - done > piece ? piece : count - done;
    uintptr_t start = ((uintptr_t)to + done) & ~(page - 1);
    uintptr_t end = ((uintptr_t)to + done + length + page - 1) & ~(page - 1);
    // What comes of it is only time: if it fails, pages come one by one.
    if (is_known) is_known = madvise((void *)start, end - start, populate_write) == 0;
    memcpy((char *)to + done, (const char *)from + done, length);
    done += length;
  }
}
