/* The evidence of gathered users, on every rank. */
#include "base/base.h"
#include "blend/blend_impl.h"

enum { LISTED_MESSAGE = 1 << 26 }; /* numbers of one message */

void kith__listed_free(kith__listed *l) {
  kith_ragged_free(&l->item);
  KITH_FREE(l->value);
}

/* Every rank fills in the numbers of its users, bit by bit; elsewhere it has zeros. */
static void listed_fill(const kith_gathered_users *users, const kith_evidence_table *t, kith__listed *out) {
  for (int64_t i = 0; i < users->n; i++) {
    if (users->own[i] < 0) continue;
    const double *from = t->value + t->item.start[users->own[i]] * t->n;
    int64_t n = (out->item.start[i + 1] - out->item.start[i]) * t->n;
    for (int64_t k = 0; k < n; k++) out->value[out->item.start[i] * t->n + k] = from[k];
  }
}

kith_agreed kith__listed_gather(const kith_comm *comm, const kith_gathered_users *users,
                                const kith_evidence_table *t, kith__listed *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith__listed){.n = t->n};
  KITH_TRY(kith_gathered_lists(comm, users, &t->item, &out->item));
  int64_t n = out->item.start[users->n] * t->n;
  KITH_TRY(kith_agree(comm, KITH_NEW(out->value, n)));
  listed_fill(users, t, out);
  for (int64_t first = 0; first < n; first += LISTED_MESSAGE)
    KITH_WAIT("the evidence of gathered users",
              MPI_Allreduce(MPI_IN_PLACE, out->value + first, (int)kith_min(n - first, LISTED_MESSAGE),
                            MPI_UINT64_T, MPI_BOR, comm->mpi));
done:
  if (kith_is_bad(st)) kith__listed_free(out);
  return st;
}

const double *kith__listed_find(const kith__listed *l, int64_t user, int32_t item) {
  kith_eid low = l->item.start[user], high = l->item.start[user + 1];
  while (low < high) {
    kith_eid middle = low + (high - low) / 2;
    if (l->item.value[middle] == item) return l->value + middle * l->n;
    if (l->item.value[middle] < item) low = middle + 1;
    else high = middle;
  }
  return NULL;
}
