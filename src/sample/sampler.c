/*
 * Hops around a step's seeds.  For every hop, outwards: each rank asks the owners of its rows for their
 * neighbors; owners draw and answer; what is new becomes a row behind those that are there.  So every frame
 * begins with the one before it, the seeds first, and one list of nodes serves all frames.
 */
#include <math.h>
#include <string.h>

#include "sample/ask.h"
#include "sample/map.h"
#include "sample/view.h"

struct kith_sampler {
  sample_setting set;
  bool loops;
  sample_law law;
  sample_ask ask;
  sample_view shown, making; /* the hops that steps read, and those of the plan under way */
  kith_lid n_seed;
  bool waits; /* the law is getting ready for the plan under way */
  int l;      /* hop of the plan under way; -1: it is made */
  sample_map map;
  kith_gid *number; /* [most rows] of all frames of the plan under way */
};

/* ---- room ---- */

/* The most rows of every frame and entries of every hop: drawn neighbors multiply, until the law's or the
 * graph's nodes are all there. */
static kith_status sampler_bound(const kith_sampler *s, kith_lid most_seed, int64_t *rows, int64_t *entries) {
  kith_status st = KITH_OK;
  const kith_graph *g = s->set.g;
  int64_t n_node = g->n[KITH_USER] + g->n[KITH_ITEM],
          most = s->law.most_nodes > 0 ? kith_min(n_node, most_seed + s->law.most_nodes) : n_node;
  rows[s->set.n_hop] = kith_min(most_seed, n_node);
  for (int l = s->set.n_hop - 1; l >= 0; l--) {
    int64_t fan =
        s->law.most_drawn[l] > 0 ? kith_min(s->law.most_drawn[l], s->set.most_degree) : s->set.most_degree;
    entries[l] = kith_min(rows[l + 1] * fan, s->set.n_entry);
    rows[l] = kith_min(rows[l + 1] * (fan + 1), most);
    KITH_CHECK(rows[l] < INT32_MAX - 1, KITH_ECONFIG,
               "sampler.fanouts: a step may reach %lld rows on one rank; at most 2^31 - 2",
               (long long)rows[l]);
  }
done:
  return st;
}

static kith_status sampler_fill_room(kith_sampler *s, kith_lid most_seed, kith_lid most_target) {
  kith_status st = KITH_OK;
  int64_t rows[KITH_HOPS_MOST + 1], entries[KITH_HOPS_MOST], looped[KITH_HOPS_MOST], most_entry = 0;
  int n = s->set.n_hop;
  KITH_TRY(sampler_bound(s, most_seed, rows, entries));
  for (int l = 0; l < n; l++) {
    looped[l] = entries[l] + (s->loops ? rows[l + 1] : 0);
    if (entries[l] > most_entry) most_entry = entries[l];
  }
  KITH_TRY(kith__view_make(n, rows, looped, &s->shown));
  KITH_TRY(kith__view_make(n, rows, looped, &s->making));
  KITH_TRY(kith__map_make(rows[0], s->set.g->n[KITH_USER] + s->set.g->n[KITH_ITEM], &s->map));
  KITH_TRY(KITH_NEW(s->number, rows[0]));
  KITH_TRY(kith__ask_make(&s->set, &s->law, rows[0], most_entry, most_target, &s->ask));
done:
  return st;
}

static kith_agreed sampler_make_law(const sample_setting *set, sample_law *law) {
  switch (set->options.mode) {
  case KITH_LAYERWISE:
  case KITH_SAINT_NODE: return kith__law_nodes(set, law);
  case KITH_SAINT_EDGE:
  case KITH_SAINT_WALK: return kith__law_saint(set, law);
  case KITH_CLUSTER: return kith__law_cluster(set, law);
  default: return kith_agree(set->comm, kith__law_neighbor(set, law));
  }
}

kith_agreed kith_sampler_create(const kith_comm *comm, const kith_graph *g, const kith_dist_csr *a, int n_hop,
                                const kith_sampler_options *o, bool loops, kith_lid most_seed,
                                kith_lid most_target, uint64_t seed, kith_sampler **out) {
  kith_agreed st = {KITH_OK};
  kith_sampler *s = NULL;
  int64_t most_degree = 1, n_entry = a->csr.start[a->csr.n_row];
  *out = NULL;
  for (kith_lid i = 0; i < g->n_own; i++)
    if (a->degree[i] > most_degree) most_degree = a->degree[i];
  kith_comm_sum_int(comm, 1, &n_entry);
  KITH_TRY(kith_agree(comm, KITH_NEW(s, 1)));
  s->loops = loops;
  s->set = (sample_setting){.comm = comm,
                            .g = g,
                            .a = a,
                            .options = *o,
                            .n_hop = n_hop,
                            .n_entry = n_entry,
                            .most_degree = kith_comm_max(comm, most_degree),
                            .seed = seed};
  most_seed = (kith_lid)kith_comm_max(comm, most_seed); /* the same room on every rank, so that answers fit */
  KITH_TRY(sampler_make_law(&s->set, &s->law));
  KITH_TRY(kith_agree(comm, sampler_fill_room(s, most_seed, most_target)));
  *out = s;
  s = NULL;
done:
  kith_sampler_destroy(&s);
  return st;
}

void kith_sampler_destroy(kith_sampler **sampler) {
  kith_sampler *s = *sampler;
  if (!s) return;
  kith__view_free(&s->shown);
  kith__view_free(&s->making);
  if (s->law.destroy) s->law.destroy(s->law.self);
  kith__ask_free(&s->ask);
  kith__map_free(&s->map);
  KITH_FREE(s->number);
  KITH_FREE(*sampler);
}

/* ---- a step ---- */

/* The row of a drawn neighbor: a new one behind the *n that are there, unless it has one. */
static kith_lid sampler_row(kith_sampler *s, const sample_edge *edge, kith_lid *n) {
  kith_lid row = kith__map_put(&s->map, edge->number, *n);
  if (row == *n) {
    s->number[row] = edge->number;
    s->making.node[row] = edge->node;
    s->making.degree[row] = edge->degree;
    (*n)++;
  }
  return row;
}

/* What n entries of a row weigh: as they were given, or by 1 / sqrt(deg i deg j) times what each stands for.
 */
static void sampler_weigh(const kith_sampler *s, int32_t n, int32_t degree, const sample_edge *edge,
                          float *scale, float *weight) {
  for (int32_t k = 0; k < n; k++) scale[k] = edge[k].scale;
  if (s->set.a->weighted) memcpy(weight, scale, (size_t)n * sizeof *weight);
  else
    for (int32_t k = 0; k < n; k++)
      weight[k] = (float)((double)scale[k] / sqrt((double)degree * (double)edge[k].degree));
}

/* Rows of hop l from the answers about the rows 0 … n - 1, as these are grouped; new nodes become rows behind
 * them. */
static void sampler_fill(kith_sampler *s, int l, kith_lid n) {
  sample_hop *h = &s->making.hop[l];
  kith_csr *csr = &h->csr;
  sample_cursor next = kith__ask_read(&s->ask);
  kith_lid n_row = n;
  kith_eid at = 0;
  for (kith_lid p = 0; p < n; p++) {
    const sample_head *head = &s->ask.head_in[p];
    const sample_edge *edge = kith__ask_next(&s->ask, p, &next);
    csr->perm[p] = s->ask.grouped[p];
    csr->start[p] = at;
    if (s->loops) {
      csr->col[at] = csr->perm[p];
      csr->weight[at] = 0;
      h->scale[at++] = 1;
    }
    for (int32_t k = 0; k < head->drawn; k++) {
      kith__map_expect(&s->map, edge[k + SAMPLE_AHEAD].number);
      csr->col[at + k] = sampler_row(s, &edge[k], &n_row);
    }
    sampler_weigh(s, head->drawn, head->degree, edge, h->scale + at, csr->weight + at);
    at += head->drawn;
  }
  csr->start[n] = at;
  csr->n_row = n;
  csr->n_col = n_row;
  h->edges.n = at;
  s->making.frame[l].n = n_row;
}

/* What the owners say of the rows themselves. */
static void sampler_know(kith_sampler *s, kith_lid n) {
  for (kith_lid p = 0; p < n; p++) {
    s->making.node[s->ask.grouped[p]] = s->ask.head_in[p].node;
    s->making.degree[s->ask.grouped[p]] = s->ask.head_in[p].degree;
  }
}

/* Ask about hop l, whose out rows are the first n; behind the last hop, about nothing: its rows are the
 * leaves. */
static void sampler_ask(kith_sampler *s, kith_lid n) {
  if (s->l >= 0) kith__ask_begin(&s->ask, s->l, n, s->number);
  else kith__ask_group(&s->ask, n, s->number);
}

void kith_sampler_begin(kith_sampler *s, kith_lid n, const kith_gid *seed, uint64_t step, int64_t n_target,
                        const kith_pair *target) {
  if (n > s->making.frame[s->set.n_hop].capacity) kith_abort(__FILE__, __LINE__, "room for the seeds");
  if (s->law.begin) s->law.begin(s->law.self, step);
  kith__targets_take(&s->ask.targets, n_target, target);
  s->n_seed = n;
  kith__map_clear(&s->map);
  for (kith_lid i = 0; i < n; i++) {
    s->number[i] = seed[i];
    kith__map_put(&s->map, seed[i], i);
  }
  s->making.frame[s->set.n_hop].n = n;
  s->l = s->set.n_hop - 1;
  s->waits = s->law.advance != NULL;
  if (!s->waits) sampler_ask(s, n);
}

/* Hop l is asked about: make its rows, and go on to the next one. */
static void sampler_take(kith_sampler *s) {
  sample_view *v = &s->making;
  if (s->l == s->set.n_hop - 1) sampler_know(s, s->n_seed);
  sampler_fill(s, s->l, (kith_lid)v->frame[s->l + 1].n);
  kith_csc_fill(&v->hop[s->l].csr, s->ask.room_in, s->ask.edge_in,
                &v->hop[s->l].back); /* what came in is in the rows now */
  kith_lid reached = (kith_lid)v->frame[s->l--].n;
  sampler_ask(s, reached);
}

bool kith_sampler_advance(kith_sampler *s) {
  if (s->waits) {
    s->waits = !s->law.advance(s->law.self);
    if (!s->waits) sampler_ask(s, s->n_seed);
  } else if (s->l >= 0 && kith__ask_advance(&s->ask)) sampler_take(s);
  return !s->waits && s->l < 0;
}

void kith_sampler_show(kith_sampler *s) {
  size_t n = (size_t)s->making.frame[0].n;
  memcpy(s->making.want, s->ask.ask, n * sizeof *s->making.want);
  memcpy(s->making.want_row, s->ask.grouped, n * sizeof *s->making.want_row);
  kith__view_swap(&s->shown, &s->making);
}

void kith_sampler_plan(kith_sampler *s, kith_lid n, const kith_gid *seed, uint64_t step, int64_t n_target,
                       const kith_pair *target) {
  kith_sampler_begin(s, n, seed, step, n_target, target);
  while (!kith_sampler_advance(s)) continue;
  kith_sampler_show(s);
}

const kith_block *kith_sampler_hop(const kith_sampler *s, int l) { return &s->shown.hop[l].hop; }
const kith_node_map *kith_sampler_leaves(const kith_sampler *s) { return &s->shown.frame[0]; }

kith_eid kith_sampler_drawn(const kith_sampler *s) {
  kith_eid n = 0;
  for (int l = 0; l < s->set.n_hop; l++)
    n += s->shown.hop[l].edges.n - (s->loops ? s->shown.frame[l + 1].n : 0);
  return n;
}

void kith_sampler_want(const kith_sampler *s, kith_lid *n, const kith_gid **want, const kith_lid **row) {
  *n = (kith_lid)s->shown.frame[0].n;
  *want = s->shown.want;
  *row = s->shown.want_row;
}
