/* Explanations of many queries, a batch at a time: owners of the users find reasons, all ranks get them. */
#include <mpi.h>
#include <string.h>

#include "explain/explain_impl.h"

void kith_explanations_free(kith_explanations *e) {
  KITH_FREE(e->sums);
  KITH_FREE(e->reason);
  KITH_FREE(e->path);
  KITH_FREE(e->connection);
}

static kith_status explain_alloc(kith_explanations *out) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(out->sums, out->n));
  KITH_TRY(KITH_NEW(out->reason, (int64_t)out->n * out->n_reason));
  KITH_TRY(KITH_NEW(out->path, (int64_t)out->n * out->n_path));
  KITH_TRY(KITH_NEW(out->connection, (int64_t)out->n * out->n_connection));
done:
  return st;
}

/* The exported rows of items on this rank, zeros for those of others: to [BATCH, d]. */
static void explain_take_rows(const kith_explainer *e, const kith__batch *b, bool against, float *to) {
  size_t d = (size_t)e->d;
  memset(to, 0, BATCH * d * sizeof *to);
  for (int q = 0; q < b->n; q++) {
    int64_t item = against ? b->query[q].against : b->query[q].item;
    kith_lid row = item >= 0 ? e->row_of[KITH_ITEM][item] : -1;
    if (row >= 0) memcpy(to + (size_t)q * d, e->final + (size_t)row * d, d * sizeof *to);
  }
}

/* What the user's terms are multiplied by: the item's row, less that of the other item. */
static void explain_fill_target(const kith_explainer *e, kith__batch *b, float *other) {
  const int n = b->n * e->d;
  explain_take_rows(e, b, false, b->target);
  explain_take_rows(e, b, true, other);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, b->target, n, MPI_FLOAT, MPI_SUM, e->comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, other, n, MPI_FLOAT, MPI_SUM, e->comm->mpi));
  for (int i = 0; i < n; i++) b->target[i] -= other[i];
}

/* One rank has written each of the n objects, and the others have zeros. */
static void explain_share(const kith_comm *comm, int64_t n, size_t size, void *x) {
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, x, (int)(n * (int64_t)size), MPI_BYTE, MPI_BOR, comm->mpi));
}

static kith_agreed explain_batch(kith_explainer *e, kith__batch *b, int first, float *other,
                                 kith_explanations *out) {
  kith_agreed st = {KITH_OK};
  kith_explain_sums *sums = out->sums + first;
  kith_explain_reason *reason = out->reason + (size_t)first * (size_t)out->n_reason;
  kith_explain_walk *path = out->path + (size_t)first * (size_t)out->n_path;
  explain_fill_target(e, b, other);
  if (b->direct) kith__explain_direct(e, b);
  KITH_TRY(kith_agree(e->comm, kith__explain_reasons(e, b, out->n_reason, sums, reason)));
  explain_share(e->comm, b->n, sizeof *sums, sums);
  explain_share(e->comm, (int64_t)b->n * out->n_reason, sizeof *reason, reason);
  if (out->n_path > 0 && e->x) KITH_TRY(kith__explain_walks(e, b, WALK_END_ANYWHERE, out->n_path, path));
  for (int i = 0; i < b->n * out->n_path; i++) path[i].value *= sums[i / out->n_path].scale;
  if (out->n_connection > 0)
    KITH_TRY(kith__explain_walks(e, b, WALK_END_AT_ITEM, out->n_connection,
                                 out->connection + (size_t)first * (size_t)out->n_connection));
done:
  return st;
}

kith_agreed kith_explain(kith_explainer *e, int n, const kith_explain_query *query, int n_reason, int n_path,
                         int n_connection, kith_explanations *out) {
  kith_agreed st = {KITH_OK};
  kith__batch b = {.n = 0};
  float *other = NULL;
  double *direct = NULL;
  *out = (kith_explanations){.n = n, .n_reason = n_reason, .n_path = n_path, .n_connection = n_connection};
  KITH_TRY(kith_agree(e->comm, explain_alloc(out)));
  KITH_TRY(kith_agree(e->comm, KITH_NEW(b.target, (int64_t)BATCH * e->d)));
  KITH_TRY(kith_agree(e->comm, KITH_NEW(other, (int64_t)BATCH * e->d)));
  KITH_TRY(kith_agree(e->comm, KITH_NEW(direct, n)));
  if (kith_direct_is_on(&e->direct)) KITH_TRY(kith__explain_direct_scores(e, n, query, direct));
  for (int first = 0; first < n; first += BATCH) {
    b.n = (int)kith_min(BATCH, n - first);
    b.direct = kith_direct_is_on(&e->direct) ? e->reach[0] : NULL;
    b.direct_score = direct + first;
    b.query = query + first;
    KITH_TRY(explain_batch(e, &b, first, other, out));
  }
done:
  KITH_FREE(b.target);
  KITH_FREE(other);
  KITH_FREE(direct);
  if (kith_is_bad(st)) kith_explanations_free(out);
  return st;
}
