/* The rows of a node type, read in blocks, and what the graph says of its nodes. */
#include <stdio.h>
#include <string.h>

#include "export/files.h"
#include "graph/schema.h"
#include "store/graph.h"

static const kith_comm rows_alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};

kith_status kith_export_types(kith_h5 *f, kith_schema *schema) {
  kith_status st = KITH_OK;
  char *text = NULL;
  int64_t n[KITH_MAX_TYPES], n_edge[KITH_MAX_RELATIONS];
  *schema = kith_h5_is_labeled(f) ? kith_schema_nodes() : kith_schema_users_items();
  if (!kith_h5_has_attr(f, "schema")) goto done;
  KITH_TRY(kith_h5_get_attr_text(f, "schema", &text).status);
  KITH_TRY(kith_schema_parse(kith_h5_path(f), text, schema, n, n_edge));
done:
  KITH_FREE(text);
  return st;
}

kith_status kith_export_rows_open(kith_h5 *f, const kith_schema *schema, int type, kith_export_rows *out) {
  kith_status st = KITH_OK;
  char id[KITH_NAME];
  *out = (kith_export_rows){.f = f};
  memcpy(out->type, schema->type[type], sizeof out->type);
  kith_type_dataset(schema, type, "embedding", out->dataset);
  kith_type_dataset(schema, type, "id", id);
  KITH_TRY(kith_h5_extent(f, out->dataset, &out->n, &out->d).status);
  KITH_TRY(kith__ids_load(&rows_alone, f, id, &out->ids).status);
  KITH_CHECK(out->d > 0 && out->ids.n == out->n, KITH_EDATA, "%s: %s is [%lld, %d], but there are %lld ids",
             kith_h5_path(f), out->dataset, (long long)out->n, out->d, (long long)out->ids.n);
done:
  return st;
}

/* Count how often each item is in the training lists: degree [n]. */
static kith_status rows_count_items(kith_h5 *f, int64_t n, int64_t *degree) {
  kith_status st = KITH_OK;
  int32_t *item = NULL;
  int64_t n_edge = 0;
  int d = 0;
  KITH_TRY(kith_h5_extent(f, "train/item", &n_edge, &d).status);
  KITH_TRY(KITH_NEW(item, kith_min(n_edge, KITH__EXPORT_BLOCK)));
  for (int64_t first = 0; first < n_edge; first += KITH__EXPORT_BLOCK) {
    int64_t some = kith_min(n_edge - first, KITH__EXPORT_BLOCK);
    KITH_TRY(kith_h5_read(f, "train/item", KITH_H5_INT32, 0, first, some, item).status);
    for (int64_t e = 0; e < some; e++) {
      KITH_CHECK(item[e] >= 0 && item[e] < n, KITH_EDATA, "%s: train/item holds %d, expected 0 to %lld",
                 kith_h5_path(f), item[e], (long long)n - 1);
      degree[item[e]]++;
    }
  }
done:
  KITH_FREE(item);
  return st;
}

static kith_status rows_count_users(kith_h5 *f, int64_t n, int64_t *degree) {
  kith_status st = KITH_OK;
  int64_t *start = NULL;
  KITH_TRY(KITH_NEW(start, n + 1));
  KITH_TRY(kith_h5_read(f, "train/start", KITH_H5_INT64, 0, 0, n + 1, start).status);
  for (int64_t u = 0; u < n; u++) degree[u] = start[u + 1] - start[u];
done:
  KITH_FREE(start);
  return st;
}

kith_status kith_export_rows_describe(const char *path, kith_export_rows *r) {
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  int64_t of_rows = 0, n_start = 0;
  int d = 0;
  bool user = strcmp(r->type, "user") == 0;
  if (!user && strcmp(r->type, "item") != 0) goto done;
  KITH_TRY(kith_h5_get_attr_int(r->f, "fingerprint", &of_rows).status);
  KITH_TRY(kith_h5_open(&rows_alone, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith_h5_check_fingerprint(f, (uint64_t)of_rows, "is not the graph of the embeddings").status);
  KITH_TRY(kith_h5_extent(f, "train/start", &n_start, &d).status);
  KITH_CHECK(!user || n_start == r->n + 1, KITH_EDATA, "%s: has %lld users, the embeddings have %lld", path,
             (long long)n_start - 1, (long long)r->n);
  KITH_TRY(kith_node_names_read(&rows_alone, path, user ? KITH_USER : KITH_ITEM, &r->name).status);
  KITH_CHECK(r->name.n == 0 || r->name.n == r->n, KITH_EDATA, "%s: has names of %lld %ss, but there are %lld",
             path, (long long)r->name.n, r->type, (long long)r->n);
  KITH_TRY(KITH_NEW(r->degree, r->n));
  if (user) KITH_TRY(rows_count_users(f, r->n, r->degree));
  else KITH_TRY(rows_count_items(f, r->n, r->degree));
done:
  kith_h5_close(&f);
  return st;
}

void kith_export_rows_close(kith_export_rows *r) {
  kith_ids_free(&r->ids);
  kith_ids_free(&r->name);
  KITH_FREE(r->degree);
}

int64_t kith__export_block(int d) {
  int64_t n = KITH__EXPORT_BLOCK / d;
  return n > 0 ? n : 1;
}

kith_status kith__export_read(const kith_export_rows *r, int64_t first, int64_t n, float *x) {
  return kith_h5_read(r->f, r->dataset, KITH_H5_FLOAT, r->d, first, n, x).status;
}
