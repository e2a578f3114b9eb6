/* Rows as text: tables with a line of names, word2vec's formats, and the embedding projector's pair. */
#include <stdio.h>
#include <string.h>

#include "export/files.h"

void kith__export_field(FILE *f, const char *text, char delimiter) {
  const char special[] = {delimiter, '"', '\n', '\r', '\0'};
  if (!strpbrk(text, special)) {
    fputs(text, f);
    return;
  }
  fputc('"', f);
  for (; *text; text++) {
    if (*text == '"') fputc('"', f);
    fputc(*text, f);
  }
  fputc('"', f);
}

/* How a format writes what stands before the numbers of row i, and the numbers [d]. */
typedef struct table_format {
  char delimiter; /* between numbers, and behind the id; 0: numbers are bytes of float32 */
  void (*begin)(FILE *f, const kith_export_rows *r, int64_t i, char delimiter);
} table_format;

static void table_numbers(FILE *f, int d, const float *x, char delimiter, bool first) {
  for (int k = 0; k < d; k++) {
    if (k > 0 || !first) fputc(delimiter, f);
    fprintf(f, "%.9g", (double)x[k]);
  }
  fputc('\n', f);
}

/* Write all rows, in blocks. */
static kith_status table_write(kith_export *o, FILE *f, const kith_export_rows *r, table_format how) {
  kith_status st = KITH_OK;
  float *x = NULL;
  int64_t block = kith__export_block(r->d);
  KITH_TRY(KITH_NEW(x, kith_min(block, r->n) * r->d));
  for (int64_t first = 0; first < r->n; first += block) {
    int64_t n = kith_min(block, r->n - first);
    KITH_TRY(kith__export_read(r, first, n, x));
    for (int64_t i = 0; i < n; i++) {
      const float *row = x + i * r->d;
      if (how.begin) how.begin(f, r, first + i, how.delimiter);
      if (how.delimiter) table_numbers(f, r->d, row, how.delimiter, !how.begin);
      else kith__export_bytes(f, row, r->d * (int64_t)sizeof *row);
    }
    KITH_TRY(kith__export_check(o));
  }
done:
  KITH_FREE(x);
  return st;
}

kith_status kith__export_floats(kith_export *o, FILE *f, const kith_export_rows *rows) {
  return table_write(o, f, rows, (table_format){.begin = NULL});
}

/* ---- CSV and TSV ---- */

static void table_id(FILE *f, const kith_export_rows *r, int64_t i, char delimiter) {
  char id[KITH_PATH];
  kith_ids_print(&r->ids, i, sizeof id, id);
  kith__export_field(f, id, delimiter);
}

kith_status kith_export_table(kith_export *o, const kith_export_rows *r, char delimiter) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char name[KITH_NAME + 16];
  snprintf(name, sizeof name, "%s.%s", r->type, delimiter == ',' ? "csv" : "tsv");
  KITH_TRY(kith__export_open(o, name, &f));
  fprintf(f, "id");
  for (int k = 0; k < r->d; k++) fprintf(f, "%cx%d", delimiter, k);
  fputc('\n', f);
  KITH_TRY(table_write(o, f, r, (table_format){delimiter, table_id}));
done:
  return st;
}

/* ---- word2vec ---- */

/* A space ends a word, so that ids are written as in URLs, where a % begins two digits. */
static void word2vec_id(FILE *f, const kith_export_rows *r, int64_t i, char delimiter) {
  char id[KITH_PATH];
  kith_ids_print(&r->ids, i, sizeof id, id);
  for (const char *at = id; *at; at++) {
    if (*at == ' ' || *at == '%') fprintf(f, "%%%02x", (unsigned)*at);
    else fputc(*at, f);
  }
  if (!delimiter) fputc(' ', f);
}

static int64_t word2vec_count_escaped(const kith_ids *ids) {
  char id[KITH_PATH];
  int64_t n = 0;
  for (int64_t i = 0; i < ids->n && ids->text; i++) {
    kith_ids_print(ids, i, sizeof id, id);
    n += strpbrk(id, " %") != NULL;
  }
  return n;
}

kith_status kith_export_word2vec(kith_export *o, const kith_export_rows *r, bool binary, int64_t *n_escaped) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char name[KITH_NAME + 16];
  snprintf(name, sizeof name, "%s.w2v.%s", r->type, binary ? "bin" : "txt");
  KITH_TRY(kith__export_open(o, name, &f));
  fprintf(f, "%lld %d\n", (long long)r->n, r->d);
  KITH_TRY(table_write(o, f, r, (table_format){binary ? '\0' : ' ', word2vec_id}));
  *n_escaped = word2vec_count_escaped(&r->ids);
done:
  return st;
}

/* ---- the embedding projector ---- */

/* The labels of nodes: of one column, without a line of names. */
static kith_status projector_labels(kith_export *o, FILE *f, const kith_export_rows *r) {
  char text[KITH_PATH];
  bool names = r->name.n > 0, more = names || r->degree;
  if (more)
    fprintf(f, "id%s%s\n", names ? "\tname" : "",
            !r->degree                     ? ""
            : strcmp(r->type, "item") == 0 ? "\tpopularity"
                                           : "\tinteractions");
  for (int64_t i = 0; i < r->n; i++) {
    kith_ids_print(&r->ids, i, sizeof text, text);
    fputs(text, f);
    if (names) {
      kith_ids_print(&r->name, i, sizeof text, text);
      fprintf(f, "\t%s", text);
    }
    if (r->degree) fprintf(f, "\t%lld", (long long)r->degree[i]);
    fputc('\n', f);
  }
  return kith__export_check(o);
}

kith_status kith_export_projector(kith_export *o, const kith_export_rows *r) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char name[KITH_NAME + 16];
  snprintf(name, sizeof name, "%s.vectors.tsv", r->type);
  KITH_TRY(kith__export_open(o, name, &f));
  KITH_TRY(table_write(o, f, r, (table_format){'\t', NULL}));
  snprintf(name, sizeof name, "%s.metadata.tsv", r->type);
  KITH_TRY(kith__export_open(o, name, &f));
  KITH_TRY(projector_labels(o, f, r));
done:
  return st;
}

kith_status kith_export_projector_config(kith_export *o, int n, const char (*type)[KITH_NAME]) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  KITH_TRY(kith__export_open(o, "projector_config.pbtxt", &f));
  for (int t = 0; t < n; t++)
    fprintf(f,
            "embeddings {\n  tensor_name: \"%s\"\n  tensor_path: \"%s.vectors.tsv\"\n"
            "  metadata_path: \"%s.metadata.tsv\"\n}\n",
            type[t], type[t], type[t]);
  KITH_TRY(kith__export_check(o));
done:
  return st;
}
