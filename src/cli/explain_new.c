/* kith explain of new users and items: their neighbors are those of the lists of kith embed, whose rows are
 * in its file. */
#include <math.h>
#include <string.h>

#include "cli/explain.h"
#include "store/store.h"

/* The first id of the request that is in none of both; null: none. */
static const char *new_missing(const explain_request *w, const kith_ids *user, const kith_ids *item) {
  if (w->user && kith_ids_find(user, w->user) < 0) return w->user;
  if (w->item && kith_ids_find(item, w->item) < 0) return w->item;
  return w->against && kith_ids_find(item, w->against) < 0 ? w->against : NULL;
}

/* What kith embed read is in the job that its file stores. */
static kith_status new_fail_lists(const cli *c, const char *path, const char *text) {
  kith_status st = KITH_OK;
  kith_job *made = NULL;
  KITH_TRY(KITH_NEW(made, 1));
  *made = kith_job_defaults();
  KITH_TRY(kith_job_read_stored(path, text, made));
  const char *has = made->embed.interactions.path, *wants = c->job.embed.interactions.path;
  KITH_CHECK(
      strcmp(has, wants) == 0, KITH_EDATA,
      "%s: was made of the list %s, and the job names %s; give the settings of that kith embed here as "
      "well, --set embed.interactions.path=%s, or run kith embed again with those of the job",
      path, has[0] ? has : "none", wants[0] ? wants : "none", has);
  st = kith_fail(KITH_EDATA,
                 "%s: has other new nodes than the lists that the job names below embed; give the settings "
                 "of that kith embed here as well, or run kith embed again with those of the job",
                 path);
done:
  KITH_FREE(made);
  return st;
}

/* The lists give the nodes of the file, in its order; rank 0 has both ids. `made`: the job of the file. */
static kith_status new_check_ids(const cli *c, const explain_data *a, const char *made) {
  char mine[EXPLAIN_TEXT], other[EXPLAIN_TEXT];
  for (int t = 0; t < KITH_SIDES; t++) {
    const kith_ids *file = &a->file.ids[t], *lists = &a->nodes.ids[t];
    bool same = file->n == a->nodes.n[t];
    for (int64_t i = 0; same && c->comm->rank == 0 && i < file->n; i++) {
      kith_ids_print(file, i, sizeof mine, mine);
      kith_ids_print(lists, i, sizeof other, other);
      same = strcmp(mine, other) == 0;
    }
    if (!same) return new_fail_lists(c, kith_h5_path(a->file.f), made);
  }
  return KITH_OK;
}

static kith_status new_append(explain_data *a) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_ids_append(&a->base.user, &a->file.ids[KITH_USER]));
  KITH_TRY(kith_ids_append(&a->base.item, &a->file.ids[KITH_ITEM]));
done:
  return st;
}

kith_agreed cli_explain_find_new(cli *c, const explain_request *w, explain_data *a) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH], graph[KITH_PATH], *made = NULL;
  kith_new_nodes_report report;
  const kith_new_nodes_options o = cli_new_nodes_options(&c->job);
  if (cli_is_blend(c) || w->all) return st;
  if (!w->new_file && (!new_missing(w, &a->base.user, &a->base.item) || !cli_has_stage(c, "new.h5", path)))
    return st;
  if (c->job.embed.how.init == KITH_EMBED_MEAN)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "embed.init: mean: kith explain does not say what a mean of other embeddings adds to "
                  "the scores of new nodes; it explains rows of kith embed with embed.init: zero")));
  if (c->job.embed.how.adapt > 0)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "embed.adapt: kith explain does not say what a step adds to the scores of new "
                  "users; it explains rows of kith embed with embed.adapt: 0")));
  KITH_TRY(cli_new_open(c, w->new_file, &a->base, &a->file));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(kith_new_nodes_read(c->comm, graph, &o, &a->nodes, &report));
  KITH_TRY(kith_h5_get_attr_text(a->file.f, "job", &made));
  KITH_TRY(kith_agree(c->comm, new_check_ids(c, a, made)));
  KITH_TRY(kith_agree(c->comm, new_append(a)));
  const char *missing = new_missing(w, &a->base.user, &a->base.item);
  if (missing)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: no such node in the graph, nor in %s", missing, kith_h5_path(a->file.f))));
  a->has_new = true;
done:
  KITH_FREE(made);
  return st;
}

/* Whether the n rows from `at` on of one side of the file are those at x, but for rounding on other ranks. */
static kith_agreed new_compare(const kith_comm *comm, const explain_data *a, const char *name, int64_t at,
                               int64_t n, const float *x, double *off, double *whole) {
  kith_agreed st = {KITH_OK};
  const int d = a->base.d;
  float *row = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(row, n * d)));
  KITH_TRY(kith_h5_read(a->file.f, name, KITH_H5_FLOAT, d, at, n, row));
  for (int64_t i = 0; i < n * d; i++) {
    *off += ((double)row[i] - (double)x[i]) * ((double)row[i] - (double)x[i]);
    *whole += (double)x[i] * (double)x[i];
  }
done:
  KITH_FREE(row);
  return st;
}

kith_agreed cli_explain_check_new(cli *c, const explain_data *a) {
  kith_agreed st = {KITH_OK};
  int64_t first, n;
  double off = 0, whole = 0;
  const int64_t n_user = a->nodes.n[KITH_USER], n_item = a->nodes.n[KITH_ITEM];
  const float *x = kith_explainer_new_rows(a->explainer, &first, &n);
  const int64_t begin = kith_min(first, n_user), users = kith_min(first + n, n_user) - begin;
  if (n_user > 0) KITH_TRY(new_compare(c->comm, a, "user/embedding", begin, users, x, &off, &whole));
  if (n_item > 0)
    KITH_TRY(new_compare(c->comm, a, "item/embedding", first - begin, n - users, x + users * a->base.d, &off,
                         &whole));
  KITH_TRY(
      kith_agree(c->comm, off <= 1e-6 * whole + 1e-12
                              ? KITH_OK
                              : kith_fail(KITH_EDATA,
                                          "%s: its rows are not those of the lists that the job names below "
                                          "embed, and of embeddings.h5; run kith embed again",
                                          kith_h5_path(a->file.f))));
done:
  return st;
}
