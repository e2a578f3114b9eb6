/*
 * Decay: recent interactions weigh more.  An interaction of age a counts f = 2^(-a / h) with half-life h, and
 * its entry of the adjacency is f / sqrt(D_u D_i), where D sums f over the entries of a node.
 */
#include <string.h>

#include "halo/halo_impl.h"

/* An entry counts at least 2^-60: products of roots of sums of such numbers are far from underflow. */
enum { DECAY_MOST = 60 };

/* Units of times, by the size of the latest: seconds until the year 5138, else milliseconds, … */
static double decay_units(int64_t now) {
  double unit = 1;
  for (double t = (double)now; t >= 1e11; t /= 1000) unit *= 1000;
  return unit;
}

int64_t kith_latest_time(const kith_comm *comm, const kith_graph *g) {
  int64_t now = INT64_MIN;
  for (kith_eid e = 0; g->time && e < g->start[g->n_own]; e++)
    if (g->time[e] > now) now = g->time[e];
  return kith_comm_max(comm, now);
}

kith_decay kith_decay_make(const kith_comm *comm, const kith_graph *g, double seconds) {
  const int64_t now = kith_latest_time(comm, g);
  return (kith_decay){.half_life = seconds * decay_units(now), .now = now};
}

double kith_decay_factor(const kith_decay *t, int64_t time) {
  if (t->half_life <= 0) return 1;
  double age = ((double)t->now - (double)time) / t->half_life;
  return exp2(age < DECAY_MOST ? -age : -DECAY_MOST);
}

/* The roots of D of owned rows and ghosts, root [n_col]. */
static kith_agreed decay_roots(const kith_comm *comm, const kith_graph *g, const kith_decay *t,
                               const kith_dist_csr *a, double *root) {
  kith_agreed st = {KITH_OK};
  int64_t *bits = NULL;
  _Static_assert(sizeof *bits == sizeof *root, "the exchange is of 64 bits each");
  KITH_TRY(kith_agree(comm, KITH_NEW(bits, a->csr.n_col)));
  for (kith_lid i = 0; i < g->n_own; i++) {
    double sum = 0;
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) sum += kith_decay_factor(t, g->time[e]);
    root[i] = sqrt(sum);
  }
  memcpy(bits, root, (size_t)g->n_own * sizeof *bits);
  KITH_TRY(kith_halo_forward_int(a->halo, bits, bits + g->n_own));
  memcpy(root, bits, (size_t)a->csr.n_col * sizeof *bits);
done:
  KITH_FREE(bits);
  return st;
}

/* The interactions are the first entries of each row of csr, the matrix or its transpose. */
static void decay_weigh(const kith_graph *g, const kith_decay *t, const double *root, kith_csr *csr) {
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_lid i = csr->perm[p];
    for (kith_eid k = 0; k < g->start[i + 1] - g->start[i]; k++) {
      kith_eid e = csr->start[p] + k;
      double f = kith_decay_factor(t, g->time[g->start[i] + k]), other = root[csr->col[e]];
      if (other == 0) other = 1; /* a known node without interactions, which a new node names */
      csr->weight[e] = (float)(f / (root[i] * other));
    }
  }
}

kith_agreed kith_dist_csr_decay(const kith_comm *comm, const kith_graph *g, const kith_decay *t,
                                kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  double *root = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(root, a->csr.n_col)));
  KITH_TRY(decay_roots(comm, g, t, a, root));
  decay_weigh(g, t, root, &a->csr);
  if (a->transpose) decay_weigh(g, t, root, &a->transpose->csr);
done:
  KITH_FREE(root);
  return st;
}

kith_agreed kith_dist_csr_create_decayed(const kith_comm *comm, const kith_graph *g, double seconds, int d,
                                         kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  *out = NULL;
  const kith_decay t = kith_decay_make(comm, g, seconds);
  KITH_TRY(kith_dist_csr_create(comm, g, d, &a));
  KITH_TRY(kith_dist_csr_decay(comm, g, &t, a));
  *out = a;
  a = NULL;
done:
  kith_dist_csr_destroy(&a);
  return st;
}
