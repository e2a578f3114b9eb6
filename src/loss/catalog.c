/*
 * Softmax over all items, of rows that only this rank has.
 *
 * A tile of rows at a time: logits become probabilities and, less one at the rows' own items, the gradients
 * of logits; from these both gradients follow while the tile is in a cache.  So forward makes the gradients,
 * and backward adds them.  Tiles are in order, and a product's bits do not depend on threads.
 */
#include "loss/loss.h"
#include "ops/product.h"

typedef struct catalog {
  const kith_catalog *c;
  kith_tensor *h, *items;
  float *ditems; /* [items, d] gradients times rows of the step */
  float *dh;     /* [rows, d] the same */
  float *tile;   /* [KITH_TILE, items] */
  float *bias;   /* [items] zeros */
  float *lse;    /* [KITH_TILE] */
  kith_exact_sum *loss;
} catalog;

/* Rows first … first + m - 1: their loss, and the gradients that they give. */
static void catalog_tile(catalog *o, int64_t first, int m) {
  const int n = (int)o->items->n_row, d = o->h->d;
  const float *h = o->h->value + first * d, *z = o->items->value;
  const int32_t *next = o->c->next + first;
  float own[KITH_TILE];
  kith_product_nt(m, n, d, 1, h, z, false, o->tile);
  for (int i = 0; i < m; i++) own[i] = o->tile[(int64_t)i * n + next[i]];
#pragma omp parallel for schedule(static)
  for (int i = 0; i < m; i++)
    kith_sampled_softmax_rows(1, n, o->bias, o->tile + (int64_t)i * n, NULL, o->lse + i);
  for (int i = 0; i < m; i++) {
    kith_exact_sum_add(o->loss, ((double)o->lse[i] - (double)own[i]) / (double)o->c->n_global);
    o->tile[(int64_t)i * n + next[i]] -= 1;
  }
  kith_product_nn(m, d, n, 1, o->tile, z, false, o->dh + first * d);
  kith_product_tn(n, d, m, 1, o->tile, h, first > 0, o->ditems);
}

static void catalog_forward(void *self) {
  catalog *o = self;
  const int64_t n = kith_tensor_n(o->h);
  for (int64_t first = 0; first < n; first += KITH_TILE)
    catalog_tile(o, first, (int)kith_min(n - first, KITH_TILE));
}

static void catalog_backward(void *self) {
  catalog *o = self;
  const int64_t d = o->h->d, n = kith_tensor_n(o->h);
  float *dh = kith_tensor_grad(o->h), *ditems = kith_tensor_grad(o->items);
  if (n == 0) return;
  const float scale = (float)(1 / (double)o->c->n_global);
  kith_scale(n * d, scale, o->dh, true, dh);
  kith_scale(o->items->n_row * d, scale, o->ditems, true, ditems);
}

void kith_catalog_softmax_op(kith_tape *t, const kith_catalog *c, kith_tensor *h, kith_tensor *items,
                             kith_exact_sum *loss) {
  if (!h || !items) return;
  const int64_t d = h->d, n = items->n_row;
  catalog made = {.c = c, .h = h, .items = items, .loss = loss};
  made.ditems = kith_tape_workspace(t, n * d, sizeof *made.ditems);
  made.dh = kith_tape_workspace(t, h->n_row * d, sizeof *made.dh);
  made.tile = kith_tape_workspace(t, KITH_TILE * n, sizeof *made.tile);
  made.bias = kith_tape_workspace(t, n, sizeof *made.bias);
  made.lse = kith_tape_workspace(t, KITH_TILE, sizeof *made.lse);
  catalog *o = kith_tape_op(t, "softmax over a catalog", false, catalog_forward, catalog_backward, sizeof *o);
  if (o) *o = made;
}
