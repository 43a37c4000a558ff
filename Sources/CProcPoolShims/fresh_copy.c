#include "fresh_copy.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

// Allocations of this size and more usually come from the kernel as new pages; smaller ones from
// the heap.
static const size_t shortest = 1 << 18;
// A piece that stays in the second-level cache until it is written. Each piece costs a system call.
static const size_t small_piece = 1 << 18;
// The smallest page size of supported systems. With larger pages the kernel rejects the advice.
static const uintptr_t page = 4096;
// MADV_POPULATE_WRITE since Linux 5.14; older headers lack the name, older kernels the advice.
static const int populate_write = 23;

// Large pages, if the system provides them on request: the kernel finds and maps one page instead
// of 512. All of the memory is written at once, so none is wasted. Used from the size at which two
// large pages fit at any alignment.
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
    // Only performance depends on this: if it fails, pages are faulted in one by one.
    if (is_known) is_known = madvise((void *)start, end - start, populate_write) == 0;
    memcpy((char *)to + done, (const char *)from + done, length);
    done += length;
  }
}
