/*
 * Input rows of the nodes that are new in an update, and of those that are cold in the parent, whose first
 * pairs it has.  A row's partners are summed in the order of their keys, and nodes with alike features in
 * that of their likeness, so that it has the same bits on any number of ranks.
 */
#include <string.h>

#include "model/model.h"
#include "train/alike_rows.h"
#include "train/trainer.h"

/* Whether a relation in which others read the row may have trained it without pairs. */
static bool new_rows_is_read(const kith_trainer *t, kith_lid i) {
  const kith_graph *g = t->g;
  for (int r = 0; r < g->schema.n_relation; r++) {
    const kith_adjacency *by = g->transpose[r].start ? &g->transpose[r] : &g->relation[r];
    bool trains = kith_model_relation(&t->model, g->schema.relation[r].name) != NULL;
    for (int k = 0; k < t->train.also.n; k++)
      trains |= strcmp(t->train.also.of[k].name, g->schema.relation[r].name) == 0;
    if (trains && by->start && by->start[i] < by->start[i + 1]) return true;
  }
  return false;
}

static bool new_rows_is_added(const kith_graph *g, kith_lid i) {
  return g->original[i] >= g->parent.n[g->type[i]];
}

bool kith__row_is_new(const kith_trainer *t, kith_lid i) {
  const kith_graph *g = t->g;
  if (new_rows_is_added(g, i)) return true;
  for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++)
    if (!g->is_new[e]) return false;
  return g->start[i] < g->start[i + 1] && !new_rows_is_read(t, i);
}

/* Which rows are new: 1, or 0. */
typedef struct new_flags {
  float *own, *ghost; /* [n_own], [n_ghost] */
} new_flags;

static void new_flags_free(new_flags *f) {
  KITH_FREE(f->own);
  KITH_FREE(f->ghost);
}

static kith_status new_flags_make(const kith_trainer *t, new_flags *f) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_halo_reserve(t->a->halo, 1));
  KITH_TRY(KITH_NEW(f->own, t->g->n_own));
  KITH_TRY(KITH_NEW(f->ghost, t->a->n_ghost));
  for (kith_lid i = 0; i < t->g->n_own; i++) f->own[i] = kith__row_is_new(t, i) ? 1 : 0;
done:
  return st;
}

/* The mean of the rows of partners that are not new, sum [d] for scratch; false if there are none. */
static bool new_rows_mean(const kith_trainer *t, kith_lid i, const new_flags *is_new, const float *ghost,
                          double *sum, float *x) {
  const kith_dist_csr *a = t->a;
  const kith_lid n_own = t->g->n_own;
  const int d = t->d;
  int64_t n = 0;
  memset(sum, 0, (size_t)d * sizeof *sum);
  for (kith_eid e = a->csr.start[a->iperm[i]]; e < a->csr.start[a->iperm[i] + 1]; e++) {
    kith_lid c = a->csr.col[e];
    const float *from = c < n_own ? x + (int64_t)c * d : ghost + (int64_t)(c - n_own) * d;
    if ((c < n_own ? is_new->own[c] : is_new->ghost[c - n_own]) != 0) continue;
    for (int j = 0; j < d; j++) sum[j] += (double)from[j];
    n++;
  }
  for (int j = 0; j < d && n > 0; j++) x[(int64_t)i * d + j] = (float)(sum[j] / (double)n);
  return n > 0;
}

/* Rows of new nodes without `done` [n_own] that are no mean, over all ranks. */
static kith_agreed new_rows_means(kith_trainer *t, const uint8_t *done, float *x, int64_t *n_drawn) {
  kith_agreed st = {KITH_OK};
  new_flags is_new = {.own = NULL};
  float *ghost = NULL;
  double *sum = NULL;
  int64_t drawn = 0;
  KITH_TRY(kith_agree(t->comm, new_flags_make(t, &is_new)));
  KITH_TRY(kith_agree(t->comm, KITH_NEW(ghost, (int64_t)t->a->n_ghost * t->d)));
  KITH_TRY(kith_agree(t->comm, KITH_NEW(sum, t->d)));
  kith_halo_begin(t->a->halo, 1, is_new.own, is_new.ghost);
  kith_halo_end(t->a->halo);
  kith_halo_begin(t->a->halo, t->d, x, ghost);
  kith_halo_end(t->a->halo);
  for (kith_lid i = 0; i < t->g->n_own; i++)
    if (is_new.own[i] != 0 && !done[i]) drawn += !new_rows_mean(t, i, &is_new, ghost, sum, x);
  kith_comm_sum_int(t->comm, 1, &drawn);
  *n_drawn = drawn;
done:
  new_flags_free(&is_new);
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
  uint8_t *cold;  /* [nodes of the parent] 1: new by its first pairs; the same on all ranks */
} new_rows;

static void new_rows_free(new_rows *r) {
  KITH_FREE(r->row);
  KITH_FREE(r->x);
  KITH_FREE(r->alone);
  KITH_FREE(r->cold);
}

static kith_status new_rows_find(const kith_trainer *t, kith_node_type type, new_rows *r) {
  kith_status st = KITH_OK;
  const kith_graph *g = t->g;
  KITH_TRY(KITH_NEW(r->row, g->n_own_of[type]));
  for (kith_lid i = 0; i < g->n_own_of[type]; i++)
    if (kith__row_is_new(t, g->row_of[type][i])) r->row[r->n++] = g->row_of[type][i];
  KITH_TRY(KITH_NEW(r->x, r->n * t->d));
  KITH_TRY(KITH_NEW(r->alone, r->n));
  KITH_TRY(KITH_NEW(r->cold, g->parent.n[type]));
  for (int64_t i = 0; i < r->n; i++)
    if (!new_rows_is_added(g, (kith_lid)r->row[i])) r->cold[g->original[r->row[i]]] = 1;
done:
  return st;
}

/* Users or items: x [n_own, d] of the new ones that are like known ones, which are `done` [n_own]. */
static kith_agreed new_rows_alike_of(kith_trainer *t, kith_node_type type, const char *parts_path, float *x,
                                     uint8_t *done, int64_t *n_alike) {
  kith_agreed st = {KITH_OK};
  new_rows r = {.n = 0};
  int64_t n_alone = 0, n_new = 0;
  KITH_TRY(kith_agree(t->comm, new_rows_find(t, type, &r)));
  kith_comm_reduce(t->comm, t->g->parent.n[type], MPI_UINT8_T, MPI_MAX, r.cold);
  const kith__alike_query q = {.type = type,
                               .neighbors = t->train.update.init_neighbors,
                               .n_known = t->g->parent.n[type],
                               .barred = r.cold,
                               .d = t->d,
                               .known = x,
                               .features = &t->g->features,
                               .n = r.n,
                               .row = r.row,
                               .x = r.x,
                               .alone = r.alone};
  KITH_TRY(kith__alike_rows(t->comm, t->g, parts_path, &q, &n_alone));
  n_new = r.n;
  kith_comm_sum_int(t->comm, 1, &n_new);
  *n_alike += n_new - n_alone;
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

/* Nodes that are cold in the parent, over all ranks; what the optimizer has of their rows is dropped. */
static int64_t new_rows_forget(kith_trainer *t) {
  int64_t n = 0;
  for (kith_lid i = 0; i < t->g->n_own; i++) {
    if (new_rows_is_added(t->g, i) || !kith__row_is_new(t, i)) continue;
    for (int s = 0; s < t->optimizer->n_slot; s++)
      memset(t->slot[s] + (int64_t)i * t->d, 0, (size_t)t->d * sizeof(float));
    n++;
  }
  kith_comm_sum_int(t->comm, 1, &n);
  return n;
}

kith_agreed kith_trainer_begin_new(kith_trainer *t, const char *parts_path, kith_update_result *out) {
  kith_agreed st = {KITH_OK};
  const kith_update_init init = t->train.update.init;
  float *x = t->whole->x ? t->whole->x->value : NULL;
  uint8_t *done = NULL;
  out->cold_rows = out->alike_rows = out->drawn_rows = 0;
  KITH_TRY(kith_agree(t->comm, KITH_NEW(done, t->g->n_own)));
  if (x) out->cold_rows = new_rows_forget(t);
  if (x && init == KITH_UPDATE_FEATURES) KITH_TRY(new_rows_alike(t, parts_path, x, done, &out->alike_rows));
  if (x && init != KITH_UPDATE_ZERO) KITH_TRY(new_rows_means(t, done, x, &out->drawn_rows));
  for (kith_lid i = 0; x && init == KITH_UPDATE_ZERO && i < t->g->n_own; i++)
    if (kith__row_is_new(t, i)) memset(x + (int64_t)i * t->d, 0, (size_t)t->d * sizeof *x);
done:
  KITH_FREE(done);
  return st;
}
