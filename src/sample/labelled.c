/*
 * Which training nodes make up a step: every rank works out the places of its own in a keyed permutation of
 * all nodes, or the steps of their parts.
 */
#include <stdlib.h>

#include "kith/sample.h"

static bool labelled_trains(const kith_graph *g, kith_lid i) { return g->split[i] == KITH_NODE_TRAIN; }

static kith_lid labelled_count(const kith_graph *g) {
  kith_lid n = 0;
  for (kith_lid i = 0; i < g->n_own; i++) n += labelled_trains(g, i);
  return n;
}

static kith_status labelled_room(kith_labelled *l) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(l->own, l->most));
  KITH_TRY(KITH_NEW(l->number, l->most));
  KITH_TRY(KITH_NEW(l->label, l->most));
  KITH_TRY(KITH_NEW(l->weight, l->most));
  KITH_TRY(KITH_NEW(l->ahead, l->most));
  KITH_TRY(KITH_NEW(l->count, (int64_t)l->most + 1));
  for (kith_lid i = 0; i <= l->most; i++) l->count[i] = i;
done:
  return st;
}

static kith_status labelled_make(const kith_labelled *made, kith_labelled **out) {
  kith_status st = KITH_OK;
  kith_labelled *l = NULL;
  *out = NULL;
  KITH_CHECK(made->g->task == KITH_CLASSIFY && made->g->n_train > 0, KITH_EDATA,
             "the graph has no training nodes");
  KITH_TRY(KITH_NEW(l, 1));
  *l = *made;
  KITH_TRY(KITH_NEW(l->all, l->n_all));
  KITH_TRY(KITH_NEW(l->first, l->n_step + 2));
  KITH_TRY(KITH_NEW(l->place_first, l->n_step + 1));
  KITH_TRY(KITH_NEW(l->part_node, l->clusters > 0 ? l->g->n_part : 0));
  KITH_TRY(labelled_room(l));
  *out = l;
  l = NULL;
done:
  kith_labelled_destroy(&l);
  return st;
}

kith_status kith_labelled_create(const kith_graph *g, kith_gid low, int64_t batch, bool seeds, uint64_t seed,
                                 kith_labelled **out) {
  kith_labelled made = {.g = g,
                        .low = low,
                        .seeds = seeds,
                        .seed = seed,
                        .n_all = g->task == KITH_CLASSIFY ? labelled_count(g) : 0};
  if (batch > g->n_train && g->n_train > 0) batch = g->n_train;
  made.batch = batch;
  made.n_step = (g->n_train + batch - 1) / batch;
  made.most = (kith_lid)(made.n_all < batch ? made.n_all : batch);
  kith_status st = labelled_make(&made, out);
  for (int64_t s = 0; st == KITH_OK && s <= made.n_step; s++)
    (*out)->place_first[s] = s < made.n_step ? s * batch : g->n_train;
  return st;
}

static int labelled_part(const kith_labelled *l, kith_lid i) {
  return kith_owner(l->g->n_part, l->g->part_first, l->low + i);
}

kith_agreed kith_labelled_create_clusters(const kith_comm *comm, const kith_graph *g, int clusters,
                                          uint64_t seed, kith_labelled **out) {
  kith_agreed st = {KITH_OK};
  if (clusters > g->n_part) clusters = g->n_part;
  kith_labelled made = {.g = g,
                        .low = g->first[comm->rank],
                        .seeds = true,
                        .clusters = clusters,
                        .seed = seed,
                        .n_all = labelled_count(g)};
  made.n_step = kith_cluster_steps(g->n_part, clusters);
  made.most = made.n_all; /* all may lie in one part */
  KITH_TRY(kith_agree(comm, labelled_make(&made, out)));
  for (kith_lid i = 0; i < g->n_own; i++)
    if (labelled_trains(g, i)) (*out)->part_node[labelled_part(*out, i)]++;
  kith_comm_sum_int(comm, g->n_part, (*out)->part_node);
done:
  return st;
}

void kith_labelled_destroy(kith_labelled **labelled) {
  kith_labelled *l = *labelled;
  if (!l) return;
  KITH_FREE(l->all);
  KITH_FREE(l->first);
  KITH_FREE(l->part_node);
  KITH_FREE(l->place_first);
  KITH_FREE(l->own);
  KITH_FREE(l->number);
  KITH_FREE(l->label);
  KITH_FREE(l->weight);
  KITH_FREE(l->ahead);
  KITH_FREE(l->count);
  KITH_FREE(*labelled);
}

/* The step that an owned training node belongs to: `order` is of the parts, or of the nodes. */
static int64_t labelled_step_of(const kith_labelled *l, const kith_permutation *order, kith_lid i) {
  if (l->clusters > 0)
    return (int64_t)kith_permutation_inverse(order, (uint64_t)labelled_part(l, i)) / l->clusters;
  return (int64_t)kith_permutation_inverse(order, (uint64_t)l->g->edge[i]) / l->batch;
}

static void labelled_place_clusters(kith_labelled *l, const kith_permutation *order) {
  for (int64_t s = 0; s <= l->n_step; s++) l->place_first[s] = 0;
  for (int p = 0; p < l->g->n_part; p++)
    l->place_first[(int64_t)kith_permutation_inverse(order, (uint64_t)p) / l->clusters + 1] +=
        l->part_node[p];
  for (int64_t s = 0; s < l->n_step; s++) l->place_first[s + 1] += l->place_first[s];
}

/* Counting sort by step, which keeps rows ascending: first[s + 2] counts step s, then first[s + 1] is where
 * its next row goes. */
void kith_labelled_begin(kith_labelled *l, int64_t number) {
  const kith_graph *g = l->g;
  kith_permutation order = l->clusters > 0 ? kith_cluster_order(l->seed, number, g->n_part)
                                           : kith_permutation_make(l->seed, KITH_RNG_SHUFFLE,
                                                                   (uint64_t)number, (uint64_t)g->n_train);
  l->epoch = number;
  if (l->clusters > 0) labelled_place_clusters(l, &order);
  for (int64_t s = 0; s < l->n_step + 2; s++) l->first[s] = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (kith_lid i = 0; i < g->n_own; i++) {
      if (!labelled_trains(g, i)) continue;
      int64_t step = labelled_step_of(l, &order, i);
      if (pass == 0) l->first[step + 2]++;
      else l->all[l->first[step + 1]++] = i;
    }
    if (pass == 0)
      for (int64_t s = 2; s < l->n_step + 2; s++) l->first[s] += l->first[s - 1];
  }
}

int64_t kith_labelled_nodes(const kith_labelled *l, int64_t step) {
  return l->place_first[step + 1] - l->place_first[step];
}

static void labelled_arrange(kith_labelled *l, kith_lid n, const kith_lid *own) {
  const kith_graph *g = l->g;
  l->n = n;
  for (kith_lid i = 0; i < n; i++) {
    l->own[i] = own[i];
    l->number[i] = l->low + own[i];
    l->label[i] = g->label[own[i]];
  }
  kith_lid *row = l->seeds ? l->count : l->own;
  l->gather_index = (kith_gather_index){
      .n = n, .row = row, .n_unique = n, .unique_row = row, .start = l->count, .member = l->count};
}

void kith_labelled_step(kith_labelled *l, int64_t step) {
  double weight =
      l->clusters > 0 ? (double)l->n_step / (double)l->g->n_train : 1 / (double)kith_labelled_nodes(l, step);
  labelled_arrange(l, (kith_lid)(l->first[step + 1] - l->first[step]), l->all + l->first[step]);
  for (kith_lid i = 0; i < l->n; i++) l->weight[i] = weight;
}

kith_lid kith_labelled_ahead(kith_labelled *l, int64_t step, const kith_gid **number) {
  kith_lid n = (kith_lid)(l->first[step + 1] - l->first[step]);
  for (kith_lid i = 0; i < n; i++) l->ahead[i] = l->low + l->all[l->first[step] + i];
  *number = l->ahead;
  return n;
}

void kith_labelled_take(kith_labelled *l, kith_lid n, const kith_lid *own, const double *weight) {
  labelled_arrange(l, n, own);
  for (kith_lid i = 0; i < n; i++) l->weight[i] = weight[i];
}
