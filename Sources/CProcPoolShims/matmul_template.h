// One matrix product, written once and included by kernels.c for each pair of number type and processor.
//
// Parameters, all macros: SCALAR (float or double), VECTOR_BYTES (the width of a vector register), DEAL_LOW and
// DEAL_HIGH (the lanes of two vectors in turns, their lower and their upper halves), TARGET (the attribute that lets the
// compiler use a processor's instructions) and NAME(x) (adds the variant's suffix). Those that differ from pair to pair
// are forgotten at the end.
//
// Many rows are multiplied as BLAS libraries do it: a block of B is copied so that the numbers that meet lie side by
// side (a panel), and a tile of 6 rows × 2 vectors of C stays in registers while it runs down the panel. Few long rows
// are multiplied by the columns as they lie.

typedef SCALAR NAME(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef SCALAR NAME(loose) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(SCALAR)), may_alias));

enum {
  NAME(lanes) = VECTOR_BYTES / sizeof(SCALAR),
  NAME(rows) = 6,              // because 6 × 2 sums, 2 vectors of B and 1 of A fill 15 of 16 registers
  NAME(columns) = 2 * VECTOR_BYTES / sizeof(SCALAR),
  NAME(depth) = MATMUL_DEPTH,
  NAME(panels) = 16,           // because 16 panels of 16 KiB stay in a second-level cache of 512 KiB
};

// Turns rows into columns. Each step deals out the first half of the vectors between those of the second half; after as
// many steps as it takes to halve the number of lanes down to one, lane i of vector j has become lane j of vector i.
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

// B[k0 ..< k0 + depth, j0 ..< j0 + columns], one row of the panel after the other; missing columns are zero.
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

// What will be needed soon: some stretches of memory, a number of lines of which are asked for with each tile. A
// processor does not foresee reads of a kilobyte each from as many places as B has columns: with this, and with blocks
// copied by squares, a product that does not fit into caches takes an eighth less (measured).
typedef struct {
  const SCALAR *from;
  long stride, length;  // in numbers
  long stretches, share;
  long stretch, number;  // which comes next
} NAME(asking);

TARGET static inline NAME(asking) NAME(plan)(const SCALAR *from, long stride, long length, long stretches, long tiles) {
  const long lines = (length * (long)sizeof(SCALAR) + 63) / 64;
  return (NAME(asking)){from, stride, length, stretches, (stretches * lines + tiles - 1) / tiles, 0, 0};
}

TARGET static inline __attribute__((always_inline)) void NAME(ask)(NAME(asking) *asking) {
  for (long line = 0; line < asking->share && asking->stretch < asking->stretches; line++) {
    // Into the second-level cache: the first has no room for more than the tile.
    __builtin_prefetch(asking->from + asking->stretch * asking->stride + asking->number, 0, 2);
    asking->number += 64 / sizeof(SCALAR);
    if (asking->number >= asking->length) asking->number = 0, asking->stretch++;
  }
}

// tile = A[6 rows, depth] · panel. The sums are twelve named variables, because an array of them is left in memory by
// the optimiser at -O2 (measured: 13 instead of 85 GFLOP/s).
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

// By halves: log2(lanes) additions deep.
TARGET static inline __attribute__((always_inline)) SCALAR NAME(sum)(NAME(vector) v) {
  SCALAR part[NAME(lanes)];
  __builtin_memcpy(part, &v, sizeof v);
#pragma clang loop unroll(full)
  for (int width = NAME(lanes) / 2; width > 0; width /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < width; i++) part[i] += part[i + width];
  return part[0];
}

// Four sums of every fourth vector, because a multiply-add takes four cycles and the next one of a sum has to wait.
TARGET static SCALAR NAME(dot)(long l, const SCALAR *a, const SCALAR *b) {
  const long step = NAME(lanes);
  SCALAR total = 0;
  // Folded now and then: short chains of additions keep the rounding error of a long product small.
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

// c[r][q] += A row r · B column q over `depth` numbers, for 3 rows and 4 columns whose numbers lie one after the other:
// nothing has to be copied, and 7 loads feed 12 multiply-adds. Named variables, as above.
TARGET static inline __attribute__((always_inline)) void NAME(block)(
    long depth, const SCALAR *const a[3], const SCALAR *const b[4], SCALAR sums[12]) {
  const SCALAR *a0 = a[0], *a1 = a[1], *a2 = a[2], *b0 = b[0], *b1 = b[1], *b2 = b[2], *b3 = b[3];
  NAME(vector) s00 = {0}, s01 = {0}, s02 = {0}, s03 = {0}, s10 = {0}, s11 = {0}, s12 = {0}, s13 = {0};
  NAME(vector) s20 = {0}, s21 = {0}, s22 = {0}, s23 = {0};
  long k = 0;
  for (; k + NAME(lanes) <= depth; k += NAME(lanes)) {
    const NAME(vector) x0 = *(const NAME(loose) *)(a0 + k), x1 = *(const NAME(loose) *)(a1 + k);
    const NAME(vector) x2 = *(const NAME(loose) *)(a2 + k);
    NAME(vector) y = *(const NAME(loose) *)(b0 + k);
    s00 += x0 * y, s10 += x1 * y, s20 += x2 * y;
    y = *(const NAME(loose) *)(b1 + k);
    s01 += x0 * y, s11 += x1 * y, s21 += x2 * y;
    y = *(const NAME(loose) *)(b2 + k);
    s02 += x0 * y, s12 += x1 * y, s22 += x2 * y;
    y = *(const NAME(loose) *)(b3 + k);
    s03 += x0 * y, s13 += x1 * y, s23 += x2 * y;
  }
  const NAME(vector) all[12] = {s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23};
#pragma clang loop unroll(full)
  for (int i = 0; i < 12; i++) sums[i] = NAME(sum)(all[i]);
  for (; k < depth; k++)
    for (int r = 0; r < 3; r++)
      for (int q = 0; q < 4; q++) sums[4 * r + q] += a[r][k] * b[q][k];
}

// C = A · B for long rows and columns.
TARGET static void NAME(inner)(long m, long l, long n, const SCALAR *a, const SCALAR *b, SCALAR *c) {
  enum { depth = 128 * NAME(lanes) };  // because 4 columns of 4 KiB are half of a first-level cache
  memset(c, 0, sizeof(SCALAR) * (size_t)(m * n));
  for (long k0 = 0; k0 < l; k0 += depth) {
    const long length = l - k0 < depth ? l - k0 : depth;
    for (long j = 0; j < n; j += 4) {
      const long across = n - j < 4 ? n - j : 4;
      // What is missing at an edge is computed from what is there, and not stored.
      const SCALAR *columns[4];
      for (long q = 0; q < 4; q++) columns[q] = b + (j + (q < across ? q : across - 1)) * l + k0;
      for (long i = 0; i < m; i += 3) {
        const long down = m - i < 3 ? m - i : 3;
        const SCALAR *rows[3];
        for (long r = 0; r < 3; r++) rows[r] = a + (i + (r < down ? r : down - 1)) * l + k0;
        SCALAR sums[12];
        NAME(block)(length, rows, columns, sums);
        for (long r = 0; r < down; r++)
          for (long q = 0; q < across; q++) c[(i + r) * n + j + q] += sums[4 * r + q];
      }
    }
  }
}

TARGET static void NAME(matmul)(long m, long l, long n, const SCALAR *a, const SCALAR *b, SCALAR *c) {
  // From 48 rows on the copies of B are used often enough to pay for themselves (measured); short rows spend their time in
  // adding up vectors.
  if (m >= 3 && m < 48 && l >= NAME(depth)) {
    NAME(inner)(m, l, n, a, b, c);
    return;
  }
  SCALAR *panels = NULL;
  // Below eight rows a panel is not used often enough to pay for the copy.
  if (m >= 8) panels = malloc(sizeof(SCALAR) * NAME(panels) * NAME(columns) * NAME(depth));
  if (panels == NULL) {
    for (long i = 0; i < m; i++)
      for (long j = 0; j < n; j++) c[i * n + j] = NAME(dot)(l, a + i * l, b + j * l);
    return;
  }
  memset(c, 0, sizeof(SCALAR) * (size_t)(m * n));
  enum { block = NAME(panels) * NAME(columns) };
  for (long k0 = 0; k0 < l; k0 += NAME(depth)) {
    const long depth = l - k0 < NAME(depth) ? l - k0 : NAME(depth);
    for (long j0 = 0; j0 < n; j0 += block) {
      const long width = n - j0 < block ? n - j0 : block;
      for (long j = 0; j < width; j += NAME(columns))
        NAME(pack)(depth, width - j, b + (j0 + j) * l + k0, l, panels + j * NAME(depth));
      const long across = (width + NAME(columns) - 1) / NAME(columns);
      // The block of B that comes next, if there is one.
      const long j1 = j0 + block < n ? j0 + block : 0, k1 = j1 > 0 ? k0 : k0 + depth;
      NAME(asking) columns = {0};
      if (k1 < l)
        columns = NAME(plan)(b + j1 * l + k1, l, l - k1 < NAME(depth) ? l - k1 : NAME(depth),
                             n - j1 < block ? n - j1 : block, (m + NAME(rows) - 1) / NAME(rows) * across);
      for (long i = 0; i < m; i += NAME(rows)) {
        const long height = m - i < NAME(rows) ? m - i : NAME(rows), below = i + NAME(rows);
        const SCALAR *row[NAME(rows)];
        // Rows that are missing at the lower edge are computed from the last one, and not stored.
        for (long r = 0; r < NAME(rows); r++) row[r] = a + (i + (r < height ? r : height - 1)) * l + k0;
        NAME(asking) rows = {0};
        if (below < m)
          rows = NAME(plan)(a + below * l + k0, l, depth, m - below < NAME(rows) ? m - below : NAME(rows), across);
        for (long j = 0; j < width; j += NAME(columns)) {
          SCALAR tile[NAME(rows) * NAME(columns)];
          NAME(ask)(&columns);
          NAME(ask)(&rows);
          NAME(tile)(depth, row, panels + j * NAME(depth), tile);
          const long there = width - j < NAME(columns) ? width - j : NAME(columns);
          for (long r = 0; r < height; r++) {
            SCALAR *out = c + (i + r) * n + j0 + j;
            for (long q = 0; q < there; q++) out[q] += tile[r * NAME(columns) + q];
          }
        }
      }
    }
  }
  free(panels);
}

#undef SCALAR
#undef NAME
#undef DEAL_LOW
#undef DEAL_HIGH
