// The matrix kernels of the benchmark.
//
// They are in C because Swift compiles a module for one processor, and has no attribute that lets a
// single function use AVX-512, or AVX2 and fused multiply-add, if the machine has them. Without
// them a core reaches a third of its speed, and a slow serial product would flatter every parallel
// strategy.
//
// A has m rows of l numbers, row after row (C order). B has n columns of l numbers, column after
// column (F order). C receives m rows of n numbers, row after row. The operands must not overlap.
//
// Rounding: no product enters a sum through more than 256 + ⌈l / 256⌉ + 16 additions, on any
// processor.

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

/// Limits kernels to vectors of `bytes` (16, 32 or 64), so that tests can run all kernels on one
/// processor. Vectors that the processor does not support are never used.
void bench_limit_vectors(int bytes);

/// Returns the size of the kernels' vectors in bytes.
int bench_vector_bytes(void);

#endif
