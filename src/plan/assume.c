/* What a cut would be like, before there is one. */
#include <math.h>

#include "plan/plan.h"

/* Ghosts that METIS left, of those that a cut at random would: the geometric mean of Gowalla and of a
 * generated graph of 20 M interactions up to 64 ranks; beyond, as they grew from one doubling to the next. */
static const double metis_share[] = {1, 0.50, 0.37, 0.30, 0.27, 0.27, 0.30, 0.38, 0.48, 0.61, 0.79};
enum { METIS_SHARES = sizeof metis_share / sizeof *metis_share };

/* A row of another node is read by so many ranks of a node: counted on 64 ranks of Gowalla, 16 a node. */
static const double readers_of_a_row = 2.4;

double kith_plan_metis_share(int size) {
  double at = log2((double)size);
  int i = (int)at;
  if (i >= METIS_SHARES - 1) return metis_share[METIS_SHARES - 1];
  return metis_share[i] + (at - i) * (metis_share[i + 1] - metis_share[i]);
}

double kith_plan_expected_ghosts(const kith_plan_degrees *d, int size) {
  double miss = log1p(-1.0 / size), sum = 0;
  if (size == 1) return 0;
  for (int64_t i = 0; i < d->n; i++) sum -= kith_plan_nodes(d, i) * expm1(d->degree[i] * miss);
  return (size - 1) * sum;
}

/* Pairs of n owners of which one reads at least a row of the other, if `rows` lie on pairs at random. */
static double assume_pairs(int n, double rows) {
  double all = (double)n * (n - 1);
  return all > 0 ? -all * expm1(-rows / all) : 0;
}

static double assume_rows(const kith_plan_degrees *d, int size, kith_plan_assumption how) {
  double rows = kith_plan_expected_ghosts(d, size);
  return how == KITH_PLAN_METIS ? rows * kith_plan_metis_share(size) : rows;
}

/* What leaves a node; with nodes at random all ranks are alike, with METIS those of a node read the same. */
static void assume_nodes(const kith_plan_degrees *d, kith_plan_assumption how, kith_plan_cut *c) {
  double others = c->size - c->per_node, most = c->rows * others / (c->size - 1);
  if (c->n_node == 1) return;
  c->node_rows_once = assume_rows(d, c->n_node, how);
  c->node_pairs = assume_pairs(c->n_node, c->node_rows_once);
  c->node_rows = how == KITH_PLAN_METIS ? fmin(most, readers_of_a_row * c->node_rows_once) : most;
  c->most_node_rows = c->node_rows / c->n_node;
  c->most_node_rows_once = c->node_rows_once / c->n_node;
  c->node_messages = c->messages * others / (c->size - 1);
}

void kith_plan_assume(const kith_plan_degrees *d, int64_t entries, int size, int per_node,
                      kith_plan_assumption how, kith_plan_cut *out) {
  kith_plan_cut c = {.size = size, .per_node = per_node, .n_node = (size + per_node - 1) / per_node};
  c.n_edge = (double)entries / 2;
  double ghosts = kith_plan_expected_ghosts(d, size);
  c.rows = assume_rows(d, size, how);
  c.most_rows = c.rows / size;
  c.messages = assume_pairs(size, c.rows);
  c.most_messages = c.messages / size;
  c.remote_items = (size - 1.0) / size;
  if (size > 1) c.cut_pairs = c.n_edge * (size - 1) / size * (ghosts > 0 ? c.rows / ghosts : 0);
  assume_nodes(d, how, &c);
  *out = c;
}
