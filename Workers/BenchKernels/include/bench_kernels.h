// The matrix kernels of the benchmark.
//
// Why they are in C: Swift compiles a module for one processor and has no attribute that lets a single function use
// AVX-512, or AVX2 and fused multiply-add, where the machine has them. Without them a core does a third of what it can, and a slow
// serial product would flatter every parallel strategy that is set beside it.
//
// A has m rows of l numbers, row after row (C order). B has n columns of l numbers, column after column (F order).
// C gets m rows of n numbers, row after row. The operands may not overlap.
//
// Rounding: no product enters a sum through more than 256 + ⌈l / 256⌉ + 16 additions, whatever the processor.

#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

/// C = A · B in single precision.
void bench_matmul_f32(long m, long l, long n, const float *a, const float *b, float *c);

/// C = A · B in double precision.
void bench_matmul_f64(long m, long l, long n, const double *a, const double *b, double *c);

/// a · b in single precision.
float bench_dot_f32(long l, const float *a, const float *b);

/// a · b in double precision.
double bench_dot_f64(long l, const double *a, const double *b);

/// Has kernels use vectors of `bytes` (16, 32 or 64) at the most, so that tests see each of them on a processor that has
/// all. What the processor lacks is not used, whatever is told.
void bench_limit_vectors(int bytes);

/// Bytes of the vectors that kernels use.
int bench_vector_bytes(void);

#endif
