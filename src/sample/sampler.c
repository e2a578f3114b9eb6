/*
 * Blocks around the seed nodes of a step.  For every layer, outwards from the seed nodes: each rank queries
 * the owners of its rows for sampled neighbors, and appends the new ones to its list of nodes.  So the rows
 * of every block begin with those of the block before, the seed nodes first, and one list serves all blocks.
 */
#include <string.h>

#include "base/order.h"
#include "ops/ops.h"
#include "sample/block_fill.h"
#include "sample/sampler_rooms.h"

struct kith_sampler {
  sample_context ctx;
  kith_sampler_sizes sizes;
  kith_sampler_rooms rooms;
  bool loops;
  sample_method method;
  sample_neighbor_query query;
  sample_plan front, back; /* read by the current step; being made for the next */
  kith_lid n_seed;
  bool method_pending; /* the method prepares the step of the back plan */
  int layer;           /* layer of the back plan under way; -1: it is complete */
  sample_row_hash row_hash;
  kith_gid *gid; /* [max rows] global ids of the rows of the back plan */
};

/* ---- memory ---- */

/* The largest block, with a self-loop of every row or without. */
static int64_t sampler_max_entries(int n_layer, const kith_sampler_rooms *r, bool loops) {
  int64_t most = 0;
  for (int l = 0; l < n_layer; l++) {
    int64_t n = r->entries[l] + (loops ? r->rows[l + 1] : 0);
    if (n > most) most = n;
  }
  return most;
}

static kith_status sampler_alloc(kith_sampler *s, kith_lid max_excluded) {
  kith_status st = KITH_OK;
  const kith_sampler_rooms *r = &s->rooms;
  int64_t looped[KITH_MAX_LAYERS];
  int n = s->ctx.n_layer;
  KITH_TRY(kith_sampler_make_rooms(&s->sizes, &s->rooms));
  for (int l = 0; l < n; l++) looped[l] = r->entries[l] + (s->loops ? r->rows[l + 1] : 0);
  KITH_TRY(kith__sampler_plan_make(n, r->rows, looped, s->ctx.a->merged, &s->front));
  KITH_TRY(kith__sampler_plan_make(n, r->rows, looped, s->ctx.a->merged, &s->back));
  KITH_TRY(kith__row_hash_make(r->rows[0], sampler_max_entries(n, r, s->loops),
                               kith__sampler_reach(&s->sizes, s->sizes.all_seed / s->sizes.size + 1),
                               s->sizes.n_node, &s->row_hash));
  KITH_TRY(KITH_NEW(s->gid, r->rows[0]));
  KITH_TRY(kith__neighbor_query_make(&s->ctx, &s->method,
                                     &(sample_query_rooms){r->rows[0], sampler_max_entries(n, r, false),
                                                           r->asked, r->answered},
                                     max_excluded, &s->query));
done:
  return st;
}

int64_t kith_sampler_bytes(int n_layer, const kith_sampler_rooms *r, int64_t n_node,
                           const kith_sampler_matrix *a) {
  const kith_sampler *s = NULL;
  bool merged = a->n_relation > 1;
  const sample_query_rooms query = {r->rows[0], sampler_max_entries(n_layer, r, false), r->asked,
                                    r->answered};
  return KITH_BYTES(s, 1) + 2 * kith__sampler_plan_bytes(n_layer, r->rows, r->entries, merged) +
         kith__row_hash_bytes(r->rows[0], n_node) + KITH_BYTES(s->gid, r->rows[0]) +
         kith__relation_rows_bytes(a->n_relation, a->n_own, a->n_entry) +
         kith__neighbor_query_bytes(&query, a->n_own + a->n_ghost, merged);
}

static kith_agreed sampler_make_method(const sample_context *ctx, sample_method *method) {
  switch (ctx->options.mode) {
  case KITH_LAYERWISE:
  case KITH_SAINT_NODE: return kith__method_node_set(ctx, method);
  case KITH_SAINT_EDGE:
  case KITH_SAINT_WALK: return kith__method_saint(ctx, method);
  case KITH_CLUSTER: return kith__method_cluster(ctx, method);
  default: return kith_agree(ctx->comm, kith__method_neighbor(ctx, method));
  }
}

static kith_sampler_sizes sampler_sizes(const kith_sampler *s, int64_t max_seed, int64_t all_seed) {
  const sample_context *c = &s->ctx;
  kith_sampler_sizes z = {.n_layer = c->n_layer,
                          .size = c->comm->size,
                          .n_node = kith_graph_n_node(c->g),
                          .n_entry = c->n_entry,
                          .max_degree = c->max_degree,
                          .n_own = c->g->n_own,
                          .n_own_entry = c->a->csr.start[c->a->csr.n_row],
                          .max_seed = max_seed,
                          .all_seed = all_seed,
                          .max_nodes = s->method.max_nodes};
  memcpy(z.max_drawn, s->method.max_drawn, sizeof z.max_drawn);
  return z;
}

kith_agreed kith_sampler_create(const kith_comm *comm, const kith_graph *g, const kith_dist_csr *a,
                                int n_layer, const kith_sampler_options *o, bool loops, kith_lid max_seed,
                                int64_t all_seed, kith_lid max_excluded, uint64_t rng_seed,
                                kith_sampler **out) {
  kith_agreed st = {KITH_OK};
  kith_sampler *s = NULL;
  int64_t most_node = 0, sum[2] = {a->csr.start[a->csr.n_row], max_seed};
  const int64_t longest = kith_longest_row(g->n_own, a->csr.start), max_degree = longest > 1 ? longest : 1;
  int64_t most_degree = max_degree;
  *out = NULL;
  for (kith_lid c = 0; c < a->csr.n_col; c++) {
    if (a->node[c] > most_node) most_node = a->node[c];
    if (a->degree[c] > most_degree) most_degree = a->degree[c];
  }
  kith_comm_sum_int(comm, 2, sum);
  KITH_TRY(kith_agree(comm, KITH_NEW(s, 1)));
  s->loops = loops;
  s->ctx = (sample_context){.comm = comm,
                            .g = g,
                            .a = a,
                            .options = *o,
                            .n_layer = n_layer,
                            .n_entry = sum[0],
                            .max_degree = kith_comm_max(comm, max_degree),
                            .most_node = kith_comm_max(comm, most_node),
                            .most_degree = kith_comm_max(comm, most_degree),
                            .n_thread = kith_max_threads(),
                            .rng_seed = rng_seed};
  KITH_TRY(kith__relation_rows_make(comm, a, &s->ctx.by_relation));
  max_seed = (kith_lid)kith_comm_max(comm, max_seed); /* the same on every rank, so that replies fit */
  KITH_TRY(sampler_make_method(&s->ctx, &s->method));
  s->sizes = sampler_sizes(s, max_seed, all_seed > 0 ? all_seed : sum[1]);
  KITH_TRY(kith_agree(comm, sampler_alloc(s, max_excluded)));
  KITH_TRY(kith_sparse_make(comm, &s->query.sparse));
  *out = s;
  s = NULL;
done:
  kith_sampler_destroy(&s);
  return st;
}

void kith_sampler_destroy(kith_sampler **sampler) {
  kith_sampler *s = *sampler;
  if (!s) return;
  kith__neighbor_query_free(&s->query); /* which may have to end a layer */
  kith__sampler_plan_free(&s->front);
  kith__sampler_plan_free(&s->back);
  if (s->method.destroy) s->method.destroy(s->method.self);
  kith__row_hash_free(&s->row_hash);
  kith__relation_rows_free(&s->ctx.by_relation);
  KITH_FREE(s->gid);
  KITH_FREE(*sampler);
}

/* ---- a step ---- */

/* Node keys and degrees of the seed nodes, from the owners' replies. */
static void sampler_set_seed_info(kith_sampler *s, kith_lid n) {
  for (kith_lid p = 0; p < n; p++) {
    s->back.node[s->query.grouped_row[p]] = s->query.reply_in[p].node;
    s->back.degree[s->query.grouped_row[p]] = s->query.reply_in[p].degree;
  }
}

/* Where all rows are this rank's and have no other entries, what is sampled is in place at once. */
static void sampler_place(kith_sampler *s) {
  sample_block *b = &s->back.block[s->layer];
  if (s->ctx.comm->size == 1 && !s->loops) kith__neighbor_query_place(&s->query, b->scale, b->csr.weight);
}

/* Query the first n rows for the current layer; after the last layer only group them: they are the input
 * nodes. */
static void sampler_query_layer(kith_sampler *s, kith_lid n) {
  if (s->layer >= 0) {
    sampler_place(s);
    kith__neighbor_query_begin(&s->query, s->layer, &s->row_hash, n, s->gid);
  } else kith__neighbor_query_group(&s->query, &s->row_hash, n, s->gid);
}

void kith_sampler_begin(kith_sampler *s, kith_lid n, const kith_gid *seed_node, uint64_t step,
                        int64_t n_excluded, const kith_pair *excluded) {
  if (n > s->back.nodes[s->ctx.n_layer].capacity)
    kith_abort(__FILE__, __LINE__, "more seed nodes than allocated");
  if (s->method.begin) s->method.begin(s->method.self, step);
  kith__excluded_edges_set(&s->query.excluded, n_excluded, excluded);
  s->n_seed = n;
  kith__row_hash_clear(&s->row_hash, kith__sampler_reach(&s->sizes, n));
  for (kith_lid i = 0; i < n; i++) {
    s->gid[i] = seed_node[i];
    kith__row_hash_set(&s->row_hash, seed_node[i], i);
  }
  s->back.nodes[s->ctx.n_layer].n = n;
  s->layer = s->ctx.n_layer - 1;
  s->method_pending = s->method.advance != NULL;
  if (!s->method_pending) sampler_query_layer(s, n);
}

/* Replies for a layer are complete: fill its block, and query the next layer. */
static void sampler_finish_layer(kith_sampler *s) {
  sample_plan *p = &s->back;
  if (s->layer == s->ctx.n_layer - 1) sampler_set_seed_info(s, s->n_seed);
  kith__block_fill(&(sample_block_fill){&s->ctx, s->loops, &s->query, &s->row_hash, s->gid, p}, s->layer);
  kith_csc_fill(&p->block[s->layer].csr, s->query.own_bytes, s->query.own_memory,
                &p->block[s->layer].csc); /* the replies serve as workspace now */
  kith_lid reached = (kith_lid)p->nodes[s->layer--].n;
  sampler_query_layer(s, reached);
}

bool kith_sampler_advance(kith_sampler *s) {
  if (s->method_pending) {
    s->method_pending = !s->method.advance(s->method.self);
    if (!s->method_pending) sampler_query_layer(s, s->n_seed);
  } else if (s->layer >= 0 && kith__neighbor_query_advance(&s->query)) sampler_finish_layer(s);
  return !s->method_pending && s->layer < 0;
}

void kith_sampler_swap(kith_sampler *s) {
  size_t n = (size_t)s->back.nodes[0].n;
  memcpy(s->back.input_gid, s->query.grouped_gid, n * sizeof *s->back.input_gid);
  memcpy(s->back.input_row, s->query.grouped_row, n * sizeof *s->back.input_row);
  kith__sampler_plan_swap(&s->front, &s->back);
}

void kith_sampler_plan(kith_sampler *s, kith_lid n, const kith_gid *seed_node, uint64_t step,
                       int64_t n_excluded, const kith_pair *excluded) {
  kith_sampler_begin(s, n, seed_node, step, n_excluded, excluded);
  while (!kith_sampler_advance(s)) continue;
  kith_sampler_swap(s);
}

const kith_block *kith_sampler_block(const kith_sampler *s, int l) { return &s->front.block[l].block; }
const kith_node_map *kith_sampler_input_nodes(const kith_sampler *s) { return &s->front.nodes[0]; }

const kith_sampler_rooms *kith_sampler_rooms_of(const kith_sampler *s) { return &s->rooms; }

kith_eid kith_sampler_n_neighbor(const kith_sampler *s) {
  kith_eid n = 0;
  for (int l = 0; l < s->ctx.n_layer; l++)
    n += s->front.block[l].edges.n - (s->loops ? s->front.nodes[l + 1].n : 0);
  return n;
}

int64_t kith_sampler_n_seed_alone(const kith_sampler *s, int64_t *n_seed) {
  int64_t n = 0;
  if (s->ctx.n_layer == 0) return n;
  const kith_csr *csr = &s->front.block[s->ctx.n_layer - 1].csr;
  for (kith_lid p = 0; p < csr->n_row; p++)
    n += csr->start[p + 1] - csr->start[p] == s->loops && s->front.degree[csr->perm[p]] > 0;
  *n_seed += csr->n_row;
  return n;
}

void kith_sampler_input_gids(const kith_sampler *s, kith_lid *n, const kith_gid **gid, const kith_lid **row) {
  *n = (kith_lid)s->front.nodes[0].n;
  *gid = s->front.input_gid;
  *row = s->front.input_row;
}
