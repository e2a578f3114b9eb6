/* ranks: 1 2 3 4 */
/* The normalized adjacency is symmetric over ranks, products are right, interior rows have no ghosts; given
 * weights are kept. */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "halo/halo.h"
#include "ops/ops.h"

enum { WIDTH = 21 };

static float noise(const kith_graph *g, kith_lid i, int k, uint64_t seed) {
  return (float)kith_random_unit(
             kith_random(seed, KITH_RNG_INIT, g->type[i], (uint64_t)g->original[i], (uint64_t)k).bits[0]) -
         0.5f;
}

static void product(const kith_dist_csr *a, float *x, float *y) {
  kith_lid n = a->csr.n_row;
  kith_halo_begin(a->halo, WIDTH, x, x + (size_t)n * WIDTH);
  kith_spmm(&a->csr, 0, a->n_interior, WIDTH, x, false, y);
  kith_halo_end(a->halo);
  kith_spmm(&a->csr, a->n_interior, n, WIDTH, x, false, y);
}

static void the_adjacency_is_its_own_transpose(void **state) {
  (void)state;
  test_graph t = test_graph_random(40, 50, 400, 2);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 3);
  kith_dist_csr *a = NULL;
  assert_int_equal(kith_dist_csr_create(test_comm, g, WIDTH, &a).status, KITH_OK);
  size_t n = (size_t)a->csr.n_col * WIDTH;
  float *x = calloc(n, 4), *y = calloc(n, 4), *ax = calloc(n, 4), *ay = calloc(n, 4);
  double s[2] = {0};
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      x[i * WIDTH + k] = noise(g, i, k, 1);
      y[i * WIDTH + k] = noise(g, i, k, 2);
    }
  product(a, x, ax);
  product(a, y, ay);
  for (int i = 0; i < g->n_own * WIDTH; i++) {
    s[0] += (double)ax[i] * (double)y[i];
    s[1] += (double)x[i] * (double)ay[i];
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, s, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  assert_true(s[0] != 0 && fabs(s[0] - s[1]) < 1e-5 * (1 + fabs(s[0])));
  free(x);
  free(y);
  free(ax);
  free(ay);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* A naive product in double over the whole edge list, row by row. */
static void rows_sum_their_neighbors(void **state) {
  (void)state;
  test_graph t = test_graph_random(30, 20, 200, 5);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  kith_dist_csr *a = NULL;
  double degree[2][64] = {{0}};
  assert_int_equal(kith_dist_csr_create(test_comm, g, WIDTH, &a).status, KITH_OK);
  float *x = calloc((size_t)a->csr.n_col * WIDTH, 4), *y = calloc((size_t)a->csr.n_col * WIDTH, 4);
  for (int64_t e = 0; e < t.n_edge; e++) {
    degree[0][t.user[e]]++;
    degree[1][t.item[e]]++;
  }
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) x[i * WIDTH + k] = (float)(g->type[i] * 100 + g->original[i] + k);
  product(a, x, y);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      double truth = 0;
      for (int64_t e = 0; e < t.n_edge; e++) {
        int64_t mine = g->type[i] ? t.item[e] : t.user[e], other = g->type[i] ? t.user[e] : t.item[e];
        if (mine == g->original[i])
          truth += (double)((1 - g->type[i]) * 100 + other + k) /
                   sqrt(degree[0][t.user[e]] * degree[1][t.item[e]]);
      }
      assert_true(fabs((double)y[i * WIDTH + k] - truth) < 1e-5 * (1 + fabs(truth)));
    }
  free(x);
  free(y);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

enum { MERGED_USERS = 40, MERGED_ITEMS = 30 };
static const kith_relation_weights MERGED = {.n = TEST_RELATIONS,
                                             .of = {{.name = "friend", .weight = 0.7},
                                                    {.name = "tagged", .weight = 1.9},
                                                    {.name = "view", .weight = 0.3}}};

/* Neighbors of a node in a relation; in the last one, the interactions. */
static int64_t merged_neighbors(const test_graph *t, int relation, int type, int64_t mine, int *there,
                                int64_t *other) {
  const int64_t n[3] = {t->n_user, t->n_item, TEST_TAGS};
  const kith_schema s = test_schema();
  int64_t many = 0;
  *there = 1 - type;
  for (int64_t e = 0; relation == TEST_RELATIONS && e < t->n_edge; e++)
    if (type < 2 && (type ? t->item[e] : t->user[e]) == mine) other[many++] = type ? t->user[e] : t->item[e];
  if (relation == TEST_RELATIONS) return many;
  const kith_relation_type *r = &s.relation[relation];
  if (type != r->from && type != r->to) return 0;
  *there = type == r->from ? r->to : r->from;
  for (int64_t j = 0; j < n[*there]; j++)
    if (type == r->from ? test_related(relation, mine, j) : test_related(relation, j, mine))
      other[many++] = j;
  return many;
}

/* A node's value in both sums below. */
static double value_of(int type, int64_t original, int k) { return 100 * type + (double)original + k; }

/* Half-life of the interactions; 0: none.  Times are days from 0 to 99. */
static double half_life;

static int64_t time_of(int64_t u, int64_t i) { return (7 * u + 13 * i) % 100 * 86400; }
static double count_of(int64_t u, int64_t i, int64_t now) {
  return half_life > 0 ? exp2((double)(time_of(u, i) - now) / half_life) : 1;
}

static int64_t latest(const test_graph *t) {
  int64_t now = 0;
  for (int64_t e = 0; e < t->n_edge; e++)
    if (time_of(t->user[e], t->item[e]) > now) now = time_of(t->user[e], t->item[e]);
  return now;
}

/* What the interactions of a node count together. */
static double counts_of(const test_graph *t, int type, int64_t mine) {
  double sum = 0;
  for (int64_t e = 0; e < t->n_edge; e++)
    if ((type ? t->item[e] : t->user[e]) == mine) sum += count_of(t->user[e], t->item[e], latest(t));
  return sum;
}

static void set_times(const test_graph *t, kith_graph *g) {
  assert_int_equal(KITH_NEW(g->time, g->start[g->n_own]), KITH_OK);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int64_t e = 0, to = g->start[i]; e < t->n_edge && g->type[i] < 2; e++)
      if ((g->type[i] ? t->item[e] : t->user[e]) == g->original[i])
        g->time[to++] = time_of(t->user[e], t->item[e]);
}

/* Sum over relations of omega sum over neighbors of x / sqrt(d_i d_j), naively and in double. */
static double merged_truth(const test_graph *t, int type, int64_t mine, int k) {
  double truth = 0;
  for (int r = 0; r <= TEST_RELATIONS; r++) {
    int there = 0, back = 0;
    int64_t other[64], more[64], n = merged_neighbors(t, r, type, mine, &there, other);
    for (int64_t j = 0; j < n; j++) {
      int64_t m = merged_neighbors(t, r, there, other[j], &back, more);
      double square = (double)(n * m), weight = r < TEST_RELATIONS ? MERGED.of[r].weight : 1;
      if (r == TEST_RELATIONS) {
        square = counts_of(t, type, mine) * counts_of(t, there, other[j]);
        weight = type ? count_of(other[j], mine, latest(t)) : count_of(mine, other[j], latest(t));
      }
      truth += weight * value_of(there, other[j], k) / sqrt(square);
    }
  }
  return truth;
}

static void expect_merged_rows(const kith_graph *g, const test_graph *t, const kith_dist_csr *a) {
  float *x = calloc((size_t)a->csr.n_col * WIDTH, 4), *y = calloc((size_t)a->csr.n_col * WIDTH, 4);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) x[i * WIDTH + k] = (float)value_of(g->type[i], g->original[i], k);
  product(a, x, y);
  for (kith_lid i = 0; i < g->n_own; i++) {
    int there = 0;
    int64_t other[64];
    assert_int_equal(a->degree[i],
                     merged_neighbors(t, TEST_RELATIONS, g->type[i], g->original[i], &there, other));
    for (int k = 0; k < WIDTH; k++) {
      double truth = merged_truth(t, g->type[i], g->original[i], k);
      assert_true(fabs((double)y[i * WIDTH + k] - truth) < 1e-5 * (1 + fabs(truth)));
    }
  }
  free(x);
  free(y);
}

/* By node key, then relation: interactions first. */
static void expect_merged_order(const kith_dist_csr *a) {
  for (kith_lid p = 0; p < a->csr.n_row; p++)
    for (kith_eid e = a->csr.start[p] + 1; e < a->csr.start[p + 1]; e++) {
      int64_t before = a->node[a->csr.col[e - 1]], here = a->node[a->csr.col[e]];
      assert_true(before < here || (before == here && a->merged->of[e - 1] < a->merged->of[e]));
    }
}

static void a_merged_matrix_sums_all_relations(void **state) {
  (void)state;
  test_graph t = test_graph_random(MERGED_USERS, MERGED_ITEMS, 200, 5);
  t.related = true;
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  set_times(&t, g);
  for (int days = 0; days <= 20; days += 20) {
    kith_dist_csr *a = NULL;
    half_life = days * 86400.0;
    assert_int_equal(kith_dist_csr_create_merged(test_comm, g, &MERGED, half_life, WIDTH, &a).status,
                     KITH_OK);
    expect_merged_rows(g, &t, a);
    expect_merged_order(a);
    kith_dist_csr_destroy(&a);
  }
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* ---- directed relations ---- */

enum { DENSE = MERGED_USERS + MERGED_ITEMS + TEST_TAGS };
static double dense[DENSE][DENSE]; /* M, by users, items and tags */

static int dense_index(int type, int64_t original) {
  return (type == 0 ? 0 : type == 1 ? MERGED_USERS : MERGED_USERS + MERGED_ITEMS) + (int)original;
}

static int dense_type(int i) { return i < MERGED_USERS ? 0 : i < MERGED_USERS + MERGED_ITEMS ? 1 : 2; }

/* Entries of one relation, or of the interactions: how often row i reads column j. */
static int dense_count(const test_graph *t, int relation, int i, int j) {
  int a = dense_type(i), b = dense_type(j);
  int64_t x = i - dense_index(a, 0), y = j - dense_index(b, 0);
  if (relation < TEST_RELATIONS) return test_reads(t, relation, a, x, b, y);
  for (int64_t e = 0; e < t->n_edge; e++)
    if ((a == 0 && b == 1 && t->user[e] == x && t->item[e] == y) ||
        (a == 1 && b == 0 && t->user[e] == y && t->item[e] == x))
      return 1;
  return 0;
}

/* Add omega / sqrt(entries of the row * entries of the column) for each entry. */
static void dense_add(const test_graph *t, int relation, double omega) {
  static double count[DENSE][DENSE], row[DENSE], column[DENSE];
  memset(row, 0, sizeof row);
  memset(column, 0, sizeof column);
  for (int i = 0; i < DENSE; i++)
    for (int j = 0; j < DENSE; j++) {
      count[i][j] = dense_count(t, relation, i, j);
      row[i] += count[i][j];
      column[j] += count[i][j];
    }
  for (int i = 0; i < DENSE; i++)
    for (int j = 0; j < DENSE; j++)
      if (count[i][j] > 0) dense[i][j] += omega * count[i][j] / sqrt(row[i] * column[j]);
}

/* The rows of csr times x are those of the dense matrix, or of its transpose, times x. */
static void expect_dense_rows(const kith_graph *g, const kith_dist_csr *a, const kith_csr *csr,
                              bool transpose) {
  float *x = calloc((size_t)csr->n_col, 4), *y = calloc((size_t)csr->n_col, 4);
  for (kith_lid i = 0; i < g->n_own; i++) x[i] = (float)value_of(g->type[i], g->original[i], 0);
  kith_halo_begin(a->halo, 1, x, x + g->n_own);
  kith_halo_end(a->halo);
  kith_spmm(csr, 0, csr->n_row, 1, x, false, y);
  for (kith_lid i = 0; i < g->n_own; i++) {
    int at = dense_index(g->type[i], g->original[i]);
    double truth = 0;
    for (int j = 0; j < DENSE; j++)
      truth += (transpose ? dense[j][at] : dense[at][j]) *
               value_of(dense_type(j), j - dense_index(dense_type(j), 0), 0);
    assert_true(fabs((double)y[i] - truth) < 1e-5 * (1 + fabs(truth)));
  }
  free(x);
  free(y);
}

/* Weights of the transpose are those of the matrix to the bit: sums of both by column and row are equal. */
static void expect_same_weights(const kith_dist_csr *a) {
  double sum[2] = {0};
  const kith_csr *side[2] = {&a->csr, &a->transpose->csr};
  for (int k = 0; k < 2; k++)
    for (kith_lid p = 0; p < side[k]->n_row; p++)
      for (kith_eid e = side[k]->start[p]; e < side[k]->start[p + 1]; e++) {
        int64_t row = a->node[side[k]->perm[p]], column = a->node[side[k]->col[e]];
        uint64_t from = (uint64_t)(k == 0 ? row : column), to = (uint64_t)(k == 0 ? column : row);
        uint64_t bits = kith_random(5, KITH_RNG_INIT, from, to, 0).bits[0] % 1024;
        sum[k] += (double)side[k]->weight[e] * 0x1p24 * (double)(1 + bits); /* integers: exact */
      }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, sum, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  assert_true(sum[0] != 0 && fabs(sum[0] - sum[1]) < 1e-12 * fabs(sum[0]));
}

static void expect_ascending(const kith_dist_csr *a, const kith_csr *csr, const uint8_t *of) {
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p] + 1; e < csr->start[p + 1]; e++) {
      int64_t before = a->node[csr->col[e - 1]], here = a->node[csr->col[e]];
      assert_true(before < here || (before == here && of[e - 1] <= of[e]));
    }
}

static void a_directed_matrix_has_its_transpose(void **state) {
  (void)state;
  test_graph t = test_graph_random(MERGED_USERS, MERGED_ITEMS, 200, 5);
  t.related = t.directed = true;
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  kith_dist_csr *a = NULL;
  const kith_relation_weights view = {.n = 1, .of = {MERGED.of[TEST_VIEW]}};
  memset(dense, 0, sizeof dense);
  dense_add(&t, TEST_RELATIONS, 1);
  dense_add(&t, TEST_VIEW, view.of[0].weight);
  assert_int_equal(kith_dist_csr_create_merged(test_comm, g, &view, 0, 1, &a).status, KITH_OK);
  assert_null(a->transpose); /* kinds alone keep it symmetric */
  expect_dense_rows(g, a, &a->csr, false);
  expect_dense_rows(g, a, &a->csr, true);
  kith_dist_csr_destroy(&a);
  dense_add(&t, TEST_FRIEND, MERGED.of[TEST_FRIEND].weight);
  dense_add(&t, TEST_TAGGED, MERGED.of[TEST_TAGGED].weight);
  assert_int_equal(kith_dist_csr_create_merged(test_comm, g, &MERGED, 0, 1, &a).status, KITH_OK);
  expect_dense_rows(g, a, &a->csr, false);
  expect_dense_rows(g, a, &a->transpose->csr, true);
  expect_same_weights(a);
  expect_ascending(a, &a->csr, a->merged->of);
  expect_ascending(a, &a->transpose->csr, a->transpose->of);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* By age, the interactions weigh the same in the transpose. */
static void a_half_life_reaches_the_transpose(void **state) {
  (void)state;
  test_graph t = test_graph_random(MERGED_USERS, MERGED_ITEMS, 200, 5);
  t.related = t.directed = true;
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  kith_dist_csr *a = NULL;
  set_times(&t, g);
  assert_int_equal(kith_dist_csr_create_merged(test_comm, g, &MERGED, 20 * 86400.0, 1, &a).status, KITH_OK);
  expect_same_weights(a);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void a_relation_that_the_graph_lacks_is_refused(void **state) {
  (void)state;
  const kith_relation_weights w = {.n = 1, .of = {{.name = "foe", .weight = 1}}};
  test_graph t = test_graph_random(MERGED_USERS, MERGED_ITEMS, 200, 5);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 1);
  kith_dist_csr *a = NULL;
  assert_int_equal(kith_dist_csr_create_merged(test_comm, g, &w, 0, WIDTH, &a).status, KITH_ECONFIG);
  assert_null(a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void interior_rows_need_no_ghosts(void **state) {
  (void)state;
  test_graph t = test_graph_random(60, 60, 150, 8);
  kith_graph *g = test_graph_cut(&t, test_comm, 8, 4);
  kith_dist_csr *a = NULL;
  assert_int_equal(kith_dist_csr_create(test_comm, g, WIDTH, &a).status, KITH_OK);
  char *seen = calloc((size_t)g->n_own + 1, 1);
  for (kith_lid r = 0; r < g->n_own; r++) {
    bool ghost = false;
    kith_lid i = a->csr.perm[r];
    assert_false(seen[i]);
    assert_int_equal(a->iperm[i], r);
    seen[i] = 1;
    for (kith_eid e = a->csr.start[r]; e < a->csr.start[r + 1]; e++)
      ghost = ghost || a->csr.col[e] >= g->n_own;
    assert_true(ghost == (r >= a->n_interior));
  }
  free(seen);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* What node `to` counts in the row of node `from` (keys): nothing for four of five pairs, and not the same
 * the other way round. */
static float given(int64_t from, int64_t to) {
  kith_draw r = kith_random(12, KITH_RNG_INIT, (uint64_t)from, (uint64_t)to, 0);
  return kith_random_unit(r.bits[0]) < 0.8 ? 0 : (float)kith_random_unit(r.bits[1]);
}

enum { GIVEN_USERS = 9, GIVEN_ITEMS = 11, GIVEN_NODES = GIVEN_USERS + GIVEN_ITEMS };

static int64_t given_key(int i) {
  return i < GIVEN_USERS ? kith_node_key(KITH_USER, i) : kith_node_key(KITH_ITEM, i - GIVEN_USERS);
}

/* A relation of these rows on this rank's share. */
static kith_dist_csr *given_relation(const kith_graph *g) {
  kith_gid number[GIVEN_NODES], *to = calloc((size_t)(g->n_own + 1) * GIVEN_NODES, sizeof *to);
  kith_eid *start = calloc((size_t)g->n_own + 1, sizeof *start);
  float *weight = calloc((size_t)(g->n_own + 1) * GIVEN_NODES, sizeof *weight);
  kith_dist_csr *a = NULL;
  for (int i = 0; i < GIVEN_NODES; i++) number[i] = -1;
  for (kith_lid i = 0; i < g->n_own; i++)
    number[g->original[i] + (g->type[i] ? GIVEN_USERS : 0)] = g->first[test_comm->rank] + i;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, number, GIVEN_NODES, MPI_INT64_T, MPI_MAX, test_comm->mpi));
  for (kith_lid i = 0; i < g->n_own; i++) {
    start[i + 1] = start[i];
    for (int j = 0; j < GIVEN_NODES; j++) {
      float w = given(kith_node_key(g->type[i], g->original[i]), given_key(j));
      if (w <= 0) continue;
      to[start[i + 1]] = number[j];
      weight[start[i + 1]++] = w;
    }
  }
  assert_int_equal(KITH_OK, kith_dist_csr_create_weighted(test_comm, g, start, to, weight, WIDTH, &a).status);
  assert_true(a->weighted);
  free(to);
  free(start);
  free(weight);
  return a;
}

/* Entry by entry what was given: node, number, weight, degree; and the backward sum is the transpose of the
 * forward one. */
static void given_rows_are_as_they_were_given(void **state) {
  (void)state;
  test_graph t = test_graph_random(GIVEN_USERS, GIVEN_ITEMS, 40, 2);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 3);
  kith_dist_csr *a = given_relation(g);
  kith_full_block full;
  assert_int_equal(KITH_OK, kith_full_block_make(a, true, false, &full));
  assert_ptr_equal(a->csr.weight, full.block.scale);
  for (kith_lid p = 0; p < g->n_own; p++) {
    kith_lid row = a->csr.perm[p];
    int64_t n = 0;
    for (int j = 0; j < GIVEN_NODES; j++) n += given(a->node[row], given_key(j)) > 0;
    assert_int_equal(n, a->csr.start[p + 1] - a->csr.start[p]);
    assert_int_equal(n, a->degree[row]);
    for (kith_eid e = a->csr.start[p]; e < a->csr.start[p + 1]; e++)
      assert_true(a->csr.weight[e] == given(a->node[row], a->node[a->csr.col[e]]));
  }
  kith_full_block_free(&full);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void the_way_back_is_the_transpose_of_given_rows(void **state) {
  (void)state;
  test_graph t = test_graph_random(GIVEN_USERS, GIVEN_ITEMS, 40, 2);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 3);
  kith_dist_csr *a = given_relation(g);
  kith_full_block full;
  assert_int_equal(KITH_OK, kith_full_block_make(a, true, false, &full));
  size_t n = (size_t)a->csr.n_col * WIDTH, own = (size_t)g->n_own * WIDTH;
  float *x = calloc(n + 1, 4), *y = calloc(n + 1, 4), *ax = calloc(n + 1, 4), *aty = calloc(n + 1, 4);
  double s[2] = {0};
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) {
      x[i * WIDTH + k] = noise(g, i, k, 1);
      y[i * WIDTH + k] = noise(g, i, k, 2);
    }
  kith_halo_begin(a->halo, WIDTH, x, x + own);
  kith_halo_end(a->halo);
  kith_edge_sum_forward(&a->csr, 1, a->csr.weight, WIDTH, kith_node_rows_together(x), ax);
  kith_edge_sum_backward_x(&full.csc, 1, a->csr.weight, WIDTH, y, kith_grad_rows_together(aty));
  kith_halo_backward(a->halo, WIDTH, aty + own, aty);
  for (size_t i = 0; i < own; i++) {
    s[0] += (double)ax[i] * (double)y[i];
    s[1] += (double)x[i] * (double)aty[i];
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, s, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  assert_true(s[0] != 0 && fabs(s[0] - s[1]) < 1e-5 * (1 + fabs(s[0])));
  free(x);
  free(y);
  free(ax);
  free(aty);
  kith_full_block_free(&full);
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_adjacency_is_its_own_transpose),
                                     cmocka_unit_test(rows_sum_their_neighbors),
                                     cmocka_unit_test(a_merged_matrix_sums_all_relations),
                                     cmocka_unit_test(a_directed_matrix_has_its_transpose),
                                     cmocka_unit_test(a_half_life_reaches_the_transpose),
                                     cmocka_unit_test(a_relation_that_the_graph_lacks_is_refused),
                                     cmocka_unit_test(interior_rows_need_no_ghosts),
                                     cmocka_unit_test(given_rows_are_as_they_were_given),
                                     cmocka_unit_test(the_way_back_is_the_transpose_of_given_rows)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
