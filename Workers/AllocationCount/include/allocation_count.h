#ifndef PROCPOOL_ALLOCATION_COUNT_H
#define PROCPOOL_ALLOCATION_COUNT_H

/// How often this process has asked the C library for memory; 0 where a sanitizer has taken its place.
///
/// Whoever links this in has a `malloc` that counts.
long procpool_allocation_count(void);

#endif
