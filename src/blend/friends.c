/* Evidence of neighbors: how many users next to the user in a relation chose the item. */
#include <math.h>

#include "blend/evidence_impl.h"
#include "graph/graph.h"

/* user_of [nodes]: original number of the user whose global number is k; -1: it is no user. */
static kith_agreed friends_users(const kith__evidence_work *w, int32_t **user_of) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = w->g;
  int64_t n = kith_graph_n_node(g);
  KITH_TRY(kith_agree(w->comm, KITH_NEW(*user_of, n)));
  for (int64_t k = 0; k < n; k++) (*user_of)[k] = -1;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    (*user_of)[g->first[w->comm->rank] + row] = (int32_t)g->original[row];
  }
  kith_comm_reduce(w->comm, n, MPI_INT32_T, MPI_MAX, *user_of);
done:
  return st;
}

/* Count the friends of owned user u who chose each item; times [items] is zero before and after. */
static kith_status friends_of(kith__evidence_work *w, const kith_ragged *train, const int32_t *user_of,
                              const kith_adjacency *a, kith_lid u, int of, int32_t *times) {
  kith_status st = KITH_OK;
  const kith_lid row = w->g->row_of[KITH_USER][u];
  for (int pass = 0; pass < 2; pass++)
    for (kith_eid e = a->start[row]; e < a->start[row + 1]; e++) {
      int32_t v = user_of[a->neighbor[e]];
      bool again = e > a->start[row] && a->neighbor[e - 1] == a->neighbor[e]; /* of another kind */
      for (kith_eid i = again ? 0 : train->start[v]; !again && i < train->start[v + 1]; i++) {
        int32_t item = train->value[i];
        if (pass == 0) times[item]++;
        else if (times[item] > 0) {
          KITH_TRY(kith__evidence_add(w, u, item, of, log(1 + (double)times[item])));
          times[item] = 0;
        }
      }
    }
done:
  return st;
}

static kith_status friends_add(kith__evidence_work *w, const kith_ragged *train, const int32_t *user_of,
                               int of, int r) {
  kith_status st = KITH_OK;
  const kith_graph *g = w->g;
  const kith_relation_type *e = &g->schema.relation[r];
  const kith_adjacency *a = e->direction == KITH_DIRECTION_BACK ? &g->transpose[r] : &g->relation[r];
  int32_t *times = NULL;
  KITH_TRY(KITH_NEW(times, g->n[KITH_ITEM]));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    KITH_TRY(friends_of(w, train, user_of, a, u, of, times));
done:
  KITH_FREE(times);
  return st;
}

kith_agreed kith__evidence_friends(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                   double **column) {
  kith_agreed st = {KITH_OK};
  (void)e, (void)column;
  kith_ragged train = {0};
  int32_t *user_of = NULL;
  KITH_TRY(kith_train_lists(w->comm, w->g, &train));
  KITH_TRY(friends_users(w, &user_of));
  KITH_TRY(kith_agree(w->comm, friends_add(w, &train, user_of, of, r)));
done:
  KITH_FREE(user_of);
  kith_ragged_free(&train);
  return st;
}
