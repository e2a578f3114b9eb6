/*
 * Input rows of the nodes that are new in an update.  A row's partners are summed in the order of their keys,
 * and nodes with alike features in that of their likeness, so that it has the same bits on any number of
 * ranks.
 */
#include <string.h>

#include "model/model.h"
#include "train/alike_rows.h"
#include "train/trainer.h"

/* Partners are users and items, whose keys are 2 original + type. */
static bool new_rows_is_known(const kith_graph *g, int64_t key) {
  return key / 2 < g->parent.n[kith_node_key_type(key)];
}

static bool new_rows_is_new(const kith_graph *g, kith_lid i) {
  return g->original[i] >= g->parent.n[g->type[i]];
}

/* The mean of the rows of known partners, sum [d] for scratch; false if there are none. */
static bool new_rows_mean(const kith_trainer *t, kith_lid i, const float *ghost, double *sum, float *x) {
  const kith_dist_csr *a = t->a;
  const int d = t->d;
  int64_t n = 0;
  memset(sum, 0, (size_t)d * sizeof *sum);
  for (kith_eid e = a->csr.start[a->iperm[i]]; e < a->csr.start[a->iperm[i] + 1]; e++) {
    kith_lid c = a->csr.col[e];
    const float *from = c < t->g->n_own ? x + (int64_t)c * d : ghost + (int64_t)(c - t->g->n_own) * d;
    if (!new_rows_is_known(t->g, a->node[c])) continue;
    for (int j = 0; j < d; j++) sum[j] += (double)from[j];
    n++;
  }
  for (int j = 0; j < d && n > 0; j++) x[(int64_t)i * d + j] = (float)(sum[j] / (double)n);
  return n > 0;
}

/* Rows of new nodes without `done` [n_own] that are no mean, over all ranks. */
static kith_agreed new_rows_means(kith_trainer *t, const uint8_t *done, float *x, int64_t *n_drawn) {
  kith_agreed st = {KITH_OK};
  float *ghost = NULL;
  double *sum = NULL;
  int64_t drawn = 0;
  KITH_TRY(kith_agree(t->comm, KITH_NEW(ghost, (int64_t)t->a->n_ghost * t->d)));
  KITH_TRY(kith_agree(t->comm, KITH_NEW(sum, t->d)));
  kith_halo_begin(t->a->halo, t->d, x, ghost);
  kith_halo_end(t->a->halo);
  for (kith_lid i = 0; i < t->g->n_own; i++)
    if (new_rows_is_new(t->g, i) && !done[i]) drawn += !new_rows_mean(t, i, ghost, sum, x);
  kith_comm_sum_int(t->comm, 1, &drawn);
  *n_drawn = drawn;
done:
  KITH_FREE(ghost);
  KITH_FREE(sum);
  return st;
}

/* ---- by features ---- */

/* This rank's new nodes of a type. */
typedef struct new_rows {
  int64_t n;
  int64_t *row;   /* [n] */
  float *x;       /* [n, d] */
  uint8_t *alone; /* [n] */
} new_rows;

static void new_rows_free(new_rows *r) {
  KITH_FREE(r->row);
  KITH_FREE(r->x);
  KITH_FREE(r->alone);
}

static kith_status new_rows_find(const kith_trainer *t, kith_node_type type, new_rows *r) {
  kith_status st = KITH_OK;
  const kith_graph *g = t->g;
  KITH_TRY(KITH_NEW(r->row, g->n_own_of[type]));
  for (kith_lid i = 0; i < g->n_own_of[type]; i++)
    if (new_rows_is_new(g, g->row_of[type][i])) r->row[r->n++] = g->row_of[type][i];
  KITH_TRY(KITH_NEW(r->x, r->n * t->d));
  KITH_TRY(KITH_NEW(r->alone, r->n));
done:
  return st;
}

/* Users or items: x [n_own, d] of the new ones that are like known ones, which are `done` [n_own]. */
static kith_agreed new_rows_alike_of(kith_trainer *t, kith_node_type type, const char *parts_path, float *x,
                                     uint8_t *done, int64_t *n_alike) {
  kith_agreed st = {KITH_OK};
  new_rows r = {.n = 0};
  int64_t n_alone = 0;
  KITH_TRY(kith_agree(t->comm, new_rows_find(t, type, &r)));
  const kith__alike_query q = {.type = type,
                               .neighbors = t->train.update.init_neighbors,
                               .n_known = t->g->parent.n[type],
                               .d = t->d,
                               .known = x,
                               .features = &t->g->features,
                               .n = r.n,
                               .row = r.row,
                               .x = r.x,
                               .alone = r.alone};
  KITH_TRY(kith__alike_rows(t->comm, t->g, parts_path, &q, &n_alone));
  *n_alike += t->g->n[type] - t->g->parent.n[type] - n_alone;
  for (int64_t i = 0; i < r.n; i++) {
    if (r.alone[i]) continue;
    memcpy(x + r.row[i] * t->d, r.x + i * t->d, (size_t)t->d * sizeof *x);
    done[r.row[i]] = 1;
  }
done:
  new_rows_free(&r);
  return st;
}

static kith_agreed new_rows_alike(kith_trainer *t, const char *parts_path, float *x, uint8_t *done,
                                  int64_t *n_alike) {
  kith_agreed st = {KITH_OK};
  bool any = false;
  for (int type = 0; type < KITH_SIDES; type++) {
    if (t->g->n_feature_of[type] == 0 || !kith_model_uses_embedding(&t->model, t->g, type)) continue;
    any = true;
    KITH_TRY(new_rows_alike_of(t, (kith_node_type)type, parts_path, x, done, n_alike));
  }
  if (!any)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "update.init: features: neither users nor items have both features in the graph and "
                  "embeddings in the model (model.input: %s); expected mean or zero",
                  kith_input_text(t->model.input))));
done:
  return st;
}

kith_agreed kith_trainer_begin_new(kith_trainer *t, const char *parts_path, int64_t *n_alike,
                                   int64_t *n_drawn) {
  kith_agreed st = {KITH_OK};
  const kith_update_init init = t->train.update.init;
  float *x = t->whole->x ? t->whole->x->value : NULL;
  uint8_t *done = NULL;
  *n_alike = *n_drawn = 0;
  KITH_TRY(kith_agree(t->comm, KITH_NEW(done, t->g->n_own)));
  if (x && init == KITH_UPDATE_FEATURES) KITH_TRY(new_rows_alike(t, parts_path, x, done, n_alike));
  if (x && init != KITH_UPDATE_ZERO) KITH_TRY(new_rows_means(t, done, x, n_drawn));
  for (kith_lid i = 0; x && init == KITH_UPDATE_ZERO && i < t->g->n_own; i++)
    if (new_rows_is_new(t->g, i)) memset(x + (int64_t)i * t->d, 0, (size_t)t->d * sizeof *x);
done:
  KITH_FREE(done);
  return st;
}
