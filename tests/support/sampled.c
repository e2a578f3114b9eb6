#include "support/sampled.h"
#include "support/mpi_main.h"

/* A weight for every interaction, by its ends' original numbers: the test graph numbers users, then items, in
 * each part. */
static void setting_weigh(test_sampled *s) {
  int64_t n = 0;
  assert_int_equal(KITH_OK, KITH_NEW(s->g->weight, s->g->start[s->g->n_own]));
  for (kith_lid i = 0; i < s->g->n_own; i++)
    for (int64_t e = 0; e < s->t.n_edge; e++) {
      int64_t mine = s->g->type[i] == KITH_USER ? s->t.user[e] : s->t.item[e];
      if (mine == s->g->original[i])
        s->g->weight[n++] = 0.5f + (float)((s->t.user[e] * 7 + s->t.item[e] * 3) % 5);
    }
  assert_int_equal(n, s->g->start[s->g->n_own]);
}

test_sampled test_sampled_make_on(const kith_comm *comm, int parts, kith_sampler_options o, bool loops) {
  test_sampled s = {.t = test_graph_random(USERS, ITEMS, EDGES, 9)};
  s.g = test_graph_cut(&s.t, comm, parts, 6);
  if (o.weighting == KITH_EDGE_WEIGHT) setting_weigh(&s);
  assert_int_equal(KITH_OK, kith_dist_csr_create(comm, s.g, 4, &s.a).status);
  assert_int_equal(KITH_OK,
                   kith_sampler_create(comm, s.g, s.a, HOPS, &o, loops, SEEDS, 0, EDGES, 5, &s.s).status);
  return s;
}

test_sampled test_sampled_make(int parts, kith_sampler_options o, bool loops) {
  return test_sampled_make_on(test_comm, parts, o, loops);
}

void test_sampled_free(test_sampled *s) {
  kith_sampler_destroy(&s->s);
  kith_dist_csr_destroy(&s->a);
  kith_graph_destroy(&s->g);
  test_graph_free(&s->t);
}

void test_sampled_numbers(const test_sampled *s, kith_gid number[NODES]) {
  for (int i = 0; i < NODES; i++) number[i] = -1;
  for (kith_lid i = 0; i < s->g->n_own; i++)
    number[s->g->type[i] * USERS + s->g->original[i]] = s->g->first[test_comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, NODES, MPI_INT64_T, MPI_MAX, test_comm->mpi));
}

int test_sampled_node(const kith_node_map *f, kith_lid row) {
  return (int)(f->node[row] % KITH_SIDES) * USERS + (int)(f->node[row] / KITH_SIDES);
}

int test_sampled_part(int node) {
  return test_part(6, CUT, node >= USERS, node < USERS ? node : node - USERS);
}

bool test_sampled_linked(const test_graph *t, int a, int b) {
  int user = a < USERS ? a : b, item = (a < USERS ? b : a) - USERS;
  for (int64_t e = 0; e < t->n_edge; e++)
    if (t->user[e] == user && t->item[e] == item) return true;
  return false;
}

int test_sampled_degree(const test_graph *t, int a) {
  int n = 0;
  for (int64_t e = 0; e < t->n_edge; e++) n += t->user[e] == a || USERS + t->item[e] == a;
  return n;
}

kith_lid test_sampled_seeds(const kith_gid number[NODES], kith_gid seed[SEEDS]) {
  for (int i = 0; i < SEEDS; i++) seed[i] = number[(5 * i + 7 * test_comm->rank) % NODES];
  return SEEDS - test_comm->rank; /* ragged */
}

test_sampled_outcome *test_sampled_current(const test_sampled *s) {
  test_sampled_outcome *out = calloc(1, sizeof *out);
  for (int l = 0; l < HOPS; l++) {
    const kith_block *h = kith_sampler_block(s->s, l);
    assert_int_equal(h->csr->n_row, h->dst->n);
    assert_int_equal(h->csr->n_col, h->src->n);
    for (int a = 0; a < NODES; a++) out->weight[l][a][0] = TEST_ABSENT;
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = test_sampled_node(h->dst, h->csr->perm[p]);
      out->weight[l][a][0] = 0;
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++)
        out->weight[l][a][test_sampled_node(h->src, h->csr->col[e])] = (double)h->csr->weight[e];
    }
  }
  return out;
}

test_sampled_outcome *test_sampled_plan(test_sampled *s, kith_lid n, const kith_gid *seed, uint64_t step) {
  kith_sampler_plan(s->s, n, seed, step, 0, NULL);
  return test_sampled_current(s);
}

int64_t test_sampled_targets(const test_sampled *s, const kith_gid number[NODES], kith_pair *excluded) {
  int64_t n = 0;
  for (int64_t e = 0; e < s->t.n_edge; e += 3)
    excluded[n++] = (kith_pair){.user_gid = number[s->t.user[e]], .user = s->t.user[e], .item = s->t.item[e]};
  return n;
}
