#include "bench_kernels.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// The row length from which on B is not copied. A panel of 256 × two 32-byte vectors fills half of
// a first-level cache of 32 KiB, and both methods are about as fast at this length (measured).
#define LONG_ROW 256

// The sums of 16-byte vectors of f64 then form chains as long as those of a panel: 2 048 / (4 · 2)
// = 256.
#define DOT_BLOCK 2048

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

// The portable pair: 16-byte vectors, which every x86-64 and arm64 processor supports.
#define TARGET
#define VECTOR_BYTES 16
#define DEAL_LOW 0, 4, 1, 5
#define DEAL_HIGH 2, 6, 3, 7
#define SCALAR float
#define NAME(x) JOIN(x, f32)
#include "matmul_template.h"
#define DEAL_LOW 0, 2
#define DEAL_HIGH 1, 3
#define SCALAR double
#define NAME(x) JOIN(x, f64)
#include "matmul_template.h"
#undef VECTOR_BYTES
#undef TARGET

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#define VECTOR_BYTES 32
#define DEAL_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define DEAL_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define SCALAR float
#define NAME(x) JOIN(x, f32_avx2)
#include "matmul_template.h"
#define DEAL_LOW 0, 4, 1, 5
#define DEAL_HIGH 2, 6, 3, 7
#define SCALAR double
#define NAME(x) JOIN(x, f64_avx2)
#include "matmul_template.h"
#undef VECTOR_BYTES
#undef TARGET

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,fma")))
#define VECTOR_BYTES 64
#define DEAL_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define DEAL_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define SCALAR float
#define NAME(x) JOIN(x, f32_avx512)
#include "matmul_template.h"
#define DEAL_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define DEAL_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define SCALAR double
#define NAME(x) JOIN(x, f64_avx512)
#include "matmul_template.h"

static int supported_bytes(void) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return 64;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 32 : 16;
}

#define CHOOSE(name) (bench_vector_bytes() == 64 ? name##_avx512 : bench_vector_bytes() == 32 ? name##_avx2 : name)
#else
static int supported_bytes(void) { return 16; }

#define CHOOSE(name) name
#endif

static _Atomic int most_bytes = 64;

void bench_limit_vectors(int bytes) { most_bytes = bytes; }

int bench_vector_bytes(void) {
  int supported = supported_bytes(), most = most_bytes;
  return most < supported ? most : supported;
}

void bench_matmul_f32(long m, long l, long n, const float *a, const float *b, float *c) {
  CHOOSE(matmul_f32)(m, l, n, a, b, c);
}

void bench_matmul_f64(long m, long l, long n, const double *a, const double *b, double *c) {
  CHOOSE(matmul_f64)(m, l, n, a, b, c);
}

float bench_dot_f32(long l, const float *a, const float *b) { return CHOOSE(dot_f32)(l, a, b); }

double bench_dot_f64(long l, const double *a, const double *b) { return CHOOSE(dot_f64)(l, a, b); }
