/* kith recommend for new users (--user) and similarity queries (--similar-to): a few query rows against all
 * rows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "blend/evidence.h"
#include "cli/recommend.h"

static const kith_ids *similar_ids(const recommend_data *a, kith_node_type type) {
  return type == KITH_ITEM ? &a->item : &a->user;
}

typedef struct heading {
  const char *key, *what;  /* of the JSON list, and of the member with the query's id */
  kith_node_type from, of; /* types of the query and of the listed nodes */
  bool known;              /* whether the graph has the query */
} heading;

static void similar_print(cli *c, const recommend_request *w, const recommend_data *a, const heading *h,
                          const kith_topk *top) {
  char id[KITH_PATH], name[KITH_PATH];
  for (int q = 0; q < w->n_user; q++) {
    cli_recommend_name(a, (int)h->from, h->known ? kith_ids_find(similar_ids(a, h->from), w->user[q]) : -1,
                       name);
    cli_print(c, "%s%s%s", w->user[q], name[0] ? "  " : "", name);
    for (int j = 0; j < w->k && top->item[q * w->k + j] >= 0; j++) {
      int32_t i = top->item[q * w->k + j];
      kith_ids_print(similar_ids(a, h->of), i, sizeof id, id);
      cli_recommend_name(a, (int)h->of, i, name);
      cli_print(c, "  %3d  %-24s %9.5f%s%s", j + 1, id, (double)top->score[q * w->k + j], name[0] ? "  " : "",
                name);
    }
  }
}

/* KEY: [{WHAT: id, "items": […], "scores": […]}, …] */
static void similar_json(cli *c, const recommend_request *w, const recommend_data *a, const heading *h,
                         const kith_topk *top) {
  const kith_ids *ids = similar_ids(a, h->of), *from = similar_ids(a, h->from);
  cli_json(c, h->key, "[");
  for (int q = 0; q < w->n_user; q++) {
    const int32_t *item = top->item + q * w->k;
    int n = 0;
    cli_json_more(c, "%s{\"%s\": ", q ? ", " : "", h->what);
    if (h->known) cli_recommend_json_id(c, from, kith_ids_find(from, w->user[q]));
    else if (from->number) cli_json_more(c, "%s", w->user[q]);
    else cli_json_string(c, w->user[q]);
    cli_json_more(c, ", \"%ss\": [", h->of == KITH_ITEM ? "item" : "user");
    for (; n < w->k && item[n] >= 0; n++) {
      if (n > 0) cli_json_more(c, ", ");
      cli_recommend_json_id(c, ids, item[n]);
    }
    cli_json_more(c, "], \"scores\": [");
    for (int j = 0; j < n; j++) cli_json_more(c, "%s%.9g", j ? ", " : "", (double)top->score[q * w->k + j]);
    cli_json_more(c, "]}");
  }
  cli_json_more(c, "]");
}

static void similar_report(cli *c, const recommend_request *w, const recommend_data *a, const heading *h,
                           const kith_topk *top) {
  similar_print(c, w, a, h, top);
  if (c->json && c->comm->rank == 0) similar_json(c, w, a, h, top);
}

/* ---- similar nodes ---- */

/* The nodes of the queries, as lists of nodes to leave out: each query leaves out itself. */
static kith_status similar_find(const recommend_request *w, const recommend_data *a, kith_ragged *self) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(self->start, w->n_user + 1));
  KITH_TRY(KITH_NEW(self->value, w->n_user));
  self->n_row = w->n_user;
  for (int q = 0; q < w->n_user; q++) {
    int64_t original = kith_ids_find(similar_ids(a, w->type), w->user[q]);
    const char *type = w->type == KITH_USER ? "user" : "item";
    KITH_CHECK(original >= 0, KITH_EDATA,
               "--similar-to%s %s: no such %s in the graph; what is near %ss of kith embed: kith export "
               "--format neighbors-tsv --new FILE --nodes %s --among %s",
               w->type == KITH_USER ? "-user" : "", w->user[q], type, type, type, type);
    self->value[q] = (int32_t)original;
    self->start[q + 1] = q + 1;
  }
done:
  return st;
}

/* Fill the owned rows of query [n, d]; all others are zero. */
static void similar_fill(const recommend_request *w, const recommend_data *a, const int32_t *original,
                         const float *x, float *query) {
  for (int q = 0; q < w->n_user; q++)
    for (kith_lid u = 0; u < a->g->n_own_of[w->type]; u++) {
      kith_lid row = a->g->row_of[w->type][u];
      if (a->g->original[row] == original[q])
        memcpy(query + (size_t)q * (size_t)a->d, x + (size_t)row * (size_t)a->d, (size_t)a->d * sizeof *x);
    }
}

/* A row of zeros is as similar to every other row. */
static void similar_warn_empty(const cli *c, const recommend_request *w, int d, const float *query) {
  const char *option = w->type == KITH_ITEM ? "--similar-to" : "--similar-to-user";
  for (int q = 0; q < w->n_user && c->comm->rank == 0; q++) {
    const float *row = query + (size_t)q * (size_t)d;
    if (kith_dot(d, row, row) == 0)
      kith_warn("%s %s: its row consists of zeros, so the order of what is similar is meaningless", option,
                w->user[q]);
  }
}

/* The rows in units of their lengths: of a blend those of its models alone. */
static void similar_normalize(const recommend_data *a, float *unit) {
  const size_t d = (size_t)a->d, n = (size_t)a->g->n_own;
  memcpy(unit, a->x, n * d * sizeof *unit);
  for (size_t i = 0; i < n && a->from.evidence_width > 0; i++) unit[i * d + d - 1] = 0;
  kith_normalize_rows(a->g->n_own, a->d, unit);
}

/* Append evidence without its numbers: "alike tag, order interactions". */
static void similar_append(const kith_blend_origin *of, size_t size, char *text) {
  kith_evidence e;
  for (int k = 0; k < of->n_evidence; k++) {
    size_t n = strlen(text);
    if (kith_evidence_parse(of->evidence[k].text, &e))
      snprintf(text + n, size - n, "%s%s %s", k ? ", " : "", kith_evidence_kind_name(e.kind), e.relation);
  }
}

/* What the numbers are, and what they leave out of the model's scores. */
static kith_agreed similar_print_measure(cli *c, const recommend_data *a) {
  kith_agreed st = {KITH_OK};
  kith_blend_origin of = {.n = 0};
  char path[KITH_PATH], evidence[KITH_BLEND_EVIDENCE * 2 * KITH_NAME] = "";
  const bool direct = kith_direct_is_on(&a->from.direct);
  if (cli_is_blend(c) && cli_blend_file(c, path)) KITH_TRY(kith_blend_origin_read(c->comm, path, &of));
  similar_append(&of, sizeof evidence, evidence);
  cli_print_wrapped(c, 2, "similarity: the cosine of rows%s%s%s%s", of.n > 0 ? " of models" : "",
                    direct ? ", without the direct term" : "", evidence[0] ? ", without evidence: " : "",
                    evidence);
done:
  return st;
}

kith_agreed cli_recommend_similar(cli *c, const recommend_request *w, const recommend_data *a) {
  kith_agreed st = {KITH_OK};
  const heading h = {.key = "similar",
                     .what = w->type == KITH_ITEM ? "item" : "user",
                     .from = w->type,
                     .of = w->type,
                     .known = true};
  kith_ragged self = {0};
  kith_topk top = {0};
  float *unit = NULL, *query = NULL;
  int64_t n = (int64_t)a->g->n_own * a->d, n_query = (int64_t)w->n_user * a->d;
  KITH_TRY(kith_agree(c->comm, similar_find(w, a, &self)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(unit, n)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(query, n_query)));
  KITH_TRY(similar_print_measure(c, a));
  similar_normalize(a, unit);
  similar_fill(w, a, self.value, unit, query);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, query, (int)n_query, MPI_FLOAT, MPI_SUM, c->comm->mpi));
  similar_warn_empty(c, w, a->d, query);
  KITH_TRY(kith_eval_nearest(c->comm, a->g, w->type, a->d, unit, w->n_user, query, &self, NULL, w->k, &top));
  similar_report(c, w, a, &h, &top);
done:
  kith_topk_free(&top);
  KITH_FREE(self.start);
  KITH_FREE(self.value);
  KITH_FREE(unit);
  KITH_FREE(query);
  return st;
}

/* ---- new users ---- */

/* Rows of new items are in the file, and not among those that are ranked. */
static void similar_print_new_items(cli *c, const recommend_new *n) {
  const int64_t many = n->ids[KITH_ITEM].n;
  cli_json(c, "unranked_new_items", "%lld", (long long)many);
  if (many > 0)
    cli_print(c,
              "%s not ranked; users for such: kith export %s%s --format neighbors-tsv --new %s --nodes item "
              "--among user --output FOLDER",
              KITH_COUNT(many, "new item(s) of the file (is|are)"), c->job_args, cli_refit_option(c),
              kith_h5_path(n->f));
}

kith_agreed cli_recommend_new(cli *c, const recommend_request *w, const recommend_data *a) {
  kith_agreed st = {KITH_OK};
  const heading h = {.key = "recommendations", .what = "user", .from = KITH_USER, .of = KITH_ITEM};
  recommend_new n = {.f = NULL};
  kith_topk top = {0};
  KITH_TRY(cli_new_open(c, w->new_file, a, &n));
  similar_print_new_items(c, &n);
  KITH_TRY(cli_new_top(c, w, a, &n, &top));
  similar_report(c, w, a, &h, &top);
done:
  kith_topk_free(&top);
  cli_new_close(&n);
  return st;
}
