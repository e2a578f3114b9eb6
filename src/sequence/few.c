/* Some validation users, by key. */
#include "sequence/few.h"

#include "comm/comm.h"

enum { FEW_USERS = 4000, FEW_KEY = 1 };

static bool few_takes(int64_t user, double share) {
  const kith_draw draw = kith_random(0, KITH_RNG_LATEST, (uint64_t)user, 0, FEW_KEY);
  return kith_random_unit(draw.bits[0]) < share;
}

static kith_status few_lists(const kith_graph *g, double share, kith_ragged *out) {
  kith_status st = KITH_OK;
  kith_eid to = 0;
  *out = (kith_ragged){.n_row = g->valid.n_row};
  KITH_TRY(KITH_NEW(out->start, out->n_row + 1));
  KITH_TRY(KITH_NEW(out->value, g->valid.start[out->n_row]));
  for (int64_t u = 0; u < out->n_row; u++) {
    const bool takes = few_takes(g->original[g->row_of[KITH_USER][u]], share);
    for (kith_eid e = g->valid.start[u]; takes && e < g->valid.start[u + 1]; e++)
      out->value[to++] = g->valid.value[e];
    out->start[u + 1] = to;
  }
done:
  return st;
}

kith_agreed kith_few_users_make(const kith_comm *comm, const kith_graph *g, const char *key,
                                kith_few_users *out) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  *out = (kith_few_users){.graph = *g};
  out->graph.valid = (kith_ragged){.n_row = 0};
  for (int64_t u = 0; u < g->valid.n_row; u++) n += g->valid.start[u + 1] > g->valid.start[u];
  kith_comm_sum_int(comm, 1, &n);
  KITH_TRY(kith_agreed_same(
      n > 0
          ? KITH_OK
          : kith_fail(KITH_ECONFIG,
                      "%s: auto chooses on validation interactions, and none are held out; give numbers, or "
                      "data.split.valid",
                      key)));
  KITH_TRY(kith_agree(comm, few_lists(g, (double)FEW_USERS / (double)n, &out->graph.valid)));
done:
  return st;
}

void kith_few_users_free(kith_few_users *few) { kith_ragged_free(&few->graph.valid); }
