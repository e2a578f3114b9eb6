/*
 * Cluster sampling: a step has some of the graph's parts.  A row reads its neighbors in them, if edges
 * between parts are kept; a seed node outside of them reads all of its neighbors inside.
 */
#include "sample/sampler_method.h"
#include "sample/cluster_order.h"

typedef struct cluster {
  const sample_context *ctx;
  int *part;     /* [n_own + n_ghost] part of each node */
  bool *in_step; /* [n_part] whether the part is in this step */
  int n_in_step;
  int *step_part; /* [n_in_step] the parts in this step */
} cluster;

/* O(clusters), not O(parts): a round may have as many steps as there are parts. */
static void cluster_begin(void *self, uint64_t step) {
  cluster *w = self;
  const sample_context *s = w->ctx;
  int n = s->g->n_part, k = s->options.clusters < n ? s->options.clusters : n;
  int64_t steps = kith_cluster_steps_per_round(n, k), first = (int64_t)step % steps * k;
  kith_permutation order = kith_cluster_order(s->rng_seed, (int64_t)step / steps, n);
  for (int i = 0; i < w->n_in_step; i++) w->in_step[w->step_part[i]] = false;
  w->n_in_step = (int)kith_min(k, n - first);
  for (int i = 0; i < w->n_in_step; i++) {
    w->step_part[i] = (int)kith_permutation_apply(&order, (uint64_t)(first + i));
    w->in_step[w->step_part[i]] = true;
  }
}

/* Inverse probability that another part is in the step, given whether the row's own part is. */
static float cluster_cut_scale(const cluster *w, bool inside) {
  return (float)((double)(w->ctx->g->n_part - 1) / (w->n_in_step - inside));
}

static int64_t cluster_draw(void *self, int thread, const sample_query *q, int64_t *position, float *scale) {
  (void)thread;
  const cluster *w = self;
  const kith_dist_csr *a = w->ctx->a;
  const kith_lid *col = a->csr.col + a->csr.start[a->iperm[q->row]];
  int own = w->part[q->row];
  bool cuts = w->ctx->options.cluster_edges == KITH_CLUSTER_EDGES_DROP && w->in_step[own];
  int64_t n = 0;
  for (int64_t i = 0; i < q->n_eligible; i++) {
    int part = w->part[col[kith__eligible(q, i)]];
    if (cuts ? part == own : w->in_step[part]) position[n++] = kith__eligible(q, i);
  }
  bool reweights =
      w->ctx->options.cluster_edges == KITH_CLUSTER_EDGES_REWEIGHT && w->n_in_step > w->in_step[own];
  for (int64_t i = 0; i < n; i++)
    scale[i] = !reweights                         ? (float)((double)q->n_eligible / (double)n)
               : w->part[col[position[i]]] == own ? 1
                                                  : cluster_cut_scale(w, w->in_step[own]);
  return n;
}

static void cluster_destroy(void *self) {
  cluster *w = self;
  KITH_FREE(w->part);
  KITH_FREE(w->in_step);
  KITH_FREE(w->step_part);
  KITH_FREE(w);
}

/* The most nodes of a step: those of the largest parts. */
static kith_status cluster_max_nodes(const sample_context *s, int64_t *most) {
  kith_status st = KITH_OK;
  int64_t *size = NULL;
  int n = s->g->n_part;
  KITH_TRY(KITH_NEW(size, n));
  for (int p = 0; p < n; p++) size[p] = s->g->part_first[p + 1] - s->g->part_first[p];
  *most = kith__sum_of_largest(n, size, s->options.clusters);
done:
  KITH_FREE(size);
  return st;
}

static kith_status cluster_make(const sample_context *s, cluster *w, int64_t *most) {
  kith_status st = KITH_OK;
  const kith_graph *g = s->g;
  KITH_TRY(KITH_NEW(w->part, s->a->csr.n_col));
  KITH_TRY(KITH_NEW(w->in_step, g->n_part));
  KITH_TRY(KITH_NEW(w->step_part, kith_min(s->options.clusters, g->n_part)));
  KITH_TRY(cluster_max_nodes(s, most));
  for (kith_lid i = 0; i < s->a->csr.n_col; i++)
    w->part[i] = kith_owner(g->n_part, g->part_first, s->a->number[i]);
done:
  return st;
}

kith_agreed kith__method_cluster(const sample_context *s, sample_method *out) {
  kith_agreed st = {KITH_OK};
  cluster *w = NULL;
  KITH_TRY(kith_agree(s->comm, KITH_NEW(w, 1)));
  w->ctx = s;
  *out = (sample_method){.self = w, .begin = cluster_begin, .draw = cluster_draw, .destroy = cluster_destroy};
  KITH_TRY(kith_agree(s->comm, cluster_make(s, w, &out->max_nodes)));
done:
  if (!out->self) KITH_FREE(w); /* refused on another rank */
  return st;
}
