/* Write and read embeddings.h5, and the same layout for new nodes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/blend.h"
#include "store/graph_ids.h"
#include "store/word.h"

/* A number of a direct term, and its attribute. */
typedef struct direct_number {
  const char *name;
  double *value;
} direct_number;

enum { DIRECT_NUMBERS = 6 };

static void direct_numbers(kith_direct_term *t, direct_number *out) {
  const direct_number all[DIRECT_NUMBERS] = {
      {"direct", &t->c},
      {"lambda_1", &t->lambda_1},
      {"user_power", &t->user_power},
      {"item_power", &t->item_power},
      {"input_power", &t->input_power},
      {"output_power", &t->output_power},
  };
  memcpy(out, all, sizeof all);
}

/* The attribute of c_2 (j = 0), c_3, … */
static void direct_higher_name(int j, char *name) { snprintf(name, KITH_NAME, "coefficient_%d", j + 2); }

static kith_agreed direct_write(kith_h5 *f, const kith_direct_term *direct) {
  kith_agreed st = {KITH_OK};
  kith_direct_term t = *direct;
  direct_number all[DIRECT_NUMBERS];
  direct_numbers(&t, all);
  for (int i = 0; i < DIRECT_NUMBERS; i++) KITH_TRY(kith_h5_put_attr_real(f, all[i].name, *all[i].value));
  for (int j = 0; j < t.n_higher; j++) {
    char name[KITH_NAME];
    direct_higher_name(j, name);
    KITH_TRY(kith_h5_put_attr_real(f, name, t.higher[j]));
  }
done:
  return st;
}

static kith_status direct_check(const char *path, const kith_direct_term *t) {
  kith_status st = KITH_OK;
  double sum = t->c + t->lambda_1 + t->user_power + t->item_power + t->input_power + t->output_power;
  for (int j = 0; j < t->n_higher; j++) sum += t->higher[j];
  KITH_CHECK(isfinite(sum) && t->lambda_1 > 0, KITH_EDATA,
             "%s: attributes direct = %g and lambda_1 = %g: expected finite numbers, and lambda_1 above "
             "0; train again",
             path, t->c, t->lambda_1);
done:
  return st;
}

static kith_agreed direct_read(kith_h5 *f, const char *path, kith_direct_term *out) {
  kith_agreed st = {KITH_OK};
  kith_direct_term t = {.c = 0};
  direct_number all[DIRECT_NUMBERS];
  if (!kith_h5_has_attr(f, "direct")) return st;
  direct_numbers(&t, all);
  for (int i = 0; i < DIRECT_NUMBERS; i++) KITH_TRY(kith_h5_get_attr_real(f, all[i].name, all[i].value));
  for (int j = 0; j < KITH_MAX_HIGHER; j++) {
    char name[KITH_NAME];
    direct_higher_name(j, name);
    if (!kith_h5_has_attr(f, name)) break;
    KITH_TRY(kith_h5_get_attr_real(f, name, &t.higher[j]));
    t.n_higher++;
  }
  KITH_TRY(kith_agreed_same(direct_check(path, &t)));
  *out = t;
done:
  return st;
}

/* Whether products of rows are not the whole score of a blend. */
static bool embeddings_add_terms(const kith_embeddings_meta *meta) {
  return meta->blend && (kith_direct_is_on(&meta->direct) || meta->blend->n_evidence > 0);
}

static const char *embeddings_score(const kith_embeddings_meta *meta) {
  if (embeddings_add_terms(meta)) return "inner product, and the terms that docs/files.md adds to it";
  return meta->cosine ? "cosine (rows are normalized: use the inner product)" : "inner product";
}

static kith_agreed embeddings_attributes(kith_h5 *f, const kith_graph *g, int d,
                                         const kith_embeddings_meta *meta) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", (int64_t)g->fingerprint));
  KITH_TRY(kith_h5_put_attr_int(f, "width", d));
  KITH_TRY(kith_h5_put_attr_text(f, "model", meta->model));
  if (g->n_class == 0) KITH_TRY(kith_h5_put_attr_text(f, "score", embeddings_score(meta)));
  KITH_TRY(kith_h5_put_attr_int(f, "epoch", meta->epoch));
  KITH_TRY(kith_h5_put_attr_int(f, "step", meta->step));
  KITH_TRY(kith_h5_put_attr_text(f, "run", meta->run ? meta->run : ""));
  KITH_TRY(kith_h5_put_attr_text(f, "config_key", meta->config_key ? meta->config_key : ""));
  if (meta->learned && meta->learned[0]) KITH_TRY(kith_h5_put_attr_text(f, "learned", meta->learned));
  if (meta->has_half_life) KITH_TRY(kith_h5_put_attr_real(f, "half_life", meta->half_life));
  if (meta->has_sasrec) KITH_TRY(kith_h5_put_attr_real(f, "sasrec_gamma", meta->sasrec_gamma));
  if (meta->adapt && meta->adapt[0]) {
    KITH_TRY(kith_h5_put_attr_text(f, "adapt", meta->adapt));
    KITH_TRY(kith_h5_put_attr_text(f, "adapt_row", meta->adapt_row));
  }
  if (meta->has_recent) {
    KITH_TRY(kith_h5_put_attr_real(f, "recent_decay", meta->recent_decay));
    KITH_TRY(kith_h5_put_attr_real(f, "recent_weight", meta->recent_weight));
    KITH_TRY(kith_h5_put_attr_int(f, "recent_items", meta->recent_items));
  }
  if (meta->filter && meta->filter[0]) {
    KITH_TRY(kith_h5_put_attr_text(f, "filter", meta->filter));
    KITH_TRY(kith_h5_put_attr_real(f, "residual", meta->residual));
  }
  if (meta->direct.lambda_1 > 0) KITH_TRY(direct_write(f, &meta->direct));
  if (meta->blend) KITH_TRY(kith__blend_origin_write(f, meta->blend));
  KITH_TRY(kith_h5_put_attr_text(f, "metrics", meta->metrics));
  KITH_TRY(kith_h5_put_attr_text(f, "job", meta->job));
done:
  return st;
}

/* Predict for every node the class with the largest logit; ties: the first one. */
static kith_agreed embeddings_predict(const kith_comm *comm, const kith_graph *g, kith_redistribution *rows,
                                      kith_h5 *f, int d, const float *x) {
  kith_agreed st = {KITH_OK};
  int64_t *label = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(label, g->n_own)));
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 1; k < d; k++)
      if (x[(size_t)i * (size_t)d + (size_t)k] > x[(size_t)i * (size_t)d + (size_t)label[i]]) label[i] = k;
  KITH_TRY(kith_redistribution_write_int(rows, f, "label_predicted", label));
done:
  KITH_FREE(label);
  return st;
}

kith_agreed kith_embeddings_write(const kith_comm *comm, const kith_graph *g, const kith_graph_ids *ids,
                                  const char *path, int d, const float *x, const kith_embeddings_meta *meta) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  kith_redistribution *rows = NULL;
  int64_t n = kith_graph_n_node(g);
  KITH_TRY(kith_redistribution_create(comm, g, &rows));
  const char *format = embeddings_add_terms(meta) ? KITH_BLEND_FORMAT : KITH_EMBEDDINGS_FORMAT;
  KITH_TRY(kith_h5_create(comm, path, format, KITH_FILE_VERSION, n * (4 * (int64_t)d + 16), &f));
  KITH_TRY(embeddings_attributes(f, g, d, meta));
  KITH_TRY(kith_h5_put_types(f, g));
  KITH_TRY(kith__graph_ids_write(ids, f));
  KITH_TRY(kith_redistribution_write(rows, f, "embedding", d, x));
  if (g->n_class > 0) KITH_TRY(embeddings_predict(comm, g, rows, f, d, x));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  kith_redistribution_destroy(&rows);
  return st;
}

static kith_agreed origin_sasrec(kith_h5 *f, const char *path, kith_embeddings_origin *out) {
  kith_agreed st = {KITH_OK};
  if (!kith_h5_has_attr(f, "sasrec_gamma")) return st;
  KITH_TRY(kith_h5_get_attr_real(f, "sasrec_gamma", &out->sasrec_gamma));
  out->has_sasrec = true;
  if (!(out->sasrec_gamma >= 0 && isfinite(out->sasrec_gamma)))
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: sasrec_gamma %g is impossible", path, out->sasrec_gamma)));
done:
  return st;
}

static kith_agreed origin_recent(kith_h5 *f, const char *path, kith_embeddings_origin *out) {
  kith_agreed st = {KITH_OK};
  if (!kith_h5_has_attr(f, "recent_decay")) return st;
  KITH_TRY(kith_h5_get_attr_real(f, "recent_decay", &out->recent_decay));
  KITH_TRY(kith_h5_get_attr_real(f, "recent_weight", &out->recent_weight));
  KITH_TRY(kith_h5_get_attr_int(f, "recent_items", &out->recent_items));
  out->has_recent = true;
  bool possible = out->recent_decay >= 0 && out->recent_decay <= 1 && out->recent_weight >= 0 &&
                  out->recent_items > 0 && out->recent_items <= INT32_MAX;
  KITH_TRY(kith_agreed_same(
      possible ? KITH_OK
               : kith_fail(KITH_EDATA,
                           "%s: recent_decay %g, recent_weight %g and recent_items %lld are impossible", path,
                           out->recent_decay, out->recent_weight, (long long)out->recent_items)));
done:
  return st;
}

kith_agreed kith_embeddings_origin_read(const kith_comm *comm, const char *path,
                                        kith_embeddings_origin *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t fingerprint = 0;
  *out = (kith_embeddings_origin){.epoch = 0};
  KITH_TRY(kith__embeddings_open(comm, path, &f));
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  KITH_TRY(kith_h5_get_attr_int(f, "width", &out->dim));
  KITH_TRY(kith_h5_get_attr_int(f, "epoch", &out->epoch));
  if (kith_h5_has_attr(f, "step")) KITH_TRY(kith_h5_get_attr_int(f, "step", &out->step));
  if (kith_h5_has_attr(f, "evidence_width"))
    KITH_TRY(kith_h5_get_attr_int(f, "evidence_width", &out->evidence_width));
  if (kith_h5_has_attr(f, "weight_users"))
    KITH_TRY(kith_h5_get_attr_int(f, "weight_users", &out->weight_users));
  if (kith_h5_has_attr(f, "model")) KITH_TRY(kith__word_read(f, "model", sizeof out->model, out->model));
  if (kith_h5_has_attr(f, "run")) KITH_TRY(kith__word_read(f, "run", sizeof out->run, out->run));
  KITH_TRY(direct_read(f, path, &out->direct));
  KITH_TRY(origin_recent(f, path, out));
  KITH_TRY(origin_sasrec(f, path, out));
  if (kith_h5_has_attr(f, "config_key")) KITH_TRY(kith_h5_get_attr_text(f, "config_key", &out->config_key));
  out->fingerprint = (uint64_t)fingerprint;
done:
  kith_h5_close(&f);
  return st;
}

kith_agreed kith_embeddings_read(const kith_comm *comm, const kith_graph *g, const char *path, int *d,
                                 float **x) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  kith_redistribution *rows = NULL;
  float *read = NULL;
  int64_t n = 0;
  char name[KITH_NAME];
  kith_type_dataset(&g->schema, KITH_USER, "embedding", name);
  KITH_TRY(kith__embeddings_open(comm, path, &f));
  KITH_TRY(
      kith_h5_check_fingerprint(f, g->fingerprint, "holds embeddings of another graph; train with --fresh"));
  KITH_TRY(kith_h5_extent(f, name, &n, d));
  KITH_TRY(kith_agreed_same(*d > 0 && n == g->n[KITH_USER] && (g->n_class == 0 || *d == g->n_class)
                                ? KITH_OK
                                : kith_fail(KITH_EDATA, "%s: %s is [%lld, %d], expected %lld rows", path,
                                            name, (long long)n, *d, (long long)g->n[KITH_USER])));
  KITH_TRY(kith_redistribution_create(comm, g, &rows));
  KITH_TRY(kith_agree(comm, KITH_NEW(read, (int64_t)g->n_own * *d)));
  KITH_TRY(kith_redistribution_read(rows, f, "embedding", *d, read));
  *x = read;
  read = NULL;
done:
  KITH_FREE(read);
  kith_redistribution_destroy(&rows);
  kith_h5_close(&f);
  return st;
}

/* ---- new nodes ---- */

void kith_new_nodes_free(kith_new_nodes *n) {
  KITH_FREE(n->time);
  KITH_FREE(n->user);
  KITH_FREE(n->item);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) {
    KITH_FREE(n->relation[r].from);
    KITH_FREE(n->relation[r].to);
    KITH_FREE(n->relation[r].kind);
  }
  for (int t = 0; t < KITH_SIDES; t++) {
    kith_ids_free(&n->ids[t]);
    kith_features_free(&n->features[t]);
  }
}

/* Rank 0 writes the ids; every rank those of its rows first … first + n - 1 that are of this type. */
static kith_agreed embeddings_write_type(const kith_comm *comm, kith_h5 *f, const kith_new_nodes *new, int t,
                                         int64_t first, int64_t n, int d, const float *x) {
  kith_agreed st = {KITH_OK};
  const kith_ids *ids = &new->ids[t];
  int64_t before = t == KITH_USER ? 0 : new->n[KITH_USER], n_type = new->n[t],
          mine = comm->rank == 0 ? n_type : 0;
  int64_t low = first - before, high = low + n;
  low = low < 0 ? 0 : low < n_type ? low : n_type;
  high = high < 0 ? 0 : high < n_type ? high : n_type;
  const char *id = t == KITH_USER ? "user/id" : "item/id",
             *name = t == KITH_USER ? "user/embedding" : "item/embedding";
  const void *cells = ids->text ? (const void *)ids->text : ids->number;
  kith_h5_type type = ids->width > 0 ? KITH_H5_TEXT : KITH_H5_INT64;
  KITH_TRY(kith_h5_write(f, id, type, ids->width, n_type, n_type - mine, mine, true, cells));
  KITH_TRY(kith_h5_write_rows(f, name, d, n_type, low, high - low,
                              high > low ? x + (low + before - first) * d : x));
done:
  return st;
}

/* Write pair/user and pair/item: the interactions of new nodes, by original numbers. */
static kith_agreed embeddings_write_pairs(const kith_comm *comm, kith_h5 *f, const kith_new_nodes *new) {
  kith_agreed st = {KITH_OK};
  int64_t mine = comm->rank == 0 ? new->n_pair : 0, first = comm->rank == 0 ? 0 : new->n_pair;
  KITH_TRY(kith_h5_write(f, "pair/user", KITH_H5_INT32, 0, new->n_pair, first, mine, true, new->user));
  KITH_TRY(kith_h5_write(f, "pair/item", KITH_H5_INT32, 0, new->n_pair, first, mine, true, new->item));
done:
  return st;
}

kith_agreed kith_new_embeddings_write(const kith_comm *comm, const kith_graph *g, const kith_new_nodes *new,
                                      const char *path, int64_t first, int64_t n, int d, const float *x,
                                      const kith_embeddings_meta *meta) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t n_all = new->n[KITH_USER] + new->n[KITH_ITEM];
  KITH_TRY(kith_h5_create(comm, path, KITH_EMBEDDINGS_FORMAT, KITH_FILE_VERSION,
                          n_all * (4 * (int64_t)d + 16), &f));
  KITH_TRY(embeddings_attributes(f, g, d, meta));
  KITH_TRY(kith_h5_put_attr_text(f, "nodes", "new: not in the graph that was trained on"));
  for (int t = 0; t < KITH_SIDES; t++) KITH_TRY(embeddings_write_type(comm, f, new, t, first, n, d, x));
  KITH_TRY(embeddings_write_pairs(comm, f, new));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}
