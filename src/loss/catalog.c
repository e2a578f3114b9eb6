/*
 * Softmax over all items, or over some that stand for them, of rows that only this rank has.
 *
 * A tile of rows at a time: logits become exponentials e_j and, less their sum at the rows' own items, the
 * gradients of logits times that sum; from these both gradients follow while the tile is in a cache.  So
 * forward makes the gradients, and backward adds them.  The division by the sums is left to the rows, which
 * are few: of h before the one product, of dh behind the other.
 *
 * Gradients of items are summed transposed: the tile, the largest matrix, is then the one on the right, whose
 * panels are packed from rows as they are.  Tiles are in order, and the bits of a product depend neither on
 * their size nor on threads.
 */
#include <math.h>
#include <string.h>

#include "loss/loss.h"
#include "ops/exponential.h"
#include "ops/product.h"

enum { CATALOG_FEW = 64, CATALOG_MOST = 192, CATALOG_TILE = 1 << 24, CATALOG_COLUMNS = 16 };

typedef struct catalog {
  const kith_catalog *c;
  kith_tensor *h, *items;
  int rows;         /* of a tile */
  float *z;         /* [candidates, d] their rows; null: the items' own are read */
  float *ditems;    /* [d, items] gradients times rows of the step */
  float *dh;        /* [rows of the step, d] the same */
  float *tile;      /* [rows, items] */
  float *divided;   /* [d, rows] h over the sums */
  float *max, *sum; /* [rows] */
  kith_exact_sum *loss;
} catalog;

int kith_catalog_rows(int64_t n_item) {
  const int64_t fit = n_item > 0 ? CATALOG_TILE / n_item : CATALOG_MOST;
  return fit < CATALOG_FEW ? CATALOG_FEW : (int)kith_min(fit, CATALOG_MOST);
}

static int64_t catalog_n(const catalog *o) { return o->c->of ? o->c->of->n : o->items->n_row; }

static const float *catalog_rows(const catalog *o) { return o->c->of ? o->z : o->items->value; }

/* The rows of the candidates, one behind the other. */
static void catalog_gather(catalog *o) {
  const int64_t d = o->h->d;
  if (!o->c->of) return;
  for (int64_t j = 0; j < o->c->of->n; j++)
    memcpy(o->z + j * d, o->items->value + o->c->of->item[j] * d, (size_t)d * sizeof *o->z);
}

/* Logits of a row, corrected by what the candidates stand for. */
static void catalog_correct(const kith_softmax_candidates *of, int32_t next, float *logit) {
  const float own = logit[next];
  for (int64_t j = 0; j < of->n; j++) logit[j] += of->bias[j];
  logit[next] = own + of->once[next];
}

/* Gradients of m logits' rows, times their sums; adds their losses. */
static void catalog_logits(catalog *o, int m, const int32_t *next) {
  const int64_t n = catalog_n(o);
  float own[CATALOG_MOST];
#pragma omp parallel for schedule(static)
  for (int i = 0; i < m; i++) {
    if (o->c->of) catalog_correct(o->c->of, next[i], o->tile + i * n);
    own[i] = o->tile[i * n + next[i]];
    kith_softmax_exponentials((int)n, o->tile + i * n, o->max + i, o->sum + i);
  }
  for (int i = 0; i < m; i++) {
    const double lse = (double)o->max[i] + log((double)o->sum[i]);
    kith_exact_sum_add(o->loss, (lse - (double)own[i]) / (double)o->c->n_global);
    o->tile[i * n + next[i]] -= o->sum[i];
  }
}

/* Rows first … first + m - 1: their loss, and the gradients that they give. */
static void catalog_tile(catalog *o, int64_t first, int m) {
  const int n = (int)catalog_n(o), d = o->h->d;
  const float *h = o->h->value + first * d, *z = catalog_rows(o);
  float *dh = o->dh + first * d;
  kith_product_nt(m, n, d, 1, h, z, false, o->tile);
  catalog_logits(o, m, o->c->next + first);
  kith_product_nn(m, d, n, 1, o->tile, z, false, dh);
  for (int i = 0; i < m; i++)
    for (int k = 0; k < d; k++) {
      dh[i * d + k] /= o->sum[i];
      o->divided[k * m + i] = h[i * d + k] / o->sum[i];
    }
  kith_product_nn(d, n, m, 1, o->divided, o->tile, first > 0, o->ditems);
}

static void catalog_forward(void *self) {
  catalog *o = self;
  const int64_t n = kith_tensor_n(o->h);
  catalog_gather(o);
  for (int64_t first = 0; first < n; first += o->rows)
    catalog_tile(o, first, (int)kith_min(n - first, o->rows));
}

static void catalog_backward(void *self) {
  catalog *o = self;
  const int64_t d = o->h->d, n = kith_tensor_n(o->h), n_item = catalog_n(o);
  const int32_t *item = o->c->of ? o->c->of->item : NULL;
  float *dh = kith_tensor_grad(o->h), *ditems = kith_tensor_grad(o->items);
  if (n == 0) return;
  const float scale = (float)(1 / (double)o->c->n_global);
  kith_scale(n * d, scale, o->dh, true, dh);
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < n_item; first += CATALOG_COLUMNS)
    for (int64_t k = 0; k < d; k++)
      for (int64_t i = first; i < kith_min(n_item, first + CATALOG_COLUMNS); i++)
        ditems[(item ? item[i] : i) * d + k] += scale * o->ditems[k * n_item + i];
}

void kith_catalog_softmax_op(kith_tape *t, const kith_catalog *c, kith_tensor *h, kith_tensor *items,
                             kith_exact_sum *loss) {
  if (!h || !items) return;
  const int64_t d = h->d, n = c->of ? c->of->capacity : items->n_row;
  const int rows = kith_catalog_rows(n);
  catalog made = {.c = c, .h = h, .items = items, .rows = rows, .loss = loss};
  made.ditems = kith_tape_workspace(t, d * n, sizeof *made.ditems);
  if (c->of) made.z = kith_tape_workspace(t, n * d, sizeof *made.z);
  made.dh = kith_tape_workspace(t, h->n_row * d, sizeof *made.dh);
  made.tile = kith_tape_workspace(t, rows * n, sizeof *made.tile);
  made.divided = kith_tape_workspace(t, rows * d, sizeof *made.divided);
  made.max = kith_tape_workspace(t, rows, sizeof *made.max);
  made.sum = kith_tape_workspace(t, rows, sizeof *made.sum);
  catalog *o = kith_tape_op(t, "softmax over a catalog", false, catalog_forward, catalog_backward, sizeof *o);
  if (o) *o = made;
}
