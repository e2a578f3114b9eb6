/* Explanations of many queries, a batch at a time: owners of the users find reasons, all ranks get them. */
#include <math.h>
#include <mpi.h>
#include <string.h>

#include "explain/explain_impl.h"

/* Shares of a score and its terms that exact terms may miss by rounding of floats, and of rows of bf16; so
 * many times that is more than a warning. */
static const double EXPLAIN_MISSED = 1e-3, EXPLAIN_MISSED_ROUNDED = 0.02, EXPLAIN_FAR = 10;

void kith_explanations_free(kith_explanations *e) {
  KITH_FREE(e->sums);
  KITH_FREE(e->reason);
  KITH_FREE(e->item);
  KITH_FREE(e->item_reason);
  KITH_FREE(e->path);
  KITH_FREE(e->connection);
}

static kith_status explain_alloc(kith_explanations *out) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(out->sums, out->n));
  KITH_TRY(KITH_NEW(out->reason, (int64_t)out->n * out->n_reason));
  KITH_TRY(KITH_NEW(out->item, out->n));
  KITH_TRY(KITH_NEW(out->item_reason, (int64_t)out->n * out->n_reason));
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
    if (row >= 0 && d > 0) memcpy(to + (size_t)q * d, e->final + (size_t)row * d, d * sizeof *to);
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

/* The models that the explainer is of, with the work memory of their batches. */
static kith_status explain_parts(kith_explainer *e, int n, int *n_part, kith__part *part) {
  kith_status st = KITH_OK;
  *n_part = e->n_member > 0 ? e->n_member : 1;
  for (int m = 0; m < *n_part; m++) {
    kith__part *p = &part[m];
    p->e = e->n_member > 0 ? e->member[m] : e;
    p->factor = e->n_member > 0 ? e->factor[m] : 1;
    p->batch.direct = kith_direct_is_on(&p->e->direct) ? p->e->reach[0] : NULL;
    KITH_TRY(KITH_NEW(p->batch.target, (int64_t)BATCH * p->e->d));
    KITH_TRY(KITH_NEW(p->other, (int64_t)BATCH * p->e->d));
    KITH_TRY(KITH_NEW(p->direct_score, n));
  }
done:
  return st;
}

static void explain_parts_free(kith__part *part) {
  for (int m = 0; m < KITH_BLEND_MODELS; m++) {
    KITH_FREE(part[m].batch.target);
    KITH_FREE(part[m].other);
    KITH_FREE(part[m].direct_score);
  }
}

/* Queries first … first + n - 1, for every part. */
static void explain_fill_batch(int n_part, kith__part *part, int first, int n,
                               const kith_explain_query *query) {
  for (int m = 0; m < n_part; m++) {
    kith__batch *b = &part[m].batch;
    b->n = n;
    b->query = query + first;
    b->direct_score = part[m].direct_score + first;
    explain_fill_target(part[m].e, b, part[m].other);
    if (b->direct) kith__explain_direct(part[m].e, b);
  }
}

/* Paths of one model, times what its score is multiplied by. */
static kith_agreed explain_paths_of(const kith__part *part, int most, kith_explain_walk *path) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = part->e->comm;
  const int64_t n = (int64_t)part->batch.n * most;
  double scale[BATCH] = {0};
  if (!part->e->x) {
    KITH_TRY(kith_agree(comm, kith__explain_steps(part, most, path)));
    explain_share(comm, n, sizeof *path, path);
    return st;
  }
  for (int q = 0; q < part->batch.n; q++) {
    kith_lid row = part->e->row_of[KITH_USER][part->batch.query[q].user];
    if (row >= 0) scale[q] = part->factor * kith__explain_scale(part->e, row);
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, scale, part->batch.n, MPI_DOUBLE, MPI_SUM, comm->mpi));
  KITH_TRY(kith__explain_walks(part->e, &part->batch, WALK_END_ANYWHERE, most, path));
  for (int64_t i = 0; i < n; i++) path[i].value *= scale[i / most];
done:
  return st;
}

/* Insert the paths of a further model into a list, behind those of the same value. */
static void explain_merge_paths(int most, int member, const kith_explain_walk *more,
                                kith_explain_walk *path) {
  for (int i = 0; i < most && more[i].n > 0; i++) {
    int at = most;
    while (at > 0 && (path[at - 1].n == 0 || path[at - 1].value < more[i].value)) at--;
    if (at == most) return;
    memmove(path + at + 1, path + at, (size_t)(most - at - 1) * sizeof *path);
    path[at] = more[i];
    path[at].member = member;
  }
}

/* Paths of all models; of spectral and attention, which have no others than their terms, only in a blend. */
static kith_agreed explain_paths(int n_part, const kith__part *part, int most, kith_explain_walk *path) {
  kith_agreed st = {KITH_OK};
  kith_explain_walk *more = NULL;
  const int n = part->batch.n;
  KITH_TRY(kith_agree(part->e->comm, KITH_NEW(more, (int64_t)n * most)));
  for (int m = 0; m < n_part && most > 0; m++) {
    if (part[m].e->is_gradient || (n_part == 1 && !part[m].e->x)) continue;
    memset(more, 0, (size_t)(n * most) * sizeof *more);
    KITH_TRY(explain_paths_of(&part[m], most, more));
    for (int q = 0; q < n; q++) explain_merge_paths(most, m, more + q * most, path + q * most);
  }
done:
  KITH_FREE(more);
  return st;
}

/* Paths and connections; of a blend, connections of the first model. */
static kith_agreed explain_walks(int n_part, const kith__part *part, int first, kith_explanations *out) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(explain_paths(n_part, part, out->n_path, out->path + (size_t)first * (size_t)out->n_path));
  if (out->n_connection > 0 && part->e->a && !kith_model_uses_importance_graph(&part->e->run->model))
    KITH_TRY(kith__explain_walks(part->e, &part->batch, WALK_END_AT_ITEM, out->n_connection,
                                 out->connection + (size_t)first * (size_t)out->n_connection));
done:
  return st;
}

static kith_agreed explain_batch(const kith_explainer *e, int n_part, kith__part *part, int first,
                                 kith_explanations *out) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = e->comm;
  const int n = part->batch.n;
  kith_explain_sums *sums = out->sums + first;
  kith_explain_reason *reason = out->reason + (size_t)first * (size_t)out->n_reason;
  if (e->is_gradient) KITH_TRY(kith__explain_gradients(part->e, &part->batch, out->n_reason, sums, reason));
  else KITH_TRY(kith_agree(comm, kith__explain_reasons(e, n_part, part, out->n_reason, sums, reason)));
  explain_share(comm, n, sizeof *sums, sums);
  explain_share(comm, (int64_t)n * out->n_reason, sizeof *reason, reason);
  KITH_TRY(kith__explain_items(comm, n_part, part, sums, out->n_reason, out->item + first,
                               out->item_reason + (size_t)first * (size_t)out->n_reason));
  KITH_TRY(explain_walks(n_part, part, first, out));
done:
  return st;
}

/* What the terms miss of a score, of the size of all of them. */
static double explain_missed(const kith_explain_sums *s) {
  const double size = fabs(s->score) + fabs(s->own) + s->positive - s->negative;
  return size > 0 ? fabs(s->rounding) / size : 0;
}

/* Exact terms add up to the score: a little apart is a warning, far apart an error.  The sums are the same on
 * every rank. */
static kith_status explain_check(int n_part, const kith__part *part, const kith_explain_query *query,
                                 const kith_explanations *e) {
  const char *why = "the rows are not those of the model; run kith train again, and kith embed for new nodes";
  double bound = EXPLAIN_MISSED;
  int worst = 0;
  for (int m = 0; m < n_part; m++)
    if (part[m].e->run && kith_model_rounds_rows(&part[m].e->run->model)) bound = EXPLAIN_MISSED_ROUNDED;
  for (int q = 1; q < e->n; q++)
    if (explain_missed(&e->sums[q]) > explain_missed(&e->sums[worst])) worst = q;
  if (e->method == KITH_EXPLAIN_GRADIENT || e->n == 0 || explain_missed(&e->sums[worst]) <= bound)
    return KITH_OK;
  const kith_explain_sums *s = &e->sums[worst];
  const long long user = (long long)query[worst].user, item = (long long)query[worst].item;
  if (explain_missed(s) > EXPLAIN_FAR * bound)
    return kith_fail(
        KITH_EDATA,
        "embeddings.h5: the reasons of user number %lld for item number %lld add up to %.4g, and "
        "the score is %.4g: %s",
        user, item, s->score - s->rounding, s->score, why);
  if (part->e->comm->rank == 0)
    kith_warn("embeddings.h5: the reasons of user number %lld for item number %lld add up to %.4g, and the "
              "score is %.4g: more than rounding apart, so %s",
              user, item, s->score - s->rounding, s->score, why);
  return KITH_OK;
}

kith_agreed kith_explain(kith_explainer *e, int n, const kith_explain_query *query, int n_reason, int n_path,
                         int n_connection, kith_explanations *out) {
  kith_agreed st = {KITH_OK};
  kith__part part[KITH_BLEND_MODELS] = {{.e = NULL}};
  int n_part = 0;
  *out = (kith_explanations){.n = n, .n_reason = n_reason, .n_path = n_path, .n_connection = n_connection};
  out->method = e->attended ? KITH_EXPLAIN_ATTENTION : KITH_EXPLAIN_EXACT;
  if (e->is_gradient && e->run->model.name != KITH_LIGHTGCN) /* which gradients divide exactly */
    out->method = KITH_EXPLAIN_GRADIENT;
  KITH_TRY(kith_agree(e->comm, explain_alloc(out)));
  KITH_TRY(kith_agree(e->comm, explain_parts(e, n, &n_part, part)));
  for (int m = 0; m < n_part; m++) out->reads_neighbors |= part[m].e->layers > 0 || !part[m].e->a;
  for (int m = 0; m < n_part; m++)
    if (part[m].batch.direct)
      KITH_TRY(kith__explain_direct_scores(part[m].e, n, query, part[m].direct_score));
  for (int first = 0; first < n; first += BATCH) {
    explain_fill_batch(n_part, part, first, (int)kith_min(BATCH, n - first), query);
    KITH_TRY(explain_batch(e, n_part, part, first, out));
  }
  KITH_TRY(kith_agreed_same(explain_check(n_part, part, query, out)));
done:
  explain_parts_free(part);
  if (kith_is_bad(st)) kith_explanations_free(out);
  return st;
}
