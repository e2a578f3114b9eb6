/*
 * The paths of the highest contribution, exactly.
 *
 * Backward over the layers, best(m)_j is the highest value of a path's end at j after m entries or later:
 * best(L)_j = end(L)_j, best(m)_j = max of end(m)_j and over the entries of row j of M_jk best(m + 1)_k. Then
 * forward from the user: of a beginning with the product c at j, the best path is worth c best(m)_j.  So of
 * `most` paths and beginnings, the best ones by this number contain the `most` best paths.
 *
 * Where M has negative entries, the lowest values are kept as well: a negative product wants them.
 */
#include <mpi.h>
#include <string.h>

#include "explain/explain_impl.h"

typedef struct walks {
  kith_explainer *e;
  const kith__batch *batch;
  int depth, most;
  bool once;                            /* no path comes back to its user: */
  kith_gid user[BATCH];                 /* the user of each query */
  double weight[KITH_EXPLAIN_HOPS + 1]; /* of an end after so many entries */
  float *end;                           /* [n_col, BATCH] ends at each node, before that weight */
  float *high[KITH_EXPLAIN_HOPS + 1]; /* [depth + 1] best ends after m entries or later, [n_col, BATCH] … */
  float *low[KITH_EXPLAIN_HOPS + 1];  /* … and the lowest; null: no entry is negative */
} walks;

/* A beginning of paths, or a path. */
typedef struct walk_begin {
  bool used, ended;
  double factor; /* product of its entries */
  double value;  /* of the path; of the best path that begins so */
  double stop;   /* of the path that ends here */
  kith_gid last; /* its last node */
  int n;
  kith_explain_edge hop[KITH_EXPLAIN_HOPS];
} walk_begin;

/* One more entry, as its owner found it. */
typedef struct walk_next {
  int32_t used;
  double factor, value, stop;
  kith_gid number;
  kith_eid entry, nth; /* at the owner, until it is an edge */
  kith_explain_edge edge;
} walk_next;

static kith_status walks_alloc(walks *w) {
  kith_status st = KITH_OK;
  int64_t n = (int64_t)w->e->a->csr.n_col * BATCH;
  KITH_TRY(KITH_NEW(w->end, n));
  for (int m = 1; m <= w->depth; m++) {
    KITH_TRY(KITH_NEW(w->high[m], n));
    if (w->e->has_negative) KITH_TRY(KITH_NEW(w->low[m], n));
  }
done:
  return st;
}

static void walks_free(walks *w) {
  KITH_FREE(w->end);
  for (int m = 0; m <= KITH_EXPLAIN_HOPS; m++) {
    KITH_FREE(w->high[m]);
    KITH_FREE(w->low[m]);
  }
}

/* ---- backward: the best ends ---- */

/* <x_v, F_i> of every node and query. */
static kith_status walks_fill_products(walks *w) {
  kith_status st = KITH_OK;
  const kith_explainer *e = w->e;
  enum { ROWS = 1024 };
  size_t d = (size_t)e->d;
  float *panel = NULL;
  KITH_TRY(KITH_NEW(panel, (int64_t)e->d * BATCH));
  kith_panel_pack(w->batch->n, e->d, (kith_strided){w->batch->target, 1, d}, panel);
#pragma omp parallel for schedule(dynamic, 1)
  for (kith_lid i = 0; i < e->g->n_own; i += ROWS)
    kith_panel_product((int)kith_min(ROWS, e->g->n_own - i), e->d, (kith_strided){e->x + (size_t)i * d, d, 1},
                       panel, (kith_panel_output){BATCH, 1, false}, w->end + (size_t)i * BATCH);
done:
  KITH_FREE(panel);
  return st;
}

static void walks_fill_items(walks *w) {
  for (int q = 0; q < w->batch->n; q++) {
    kith_lid row = w->e->row_of[KITH_ITEM][w->batch->query[q].item];
    if (row >= 0) w->end[(size_t)row * BATCH + (size_t)q] = 1;
  }
}

static void walks_exchange(const walks *w, float *x) {
  kith_halo *halo = w->e->a->halo;
  kith_halo_begin(halo, BATCH, x, x + (size_t)w->e->g->n_own * BATCH);
  kith_halo_end(halo);
}

static void walks_row(const kith_csr *a, kith_lid p, bool lowest, const float *high, const float *low,
                      float *to) {
  for (kith_eid i = a->start[p]; i < a->start[p + 1]; i++) {
    const float weight = a->weight[i];
    const float *from = ((weight < 0) == lowest ? high : low) + (size_t)a->col[i] * BATCH;
    for (int k = 0; k < BATCH; k++) {
      float value = weight * from[k], sign = lowest ? -1 : 1;
      to[k] = sign * value > sign * to[k] ? value : to[k];
    }
  }
}

/* to = the best, or the lowest, of ends after m entries and later. */
static void walks_best(walks *w, int m, bool lowest, float *to) {
  const kith_csr *a = &w->e->a->csr;
  const float weight = (float)w->weight[m];
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < a->n_row; p++) {
    size_t at = (size_t)a->perm[p] * BATCH;
    for (int k = 0; k < BATCH; k++) to[at + (size_t)k] = weight * w->end[at + (size_t)k];
    if (m < w->depth) walks_row(a, p, lowest, w->high[m + 1], w->low[m + 1], to + at);
  }
  for (int q = 0; w->once && q < w->batch->n; q++) { /* nothing is reached through the user */
    kith_lid row = w->e->row_of[KITH_USER][w->batch->query[q].user];
    if (row >= 0) to[(size_t)row * BATCH + (size_t)q] = 0;
  }
  walks_exchange(w, to);
}

static void walks_backward(walks *w) {
  walks_exchange(w, w->end);
  for (int m = w->depth; m > 0; m--) {
    walks_best(w, m, false, w->high[m]);
    if (w->low[m]) walks_best(w, m, true, w->low[m]);
  }
}

/* ---- forward: the best beginnings ---- */

/* Insert into a list of the `most` best ones, behind equal ones. */
static void walks_keep(int most, walk_next next, walk_next *list) {
  int at = most;
  while (at > 0 && (!list[at - 1].used || list[at - 1].value < next.value)) at--;
  if (at == most) return;
  memmove(list + at + 1, list + at, (size_t)(most - at - 1) * sizeof *list);
  list[at] = next;
}

/* The best entries behind a beginning of m entries whose last node this rank owns; next [most] is zero. */
static void walks_extend(const walks *w, int q, int m, const walk_begin *b, walk_next *next) {
  const kith_dist_csr *a = w->e->a;
  kith_eid seen[1 + KITH_MAX_RELATIONS] = {0};
  kith_lid p = a->iperm[b->last - w->e->g->first[w->e->comm->rank]];
  for (kith_eid i = a->csr.start[p]; i < a->csr.start[p + 1]; i++) {
    size_t at = (size_t)a->csr.col[i] * BATCH + (size_t)q;
    if (w->once && a->number[a->csr.col[i]] == w->user[q]) {
      seen[kith__explain_term(w->e, i)]++;
      continue;
    }
    double factor = b->factor * (double)a->csr.weight[i];
    const float *best = factor < 0 ? w->low[m + 1] : w->high[m + 1];
    walk_next one = {.used = 1,
                     .factor = factor,
                     .value = factor * (double)best[at],
                     .stop = factor * w->weight[m + 1] * (double)w->end[at],
                     .number = a->number[a->csr.col[i]],
                     .entry = i,
                     .nth = seen[kith__explain_term(w->e, i)]++};
    walks_keep(w->most, one, next);
  }
  for (int s = 0; s < w->most && next[s].used; s++)
    next[s].edge = kith__explain_edge(w->e, p, next[s].entry, next[s].nth);
}

static void walks_extend_all(const walks *w, int m, const walk_begin *begin, walk_next *next) {
  const kith_gid *first = w->e->g->first + w->e->comm->rank;
  for (int i = 0; i < w->batch->n * w->most; i++) {
    const walk_begin *b = begin + i;
    bool mine = b->used && !b->ended && b->last >= first[0] && b->last < first[1];
    if (mine) walks_extend(w, i / w->most, m, b, next + (size_t)i * (size_t)w->most);
  }
}

/* The same for beginnings and paths. */
static void walks_keep_begin(int most, const walk_begin *one, walk_begin *list) {
  int at = most;
  while (at > 0 && (!list[at - 1].used || list[at - 1].value < one->value)) at--;
  if (at == most) return;
  memmove(list + at + 1, list + at, (size_t)(most - at - 1) * sizeof *list);
  list[at] = *one;
}

/* The best of a query's paths, of those that end where its beginnings are, and of what is behind these. */
static void walks_choose(const walks *w, int m, const walk_begin *before, const walk_next *next,
                         walk_begin *after) {
  memset(after, 0, (size_t)w->most * sizeof *after);
  for (int i = 0; i < w->most && before[i].used; i++) {
    walk_begin one = before[i];
    if (!one.ended) {
      one.ended = true;
      one.value = one.stop;
    }
    if (one.n > 0) walks_keep_begin(w->most, &one, after);
    for (int s = 0; s < w->most && !before[i].ended && next[i * w->most + s].used; s++) {
      const walk_next *x = next + i * w->most + s;
      walk_begin longer = {.used = true, .factor = x->factor, .value = x->value, .stop = x->stop};
      longer.last = x->number;
      longer.n = m + 1;
      memcpy(longer.hop, before[i].hop, (size_t)m * sizeof *longer.hop);
      longer.hop[m] = x->edge;
      longer.ended = m + 1 == w->depth;
      if (longer.ended) longer.value = x->stop;
      walks_keep_begin(w->most, &longer, after);
    }
  }
}

/* Beginnings without an entry: the users. */
static kith_agreed walks_start(walks *w, walk_begin *begin) {
  const kith_explainer *e = w->e;
  int64_t number[BATCH] = {0};
  for (int q = 0; q < w->batch->n; q++) {
    kith_lid row = e->row_of[KITH_USER][w->batch->query[q].user];
    if (row >= 0) number[q] = e->g->first[e->comm->rank] + row;
  }
  kith_comm_sum_int(e->comm, w->batch->n, number);
  for (int q = 0; q < w->batch->n; q++) {
    w->user[q] = number[q];
    begin[q * w->most] = (walk_begin){.used = true, .factor = 1, .value = 1, .last = number[q]};
  }
  return (kith_agreed){KITH_OK};
}

static kith_agreed walks_forward(walks *w, walk_begin *begin, walk_begin *spare, walk_next *next) {
  kith_agreed st = {KITH_OK};
  const int64_t n = (int64_t)w->batch->n * w->most * w->most;
  KITH_TRY(walks_start(w, begin));
  for (int m = 0; m < w->depth; m++) {
    memset(next, 0, (size_t)n * sizeof *next);
    walks_extend_all(w, m, begin, next);
    KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, next, (int)(n * (int64_t)sizeof *next), MPI_BYTE, MPI_BOR,
                           w->e->comm->mpi));
    for (int q = 0; q < w->batch->n; q++) {
      walk_begin *b = begin + q * w->most;
      walks_choose(w, m, b, next + (size_t)q * (size_t)(w->most * w->most), spare);
      memcpy(b, spare, (size_t)w->most * sizeof *b);
    }
  }
done:
  return st;
}

static kith_agreed walks_search(walks *w, kith_explain_walk *walk) {
  kith_agreed st = {KITH_OK};
  walk_begin *begin = NULL, *spare = NULL;
  walk_next *next = NULL;
  const int n = w->batch->n * w->most;
  KITH_TRY(kith_agree(w->e->comm, KITH_NEW(begin, n)));
  KITH_TRY(kith_agree(w->e->comm, KITH_NEW(spare, w->most)));
  KITH_TRY(kith_agree(w->e->comm, KITH_NEW(next, (int64_t)n * w->most)));
  KITH_TRY(walks_forward(w, begin, spare, next));
  for (int i = 0; i < n; i++) {
    if (!begin[i].used || begin[i].value == 0) continue;
    walk[i].n = begin[i].n;
    walk[i].value = begin[i].value;
    memcpy(walk[i].hop, begin[i].hop, (size_t)begin[i].n * sizeof *walk[i].hop);
  }
done:
  KITH_FREE(begin);
  KITH_FREE(spare);
  KITH_FREE(next);
  return st;
}

kith_agreed kith__explain_walks(kith_explainer *e, const kith__batch *b, kith__walk_end end, int most,
                                kith_explain_walk *walk) {
  kith_agreed st = {KITH_OK};
  bool item = end == WALK_END_AT_ITEM;
  walks w = {.e = e, .batch = b, .most = most, .depth = e->layers, .once = item};
  if (item && w.depth < KITH_EXPLAIN_CONNECTION) w.depth = KITH_EXPLAIN_CONNECTION;
  for (int m = 0; m <= w.depth; m++) w.weight[m] = item ? 1 : e->weight[m];
  if (w.depth == 0) return st;
  KITH_TRY(kith_agree(e->comm, walks_alloc(&w)));
  if (item) walks_fill_items(&w);
  else KITH_TRY(kith_agree(e->comm, walks_fill_products(&w)));
  walks_backward(&w);
  KITH_TRY(walks_search(&w, walk));
done:
  walks_free(&w);
  return st;
}
