/*
 * The training nodes of a step: each rank computes the positions of its own in a keyed permutation of all
 * training nodes, or the steps of their parts.
 */
#include "sample/sample.h"

static bool train_nodes_is_train(const kith_graph *g, kith_lid i) { return g->split[i] == KITH_NODE_TRAIN; }

static kith_lid train_nodes_count(const kith_graph *g) {
  kith_lid n = 0;
  for (kith_lid i = 0; i < g->n_own; i++) n += train_nodes_is_train(g, i);
  return n;
}

static kith_status train_nodes_alloc(kith_train_nodes *l) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(l->row, l->max_nodes));
  KITH_TRY(KITH_NEW(l->gid, l->max_nodes));
  KITH_TRY(KITH_NEW(l->label, l->max_nodes));
  KITH_TRY(KITH_NEW(l->weight, l->max_nodes));
  KITH_TRY(KITH_NEW(l->peeked, l->max_nodes));
  KITH_TRY(KITH_NEW(l->iota, (int64_t)l->max_nodes + 1));
  for (kith_lid i = 0; i <= l->max_nodes; i++) l->iota[i] = i;
done:
  return st;
}

int64_t kith_train_nodes_bytes(int64_t n_own, int64_t max_nodes, int64_t n_step) {
  const kith_train_nodes *l = NULL;
  int64_t node = KITH_BYTES(l->row, 1) + KITH_BYTES(l->gid, 1) + KITH_BYTES(l->label, 1) +
                 KITH_BYTES(l->weight, 1) + KITH_BYTES(l->peeked, 1) + KITH_BYTES(l->iota, 1);
  return KITH_BYTES(l, 1) + KITH_BYTES(l->order, n_own) + KITH_BYTES(l->own_start, n_step + 2) +
         KITH_BYTES(l->step_start, n_step + 1) + max_nodes * node + KITH_BYTES(l->iota, 1);
}

static kith_status train_nodes_make(const kith_train_nodes *made, kith_train_nodes **out) {
  kith_status st = KITH_OK;
  kith_train_nodes *l = NULL;
  *out = NULL;
  KITH_CHECK(made->g->n_class > 0 && made->g->n_train > 0, KITH_EDATA, "the graph has no training nodes");
  KITH_TRY(KITH_NEW(l, 1));
  *l = *made;
  KITH_TRY(KITH_NEW(l->order, l->n_own));
  KITH_TRY(KITH_NEW(l->own_start, l->n_step + 2));
  KITH_TRY(KITH_NEW(l->step_start, l->n_step + 1));
  KITH_TRY(KITH_NEW(l->part_node, l->clusters > 0 ? l->g->n_part : 0));
  KITH_TRY(train_nodes_alloc(l));
  *out = l;
  l = NULL;
done:
  kith_train_nodes_destroy(&l);
  return st;
}

kith_status kith_train_nodes_create(const kith_graph *g, kith_gid first_gid, int64_t batch, bool as_seeds,
                                    uint64_t rng_seed, kith_train_nodes **out) {
  kith_train_nodes made = {.g = g,
                           .first_gid = first_gid,
                           .as_seeds = as_seeds,
                           .rng_seed = rng_seed,
                           .n_own = g->n_class > 0 ? train_nodes_count(g) : 0};
  if (batch > g->n_train && g->n_train > 0) batch = g->n_train;
  made.batch = batch;
  made.n_step = (g->n_train + batch - 1) / batch;
  made.max_nodes = (kith_lid)(made.n_own < batch ? made.n_own : batch);
  kith_status st = train_nodes_make(&made, out);
  for (int64_t s = 0; st == KITH_OK && s <= made.n_step; s++)
    (*out)->step_start[s] = s < made.n_step ? s * batch : g->n_train;
  return st;
}

static int train_nodes_part_of(const kith_train_nodes *l, kith_lid i) {
  return kith_owner(l->g->n_part, l->g->part_first, l->first_gid + i);
}

kith_agreed kith_train_nodes_create_clusters(const kith_comm *comm, const kith_graph *g, int clusters,
                                             uint64_t rng_seed, kith_train_nodes **out) {
  kith_agreed st = {KITH_OK};
  if (clusters > g->n_part) clusters = g->n_part;
  kith_train_nodes made = {.g = g,
                           .first_gid = g->first[comm->rank],
                           .as_seeds = true,
                           .clusters = clusters,
                           .rng_seed = rng_seed,
                           .n_own = train_nodes_count(g)};
  made.n_step = kith_cluster_steps_per_round(g->n_part, clusters);
  made.max_nodes = made.n_own; /* all of them may be in one part */
  KITH_TRY(kith_agree(comm, train_nodes_make(&made, out)));
  for (kith_lid i = 0; i < g->n_own; i++)
    if (train_nodes_is_train(g, i)) (*out)->part_node[train_nodes_part_of(*out, i)]++;
  kith_comm_sum_int(comm, g->n_part, (*out)->part_node);
done:
  return st;
}

void kith_train_nodes_destroy(kith_train_nodes **nodes) {
  kith_train_nodes *l = *nodes;
  if (!l) return;
  KITH_FREE(l->order);
  KITH_FREE(l->own_start);
  KITH_FREE(l->part_node);
  KITH_FREE(l->step_start);
  KITH_FREE(l->row);
  KITH_FREE(l->gid);
  KITH_FREE(l->label);
  KITH_FREE(l->weight);
  KITH_FREE(l->peeked);
  KITH_FREE(l->iota);
  KITH_FREE(*nodes);
}

/* Step of an owned training node; `order` permutes the parts, or the nodes. */
static int64_t train_nodes_step_of(const kith_train_nodes *l, const kith_permutation *order, kith_lid i) {
  if (l->clusters > 0)
    return (int64_t)kith_permutation_inverse(order, (uint64_t)train_nodes_part_of(l, i)) / l->clusters;
  return (int64_t)kith_permutation_inverse(order, (uint64_t)l->g->train_index[i]) / l->batch;
}

static void train_nodes_count_clusters(kith_train_nodes *l, const kith_permutation *order) {
  for (int64_t s = 0; s <= l->n_step; s++) l->step_start[s] = 0;
  for (int p = 0; p < l->g->n_part; p++)
    l->step_start[(int64_t)kith_permutation_inverse(order, (uint64_t)p) / l->clusters + 1] += l->part_node[p];
  for (int64_t s = 0; s < l->n_step; s++) l->step_start[s + 1] += l->step_start[s];
}

/* Counting sort by step, which keeps rows ascending: own_start[s + 2] counts step s, then own_start[s + 1] is
 * the index of its next row. */
void kith_train_nodes_set_epoch(kith_train_nodes *l, int64_t epoch) {
  const kith_graph *g = l->g;
  kith_permutation order = l->clusters > 0 ? kith_cluster_order(l->rng_seed, epoch, g->n_part)
                                           : kith_permutation_make(l->rng_seed, KITH_RNG_SHUFFLE,
                                                                   (uint64_t)epoch, (uint64_t)g->n_train);
  l->epoch = epoch;
  if (l->clusters > 0) train_nodes_count_clusters(l, &order);
  for (int64_t s = 0; s < l->n_step + 2; s++) l->own_start[s] = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (kith_lid i = 0; i < g->n_own; i++) {
      if (!train_nodes_is_train(g, i)) continue;
      int64_t step = train_nodes_step_of(l, &order, i);
      if (pass == 0) l->own_start[step + 2]++;
      else l->order[l->own_start[step + 1]++] = i;
    }
    if (pass == 0)
      for (int64_t s = 2; s < l->n_step + 2; s++) l->own_start[s] += l->own_start[s - 1];
  }
}

int64_t kith_train_nodes_step_size(const kith_train_nodes *l, int64_t step) {
  return l->step_start[step + 1] - l->step_start[step];
}

static void train_nodes_set(kith_train_nodes *l, kith_lid n, const kith_lid *rows) {
  const kith_graph *g = l->g;
  l->n = n;
  for (kith_lid i = 0; i < n; i++) {
    l->row[i] = rows[i];
    l->gid[i] = l->first_gid + rows[i];
    l->label[i] = g->label[rows[i]];
  }
  kith_lid *index = l->as_seeds ? l->iota : l->row;
  l->gather_index = (kith_gather_index){
      .n = n, .row = index, .n_unique = n, .unique_row = index, .start = l->iota, .member = l->iota};
}

void kith_train_nodes_fill(kith_train_nodes *l, int64_t step) {
  double weight = l->clusters > 0 ? (double)l->n_step / (double)l->g->n_train
                                  : 1 / (double)kith_train_nodes_step_size(l, step);
  train_nodes_set(l, (kith_lid)(l->own_start[step + 1] - l->own_start[step]), l->order + l->own_start[step]);
  for (kith_lid i = 0; i < l->n; i++) l->weight[i] = weight;
}

kith_lid kith_train_nodes_peek(kith_train_nodes *l, int64_t step, const kith_gid **gid) {
  kith_lid n = (kith_lid)(l->own_start[step + 1] - l->own_start[step]);
  for (kith_lid i = 0; i < n; i++) l->peeked[i] = l->first_gid + l->order[l->own_start[step] + i];
  *gid = l->peeked;
  return n;
}

void kith_train_nodes_fill_with(kith_train_nodes *l, kith_lid n, const kith_lid *rows, const double *weight) {
  train_nodes_set(l, n, rows);
  for (kith_lid i = 0; i < n; i++) l->weight[i] = weight[i];
}
