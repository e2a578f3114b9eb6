#include "support/related.h"

#include "support/mpi_main.h"

const kith_relation_weights READ = {.n = TEST_RELATIONS,
                                    .of = {{.name = "friend", .weight = 0.7},
                                           {.name = "tagged", .weight = 1.9},
                                           {.name = "view", .weight = 0.3}}};

int related_type(int node) { return node < USERS ? KITH_USER : node < USERS + ITEMS ? KITH_ITEM : TEST_TAG; }
int64_t related_original(int node) {
  return node < USERS ? node : node < USERS + ITEMS ? node - USERS : node - USERS - ITEMS;
}
int related_node(int type, int64_t original) {
  return (int)original + (type == KITH_USER ? 0 : type == KITH_ITEM ? USERS : USERS + ITEMS);
}
int related_node_of_key(int64_t key) {
  for (int i = 0; i < NODES; i++)
    if (kith_node_key(related_type(i), related_original(i)) == key) return i;
  return -1;
}

double related_input(int node, int k) { return sin(3.0 * node + k + 1); }

double related_reads(const test_graph *t, int relation, int i, int j) {
  if (relation > 0)
    return test_reads(t, relation - 1, related_type(i), related_original(i), related_type(j),
                      related_original(j));
  for (int64_t e = 0; e < t->n_edge; e++) {
    int u = (int)t->user[e], v = USERS + t->item[e];
    if ((u == i && v == j) || (u == j && v == i)) return 1;
  }
  return 0;
}

/* The matrix of a relation: its counts, divided by what the normalization says. */
void related_matrix(const setting *s, int relation, double a[NODES][NODES]) {
  double row[NODES] = {0}, column[NODES] = {0}, omega = relation > 0 ? READ.of[relation - 1].weight : 1;
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) {
      a[i][j] = related_reads(&s->t, relation, i, j);
      row[i] += a[i][j];
      column[j] += a[i][j];
    }
  for (int i = 0; i < NODES; i++)
    for (int j = 0; j < NODES; j++) {
      if (a[i][j] == 0) continue;
      double by = s->by == KITH_NORMALIZE_LEFT    ? row[i]
                  : s->by == KITH_NORMALIZE_RIGHT ? column[j]
                  : s->by == KITH_NORMALIZE_BOTH  ? sqrt(row[i] * column[j])
                                                  : 1;
      a[i][j] *= omega / by;
    }
}

setting related_make(kith_normalization by, bool directed) {
  setting s = {.t = test_graph_random(USERS, ITEMS, EDGES, 3), .by = by};
  s.t.related = true;
  s.t.directed = directed;
  s.g = test_graph_cut(&s.t, test_comm, CUT, 2);
  assert_int_equal(KITH_OK, kith_dist_csr_create_merged(test_comm, s.g, &READ, 0, WIDTH, &s.a).status);
  assert_int_equal(KITH_OK, kith_dist_csr_normalize(test_comm, &READ, by, s.a).status);
  assert_int_equal(KITH_OK, kith_params_create(3, &s.params));
  return s;
}

void related_free(setting *s) {
  kith_params_destroy(&s->params);
  kith_dist_csr_destroy(&s->a);
  kith_graph_destroy(&s->g);
  test_graph_free(&s->t);
}

void related_set_input(int64_t n, const int64_t *node, kith_tensor *x) {
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++)
      x->value[i * WIDTH + k] = (float)related_input(related_node_of_key(node[i]), k);
}

kith_lid related_seeds(const setting *s, kith_gid seed[SEEDS]) {
  kith_gid number[NODES];
  for (int i = 0; i < NODES; i++) number[i] = -1;
  for (kith_lid i = 0; i < s->g->n_own; i++)
    number[related_node(s->g->type[i], s->g->original[i])] = s->g->first[test_comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, NODES, MPI_INT64_T, MPI_MAX, test_comm->mpi));
  for (int i = 0; i < SEEDS; i++) seed[i] = number[(5 * i + 7 * test_comm->rank) % NODES];
  return SEEDS - test_comm->rank;
}
