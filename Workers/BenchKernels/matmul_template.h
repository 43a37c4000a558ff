// One matrix product, which kernels.c includes once for each pair of number type and processor.
//
// Parameters, all macros: SCALAR (float or double), VECTOR_BYTES (the width of a vector register),
// DEAL_LOW and DEAL_HIGH (the lanes of two vectors interleaved, their lower and upper halves),
// TARGET (the attribute that lets the compiler use a processor's instructions) and NAME(x) (adds
// the variant's suffix). Those that differ between the pairs are undefined at the end.
//
// Long rows are multiplied without copying, a block of C at a time. Vectors run along rows and
// columns, so the parts of a product cost no more than the whole. Short rows would spend their time
// on adding up vectors. For them B is copied into panels, in which the numbers of several columns
// are adjacent, and a tile of 6 rows × 2 vectors of C stays in registers while it runs down the
// panel.

typedef SCALAR NAME(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef SCALAR NAME(loose) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(SCALAR)), may_alias));

enum {
  NAME(lanes) = VECTOR_BYTES / sizeof(SCALAR),
  NAME(rows) = 6,              // 6 × 2 sums, 2 vectors of B and 1 of A fill 15 of 16 registers
  NAME(columns) = 2 * VECTOR_BYTES / sizeof(SCALAR),
  NAME(panels) = 16,           // 16 panels of 16 KiB stay in a second-level cache of 512 KiB
#if VECTOR_BYTES == 64
  NAME(down) = 4,              // 4 × 6 sums, 4 vectors of A and 1 of B fill 29 of 32 registers
  NAME(across) = 6,
  NAME(few) = 12,              // 12 rows and 2 × 6 columns of 2 KiB each fill a first-level cache of 48 KiB
#else
  NAME(down) = 3,              // 3 × 4 sums, 3 vectors of A and 1 of B fill 16 of 16 registers
  NAME(across) = 4,
  NAME(few) = 8,               // 8 rows and 2 × 4 columns of 2 KiB each fill one of 32 KiB
#endif
  NAME(stretch) = 4096 / sizeof(SCALAR),  // 10 of 4 KiB stay in a first-level cache of 48 KiB, and 7 in one of 32 KiB
  NAME(shorter) = 2048 / sizeof(SCALAR),  // for few rows, so that all of them and the next columns stay there
};

// Transposes lanes × lanes numbers. Each step interleaves the first half of the vectors with the
// second half. After log2(lanes) steps, lane i of vector j has become lane j of vector i.
TARGET static inline __attribute__((always_inline)) void NAME(transpose)(NAME(vector) v[NAME(lanes)]) {
#pragma clang loop unroll(full)
  for (int step = 1; step < NAME(lanes); step *= 2) {
    NAME(vector) dealt[NAME(lanes)];
#pragma clang loop unroll(full)
    for (int i = 0; i < NAME(lanes) / 2; i++) {
      dealt[2 * i] = __builtin_shufflevector(v[i], v[i + NAME(lanes) / 2], DEAL_LOW);
      dealt[2 * i + 1] = __builtin_shufflevector(v[i], v[i + NAME(lanes) / 2], DEAL_HIGH);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < NAME(lanes); i++) v[i] = dealt[i];
  }
}

// Copies B[k0 ..< k0 + depth, j0 ..< j0 + columns] into a panel, row after row. Missing columns are
// zero.
TARGET static void NAME(pack)(long depth, long columns, const SCALAR *b, long l, SCALAR *panel) {
  enum { lanes = NAME(lanes), across = NAME(columns) };
  long k = 0;
  if (columns >= across)
    for (; k + lanes <= depth; k += lanes)
#pragma clang loop unroll(full)
      for (int j0 = 0; j0 < across; j0 += lanes) {
        NAME(vector) square[lanes];
#pragma clang loop unroll(full)
        for (int j = 0; j < lanes; j++) square[j] = *(const NAME(loose) *)(b + (j0 + j) * l + k);
        NAME(transpose)(square);
#pragma clang loop unroll(full)
        for (int i = 0; i < lanes; i++) *(NAME(loose) *)(panel + (k + i) * across + j0) = square[i];
      }
  for (; k < depth; k++)
    for (long j = 0; j < across; j++) panel[k * across + j] = j < columns ? b[j * l + k] : 0;
}

// tile = A[6 rows, depth] · panel. The sums are twelve named variables, because the optimiser keeps
// an array of them in memory at -O2 (measured: 13 instead of 85 GFLOP/s).
TARGET static inline __attribute__((always_inline)) void NAME(tile)(
    long depth, const SCALAR *const row[6], const SCALAR *panel, SCALAR *tile) {
  const SCALAR *a0 = row[0], *a1 = row[1], *a2 = row[2], *a3 = row[3], *a4 = row[4], *a5 = row[5];
  NAME(vector) s00 = {0}, s01 = {0}, s10 = {0}, s11 = {0}, s20 = {0}, s21 = {0};
  NAME(vector) s30 = {0}, s31 = {0}, s40 = {0}, s41 = {0}, s50 = {0}, s51 = {0};
  for (long k = 0; k < depth; k++) {
    const NAME(vector) b0 = *(const NAME(loose) *)panel, b1 = *(const NAME(loose) *)(panel + NAME(lanes));
    panel += NAME(columns);
    s00 += a0[k] * b0, s01 += a0[k] * b1;
    s10 += a1[k] * b0, s11 += a1[k] * b1;
    s20 += a2[k] * b0, s21 += a2[k] * b1;
    s30 += a3[k] * b0, s31 += a3[k] * b1;
    s40 += a4[k] * b0, s41 += a4[k] * b1;
    s50 += a5[k] * b0, s51 += a5[k] * b1;
  }
  NAME(loose) *out = (NAME(loose) *)tile;
  out[0] = s00, out[1] = s01, out[2] = s10, out[3] = s11, out[4] = s20, out[5] = s21;
  out[6] = s30, out[7] = s31, out[8] = s40, out[9] = s41, out[10] = s50, out[11] = s51;
}

// Adds the lanes by halves: log2(lanes) additions deep.
TARGET static inline __attribute__((always_inline)) SCALAR NAME(sum)(NAME(vector) v) {
  SCALAR part[NAME(lanes)];
  __builtin_memcpy(part, &v, sizeof v);
#pragma clang loop unroll(full)
  for (int width = NAME(lanes) / 2; width > 0; width /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < width; i++) part[i] += part[i + width];
  return part[0];
}

// Four independent sums, because a multiply-add has a latency of four cycles.
TARGET static SCALAR NAME(dot)(long l, const SCALAR *a, const SCALAR *b) {
  const long step = NAME(lanes);
  SCALAR total = 0;
  // Folded after each block: short chains of additions keep the rounding error of a long product
  // small.
  for (long block = 0; block < l; block += DOT_BLOCK) {
    const long length = l - block < DOT_BLOCK ? l - block : DOT_BLOCK;
    const NAME(loose) *x = (const NAME(loose) *)(a + block), *y = (const NAME(loose) *)(b + block);
    NAME(vector) s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    long k = 0;
    for (; k + 4 * step <= length; k += 4 * step, x += 4, y += 4) {
      s0 += x[0] * y[0];
      s1 += x[1] * y[1];
      s2 += x[2] * y[2];
      s3 += x[3] * y[3];
    }
    SCALAR tail = 0;
    for (; k < length; k++) tail += a[block + k] * b[block + k];
    total += NAME(sum)((s0 + s1) + (s2 + s3)) + tail;
  }
  return total;
}

// Returns the sums of as many vectors as one has lanes: lane i is the sum of vector i. The steps
// are those of `transpose`, but interleaved vectors are added at once, so that each step halves the
// number of vectors.
TARGET static inline __attribute__((always_inline)) NAME(vector) NAME(sums)(NAME(vector) v[NAME(lanes)]) {
#pragma clang loop unroll(full)
  for (int half = NAME(lanes) / 2; half > 0; half /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < half; i++)
      v[i] = __builtin_shufflevector(v[i], v[i + half], DEAL_LOW) + __builtin_shufflevector(v[i], v[i + half], DEAL_HIGH);
  return v[0];
}

typedef __typeof__((NAME(vector)){0} < (NAME(vector)){0}) NAME(mask);

// Returns which lanes of a row's last vector were not in the previous one: the last `rest`.
TARGET static inline NAME(mask) NAME(last)(long rest) {
  static const SCALAR steps[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return *(const NAME(loose) *)steps >= (SCALAR)(NAME(lanes) - rest);
}

// sums[r * across + q] = A row r · B column q, for contiguous rows and columns: 7 loads feed 12
// multiply-adds, or 10 loads 24. Named variables, as above. At least a vector's numbers precede
// `depth`, in the block or before it. Data `ahead`, if any, is prefetched: into the first-level
// cache if the block is `small`, otherwise into the second, because the first has room for the
// block only.
TARGET static inline __attribute__((always_inline)) void NAME(block)(
    long depth, const SCALAR *const a[NAME(down)], const SCALAR *const b[NAME(across)], const SCALAR *const ahead[2],
    int small, SCALAR *sums) {
  const SCALAR *a0 = a[0], *a1 = a[1], *a2 = a[2], *b0 = b[0], *b1 = b[1], *b2 = b[2], *b3 = b[3];
  NAME(vector) s00 = {0}, s01 = {0}, s02 = {0}, s03 = {0}, s10 = {0}, s11 = {0}, s12 = {0}, s13 = {0};
  NAME(vector) s20 = {0}, s21 = {0}, s22 = {0}, s23 = {0};
#if VECTOR_BYTES == 64
  const SCALAR *a3 = a[3], *b4 = b[4], *b5 = b[5];
  NAME(vector) s04 = {0}, s05 = {0}, s14 = {0}, s15 = {0}, s24 = {0}, s25 = {0};
  NAME(vector) s30 = {0}, s31 = {0}, s32 = {0}, s33 = {0}, s34 = {0}, s35 = {0};
#define COLUMN(q, LOAD) y = LOAD(b##q), s0##q += x0 * y, s1##q += x1 * y, s2##q += x2 * y, s3##q += x3 * y;
#define STEP(LOAD) \
  { \
    const NAME(vector) x0 = LOAD(a0), x1 = LOAD(a1), x2 = LOAD(a2), x3 = LOAD(a3); \
    NAME(vector) y; \
    COLUMN(0, LOAD) COLUMN(1, LOAD) COLUMN(2, LOAD) COLUMN(3, LOAD) COLUMN(4, LOAD) COLUMN(5, LOAD) \
  }
#else
#define COLUMN(q, LOAD) y = LOAD(b##q), s0##q += x0 * y, s1##q += x1 * y, s2##q += x2 * y;
#define STEP(LOAD) \
  { \
    const NAME(vector) x0 = LOAD(a0), x1 = LOAD(a1), x2 = LOAD(a2); \
    NAME(vector) y; \
    COLUMN(0, LOAD) COLUMN(1, LOAD) COLUMN(2, LOAD) COLUMN(3, LOAD) \
  }
#endif
#define WHOLE(from) (*(const NAME(loose) *)(from + k))
#define REST(from) ((NAME(vector))((NAME(mask))*(const NAME(loose) *)(from + depth - NAME(lanes)) & mask))
  const SCALAR *next0 = ahead[0], *next1 = ahead[1] != NULL ? ahead[1] : next0;
  long k = 0;
  for (; k + NAME(lanes) <= depth; k += NAME(lanes)) {
    if (next0 != NULL) {
      if (small) {
        __builtin_prefetch(next0 + k, 0, 3);
        __builtin_prefetch(next1 + k, 0, 3);
      } else {
        __builtin_prefetch(next0 + k, 0, 2);
        __builtin_prefetch(next1 + k, 0, 2);
      }
    }
    STEP(WHOLE)
  }
  if (k < depth) {
    const NAME(mask) mask = NAME(last)(depth - k);
    STEP(REST)
  }
#if VECTOR_BYTES == 64
  NAME(vector) all[32] = {s00, s01, s02, s03, s04, s05, s10, s11, s12, s13, s14, s15,
                          s20, s21, s22, s23, s24, s25, s30, s31, s32, s33, s34, s35};
#else
  NAME(vector) all[16] = {s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23};
#endif
#pragma clang loop unroll(full)
  for (int i = 0; i < NAME(down) * NAME(across); i += NAME(lanes))
    *(NAME(loose) *)(sums + i) = NAME(sums)(all + i);
#undef REST
#undef WHOLE
#undef STEP
#undef COLUMN
}

// C = A · B for rows and columns of at least one vector.
TARGET static void NAME(inner)(long m, long l, long n, const SCALAR *a, const SCALAR *b, SCALAR *c) {
  // Rows in equal groups of at most 112: as many stretches of 4 KiB stay in a second-level cache of
  // 512 KiB.
  const long groups = (m + 111) / 112, rows = (m + groups - 1) / groups;
  const int small = rows <= NAME(few);
  const long stretch = small ? NAME(shorter) : NAME(stretch);
  // The first stretch is shortened so that the following ones are aligned in B, if the row length
  // keeps all columns aligned. Vectors across two cache lines cost a third more (measured).
  const long past = (long)((uintptr_t)b % VECTOR_BYTES / sizeof(SCALAR));
  memset(c, 0, sizeof(SCALAR) * (size_t)(m * n));
  for (long i0 = 0; i0 < m; i0 += rows) {
    const long end = m - i0 < rows ? m : i0 + rows;
    for (long k0 = 0, depth; k0 < l; k0 += depth) {
      depth = k0 > 0 ? stretch : stretch - past;
      if (depth > l - k0) depth = l - k0;
      for (long j = 0; j < n; j += NAME(across)) {
        const long across = n - j < NAME(across) ? n - j : NAME(across);
        const SCALAR *column[NAME(across)];
        // Missing rows and columns at an edge are replaced by the last one, and their results are
        // not stored.
        for (long q = 0; q < NAME(across); q++) column[q] = b + (j + (q < across ? q : across - 1)) * l + k0;
        // Prefetches the next columns, if any: a processor does not predict reads of one page each
        // from as many places as B has columns. Two per block, because a small product has only
        // three blocks.
        const long j1 = j + NAME(across) < n ? j + NAME(across) : 0, k1 = j1 > 0 ? k0 : k0 + depth;
        const long j2 = k1 >= l ? j1 : j1 + NAME(across) < n ? j1 + NAME(across) : n;
        long asked = j1;
        for (long i = i0; i < end; i += NAME(down)) {
          const long down = end - i < NAME(down) ? end - i : NAME(down);
          const SCALAR *row[NAME(down)];
          for (long r = 0; r < NAME(down); r++) row[r] = a + (i + (r < down ? r : down - 1)) * l + k0;
          const SCALAR *ahead[2] = {NULL};
          for (int p = 0; p < 2 && asked < j2; p++, asked++) ahead[p] = b + asked * l + k1;
          SCALAR sums[32];
          if (small)
            NAME(block)(depth, row, column, ahead, 1, sums);
          else
            NAME(block)(depth, row, column, ahead, 0, sums);
          for (long r = 0; r < down; r++)
            for (long q = 0; q < across; q++) c[(i + r) * n + j + q] += sums[NAME(across) * r + q];
        }
      }
    }
  }
}

TARGET static void NAME(matmul)(long m, long l, long n, const SCALAR *a, const SCALAR *b, SCALAR *c) {
  if (m >= 3 && l >= LONG_ROW) {
    NAME(inner)(m, l, n, a, b, c);
    return;
  }
  SCALAR *panels = NULL;
  // Below eight rows a panel is not used often enough to pay for the copy.
  if (m >= 8) panels = malloc(sizeof(SCALAR) * NAME(panels) * NAME(columns) * LONG_ROW);
  if (panels == NULL) {
    for (long i = 0; i < m; i++)
      for (long j = 0; j < n; j++) c[i * n + j] = NAME(dot)(l, a + i * l, b + j * l);
    return;
  }
  enum { block = NAME(panels) * NAME(columns) };
  for (long j0 = 0; j0 < n; j0 += block) {
    const long width = n - j0 < block ? n - j0 : block;
    for (long j = 0; j < width; j += NAME(columns)) NAME(pack)(l, width - j, b + (j0 + j) * l, l, panels + j * l);
    for (long i = 0; i < m; i += NAME(rows)) {
      const long height = m - i < NAME(rows) ? m - i : NAME(rows);
      const SCALAR *row[NAME(rows)];
      // Missing rows at the lower edge are replaced by the last one, and their results are not
      // stored.
      for (long r = 0; r < NAME(rows); r++) row[r] = a + (i + (r < height ? r : height - 1)) * l;
      for (long j = 0; j < width; j += NAME(columns)) {
        SCALAR tile[NAME(rows) * NAME(columns)];
        NAME(tile)(l, row, panels + j * l, tile);
        const long there = width - j < NAME(columns) ? width - j : NAME(columns);
        for (long r = 0; r < height; r++)
          memcpy(c + (i + r) * n + j0 + j, tile + r * NAME(columns), sizeof(SCALAR) * (size_t)there);
      }
    }
  }
  free(panels);
}

#undef SCALAR
#undef NAME
#undef DEAL_LOW
#undef DEAL_HIGH
