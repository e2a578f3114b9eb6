/*
 * The result is cut into blocks of rows times ranges of panels, one task each.  A task goes through k in
 * steps of PRODUCT_DEPTH: a packed panel of b then stays in the first cache, and the block of a in the
 * second.  The chains of a step continue from c, where the step before left them.
 */
#include <omp.h>
#include <string.h>

#include "ops/panel.h"
#include "ops/product.h"

enum {
  PRODUCT_DEPTH = 256,
  PRODUCT_BLOCK = 64 * 1024, /* elements of a in a block */
  PRODUCT_PACKED = 120,      /* rows of a block of a' that is copied */
  PRODUCT_EDGE = 48          /* rows of an incomplete panel that are processed together */
};

typedef struct product {
  int m, n, k;
  kith_strided a, b;
  kith_panel_output o;
  float *c;
} product;

/* Rows and columns of c, and the step of k that is added. */
typedef struct product_part {
  int row, m, column, n, from, depth;
  const float *packed; /* the block of a, KITH_PANEL_ROWS rows after the other, each [depth, rows]; or NULL */
} product_part;

static kith_strided product_at(kith_strided x, int i, int l) {
  x.x += (size_t)i * x.row + (size_t)l * x.column;
  return x;
}

/* c [m, …] = the block of a from row `row` on, times a panel. */
static void product_rows(const product *p, product_part t, int row, int m, kith_panel_output o,
                         const float *panel, float *c) {
  if (!t.packed) {
    kith_panel_product(m, t.depth, product_at(p->a, t.row + row, t.from), panel, o, c);
    return;
  }
  for (int i = row; i < row + m; i += KITH_PANEL_ROWS) {
    int few = row + m - i < KITH_PANEL_ROWS ? row + m - i : KITH_PANEL_ROWS;
    kith_strided a = {t.packed + (size_t)i * (size_t)t.depth, 1, KITH_PANEL_ROWS};
    kith_panel_product(few, t.depth, a, panel, o, c + (size_t)(i - row) * o.ld);
  }
}

/* The last columns, fewer than a panel has: in a buffer, since the kernel writes whole panels. */
static void product_edge(const product *p, product_part t, kith_panel_output o, const float *panel) {
  float edge[PRODUCT_EDGE * KITH_PANEL] = {0};
  size_t width = (size_t)t.n * sizeof(float), ld = o.ld;
  o.ld = KITH_PANEL;
  for (int i = 0; i < t.m; i += PRODUCT_EDGE) {
    int m = t.m - i < PRODUCT_EDGE ? t.m - i : PRODUCT_EDGE;
    float *c = p->c + (size_t)(t.row + i) * ld + (size_t)t.column;
    for (int r = 0; r < m && o.add; r++) memcpy(edge + r * KITH_PANEL, c + (size_t)r * ld, width);
    product_rows(p, t, i, m, o, panel, edge);
    for (int r = 0; r < m; r++) memcpy(c + (size_t)r * ld, edge + r * KITH_PANEL, width);
  }
}

static void product_panel(const product *p, product_part t) {
  float panel[PRODUCT_DEPTH * KITH_PANEL] __attribute__((aligned(64)));
  kith_panel_output o = p->o;
  if (t.from > 0) o.add = true;
  if (t.from + t.depth < p->k) o.scale = 1;
  kith_panel_pack(t.n, t.depth, product_at(p->b, t.from, t.column), panel);
  if (t.n < KITH_PANEL) product_edge(p, t, o, panel);
  else product_rows(p, t, 0, t.m, o, panel, p->c + (size_t)t.row * o.ld + (size_t)t.column);
}

/* A block of a', whose rows are far apart: copied, so that the kernel reads it from one place.  Its columns
 * are read one after the other. */
static void product_pack(const product *p, product_part t, float *packed) {
  const kith_strided a = product_at(p->a, t.row, t.from);
  const int whole = t.m / KITH_PANEL_ROWS, rest = t.m % KITH_PANEL_ROWS;
  const size_t strip = (size_t)t.depth * KITH_PANEL_ROWS;
  for (int l = 0; l < t.depth; l++, packed += KITH_PANEL_ROWS) {
    const float *from = a.x + (size_t)l * a.column;
    float *to = packed;
    for (int i = 0; i < whole; i++, from += KITH_PANEL_ROWS, to += strip)
      memcpy(to, from, KITH_PANEL_ROWS * sizeof(float));
    if (rest) memcpy(to, from, (size_t)rest * sizeof(float));
  }
}

static void product_columns(const product *p, product_part t, int end) {
  for (; t.column < end; t.column += KITH_PANEL) {
    t.n = end - t.column < KITH_PANEL ? end - t.column : KITH_PANEL;
    product_panel(p, t);
  }
}

static void product_columns_packed(const product *p, product_part t, int end) {
  float packed[PRODUCT_PACKED * PRODUCT_DEPTH] __attribute__((aligned(64)));
  product_pack(p, t, packed);
  t.packed = packed;
  product_columns(p, t, end);
}

/* All k of a block of rows and a range of columns; without any k, c is scaled or zero. */
static void product_task(const product *p, product_part t, int end) {
  do {
    t.depth = p->k - t.from < PRODUCT_DEPTH ? p->k - t.from : PRODUCT_DEPTH;
    if (p->a.row == 1) product_columns_packed(p, t, end);
    else product_columns(p, t, end);
    t.from += PRODUCT_DEPTH;
  } while (t.from < p->k);
}

static int product_ceil(int x, int unit) { return (x + unit - 1) / unit; }

/* Rows of a task: whole register tiles, at most a block, and some for each thread. */
static int product_task_rows(const product *p, int threads) {
  int depth = p->k < 1 ? 1 : p->k < PRODUCT_DEPTH ? p->k : PRODUCT_DEPTH;
  int most = (p->a.row == 1 ? PRODUCT_PACKED : PRODUCT_BLOCK / depth) / KITH_PANEL_ROWS;
  int tiles = product_ceil(product_ceil(p->m, threads), KITH_PANEL_ROWS);
  return KITH_PANEL_ROWS * (tiles < most ? tiles : most);
}

static void product_run(const product *p) {
  if (p->m < 1 || p->n < 1) return;
  int threads = omp_in_parallel() ? 1 : omp_get_max_threads(), rows = product_task_rows(p, threads);
  int n_block = product_ceil(p->m, rows), n_panel = product_ceil(p->n, KITH_PANEL);
  int panels = n_block >= threads ? n_panel : product_ceil(n_panel, product_ceil(threads, n_block));
  int n_range = product_ceil(n_panel, panels);
#pragma omp parallel for collapse(2) schedule(dynamic) num_threads(threads) if (n_block * n_range > 1)
  for (int i = 0; i < n_block; i++)
    for (int j = 0; j < n_range; j++) {
      product_part t = {.row = i * rows, .column = j * panels * KITH_PANEL};
      t.m = p->m - t.row < rows ? p->m - t.row : rows;
      int end = t.column + panels * KITH_PANEL;
      product_task(p, t, end < p->n ? end : p->n);
    }
}

void kith_product_nt(int m, int n, int k, float scale, const float *a, const float *b, bool add, float *c) {
  product_run(&(product){m, n, k, {a, (size_t)k, 1}, {b, 1, (size_t)k}, {(size_t)n, scale, add}, c});
}

void kith_product_nn(int m, int n, int k, float scale, const float *a, const float *b, bool add, float *c) {
  product_run(&(product){m, n, k, {a, (size_t)k, 1}, {b, (size_t)n, 1}, {(size_t)n, scale, add}, c});
}

void kith_product_tn(int m, int n, int k, float scale, const float *a, const float *b, bool add, float *c) {
  product_run(&(product){m, n, k, {a, 1, (size_t)m}, {b, (size_t)n, 1}, {(size_t)n, scale, add}, c});
}

void kith_product_nn_part(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                          int ldc) {
  product_run(&(product){m, n, k, {a, (size_t)lda, 1}, {b, (size_t)ldb, 1}, {(size_t)ldc, 1, false}, c});
}

void kith_product_tn_part(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                          int ldc) {
  product_run(&(product){m, n, k, {a, 1, (size_t)lda}, {b, (size_t)ldb, 1}, {(size_t)ldc, 1, false}, c});
}
