/* Writing graph.h5: ids, the three interaction lists, the social relation, and a fingerprint that later files
 * repeat. */
#include <stdio.h>
#include <string.h>

#include "h5/fingerprint.h"
#include "store/graph_writer.h"

void kith__edge_csr_free(kith__edge_csr *rows) {
  kith_ragged_free(&rows->lists);
  KITH_FREE(rows->time);
  KITH_FREE(rows->weight);
}

void kith__graph_data_free(kith__graph_data *data) {
  for (int k = 0; k < KITH_TYPES; k++) {
    kith_features_free(&data->features[k]);
    kith_ids_free(&data->feature_ids[k]);
    kith_ids_free(&data->names[k]);
  }
  for (int t = 0; t < KITH_TYPES; t++) kith_ids_free(&data->ids[t]);
  kith__edge_csr_free(&data->train);
  kith__edge_csr_free(&data->valid);
  kith__edge_csr_free(&data->test);
  kith__edge_csr_free(&data->social);
}

/* ---- writing ---- */

static int64_t rows_bytes(const kith__edge_csr *rows) {
  const kith_ragged *l = &rows->lists;
  if (!l->start) return 0;
  int64_t each = (int64_t)sizeof *l->value + (rows->time ? 8 : 0) + (rows->weight ? 4 : 0);
  return (l->n_row + 1) * 8 + l->start[l->n_row] * each;
}

static int64_t ids_bytes(const kith_ids *ids) { return ids->n * (ids->text ? ids->width : 8); }
static int64_t features_bytes(const kith_features *f) {
  return f->start ? (f->n_row + 1) * 8 + f->start[f->n_row] * 8 : 0;
}

static int64_t graph_data_bytes(const kith__graph_data *t, const char *job) {
  int64_t n = rows_bytes(&t->train) + rows_bytes(&t->valid) + rows_bytes(&t->test) + rows_bytes(&t->social);
  for (int k = 0; k < KITH_TYPES; k++)
    n += ids_bytes(&t->ids[k]) + ids_bytes(&t->names[k]) + ids_bytes(&t->feature_ids[k]) +
         features_bytes(&t->features[k]);
  return n + (int64_t)strlen(job) + (1 << 16);
}

/* A whole dataset "group/column". */
static kith_agreed column_write(kith_h5 *f, const char *group, const char *column, kith_h5_type type,
                                int64_t n, const void *data) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s/%s", group, column);
  return kith_h5_write(f, name, type, 0, n, 0, n, false, data);
}

/* `column` is what the rows hold: items, or users in the social relation. */
static kith_agreed rows_write(kith_h5 *f, const char *group, const char *column, const kith__edge_csr *rows) {
  kith_agreed st = {KITH_OK};
  const kith_ragged *l = &rows->lists;
  int64_t n = l->start[l->n_row];
  KITH_TRY(column_write(f, group, "start", KITH_H5_INT64, l->n_row + 1, l->start));
  KITH_TRY(column_write(f, group, column, KITH_H5_INT32, n, l->value));
  if (rows->time) KITH_TRY(column_write(f, group, "time", KITH_H5_INT64, n, rows->time));
  if (rows->weight) KITH_TRY(column_write(f, group, "weight", KITH_H5_FLOAT, n, rows->weight));
done:
  return st;
}

static kith_agreed features_write(kith_h5 *f, int type, const kith_features *x, const kith_ids *ids,
                                  const char *format) {
  kith_agreed st = {KITH_OK};
  const char *group = type == KITH_USER ? "user_feature" : "item_feature";
  char name[KITH_NAME];
  if (!x->start) return st;
  snprintf(name, sizeof name, "%s/id", group);
  KITH_TRY(kith__ids_write(f, name, ids));
  KITH_TRY(column_write(f, group, "start", KITH_H5_INT64, x->n_row + 1, x->start));
  KITH_TRY(column_write(f, group, "feature", KITH_H5_INT32, x->start[x->n_row], x->index));
  KITH_TRY(column_write(f, group, "value", KITH_H5_FLOAT, x->start[x->n_row], x->value));
  snprintf(name, sizeof name, "%s_format", group);
  KITH_TRY(kith_h5_put_attr_text(f, name, format));
done:
  return st;
}

kith_agreed kith__graph_write(const kith_comm *comm, const kith__graph_data *t, const char *job,
                              const char *path) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  KITH_TRY(kith_h5_create(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, graph_data_bytes(t, job), &f));
  KITH_TRY(kith_h5_put_attr_int(f, "n_user", t->ids[KITH_USER].n));
  KITH_TRY(kith_h5_put_attr_int(f, "n_item", t->ids[KITH_ITEM].n));
  KITH_TRY(kith_h5_put_attr_text(f, "job", job));
  KITH_TRY(kith_h5_put_attr_int(f, "interactions_format", t->format));
  kith__h5_fingerprint_begin(f);
  KITH_TRY(kith__ids_write(f, "user/id", &t->ids[KITH_USER]));
  KITH_TRY(kith__ids_write(f, "item/id", &t->ids[KITH_ITEM]));
  if (t->names[KITH_USER].text) KITH_TRY(kith__ids_write(f, "user/name", &t->names[KITH_USER]));
  if (t->names[KITH_ITEM].text) KITH_TRY(kith__ids_write(f, "item/name", &t->names[KITH_ITEM]));
  KITH_TRY(rows_write(f, "train", "item", &t->train));
  KITH_TRY(rows_write(f, "valid", "item", &t->valid));
  KITH_TRY(rows_write(f, "test", "item", &t->test));
  if (t->social.lists.start) KITH_TRY(rows_write(f, "social", "user", &t->social));
  for (int k = 0; k < KITH_TYPES; k++)
    KITH_TRY(features_write(f, k, &t->features[k], &t->feature_ids[k], t->feature_format[k]));
  KITH_TRY(kith__h5_put_fingerprint(f));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}
