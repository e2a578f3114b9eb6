/* kith explain --all: the top items of all users with their reasons, as tab-separated lines. */
#include <errno.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "base/fault.h"
#include "base/file.h"

enum { EXPLAIN_BLOCK = 1 << 14 /* explanations at a time */ };

/* A block of users, in original order, and their top items: item [n, k], -1 where there are no more. */
typedef struct all_block {
  int64_t first, n;
  int k;
  int32_t *item;
  kith_explain_query *query; /* of the items that there are */
  int n_query;
} all_block;

/* The relation of a term, or what else it is of, and the kind of its edge if there are kinds. */
static void all_print_term(FILE *f, const explain_data *a, const kith_explain_edge *e) {
  char text[EXPLAIN_TEXT] = "";
  const kith_schema *s = &a->base.g->schema;
  const char *relation = e->relation >= 0 ? s->relation[e->relation].name : KITH_INTERACTIONS;
  if (e->relation == KITH_EXPLAIN_NODE) relation = "";
  if (e->relation == KITH_EXPLAIN_FEATURE) relation = "feature";
  if (e->relation == KITH_EXPLAIN_EVIDENCE) relation = "evidence";
  if (e->relation == KITH_EXPLAIN_LATEST) relation = "latest";
  if (e->kind >= 0) kith_ids_print(&a->kind[e->relation], e->kind, sizeof text, text);
  fprintf(f, "%s\t%s\t%s\t", relation, text, e->relation == KITH_EXPLAIN_EVIDENCE ? "" : s->type[e->type]);
  if (e->relation != KITH_EXPLAIN_FEATURE && e->relation != KITH_EXPLAIN_EVIDENCE)
    kith_ids_print(cli_explain_ids(a, e->type), e->original, sizeof text, text);
  else cli_explain_label(a, e, text);
  fprintf(f, "%s\t", text);
}

/* The lines of one explanation; their contributions add up to the score. */
static void all_print(FILE *f, const explain_data *a, const kith_explain_query *q, int position,
                      const kith_explain_sums *s, const kith_explain_reason *r, int n) {
  char user[EXPLAIN_TEXT], item[EXPLAIN_TEXT];
  double others = s->positive + s->negative + s->rounding;
  kith_ids_print(&a->base.user, q->user, sizeof user, user);
  kith_ids_print(&a->base.item, q->item, sizeof item, item);
  for (int i = 0; i < n && r[i].edge.type >= 0; i++) {
    fprintf(f, "%s\t%d\t%s\t%.9g\t", user, position, item, s->score);
    all_print_term(f, a, &r[i].edge);
    fprintf(f, "%.9g\n", r[i].value);
    others -= r[i].value;
  }
  fprintf(f, "%s\t%d\t%s\t%.9g\tothers\t\t\t\t%.9g\n", user, position, item, s->score, others);
  fprintf(f, "%s\t%d\t%s\t%.9g\town\t\t\t\t%.9g\n", user, position, item, s->score, s->own);
}

static kith_status all_write(FILE *f, const char *path, const explain_data *a, const all_block *b,
                             const kith_explanations *e) {
  kith_status st = KITH_OK;
  int position = 0;
  for (int q = 0; q < b->n_query; q++) {
    position = q > 0 && b->query[q].user == b->query[q - 1].user ? position + 1 : 1;
    all_print(f, a, &b->query[q], position, &e->sums[q], e->reason + (size_t)q * (size_t)e->n_reason,
              e->n_reason);
  }
  bool good = !kith_fault(KITH_FAULT_WRITE) && fflush(f) == 0 && !ferror(f);
  KITH_CHECK(good, KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
done:
  return st;
}

/* The top items of the block's users, on every rank; then a query for each of them. */
static void all_share(const explain_data *a, const kith_topk *top, const kith_comm *comm, all_block *b) {
  const kith_graph *g = a->base.g;
  for (int64_t i = 0; i < b->n * b->k; i++) b->item[i] = -1;
  for (kith_lid u = 0; u < top->n_user; u++) {
    int64_t at = g->original[g->row_of[KITH_USER][u]] - b->first;
    if (at >= 0 && at < b->n)
      memcpy(b->item + at * b->k, top->item + (size_t)u * (size_t)b->k, (size_t)b->k * sizeof *b->item);
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, b->item, (int)(b->n * b->k), MPI_INT32_T, MPI_MAX, comm->mpi));
  b->n_query = 0;
  for (int64_t i = 0; i < b->n * b->k; i++)
    if (b->item[i] >= 0) b->query[b->n_query++] = (kith_explain_query){b->first + i / b->k, b->item[i], -1};
}

static kith_agreed all_blocks(cli *c, const explain_request *w, const explain_data *a, const kith_topk *top,
                              const char *path, FILE *f) {
  kith_agreed st = {KITH_OK};
  kith_explanations e = {.n = 0};
  all_block b = {.k = (int)w->k};
  const int64_t step = EXPLAIN_BLOCK / w->k, n = a->base.g->n[KITH_USER];
  KITH_TRY(kith_agree(c->comm, KITH_NEW(b.item, step * w->k)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(b.query, step * w->k)));
  for (b.first = 0; b.first < n; b.first += step) {
    b.n = kith_min(step, n - b.first);
    all_share(a, top, c->comm, &b);
    KITH_TRY(kith_explain(a->explainer, b.n_query, b.query, (int)w->n_reason, 0, 0, &e));
    KITH_TRY(kith_agree(c->comm, f ? all_write(f, path, a, &b, &e) : KITH_OK));
    kith_explanations_free(&e);
  }
done:
  kith_explanations_free(&e);
  KITH_FREE(b.item);
  KITH_FREE(b.query);
  return st;
}

static kith_status all_publish(const char *path, const char *tmp, FILE **f) {
  kith_status st = KITH_OK;
  int failed = fclose(*f);
  *f = NULL;
  KITH_CHECK(failed == 0, KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
  KITH_TRY(kith_file_sync(tmp));
  KITH_TRY(kith_file_publish(tmp, path));
done:
  return st;
}

static kith_status all_open(const char *wanted, char *path, char *tmp, FILE **f) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_file_tmp_name(wanted, path, tmp));
  KITH_TRY(kith_file_tmp_fopen(path, tmp, f));
done:
  if (kith_is_bad(st)) tmp[0] = '\0';
  return st;
}

kith_agreed cli_explain_all(cli *c, const explain_request *w, const explain_data *a, bool replaces) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH] = "", tmp[KITH_TMP_PATH] = "";
  kith_topk top = {0};
  FILE *f = NULL;
  bool root = c->comm->rank == 0;
  KITH_TRY(kith_eval_topk(c->comm, a->base.g, a->base.d, a->base.x, &a->base.from.direct, &a->base.pairs,
                          (int)w->k, &c->job.evaluate.scope, 0, NULL, &top));
  KITH_TRY(kith_agree(c->comm, root ? all_open(w->output, path, tmp, &f) : KITH_OK));
  KITH_TRY(all_blocks(c, w, a, &top, path, f));
  KITH_TRY(kith_agree(c->comm, root ? all_publish(path, tmp, &f) : KITH_OK));
  tmp[0] = '\0';
  cli_print(c, "wrote the reasons for %s of %s to %s%s", KITH_COUNT(w->k, "top item(s)"),
            KITH_COUNT(a->base.g->n[KITH_USER], "user(s)"), w->output,
            replaces ? ", in place of the file that was there" : "");
done:
  kith_topk_free(&top);
  if (f) fclose(f);
  if (tmp[0]) kith_file_tmp_remove(tmp);
  return st;
}
