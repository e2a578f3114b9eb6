/*
 * A step's clusters are parts of the cut.  A node reads its neighbors in them, as far as edges between
 * clusters stay; a batch's node outside of them reads all of its neighbors inside.
 */
#include "sample/law.h"
#include "sample/parts.h"

typedef struct cluster {
  const sample_setting *set;
  int *part;  /* [n_own + n_ghost] of each node */
  bool *here; /* [n_part] whether it is in this step */
  int n_here;
  int *those; /* [n_here] the parts that are */
} cluster;

/* O(clusters): a round of all parts has as many steps as there are parts for, and none may cost as many. */
static void cluster_begin(void *self, uint64_t step) {
  cluster *w = self;
  const sample_setting *s = w->set;
  int n = s->g->n_part, k = s->options.clusters < n ? s->options.clusters : n;
  int64_t steps = kith_cluster_steps(n, k), first = (int64_t)step % steps * k;
  kith_permutation order = kith_cluster_order(s->seed, (int64_t)step / steps, n);
  for (int i = 0; i < w->n_here; i++) w->here[w->those[i]] = false;
  w->n_here = (int)kith_min(k, n - first);
  for (int i = 0; i < w->n_here; i++) {
    w->those[i] = (int)kith_permutation_apply(&order, (uint64_t)(first + i));
    w->here[w->those[i]] = true;
  }
}

/* One over the chance that another part than its own is in the step with a node. */
static float cluster_cut_scale(const cluster *w, bool inside) {
  return (float)((double)(w->set->g->n_part - 1) / (w->n_here - inside));
}

static int64_t cluster_draw(void *self, const sample_question *q, int64_t *place, float *scale) {
  const cluster *w = self;
  const kith_dist_csr *a = w->set->a;
  const kith_lid *col = a->csr.col + a->csr.start[a->iperm[q->row]];
  int own = w->part[q->row];
  bool cuts = w->set->options.cut == KITH_CUT_DROP && w->here[own];
  int64_t n = 0;
  for (int64_t i = 0; i < q->among; i++) {
    int part = w->part[col[kith__allowed(q, i)]];
    if (cuts ? part == own : w->here[part]) place[n++] = kith__allowed(q, i);
  }
  bool weighs = w->set->options.cut == KITH_CUT_WEIGH && w->n_here > w->here[own];
  for (int64_t i = 0; i < n; i++)
    scale[i] = !weighs                         ? (float)((double)q->among / (double)n)
               : w->part[col[place[i]]] == own ? 1
                                               : cluster_cut_scale(w, w->here[own]);
  return n;
}

static void cluster_destroy(void *self) {
  cluster *w = self;
  KITH_FREE(w->part);
  KITH_FREE(w->here);
  KITH_FREE(w->those);
  KITH_FREE(w);
}

/* Nodes of as many of the largest parts as a step has. */
static kith_status cluster_most(const sample_setting *s, int64_t *most) {
  kith_status st = KITH_OK;
  int64_t *size = NULL;
  int n = s->g->n_part;
  KITH_TRY(KITH_NEW(size, n));
  for (int p = 0; p < n; p++) size[p] = s->g->part_first[p + 1] - s->g->part_first[p];
  *most = kith__largest_parts(n, size, s->options.clusters);
done:
  KITH_FREE(size);
  return st;
}

static kith_status cluster_make(const sample_setting *s, cluster *w, int64_t *most) {
  kith_status st = KITH_OK;
  const kith_graph *g = s->g;
  KITH_TRY(KITH_NEW(w->part, s->a->csr.n_col));
  KITH_TRY(KITH_NEW(w->here, g->n_part));
  KITH_TRY(KITH_NEW(w->those, kith_min(s->options.clusters, g->n_part)));
  KITH_TRY(cluster_most(s, most));
  for (kith_lid i = 0; i < s->a->csr.n_col; i++)
    w->part[i] = kith_owner(g->n_part, g->part_first, s->a->number[i]);
done:
  return st;
}

kith_agreed kith__law_cluster(const sample_setting *s, sample_law *out) {
  kith_agreed st = {KITH_OK};
  cluster *w = NULL;
  KITH_TRY(kith_agree(s->comm, KITH_NEW(w, 1)));
  w->set = s;
  *out = (sample_law){.self = w, .begin = cluster_begin, .draw = cluster_draw, .destroy = cluster_destroy};
  KITH_TRY(kith_agree(s->comm, cluster_make(s, w, &out->most_nodes)));
done:
  if (!out->self) KITH_FREE(w); /* refused on another rank */
  return st;
}
