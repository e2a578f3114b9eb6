/* embed.init: mean and update.init: features: the known nodes that are most like each new node, and the mean
 * of their rows. */
#include "train/alike_rows.h"

#include <stdlib.h>

#include "ops/ops.h"
#include "store/store.h"
#include "train/alike_top.h"

typedef struct alike {
  const kith_comm *comm;
  const kith__alike_query *o;
  kith__alike_index index;
  int n_thread;
  kith__alike_scratch *scratch; /* [threads] */
  int32_t *near;                /* [n, k] original numbers, the most alike first; -1: no further one */
  int64_t n_met;                /* known nodes that are neighbors … */
  int64_t *met;                 /* … their original numbers, ascending … */
  kith_gid *number;             /* … and global numbers, in this order … */
  int64_t *at;                  /* [known nodes] … and their place among the rows received */
  kith_halo *halo;
  float *row; /* [n_met, d] */
} alike;

static void alike_free(alike *a) {
  kith__alike_index_free(&a->index);
  for (int t = 0; a->scratch && t < a->n_thread; t++) kith__alike_scratch_free(&a->scratch[t]);
  KITH_FREE(a->scratch);
  KITH_FREE(a->near);
  KITH_FREE(a->met);
  KITH_FREE(a->number);
  KITH_FREE(a->at);
  KITH_FREE(a->row);
  kith_halo_destroy(&a->halo);
}

/* ---- the top k ---- */

static kith_status alike_make(alike *a, kith__content *content) {
  kith_status st = KITH_OK;
  a->n_thread = kith_max_threads();
  KITH_TRY(kith__alike_index_make(content, a->o->n_known, &a->index));
  KITH_TRY(KITH_NEW(a->scratch, a->n_thread));
  for (int t = 0; t < a->n_thread; t++)
    KITH_TRY(kith__alike_scratch_make(&a->index, a->o->features, &a->scratch[t]));
  KITH_TRY(KITH_NEW(a->near, a->o->n * a->o->neighbors));
done:
  return st;
}

/* Barred nodes lose their features. */
static void alike_bar(const kith__alike_query *o, kith__content *c) {
  kith_eid from = 0, to = 0;
  for (int64_t i = 0; i < c->n_row; i++) {
    const kith_eid end = c->start[i + 1];
    for (; from < end; from++) {
      if (i < o->n_known && o->barred[i]) continue;
      c->column[to] = c->column[from];
      c->value[to++] = c->value[from];
    }
    c->start[i + 1] = to;
  }
}

static bool alike_skips(const kith__alike_query *o, int64_t i) { return o->skip && o->skip[i]; }

static void alike_find(alike *a) {
  const kith__alike_query *o = a->o;
#pragma omp parallel for schedule(dynamic, 64)
  for (int64_t i = 0; i < o->n; i++) {
    int32_t *near = a->near + i * o->neighbors;
    for (int k = 0; k < o->neighbors; k++) near[k] = -1;
    if (!alike_skips(o, i))
      kith__alike_top(&a->index, o->features, o->row ? o->row[i] : o->first + i, o->neighbors,
                      &a->scratch[kith_thread_num()], near);
  }
}

/* ---- their rows ---- */

static kith_status alike_meet(alike *a) {
  kith_status st = KITH_OK;
  int64_t n_known = a->index.content.n_row;
  KITH_TRY(KITH_NEW(a->at, n_known));
  for (int64_t i = 0; i < a->o->n * a->o->neighbors; i++)
    if (a->near[i] >= 0) a->at[a->near[i]] = 1;
  for (int64_t j = 0; j < n_known; j++) a->n_met += a->at[j];
  KITH_TRY(KITH_NEW(a->met, a->n_met));
  KITH_TRY(KITH_NEW(a->number, a->n_met));
  for (int64_t j = 0, n = 0; j < n_known; j++)
    if (a->at[j]) a->met[n++] = j;
done:
  return st;
}

typedef struct alike_pair {
  kith_gid number;
  int64_t node;
} alike_pair;

static int alike_compare(const void *a, const void *b) {
  const alike_pair *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

/* Rows are received in the order of their global numbers. */
static kith_status alike_order(alike *a) {
  kith_status st = KITH_OK;
  alike_pair *p = NULL;
  KITH_TRY(KITH_NEW(p, a->n_met));
  for (int64_t i = 0; i < a->n_met; i++) p[i] = (alike_pair){a->number[i], a->met[i]};
  qsort(p, (size_t)a->n_met, sizeof *p, alike_compare);
  for (int64_t i = 0; i < a->n_met; i++) {
    a->number[i] = p[i].number;
    a->at[p[i].node] = i;
  }
done:
  KITH_FREE(p);
  return st;
}

static kith_agreed alike_gather(alike *a, const kith_graph *g, const char *parts_path) {
  kith_agreed st = {KITH_OK};
  const int d = a->o->d;
  KITH_TRY(kith_agree(a->comm, alike_meet(a)));
  KITH_TRY(kith_global_ids_read(a->comm, parts_path, g, a->o->type, a->n_met, a->met, a->number));
  KITH_TRY(kith_agree(a->comm, alike_order(a)));
  KITH_TRY(kith_halo_create(a->comm, g->first, a->n_met, a->number, &a->halo));
  KITH_TRY(kith_agree(a->comm, kith_halo_reserve(a->halo, d)));
  KITH_TRY(kith_agree(a->comm, KITH_NEW(a->row, a->n_met * d)));
  kith_halo_begin(a->halo, d, a->o->known, a->row);
  kith_halo_end(a->halo);
done:
  return st;
}

/* The mean of the rows of near [k], in this order, if there is any. */
static void alike_mean(const alike *a, const int32_t *near, int d, float *y) {
  int k = a->o->neighbors, n = 0;
  while (n < k && near[n] >= 0) n++;
  for (int c = 0; c < d && n > 0; c++) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (double)a->row[a->at[near[i]] * d + c];
    y[c] = (float)(sum / n);
  }
}

static void alike_means(const alike *a) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < a->o->n; i++)
    alike_mean(a, a->near + i * a->o->neighbors, a->o->d, a->o->x + i * a->o->d);
}

/* Nodes without neighbors, over all ranks. */
static int64_t alike_count_alone(const kith_comm *comm, const kith__alike_query *o, const int32_t *near) {
  int64_t n = 0;
  for (int64_t i = 0; i < o->n; i++) {
    const bool is = !alike_skips(o, i) && (!near || near[i * o->neighbors] < 0);
    if (o->alone) o->alone[i] = is;
    n += is;
  }
  kith_comm_sum_int(comm, 1, &n);
  return n;
}

kith_agreed kith__alike_rows(const kith_comm *comm, const kith_graph *g, const char *parts_path,
                             const kith__alike_query *o, int64_t *n_alone) {
  kith_agreed st = {KITH_OK};
  alike a = {.comm = comm, .o = o};
  kith__content content = {.n_row = 0};
  KITH_TRY(kith__content_gather(comm, g, (int)o->type, -1, &content));
  if (o->barred) alike_bar(o, &content);
  KITH_TRY(kith_agree(comm, alike_make(&a, &content))); /* known nodes are the first ones */
  alike_find(&a);
  KITH_TRY(alike_gather(&a, g, parts_path));
  alike_means(&a);
  *n_alone = alike_count_alone(comm, o, a.near);
done:
  kith__content_free(&content);
  alike_free(&a);
  return st;
}

kith_agreed kith__alike_rows_fill(const kith_comm *comm, const kith_graph *g, const char *parts_path,
                                  const kith__alike_block *o, kith_node_type t, const float *known,
                                  int64_t *n_alone) {
  const int64_t before = t == KITH_USER ? 0 : o->new->n[KITH_USER], end = before + o->new->n[t];
  const int64_t from = kith_min(o->first + o->n, o->first < before ? before : o->first);
  const int64_t to = kith_min(o->first + o->n, end), at = from - o->first;
  const kith__alike_query q = {.type = t,
                               .neighbors = o->neighbors,
                               .n_known = g->n[t],
                               .d = o->d,
                               .known = known,
                               .features = &o->new->features[t],
                               .first = from - before,
                               .n = to > from ? to - from : 0,
                               .skip = o->skip ? o->skip + at : NULL,
                               .x = o->x + at * o->d};
  if (q.features->start) return kith__alike_rows(comm, g, parts_path, &q, n_alone);
  *n_alone = alike_count_alone(comm, &q, NULL);
  return (kith_agreed){KITH_OK};
}
