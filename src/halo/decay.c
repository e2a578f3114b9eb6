/*
 * Decay: recent interactions weigh more.  An interaction of age a counts f = 2^(-a / h) with half-life h, and
 * its entry of the adjacency is f / sqrt(D_u D_i), where D sums f over the entries of a node.
 */
#include "halo/halo_impl.h"

/* An entry counts at least 2^-60: products of roots of sums of such numbers are far from underflow. */
enum { DECAY_MOST = 60 };

double kith__decay_units(int64_t now) {
  double unit = 1, t = (double)now;
  while (t >= 1e11) {
    t /= 1000;
    unit *= 1000;
  }
  return unit;
}

int64_t kith_latest_time(const kith_comm *comm, const kith_graph *g) {
  int64_t now = INT64_MIN;
  for (kith_eid e = 0; g->time && e < g->start[g->n_own]; e++)
    if (g->time[e] > now) now = g->time[e];
  return kith_comm_max(comm, now);
}

kith_decay kith_decay_of(double seconds, int64_t now) {
  return (kith_decay){.half_life = seconds * kith__decay_units(now), .now = now};
}

kith_decay kith_decay_make(const kith_comm *comm, const kith_graph *g, double seconds) {
  return kith_decay_of(seconds, kith_latest_time(comm, g));
}

double kith_decay_factor(const kith_decay *t, int64_t time) {
  if (t->half_life <= 0) return 1;
  double age = ((double)t->now - (double)time) / t->half_life;
  return exp2(age < DECAY_MOST ? -age : -DECAY_MOST);
}

bool kith__decay_is_least(const kith_decay *t, int64_t time) {
  return kith_decay_factor(t, time) <= exp2(-DECAY_MOST);
}

kith_agreed kith_dist_csr_decay(const kith_comm *comm, const kith_graph *g, const kith_decay *t,
                                kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  const kith__counts c = {.ages = true, .decay = *t};
  const kith__counted rows = {.start = g->start, .time = g->time};
  double *root = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(root, a->csr.n_col)));
  KITH_TRY(kith__counts_roots(comm, a->halo, &a->csr, &c, &rows, root));
  kith__counts_weigh(&c, &rows, root, root, 1, &a->csr, NULL, NULL);
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
