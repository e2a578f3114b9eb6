/*
 * The first round of an update: the columns of an older matrix in blocks of neighbors.
 *
 * A block V_b has a Ritz problem of its own, V_b'P V_b t = theta V_b'V_b t, and its new columns are one
 * product of the Ritz vectors, x = P V_b t / |P V_b t|.  That product is the first-order correction by all
 * other columns, and the inner problems are needed for neighbors alone, whose eigenvalues are close
 * (Nystroem's extension, P v / theta, for rows of new items).  What it has wrong is largest where eigenvalues
 * differ most: the columns of the first block, a slab, are taken out of all others.
 *
 * Items that no older column has get columns of their own, the last ones: random numbers on these items,
 * multiplied once, at right angles to the blocks, and a Ritz problem.  So directions are found that the older
 * columns lack, such as that of new users with new items alone.
 *
 * Sums over items and rotations take 3.2 n_item width (block + slab) flops, 1.2 more where inner products are
 * needed, too, instead of 5 n_item width^2 of a whole round.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "ops/lapack.h"
#include "ops/ops.h"
#include "spectral/filter.h"
#include "spectral/round.h"

/* What the last columns may have of others after a product, as a share of their length. */
static const double MOST_OVERLAP = 0.5;
/* Below this the inner products of a block's columns are those of orthonormal ones. */
static const double ORTHONORMAL = 1e-3;
/* Pivots of a block's inner products above which its columns are independent enough. */
static const double INDEPENDENT = 0.3;
/* New directions with less than this of their length, or of the largest inner product, are in older columns.
 */
static const double LEAST_LENGTH = 1e-3, LEAST_NEW = 1e-4;

/* Rows of m->x in this round are `ld` floats: the columns of the first block, P V_b, and the drawn columns.
 */
typedef struct blocks {
  kith__round *m;
  int ld;
  int most;              /* columns of a block at most */
  int head;              /* columns of the first block, at most a slab */
  int kept;              /* columns of all blocks; those behind them are drawn, or of zeros */
  int drawn;             /* columns on new items, the last ones */
  bool orthonormal;      /* the older columns */
  float *first, *y, *z;  /* where the three begin in a row */
  double *value;         /* [width] Ritz values as the columns lie */
  double *length;        /* [width] scratch memory … */
  double *inner;         /* … [most, most] */
  int exponent[2][WIDE]; /* of V_b and P V_b, for each column */
} blocks;

static int blocks_count(const blocks *b) { return 1 + (b->kept - b->head + b->most - 1) / b->most; }

static int blocks_begin(const blocks *b, int i) {
  return i == 0 ? 0 : (int)kith_min(b->head + (i - 1) * b->most, b->kept);
}

/* ---- columns on new items ---- */

/* An item with interactions that no older column has. */
static bool blocks_is_new(const kith__round *m, kith_lid row) {
  const float *v = m->s->v + (size_t)row * (size_t)m->s->width;
  if (m->apply.a->degree[row] == 0) return false;
  for (int j = 0; j < m->s->width; j++)
    if (v[j] != 0) return false;
  return true;
}

/* How many of the last columns are for new items, and p->x with random numbers there. */
static void blocks_draw(blocks *b) {
  const kith_spectrum *s = b->m->s;
  kith__apply *p = &b->m->apply;
  int most = (int)kith_min(kith_min(s->width - s->k, SLAB), b->most);
  int64_t n = 0;
#pragma omp parallel for reduction(+ : n)
  for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = p->g->row_of[KITH_ITEM][i];
    float *x = p->x + (size_t)row * SLAB;
    memset(x, 0, SLAB * sizeof *x);
    if (!blocks_is_new(b->m, row)) continue;
    for (int j = 0; j < most; j += KITH__DRAW)
      kith__columns_random(s->seed, p->g->original[row], j, 1, (int)kith_min(KITH__DRAW, most - j), x + j);
    n++;
  }
  kith_comm_sum_int(b->m->comm, 1, &n);
  b->drawn = (int)kith_min(n, most);
  b->kept = s->width - b->drawn;
  while (s->value[b->kept - 1] <= KITH_SPECTRAL_ZERO * s->value[0]) b->kept--;
}

/* Columns of length 1, or of zeros where they are shorter than `least`. */
static void blocks_scale(blocks *b, int n, float *x, double least) {
  float factor[WIDE];
  kith__gram_lengths(&b->m->gram, n, x, b->ld, b->length);
  for (int j = 0; j < n; j++) factor[j] = b->length[j] > least ? (float)(1 / b->length[j]) : 0;
#pragma omp parallel for
  for (kith_lid i = 0; i < b->m->block.n; i++)
    for (int j = 0; j < n; j++) x[(size_t)i * (size_t)b->ld + (size_t)j] *= factor[j];
}

/* z = P times the drawn columns, of length 1. */
static bool blocks_begin_drawn(blocks *b) {
  if (b->drawn == 0) return true;
  kith__apply_power(&b->m->apply, 1);
  if (kith__item_block_take(&b->m->block, b->m->apply.x, b->drawn, b->z, b->ld) == INT_MAX) return false;
  blocks_scale(b, b->drawn, b->z, 0);
  return true;
}

/* z -= X X'z for the n new columns x of a block. */
static void blocks_clear_drawn(blocks *b, int n, const float *x) {
  if (b->drawn == 0) return;
  kith__gram_sum(&b->m->gram, n, x, b->ld, b->drawn, b->z, b->ld, b->inner, b->drawn);
  for (int i = 0; i < n * b->drawn; i++) b->m->t[i] = -(float)b->inner[i];
  kith__gram_combine(&b->m->gram, n, x, b->drawn, b->m->t, true, b->z, b->ld);
}

/* ---- a block ---- */

/* V_b in m->wide and P V_b in y, both divided by powers of two.  False if a number is not finite. */
static bool blocks_multiply(blocks *b, int first, int n) {
  kith__round *m = b->m;
  for (int j = 0; j < n; j += SLAB) {
    int columns = (int)kith_min(SLAB, n - j);
    kith__apply_set(&m->apply, columns, m->s->v + first + j, m->s->width);
    b->exponent[0][j] = kith__item_block_take(&m->block, m->apply.x, columns, m->wide + j, WIDE);
    kith__apply_product(&m->apply);
    b->exponent[1][j] = kith__item_block_take(&m->block, m->apply.y, columns, b->y + j, b->ld);
    if (b->exponent[0][j] == INT_MAX || b->exponent[1][j] == INT_MAX) return false;
    for (int i = 1; i < columns; i++)
      for (int of = 0; of < 2; of++) b->exponent[of][j + i] = b->exponent[of][j];
  }
  return true;
}

/* The upper triangles of G = V_b'V_b and H = V_b'P V_b, [n, n] each. */
static void blocks_project(blocks *b, int n) {
  kith__round *m = b->m;
  for (int j = 0; j < n; j += SLAB) {
    int columns = (int)kith_min(SLAB, n - j);
    if (!b->orthonormal)
      kith__gram_sum(&m->gram, j + columns, m->wide, WIDE, columns, m->wide + j, WIDE, m->g + j, n);
    kith__gram_sum(&m->gram, j + columns, m->wide, WIDE, columns, b->y + j, b->ld, m->h + j, n);
  }
  for (int i = 0; i < n; i++)
    for (int j = i; j < n; j++) {
      double *g = &m->g[(size_t)i * (size_t)n + (size_t)j], *h = &m->h[(size_t)i * (size_t)n + (size_t)j];
      *g = b->orthonormal ? i == j : ldexp(*g, b->exponent[0][i] + b->exponent[0][j]);
      *h = ldexp(*h, b->exponent[0][i] + b->exponent[1][j]);
    }
}

/* The block's Ritz vectors by falling values as rows head … of t [head + n, n], for the columns of y, on rank
 * 0. Their lengths are such that squares of y t sum to at most the number of items. */
static kith_status blocks_solve(blocks *b, int first, int n, bool *good) {
  kith_status st = KITH_OK;
  kith__round *m = b->m;
  float *t = m->t + (size_t)b->head * (size_t)n;
  memcpy(b->inner, m->g, (size_t)n * (size_t)n * sizeof *b->inner);
  kith_cholesky_inverse(n, b->inner, INDEPENDENT, good);
  if (!*good) return KITH_OK;
  KITH_TRY(kith_eigen_generalized(n, m->h, m->g, b->length));
  for (int j = 0; j < n; j++) {
    const double *vector = m->h + (size_t)(n - 1 - j) * (size_t)n;
    double square = 0;
    for (int i = 0; i < n; i++) square += ldexp(vector[i] * vector[i], 2 * b->exponent[1][i]);
    for (int i = 0; i < n; i++)
      t[(size_t)i * (size_t)n + (size_t)j] = (float)(ldexp(vector[i], b->exponent[1][i]) / sqrt(n * square));
    b->value[first + j] = fmax(b->length[n - 1 - j], 0);
  }
done:
  return st;
}

/* The first rows of t: -X'y t, which takes the columns X of the first block out, on rank 0. */
static void blocks_clear_head(const blocks *b, int n) {
  float *t = b->m->t, *vectors = t + (size_t)b->head * (size_t)n;
  for (int i = 0; i < b->head; i++) {
    double sum[WIDE] = {0};
    for (int k = 0; k < n; k++)
      for (int j = 0; j < n; j++)
        sum[j] -=
            b->inner[(size_t)i * (size_t)n + (size_t)k] * (double)vectors[(size_t)k * (size_t)n + (size_t)j];
    for (int j = 0; j < n; j++) t[(size_t)i * (size_t)n + (size_t)j] = (float)sum[j];
  }
}

/* New columns of a block, whose first column is `first`.  *good: its older ones were independent. */
static kith_agreed blocks_turn(blocks *b, int first, int n, bool *good) {
  kith_agreed st = {KITH_OK};
  kith__round *m = b->m;
  int head = first == 0 ? 0 : b->head;
  KITH_TRY(kith_agree(m->comm, kith__round_finite(blocks_multiply(b, first, n))));
  blocks_project(b, n);
  KITH_TRY(kith_agree(m->comm, m->comm->rank == 0 ? blocks_solve(b, first, n, good) : KITH_OK));
  kith_comm_bcast(m->comm, sizeof *good, good);
  if (!*good) return st;
  if (head > 0) kith__gram_sum(&m->gram, head, b->first, b->ld, n, b->y, b->ld, b->inner, n);
  if (head > 0 && m->comm->rank == 0) blocks_clear_head(b, n);
  kith_comm_bcast(m->comm, ((int64_t)b->head + n) * n * (int64_t)sizeof *m->t, m->t);
  kith__gram_combine(&m->gram, head + n, b->y - head, n, m->t + (size_t)(b->head - head) * (size_t)n, false,
                     head > 0 ? b->y : b->first, b->ld);
  float *x = head > 0 ? b->y : b->first;
  blocks_scale(b, n, x, 0);
  blocks_clear_drawn(b, n, x);
  kith__round_store(m, first, n, x, b->ld);
done:
  return st;
}

/* ---- Ritz vectors of the drawn columns ---- */

/* t [n, n] and values from the inner products g and h, on rank 0: directions that are hardly independent are
 * dropped, and become columns of zeros. */
static kith_status blocks_solve_drawn(blocks *b, int n) {
  kith_status st = KITH_OK;
  kith__round *m = b->m;
  double *root = NULL, *h = NULL, *w = b->length;
  KITH_TRY(KITH_NEW(root, (int64_t)n * n));
  KITH_TRY(KITH_NEW(h, (int64_t)n * n));
  KITH_TRY(kith_eigen_symmetric(n, m->g, w));
  for (int j = 0; j < n; j++) /* row j: eigenvector j / sqrt(its value) */
    for (int i = 0; i < n; i++)
      root[j * n + i] = w[j] > LEAST_NEW * w[n - 1] ? m->g[j * n + i] / sqrt(w[j]) : 0;
  for (int a = 0; a < n; a++)
    for (int c = a; c < n; c++)
      for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
          h[a * n + c] += root[a * n + i] * m->h[i <= j ? i * n + j : j * n + i] * root[c * n + j];
  KITH_TRY(kith_eigen_symmetric(n, h, w));
  for (int j = 0; j < n; j++) {
    b->value[m->s->width - n + j] = fmax(w[n - 1 - j], 0);
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int a = 0; a < n; a++) sum += h[(n - 1 - j) * n + a] * root[a * n + i];
      m->t[i * n + j] = (float)sum;
    }
  }
done:
  KITH_FREE(root);
  KITH_FREE(h);
  return st;
}

/* The upper triangles of z'z and z'P z.  False if a number is not finite. */
static bool blocks_project_drawn(blocks *b) {
  kith__round *m = b->m;
  int n = b->drawn;
  kith__item_block_give(&m->block, b->z, n, b->ld, m->apply.x);
  kith__apply_product(&m->apply);
  int exponent = kith__item_block_take(&m->block, m->apply.y, n, b->y, b->ld);
  if (exponent == INT_MAX) return false;
  kith__gram_sum(&m->gram, n, b->z, b->ld, n, b->z, b->ld, m->g, n);
  kith__gram_sum(&m->gram, n, b->z, b->ld, n, b->y, b->ld, m->h, n);
  for (int i = 0; i < n * n; i++) m->h[i] = ldexp(m->h[i], exponent);
  return true;
}

static kith_agreed blocks_end_drawn(blocks *b) {
  kith_agreed st = {KITH_OK};
  kith__round *m = b->m;
  int n = b->drawn;
  if (n == 0) return st;
  blocks_scale(b, n, b->z, LEAST_LENGTH);
  KITH_TRY(kith_agree(m->comm, kith__round_finite(blocks_project_drawn(b))));
  KITH_TRY(kith_agree(m->comm, m->comm->rank == 0 ? blocks_solve_drawn(b, n) : KITH_OK));
  kith_comm_bcast(m->comm, (int64_t)n * n * (int64_t)sizeof *m->t, m->t);
  kith__gram_combine(&m->gram, n, b->z, n, m->t, false, b->z, b->ld);
  blocks_scale(b, n, b->z, LEAST_LENGTH);
  kith__round_store(m, m->s->width - n, n, b->z, b->ld);
done:
  return st;
}

/* ---- all ---- */

/* Columns by falling values, which rank 0 has; equal ones as they lie. */
static void blocks_sort(const blocks *b, int *order) {
  kith_spectrum *s = b->m->s;
  const kith__apply *p = &b->m->apply;
  kith_comm_bcast(b->m->comm, s->width * (int64_t)sizeof *b->value, b->value);
  for (int j = 0; j < s->width; j++) {
    int at = j;
    for (; at > 0 && b->value[order[at - 1]] < b->value[j]; at--) order[at] = order[at - 1];
    order[at] = j;
  }
  for (int j = 0; j < s->width; j++) s->value[j] = b->value[order[j]];
#pragma omp parallel num_threads(b->m->gram.threads)
  {
    float *old = b->m->gram.part[kith_thread_num()];
#pragma omp for
    for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
      float *row = s->v + (size_t)p->g->row_of[KITH_ITEM][i] * (size_t)s->width;
      memcpy(old, row, (size_t)s->width * sizeof *row);
      for (int j = 0; j < s->width; j++) row[j] = old[order[j]];
    }
  }
}

static kith_status blocks_alloc(kith__round *m, blocks *b, int **order) {
  kith_status st = KITH_OK;
  *b = (blocks){.m = m, .most = m->s->block};
  KITH_TRY(KITH_NEW(b->value, m->s->width));
  KITH_TRY(KITH_NEW(b->length, m->s->width));
  KITH_TRY(KITH_NEW(b->inner, (int64_t)b->most * b->most));
  KITH_TRY(KITH_NEW(*order, m->s->width));
done:
  return st;
}

/* Where the three parts of a row are. */
static void blocks_lay(blocks *b) {
  b->head = (int)kith_min(b->most, SLAB);
  b->ld = b->head + b->most + b->drawn;
  b->first = b->m->x;
  b->y = b->first + b->head;
  b->z = b->y + b->most;
}

kith_agreed kith__round_blocks(kith__round *m, bool *done) {
  kith_agreed st = {KITH_OK};
  blocks b = {.m = NULL};
  int *order = NULL;
  double overlap = 0;
  *done = false;
  if (m->s->round > 0 || !kith__columns_fill_blocks(m->s)) return st;
  KITH_TRY(kith_agree(m->comm, blocks_alloc(m, &b, &order)));
  KITH_TRY(kith__round_overlap(m, &overlap));
  *done = overlap < MOST_OVERLAP;
  b.orthonormal = overlap < ORTHONORMAL;
  if (*done) {
    blocks_draw(&b);
    blocks_lay(&b);
    KITH_TRY(kith_agree(m->comm, kith__round_finite(blocks_begin_drawn(&b))));
  }
  for (int i = 0; *done && i < blocks_count(&b); i++)
    KITH_TRY(blocks_turn(&b, blocks_begin(&b, i), blocks_begin(&b, i + 1) - blocks_begin(&b, i), done));
  if (*done) {
    KITH_TRY(blocks_end_drawn(&b));
    blocks_sort(&b, order);
  } else kith__columns_draw(m->apply.g, m->s);
done:
  KITH_FREE(b.value);
  KITH_FREE(b.length);
  KITH_FREE(b.inner);
  KITH_FREE(order);
  return st;
}
