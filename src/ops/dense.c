/* Blocks of rows times slices of columns; see dense.h. */
#include "ops/dense.h"

#include "ops/product.h"

enum { DENSE_ROWS = 240, DENSE_SLICE = 64, DENSE_PIECES = 64 };

/* Rows and columns of the inputs. */
typedef struct dense_slice {
  int64_t row;
  int rows, column, columns;
} dense_slice;

static int dense_parts(const kith_dense *o) { return o->inputs == KITH_DENSE_ONE ? 1 : 2; }

/* Columns of a slice from `column` on. */
static int dense_width(int k, int column) { return k - column < DENSE_SLICE ? k - column : DENSE_SLICE; }

/* Where row i of a slice begins in input 0 or 1. */
KITH_INLINE size_t dense_at(const kith_dense *o, int input, dense_slice s, int i) {
  int64_t row = o->row[input] ? o->row[input][s.row + i] : s.row + i;
  return (size_t)row * (size_t)o->k[input] + (size_t)s.column;
}

/* to [rows, columns] = what is multiplied by w[part]. */
KITH_KERNEL static void dense_input(const kith_dense *o, int part, dense_slice s, const float *a,
                                    const float *b, float *to) {
  bool mixed = o->inputs == KITH_DENSE_SUM_PRODUCT;
  for (int i = 0; i < s.rows; i++, to += s.columns) {
    const float *x = part == 1 && !mixed ? b + dense_at(o, 1, s, i) : a + dense_at(o, 0, s, i);
    const float *y = mixed ? b + dense_at(o, 1, s, i) : x;
    if (!mixed)
      for (int k = 0; k < s.columns; k++) to[k] = x[k];
    else if (part == 0)
      for (int k = 0; k < s.columns; k++) to[k] = x[k] + y[k];
    else
      for (int k = 0; k < s.columns; k++) to[k] = x[k] * y[k];
  }
}

/* The same: the rows themselves where they lie as they are multiplied, or else a copy at `copy`. */
static const float *dense_operand(const kith_dense *o, int part, dense_slice s, const float *a,
                                  const float *b, float *copy) {
  bool whole = s.columns == o->k[part] && !o->row[part] && o->inputs != KITH_DENSE_SUM_PRODUCT;
  if (whole) return (part == 0 ? a : b) + s.row * s.columns;
  dense_input(o, part, s, a, b, copy);
  return copy;
}

/* ---- forward ---- */

/* Slope and shape as values: through `o` they would be read again after every store. */
KITH_KERNEL static void dense_activate(int rows, int m, float slope, const float *bias, float *y) {
  for (int i = 0; i < rows; i++, y += m) {
    for (int k = 0; k < m && bias; k++) y[k] += bias[k];
    for (int k = 0; k < m && slope != 1; k++) y[k] = y[k] > 0 ? y[k] : slope * y[k];
  }
}

static void dense_forward_rows(const kith_dense *o, dense_slice s, const float *a, const float *b, float *y) {
  float x[DENSE_ROWS * DENSE_SLICE];
  float *to = y + s.row * o->m;
  for (int part = 0; part < dense_parts(o); part++)
    for (s.column = 0; s.column < o->k[part]; s.column += s.columns) {
      s.columns = dense_width(o->k[part], s.column);
      kith_product_nn(s.rows, o->m, s.columns, 1, dense_operand(o, part, s, a, b, x),
                      o->w[part] + (size_t)s.column * (size_t)o->m, part + s.column > 0, to);
    }
  if (o->bias[1]) dense_activate(s.rows, o->m, 1, o->bias[1], to);
  dense_activate(s.rows, o->m, o->slope, o->bias[0], to);
}

void kith_dense_forward(const kith_dense *o, int64_t n, const float *a, const float *b, float *y) {
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < n; row += DENSE_ROWS)
    dense_forward_rows(o, (dense_slice){.row = row, .rows = (int)kith_min(DENSE_ROWS, n - row)}, a, b, y);
}

/* ---- backward ---- */

/* Scratch of a piece: gradients of w[0], w[1] and of a bias, [k + 1, m]. */
static int64_t dense_piece(const kith_dense *o) {
  return ((int64_t)o->k[0] + (dense_parts(o) > 1 ? o->k[1] : 0) + 1) * o->m;
}

int64_t kith_dense_scratch(const kith_dense *o) { return DENSE_PIECES * dense_piece(o); }

/* dy = the gradient before the activation, and its sum over rows. */
KITH_KERNEL static void dense_deactivate(int rows, int m, float slope, const float *y, float *dy,
                                         float *sum) {
  for (int i = 0; i < rows; i++, y += m, dy += m) {
    for (int k = 0; k < m && slope != 1; k++) dy[k] = y[k] > 0 ? dy[k] : slope * dy[k];
    for (int k = 0; k < m; k++) sum[k] += dy[k];
  }
}

static void dense_backward_weights(const kith_dense *o, dense_slice s, const float *a, const float *b,
                                   const float *dy, bool add, float *dw) {
  float x[DENSE_ROWS * DENSE_SLICE];
  for (int part = 0; part < dense_parts(o); dw += (int64_t)o->k[part] * o->m, part++)
    for (s.column = 0; s.column < o->k[part]; s.column += s.columns) {
      s.columns = dense_width(o->k[part], s.column);
      kith_product_tn(s.columns, o->m, s.rows, 1, dense_operand(o, part, s, a, b, x), dy, add,
                      dw + (int64_t)s.column * o->m);
    }
}

/* dx [rows, columns] of an input = (or +=) d, or d + e other where the inputs are a sum and a product. */
KITH_KERNEL static void dense_add(const kith_dense *o, int input, dense_slice s, const float *d,
                                  const float *e, const float *other, bool add, float *dx) {
  for (int i = 0; i < s.rows; i++, d += s.columns) {
    float *to = dx + dense_at(o, input, s, i);
    const float *y = e ? other + dense_at(o, 1 - input, s, i) : d;
    for (int j = 0; j < s.columns; j++) {
      float now = e ? d[j] + e[i * s.columns + j] * y[j] : d[j];
      to[j] = add ? to[j] + now : now;
    }
  }
}

/* d [rows, columns] = dy w[part]' */
static void dense_product(const kith_dense *o, int part, dense_slice s, const float *dy, float *d) {
  kith_product_nt(s.rows, s.columns, o->m, 1, dy, o->w[part] + (size_t)s.column * (size_t)o->m, false, d);
}

/* Whether the product is the gradient of the input, in the place where that belongs. */
static bool dense_is_direct(const kith_dense *o, int part, const kith_dense_gradients *g) {
  return o->inputs != KITH_DENSE_SUM_PRODUCT && o->k[part] <= DENSE_SLICE && !o->row[part] && g->dx[part] &&
         !g->add[part];
}

static void dense_backward_inputs(const kith_dense *o, dense_slice s, const float *a, const float *b,
                                  const float *dy, const kith_dense_gradients *g) {
  float d[DENSE_ROWS * DENSE_SLICE], e[DENSE_ROWS * DENSE_SLICE];
  bool mixed = o->inputs == KITH_DENSE_SUM_PRODUCT;
  for (int part = 0; part < (mixed ? 1 : dense_parts(o)); part++)
    for (s.column = 0; s.column < o->k[part]; s.column += s.columns) {
      s.columns = dense_width(o->k[part], s.column);
      if (dense_is_direct(o, part, g)) {
        dense_product(o, part, s, dy, g->dx[part] + s.row * s.columns);
        continue;
      }
      if (mixed || g->dx[part]) dense_product(o, part, s, dy, d);
      if (mixed) dense_product(o, 1, s, dy, e);
      for (int i = mixed ? 0 : part; i < (mixed ? 2 : part + 1); i++)
        if (g->dx[i]) dense_add(o, i, s, d, mixed ? e : NULL, i == 0 ? b : a, g->add[i], g->dx[i]);
    }
}

/* Where piece p of the rows begins. */
static int64_t dense_piece_begin(const kith_dense_gradients *g, int64_t n, int p) {
  if (!g->piece_row) return kith_chunk_begin(n, DENSE_PIECES, p);
  int64_t bound = kith_chunk_begin(g->n_of, DENSE_PIECES, p), low = 0, high = n;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (g->piece_row[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Piece `p` of the rows; its gradients of weights go to its scratch. */
static void dense_backward_piece(const kith_dense *o, int p, int64_t n, const float *a, const float *b,
                                 const float *y, float *dy, const kith_dense_gradients *g) {
  int64_t first = dense_piece_begin(g, n, p), end = dense_piece_begin(g, n, p + 1);
  float *dw = g->scratch + p * dense_piece(o), *sum = dw + dense_piece(o) - o->m;
  for (int64_t i = 0; i < dense_piece(o); i++) dw[i] = 0;
  for (int64_t row = first; row < end; row += DENSE_ROWS) {
    dense_slice s = {.row = row, .rows = (int)kith_min(DENSE_ROWS, end - row)};
    float *dz = dy + row * o->m;
    dense_deactivate(s.rows, o->m, o->slope, y + row * o->m, dz, sum);
    dense_backward_weights(o, s, a, b, dz, true, dw);
    dense_backward_inputs(o, s, a, b, dz, g);
  }
}

/* to [n] += the sum of the pieces, from number `at` of each. */
static void dense_reduce(const kith_dense *o, const float *scratch, int64_t at, int64_t n, float *to) {
  if (!to) return;
  for (int p = 0; p < DENSE_PIECES; p++)
    for (int64_t i = 0; i < n; i++) to[i] += scratch[p * dense_piece(o) + at + i];
}

void kith_dense_backward(const kith_dense *o, int64_t n, const float *a, const float *b, const float *y,
                         float *dy, const kith_dense_gradients *g) {
  int64_t at = 0, bias = dense_piece(o) - o->m;
#pragma omp parallel for schedule(dynamic)
  for (int p = 0; p < DENSE_PIECES; p++) dense_backward_piece(o, p, n, a, b, y, dy, g);
  for (int part = 0; part < dense_parts(o); at += (int64_t)o->k[part] * o->m, part++)
    dense_reduce(o, g->scratch, at, (int64_t)o->k[part] * o->m, g->dw[part]);
  for (int part = 0; part < 2; part++) dense_reduce(o, g->scratch, bias, o->m, g->dbias[part]);
}
