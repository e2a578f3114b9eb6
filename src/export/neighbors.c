/* Nearest neighbors of all rows of a type among rows of a type, of the files alone: no graph is read. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/nearest_rows.h"
#include "export/files.h"
#include "graph/schema.h"
#include "ops/ops.h"
#include "store/graph.h"

/* One of the two files. */
typedef struct nearest_file {
  const char *path;
  kith_h5 *f;
  char dataset[KITH_NAME], id[KITH_NAME];
  char *run, *key; /* run and settings that made the rows; null: an older file */
  int64_t n, fingerprint, evidence, epoch;
  int d;
} nearest_file;

static void nearest_close(nearest_file *w) {
  KITH_FREE(w->run);
  KITH_FREE(w->key);
  kith_h5_close(&w->f);
}

/* Open a file of rows and find a type in it. */
static kith_agreed nearest_open(const kith_comm *comm, const char *path, const char *type, nearest_file *w) {
  kith_agreed st = {KITH_OK};
  kith_schema schema;
  w->path = path;
  KITH_TRY(kith_h5_open(comm, path, NULL, KITH_FILE_VERSION, &w->f));
  KITH_TRY(kith_agree(comm, kith_h5_check_seal(w->f)));
  KITH_TRY(kith_agreed_same(kith_export_types(w->f, &schema)));
  int t = kith_schema_find_type(&schema, type);
  if (t < 0) KITH_TRY(kith_agreed_same(kith_fail(KITH_EUSAGE, "%s: has no nodes of type %s", path, type)));
  kith_type_dataset(&schema, t, "embedding", w->dataset);
  kith_type_dataset(&schema, t, "id", w->id);
  KITH_TRY(kith_h5_extent(w->f, w->dataset, &w->n, &w->d));
  KITH_TRY(kith_h5_get_attr_int(w->f, "fingerprint", &w->fingerprint));
  KITH_TRY(kith_h5_get_attr_int(w->f, "epoch", &w->epoch));
  if (kith_h5_has_attr(w->f, "run")) KITH_TRY(kith_h5_get_attr_text(w->f, "run", &w->run));
  if (kith_h5_has_attr(w->f, "config_key")) KITH_TRY(kith_h5_get_attr_text(w->f, "config_key", &w->key));
  if (kith_h5_has_attr(w->f, "evidence_width"))
    KITH_TRY(kith_h5_get_attr_int(w->f, "evidence_width", &w->evidence));
done:
  return st;
}

/* Rows of a block: of a cosine in units of their lengths, of a blend those of its models alone. */
static kith_agreed nearest_read(const kith_export_nearest *w, const nearest_file *of, int64_t first,
                                int64_t n, float *x) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_read(of->f, of->dataset, KITH_H5_FLOAT, of->d, first, n, x));
  if (!w->cosine) return st;
  for (int64_t i = 0; i < n && of->evidence > 0; i++) x[(i + 1) * of->d - 1] = 0;
  kith_normalize_rows((kith_lid)n, of->d, x);
done:
  return st;
}

/* This rank's share of the candidates. */
static kith_agreed nearest_share(const kith_comm *comm, const kith_export_nearest *w, const nearest_file *of,
                                 kith_nearest_rows **out) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  int64_t first = kith_chunk_begin(of->n, comm->size, comm->rank),
          n = kith_chunk_begin(of->n, comm->size, comm->rank + 1) - first;
  KITH_TRY(kith_agree(comm, KITH_NEW(x, n * of->d)));
  KITH_TRY(nearest_read(w, of, first, n, x));
  KITH_TRY(kith_nearest_rows_create(comm, of->d, w->k, first, n, x, out));
done:
  KITH_FREE(x);
  return st;
}

static kith_agreed nearest_search(const kith_comm *comm, const kith_export_nearest *w,
                                  const nearest_file *from, bool self, kith_nearest_rows *rows,
                                  kith_export_neighbors *out) {
  kith_agreed st = {KITH_OK};
  float *query = NULL;
  bool root = comm->rank == 0;
  int64_t block = kith_nearest_rows_block(rows);
  KITH_TRY(kith_agree(comm, KITH_NEW(query, kith_min(block, from->n) * from->d)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->item, root ? from->n * w->k : 0)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->score, root ? from->n * w->k : 0)));
  for (int64_t first = 0; first < from->n; first += block) {
    int64_t n = kith_min(block, from->n - first);
    KITH_TRY(nearest_read(w, from, first, n, query));
    kith_nearest_rows_find(rows, (int)n, query, self ? first : -1, root ? out->item + first * w->k : NULL,
                           root ? out->score + first * w->k : NULL);
  }
done:
  KITH_FREE(query);
  return st;
}

/* Both files hold rows that can be compared. */
static kith_status nearest_check(const kith_export_nearest *w, const nearest_file *from,
                                 const nearest_file *among) {
  kith_status st = KITH_OK;
  KITH_CHECK(from->d == among->d && from->d > 0, KITH_EDATA,
             "%s: rows of type %s have %d columns, those of type %s in %s have %d", from->path, w->from,
             from->d, w->among, among->path, among->d);
  KITH_CHECK(from->fingerprint == among->fingerprint, KITH_EDATA, "%s: is of another graph than %s",
             from->path, among->path);
  KITH_CHECK(!from->key || !among->key || !from->key[0] || strcmp(from->key, among->key) == 0, KITH_EDATA,
             "%s: was made with other settings of the model than %s; run kith embed again", from->path,
             among->path);
  if (from->epoch != among->epoch)
    kith_warn("%s: is of epoch %lld, and %s of epoch %lld: they are only roughly comparable; run kith embed "
              "again",
              from->path, (long long)from->epoch, among->path, (long long)among->epoch);
  KITH_CHECK(!from->run || !among->run || strcmp(from->run, among->run) == 0, KITH_EDATA,
             "%s: is of run %s, and %s of run %s; run kith embed again", from->path, from->run, among->path,
             among->run);
  KITH_CHECK(among->n < INT32_MAX, KITH_EDATA, "%s: has %lld nodes of type %s, expected fewer than 2^31",
             among->path, (long long)among->n, w->among);
done:
  return st;
}

kith_agreed kith_export_nearest_find(const kith_comm *comm, const kith_export_nearest *w,
                                     kith_export_neighbors *out) {
  kith_agreed st = {KITH_OK};
  nearest_file from = {.n = 0}, among = {.n = 0};
  kith_nearest_rows *rows = NULL;
  *out = (kith_export_neighbors){.k = w->k};
  KITH_TRY(nearest_open(comm, w->queries, w->from, &from));
  KITH_TRY(nearest_open(comm, w->candidates, w->among, &among));
  KITH_TRY(kith_agreed_same(nearest_check(w, &from, &among)));
  out->n = from.n;
  out->fingerprint = (uint64_t)from.fingerprint;
  KITH_TRY(kith__ids_load(comm, from.f, from.id, &out->query));
  KITH_TRY(kith__ids_load(comm, among.f, among.id, &out->candidate));
  KITH_TRY(nearest_share(comm, w, &among, &rows));
  bool self = strcmp(w->queries, w->candidates) == 0 && strcmp(w->from, w->among) == 0;
  KITH_TRY(nearest_search(comm, w, &from, self, rows, out));
done:
  kith_nearest_rows_destroy(&rows);
  nearest_close(&from);
  nearest_close(&among);
  return st;
}

void kith_export_neighbors_free(kith_export_neighbors *a) {
  kith_ids_free(&a->query);
  kith_ids_free(&a->candidate);
  KITH_FREE(a->item);
  KITH_FREE(a->score);
}

/* ---- files ---- */

static kith_status nearest_write_tsv(kith_export *o, const char *name, const kith_export_nearest *w,
                                     const kith_export_neighbors *a) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char id[KITH_PATH];
  KITH_TRY(kith__export_open(o, name, &f));
  fprintf(f, "%s\tposition\t%s\tscore\n", w->from, strcmp(w->from, w->among) == 0 ? "neighbor" : w->among);
  for (int64_t i = 0; i < a->n; i++) {
    for (int j = 0; j < a->k && a->item[i * a->k + j] >= 0; j++) {
      kith_ids_print(&a->query, i, sizeof id, id);
      kith__export_field(f, id, '\t');
      kith_ids_print(&a->candidate, a->item[i * a->k + j], sizeof id, id);
      fprintf(f, "\t%d\t", j + 1);
      kith__export_field(f, id, '\t');
      fprintf(f, "\t%.9g\n", (double)a->score[i * a->k + j]);
    }
    if (i % 4096 == 0) KITH_TRY(kith__export_check(o));
  }
  KITH_TRY(kith__export_check(o));
done:
  return st;
}

static kith_agreed nearest_write_h5(const char *path, const kith_export_nearest *w,
                                    const kith_export_neighbors *a) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  KITH_TRY(kith_h5_create(&alone, path, KITH_NEIGHBORS_FORMAT, KITH_FILE_VERSION, a->n * a->k * 8, &f));
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", (int64_t)a->fingerprint));
  KITH_TRY(kith_h5_put_attr_text(f, "query_type", w->from));
  KITH_TRY(kith_h5_put_attr_text(f, "neighbor_type", w->among));
  KITH_TRY(kith_h5_put_attr_text(f, "score", w->cosine ? "cosine" : "dot"));
  KITH_TRY(kith__ids_write(f, "query/id", &a->query));
  KITH_TRY(kith__ids_write(f, "neighbor/id", &a->candidate));
  KITH_TRY(kith_h5_write(f, "top/neighbor", KITH_H5_INT32, a->k, a->n, 0, a->n, false, a->item));
  KITH_TRY(kith_h5_write(f, "top/score", KITH_H5_FLOAT, a->k, a->n, 0, a->n, false, a->score));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

kith_status kith_export_nearest_write(kith_export *o, const kith_export_nearest *w,
                                      const kith_export_neighbors *found) {
  kith_status st = KITH_OK;
  char name[2 * KITH_NAME], path[KITH_PATH];
  snprintf(name, sizeof name, "%.31s.neighbors.%s", w->from, w->tsv ? "tsv" : "h5");
  if (w->tsv) return nearest_write_tsv(o, name, w, found);
  KITH_TRY(kith__export_claim(o, name, path));
  KITH_TRY(nearest_write_h5(path, w, found).status);
done:
  return st;
}
