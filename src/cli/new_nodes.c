/* Rows of new users and items, of the file of kith embed. */
#include <string.h>

#include "cli/recommend.h"

static kith_status new_path(const cli *c, const char *named, char *path) {
  if (named) return kith_text_copy("--new", named, KITH_PATH, path);
  return kith_job_file(&c->job, "new.h5", path);
}

/* All ids of an open embeddings file, on every rank.  Collective. */
static kith_agreed new_ids(const kith_comm *comm, kith_h5 *f, const char *name, kith_ids *ids) {
  kith_agreed st = {KITH_OK};
  if (!kith_h5_has_dataset(f, name)) return st;
  KITH_TRY(kith_h5_extent(f, name, &ids->n, &ids->width));
  if (ids->width > 0) KITH_TRY(kith_agree(comm, KITH_NEW(ids->text, ids->n * ids->width)));
  else KITH_TRY(kith_agree(comm, KITH_NEW(ids->number, ids->n)));
  void *cells = ids->width > 0 ? (void *)ids->text : (void *)ids->number;
  KITH_TRY(
      kith_h5_read(f, name, ids->width > 0 ? KITH_H5_TEXT : KITH_H5_INT64, ids->width, 0, ids->n, cells));
done:
  return st;
}

/* Ids of the graph and of the file, path "" for none: each user is in one of both, and all are in the same.
 */
static kith_status new_sort_users(const recommend_request *w, const kith_ids *graph, const kith_ids *file,
                                  const char *path, bool *new_users) {
  kith_status st = KITH_OK;
  const char *in_graph = NULL, *in_file = NULL;
  for (int q = 0; q < w->n_user; q++) {
    const char *id = w->user[q];
    if (kith_ids_find(file, id) >= 0) in_file = id;
    else if (kith_ids_find(graph, id) >= 0) in_graph = id;
    else
      return kith_fail(KITH_EDATA, "--user %s: no such user in the graph%s%s%s", id,
                       path[0] ? ", nor in " : "", path,
                       path[0] ? "" : "; kith embed makes rows of new users");
  }
  KITH_CHECK(!in_graph || !in_file, KITH_EDATA,
             "--user %s: is in the graph, and --user %s in %s; request them in runs of their own", in_graph,
             in_file, path);
  KITH_CHECK(!in_graph || !w->new_file, KITH_EDATA,
             "--user %s: is in the graph, not in %s; request users of the graph without --new", in_graph,
             path);
  *new_users = in_file != NULL;
done:
  return st;
}

static bool new_are_all_known(const recommend_request *w, const kith_ids *graph) {
  for (int q = 0; q < w->n_user; q++)
    if (kith_ids_find(graph, w->user[q]) < 0) return false;
  return true;
}

kith_agreed cli_recommend_find_users(const cli *c, const recommend_request *w, const recommend_data *a,
                                     bool *new_users) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH] = "";
  kith_ids ids = {0};
  kith_h5 *f = NULL;
  *new_users = false;
  if (!w->new_file && new_are_all_known(w, &a->user)) return st;
  if (w->new_file || cli_has_stage(c, "new.h5", path)) {
    KITH_TRY(kith_agree(c->comm, new_path(c, w->new_file, path)));
    KITH_TRY(kith_h5_open(c->comm, path, KITH_EMBEDDINGS_FORMAT, KITH_FILE_VERSION, &f));
    KITH_TRY(new_ids(c->comm, f, "user/id", &ids));
  } else path[0] = '\0';
  KITH_TRY(kith_agreed_same(new_sort_users(w, &a->user, &ids, path, new_users)));
done:
  kith_h5_close(&f);
  kith_ids_free(&ids);
  return st;
}

/* The interactions of these users with items of the graph, in the order of the queries. */
static kith_status new_history(const recommend_request *w, const recommend_data *a, const int64_t *row,
                               int64_t n, const int32_t *user, const int32_t *item, kith_ragged *history) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(history->start, w->n_user + 1));
  KITH_TRY(KITH_NEW(history->value, n * w->n_user));
  history->n_row = w->n_user;
  for (int q = 0; q < w->n_user; q++) {
    history->start[q + 1] = history->start[q];
    for (int64_t p = 0; p < n; p++)
      if (user[p] == a->g->n[KITH_USER] + row[q] && item[p] < a->g->n[KITH_ITEM])
        history->value[history->start[q + 1]++] = item[p];
  }
done:
  return st;
}

/* pair/user and pair/item, on every rank.  Files of earlier versions have none; then no item is left out. */
static kith_agreed new_pairs(cli *c, const recommend_data *a, kith_h5 *f, int64_t *n, int32_t **user,
                             int32_t **item) {
  kith_agreed st = {KITH_OK};
  int d = 0;
  *n = 0;
  bool there = kith_h5_has_dataset(f, "pair/user");
  if (!there && kith_direct_is_on(&a->from.direct))
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: has no interactions of new users, by which the direct term of "
                                        "the model ranks; run kith embed again",
                                        kith_h5_path(f))));
  if (!there && c->comm->rank == 0)
    kith_warn("%s: has no interactions of new users, so their own items may be listed; run kith embed again",
              kith_h5_path(f));
  if (there) KITH_TRY(kith_h5_extent(f, "pair/user", n, &d));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(*user, *n)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(*item, *n)));
  if (there) KITH_TRY(kith_h5_read(f, "pair/user", KITH_H5_INT32, 0, 0, *n, *user));
  if (there) KITH_TRY(kith_h5_read(f, "pair/item", KITH_H5_INT32, 0, 0, *n, *item));
done:
  return st;
}

static kith_agreed new_rows(cli *c, const recommend_request *w, const recommend_data *a, kith_h5 *f,
                            const int64_t *row, float *query) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  int d = 0;
  KITH_TRY(kith_h5_extent(f, "user/embedding", &n, &d));
  KITH_TRY(
      kith_agree(c->comm, d == a->d
                              ? KITH_OK
                              : kith_fail(KITH_EDATA,
                                          "%s: rows have %s, those of embeddings.h5 %d; run kith embed again",
                                          kith_h5_path(f), KITH_COUNT(d, "column(s)"), a->d)));
  for (int q = 0; q < w->n_user; q++)
    KITH_TRY(kith_h5_read(f, "user/embedding", KITH_H5_FLOAT, d, row[q], 1, query + (size_t)q * (size_t)d));
done:
  return st;
}

/* A spectral run exports again with other settings, whose rows do not go together. */
static kith_agreed new_check_settings(kith_h5 *f, const recommend_data *a) {
  kith_agreed st = {KITH_OK};
  char *key = NULL;
  if (!kith_h5_has_attr(f, "config_key") || !a->from.config_key) return st;
  KITH_TRY(kith_h5_get_attr_text(f, "config_key", &key));
  if (key[0] && strcmp(key, a->from.config_key) != 0)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: was made with other settings of the model than embeddings.h5; "
                                        "run kith embed again",
                                        kith_h5_path(f))));
done:
  KITH_FREE(key);
  return st;
}

/* Embeddings of two runs are not comparable. */
static kith_agreed new_check_run(const cli *c, kith_h5 *f, const recommend_data *a) {
  kith_agreed st = {KITH_OK};
  char *run = NULL;
  int64_t epoch = 0;
  if (!kith_h5_has_attr(f, "run")) return st;
  KITH_TRY(kith_h5_get_attr_text(f, "run", &run));
  if (strcmp(run, a->from.run) != 0)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: is of run %s, and embeddings.h5 of run %s; run kith embed again",
                                        kith_h5_path(f), run, a->from.run)));
  KITH_TRY(kith_h5_get_attr_int(f, "epoch", &epoch));
  if (epoch != a->from.epoch && c->comm->rank == 0)
    kith_warn("%s: is of epoch %lld, and embeddings.h5 of epoch %lld: they are only roughly comparable; "
              "run kith embed again",
              kith_h5_path(f), (long long)epoch, (long long)a->from.epoch);
done:
  KITH_FREE(run);
  return st;
}

/* Warn that for new users only the items of their own lists are masked. */
static void new_warn_scope(const cli *c) {
  char text[CLI_SCOPE];
  if (cli_scope(&c->job.evaluate.scope, text) && c->comm->rank == 0)
    kith_warn("evaluate.candidates and evaluate.mask do not hold for new users: all items of the graph but "
              "their own are ranked");
}

/* A row of zeros gives every item the same score, unless a direct term reads the user's items. */
static void new_warn_empty(const cli *c, const recommend_request *w, const recommend_data *a,
                           const kith_ragged *history, const float *query) {
  bool direct = kith_direct_is_on(&a->from.direct);
  for (int q = 0; q < w->n_user && c->comm->rank == 0; q++) {
    const float *row = query + (size_t)q * (size_t)a->d;
    const int64_t n = history->start[q + 1] - history->start[q];
    if (kith_dot(a->d, row, row) != 0 || (direct && n > 0)) continue;
    if (n > 0)
      kith_warn("--user %s: the row of this new user is zeros in spite of %s, so the order of the items is "
                "meaningless; run kith embed again, with other embed.adapt_pairs if it has embed.adapt",
                w->user[q], KITH_COUNT(n, "known item(s)"));
    else
      kith_warn(
          "--user %s: this new user has no known items or features, so the order of the items is meaningless",
          w->user[q]);
  }
}

kith_agreed cli_new_open(cli *c, const char *named, const recommend_data *a, recommend_new *n) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, new_path(c, named, path)));
  KITH_TRY(kith_h5_open(c->comm, path, KITH_EMBEDDINGS_FORMAT, KITH_FILE_VERSION, &n->f));
  KITH_TRY(kith_h5_check_fingerprint(n->f, a->g->fingerprint,
                                     "has new nodes of another graph; run kith embed again"));
  KITH_TRY(new_check_run(c, n->f, a));
  KITH_TRY(new_check_settings(n->f, a));
  KITH_TRY(new_ids(c->comm, n->f, "user/id", &n->ids[KITH_USER]));
  KITH_TRY(new_ids(c->comm, n->f, "item/id", &n->ids[KITH_ITEM]));
done:
  return st;
}

void cli_new_close(recommend_new *n) {
  kith_h5_close(&n->f);
  for (int t = 0; t < KITH_SIDES; t++) kith_ids_free(&n->ids[t]);
}

kith_agreed cli_new_top(cli *c, const recommend_request *w, const recommend_data *a, recommend_new *n,
                        kith_topk *top) {
  kith_agreed st = {KITH_OK};
  int64_t row[RECOMMEND_USERS], n_pair = 0;
  int32_t *user = NULL, *item = NULL;
  float *query = NULL;
  kith_ragged history = {0};
  for (int q = 0; q < w->n_user; q++) row[q] = kith_ids_find(&n->ids[KITH_USER], w->user[q]);
  KITH_TRY(new_pairs(c, a, n->f, &n_pair, &user, &item));
  KITH_TRY(kith_agree(c->comm, new_history(w, a, row, n_pair, user, item, &history)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(query, (int64_t)w->n_user * a->d)));
  KITH_TRY(new_rows(c, w, a, n->f, row, query));
  new_warn_empty(c, w, a, &history, query);
  new_warn_scope(c);
  KITH_TRY(kith_eval_nearest(c->comm, a->g, KITH_ITEM, a->d, a->x, w->n_user, query, &history,
                             &a->from.direct, w->k, top));
done:
  KITH_FREE(history.start);
  KITH_FREE(history.value);
  KITH_FREE(query);
  KITH_FREE(user);
  KITH_FREE(item);
  return st;
}
