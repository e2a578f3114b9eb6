/* kith export: what Kith's files hold, in the formats of other programs. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/export.h"
#include "graph/schema.h"

/* What a format is made of. */
typedef enum export_source { FROM_ROWS = 1, FROM_LISTS = 2, FROM_GRAPH = 4, FROM_METRICS = 8 } export_source;

typedef enum export_kind {
  EXPORT_NPY,
  EXPORT_CSV,
  EXPORT_TSV,
  EXPORT_WORD2VEC,
  EXPORT_WORD2VEC_BINARY,
  EXPORT_PROJECTOR,
  EXPORT_NEIGHBORS_TSV,
  EXPORT_NEIGHBORS_H5,
  EXPORT_EDGES,
  EXPORT_TENSORBOARD
} export_kind;

typedef struct export_format {
  const char *name;
  export_kind kind;
  int from; /* export_source, or two of them */
} export_format;

static const export_format export_formats[] = {
    {"npy", EXPORT_NPY, FROM_ROWS | FROM_LISTS},
    {"csv", EXPORT_CSV, FROM_ROWS | FROM_LISTS},
    {"tsv", EXPORT_TSV, FROM_ROWS | FROM_LISTS},
    {"word2vec", EXPORT_WORD2VEC, FROM_ROWS},
    {"word2vec-binary", EXPORT_WORD2VEC_BINARY, FROM_ROWS},
    {"projector", EXPORT_PROJECTOR, FROM_ROWS},
    {"neighbors-tsv", EXPORT_NEIGHBORS_TSV, FROM_ROWS},
    {"neighbors-h5", EXPORT_NEIGHBORS_H5, FROM_ROWS},
    {"edges", EXPORT_EDGES, FROM_GRAPH},
    {"tensorboard", EXPORT_TENSORBOARD, FROM_METRICS},
};
enum { EXPORT_FORMATS = sizeof export_formats / sizeof *export_formats };

typedef struct export_request {
  const export_format *format;
  const char *output, *nodes; /* nodes: the only type to write; null: all */
  const char *among, *score, *new_file;
  int64_t k;
  const char *file;      /* an argument that is no job; null: the job's */
  char input[KITH_PATH]; /* the file to read */
  char graph[KITH_PATH]; /* that describes its nodes; "": none */
  export_source from;
  bool trials; /* of the job's sweep, for scalars */
} export_request;

static const kith_comm export_alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};

static bool export_is_nearest(const export_request *w) {
  return w->format->kind == EXPORT_NEIGHBORS_TSV || w->format->kind == EXPORT_NEIGHBORS_H5;
}

/* ---- the request ---- */

static kith_status export_parse_format(const char *name, const export_format **out) {
  kith_status st = KITH_OK;
  char all[256] = "";
  KITH_CHECK(name, KITH_EUSAGE, "kith export: expected --format NAME; see kith export --help");
  KITH_CHECK(strcmp(name, "parquet") != 0, KITH_EUSAGE,
             "--format parquet: Kith is built without a Parquet library, which Debian 12 does not have; "
             "with pyarrow, docs/kith.py does it: python3 kith.py parquet embeddings.h5 FOLDER");
  for (int i = 0; i < EXPORT_FORMATS; i++) {
    if (strcmp(name, export_formats[i].name) == 0) *out = &export_formats[i];
    size_t n = strlen(all);
    snprintf(all + n, sizeof all - n, "%s%s", i ? ", " : "", export_formats[i].name);
  }
  KITH_CHECK(*out, KITH_EUSAGE, "--format %s: expected one of %s%s", name, all,
             strcmp(name, "faiss") == 0 ? "; FAISS reads npy" : "");
done:
  return st;
}

/* Options that only neighbors have. */
static kith_status export_parse_nearest(cli *c, export_request *w) {
  kith_status st = KITH_OK;
  enum { MOST = 10000 };
  bool asks = false;
  for (int i = 0; i < c->n_arg; i++) {
    static const char *const of[] = {"--k", "--among", "--score", "--new"};
    for (int j = 0; j < 4; j++) {
      size_t n = strlen(of[j]);
      asks = asks || (strncmp(c->arg[i], of[j], n) == 0 && strchr("=", c->arg[i][n]));
    }
  }
  KITH_CHECK(!asks || export_is_nearest(w), KITH_EUSAGE,
             "kith export: --k, --among, --score and --new go with --format neighbors-tsv or neighbors-h5");
  w->among = cli_option(c, "among");
  w->score = cli_option(c, "score");
  w->new_file = cli_option(c, "new");
  w->k = 20;
  KITH_TRY(cli_number(c, "k", 1, MOST, &w->k));
  KITH_CHECK(!w->score || strcmp(w->score, "cosine") == 0 || strcmp(w->score, "dot") == 0, KITH_EUSAGE,
             "--score %s: expected cosine or dot", w->score);
done:
  return st;
}

static kith_status export_parse(cli *c, export_request *w) {
  kith_status st = KITH_OK;
  bool has_job = c->job.path[0] != '\0';
  if (!has_job) KITH_TRY(cli_take_file(c, "a job file, or a file of Kith (.h5, .jsonl)", &w->file));
  KITH_TRY(export_parse_format(cli_option(c, "format"), &w->format));
  w->output = cli_option(c, "output");
  w->nodes = cli_option(c, "nodes");
  KITH_TRY(export_parse_nearest(c, w));
  if (has_job) KITH_TRY(cli_take_refit(c));
  KITH_CHECK(has_job || !cli_flag(c, "refit"), KITH_EUSAGE,
             "kith export: --refit goes with a job file; without one, name WORK/refit/embeddings.h5");
  KITH_TRY(cli_no_more(c));
  KITH_CHECK(w->output && w->output[0], KITH_EUSAGE,
             "kith export: expected --output FOLDER; see kith export --help");
  KITH_CHECK(!w->nodes || (w->format->from & FROM_ROWS), KITH_EUSAGE,
             "--nodes %s: --format %s has no types of nodes to choose from", w->nodes, w->format->name);
  if (export_is_nearest(w)) {
    if (!w->nodes) w->nodes = w->new_file ? "user" : "item";
    if (!w->among) w->among = strcmp(w->nodes, "user") == 0 ? "item" : w->nodes;
    if (!w->score) w->score = strcmp(w->nodes, w->among) == 0 ? "cosine" : "dot";
  }
done:
  return st;
}

/* ---- what to read ---- */

static bool export_ends(const char *path, const char *end) {
  size_t n = strlen(path), m = strlen(end);
  return n > m && strcmp(path + n - m, end) == 0;
}

/* What a file of Kith holds. */
static kith_status export_look(const char *path, export_source *from) {
  static const struct {
    const char *format;
    export_source from;
  } known[] = {{KITH_EMBEDDINGS_FORMAT, FROM_ROWS},
               {KITH_BLEND_FORMAT, FROM_ROWS},
               {KITH_RECOMMENDATIONS_FORMAT, FROM_LISTS},
               {KITH_GRAPH_FORMAT, FROM_GRAPH}};
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  char *format = NULL;
  struct stat is;
  KITH_CHECK(stat(path, &is) != 0 || !S_ISDIR(is.st_mode), KITH_EUSAGE,
             "kith export: %s: is a folder; expected a job file, or a file of Kith, such as "
             "%s/embeddings.h5",
             path, path);
  KITH_CHECK(!export_ends(path, ".json"), KITH_EUSAGE,
             "kith export: %s: expected a job file, or a file of Kith (.h5, .jsonl)", path);
  if (export_ends(path, ".jsonl")) {
    *from = FROM_METRICS;
    goto done;
  }
  KITH_TRY(kith_h5_open(&export_alone, path, NULL, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith_h5_check_seal(f));
  KITH_TRY(kith_h5_get_attr_text(f, "format", &format).status);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(format, known[i].format) == 0) *from = known[i].from;
  KITH_CHECK(*from, KITH_EDATA, "%s: a %s file has nothing to export", path, format);
done:
  KITH_FREE(format);
  kith_h5_close(&f);
  return st;
}

static const char *export_needs(int from) {
  switch (from) {
  case FROM_GRAPH: return "a graph.h5";
  case FROM_METRICS: return "a metrics.jsonl";
  case FROM_ROWS: return "embeddings, as in embeddings.h5, blend.h5 or new.h5";
  default: return "embeddings or recommendations";
  }
}

static kith_status export_resolve_file(export_request *w) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_text_copy("the file", w->file, KITH_PATH, w->input));
  KITH_TRY(export_look(w->file, &w->from));
  KITH_CHECK(w->format->from & (int)w->from, KITH_EUSAGE, "%s: --format %s needs %s", w->file,
             w->format->name, export_needs(w->format->from));
done:
  return st;
}

/* Whether scores have a term beside the products of rows.  Evidence of popularity is a column of the rows. */
static bool export_has_term(const kith_embeddings_origin *from, const kith_blend_origin *of) {
  bool more = kith_direct_is_on(&from->direct);
  for (int i = 0; i < of->n_evidence; i++)
    more = more || of->evidence_width == 0 || strncmp(of->evidence[i].text, "popular ", 8) != 0;
  return more;
}

/* Say of rows that their products alone are not the model's scores. */
static kith_status export_check_score(const export_request *w, const char *path) {
  kith_status st = KITH_OK;
  kith_embeddings_origin from = {.epoch = 0};
  kith_blend_origin of = {.n = 0};
  KITH_TRY(kith_embeddings_origin_read(&export_alone, path, &from).status);
  KITH_TRY(kith_blend_origin_read(&export_alone, path, &of).status);
  bool more = export_has_term(&from, &of);
  bool asks = export_is_nearest(w) && strcmp(w->score, "dot") == 0 && strcmp(w->nodes, w->among) != 0;
  KITH_CHECK(!more || !asks, KITH_ECONFIG,
             "%s: scores have a term beside the products of rows, which --format %s does not add; use kith "
             "recommend --all, or --score cosine for the rows alone",
             path, w->format->name);
  if (more)
    kith_warn("%s: the model's scores have a term beside the products of rows, which is not exported: other "
              "programs find other items than kith recommend (docs/downstream.md)",
              path);
done:
  KITH_FREE(from.config_key);
  return st;
}

static kith_agreed export_resolve_rows(cli *c, export_request *w) {
  kith_agreed st = {KITH_OK};
  kith_graph *g = NULL;
  kith_embeddings_origin from = {.epoch = 0};
  if (c->job.task == KITH_TASK_RECOMMEND) KITH_TRY(kith_agreed_same(cli_check_embeds(c)));
  KITH_TRY(cli_open_embeddings(c, w->input, &g, &from));
  if (from.fingerprint != g->fingerprint)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: holds embeddings of another graph; run kith train %s%s --fresh",
                                        w->input, c->job_args, cli_refit_option(c))));
  if (w->format->kind == EXPORT_PROJECTOR && g->n_class == 0)
    KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", w->graph)));
done:
  KITH_FREE(from.config_key);
  kith_graph_destroy(&g);
  return st;
}

/* The metrics of a job's run, or of the trials of its sweep, whose keys may have been on the command line. */
static kith_status export_resolve_metrics(const cli *c, export_request *w) {
  kith_status st = KITH_OK;
  char trials[KITH_PATH];
  KITH_TRY(kith_path_join(c->job.work, "sweep/trials.jsonl", trials));
  w->trials = !c->refit && (c->job.sweep.n_axis > 0 || access(trials, F_OK) == 0);
  if (w->trials) return st;
  KITH_TRY(kith_path_join(c->job.work, "metrics.jsonl", w->input));
  KITH_CHECK(c->comm->rank != 0 || access(w->input, F_OK) == 0, KITH_ENOINPUT,
             "%s: is not there: run kith train %s%s first", w->input, c->job_args, cli_refit_option(c));
done:
  return st;
}

static kith_agreed export_resolve(cli *c, export_request *w) {
  kith_agreed st = {KITH_OK};
  if (w->file) {
    KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? export_resolve_file(w) : KITH_OK));
    kith_comm_bcast(c->comm, sizeof w->from, &w->from);
    KITH_TRY(kith_agreed_same(kith_text_copy("the file", w->file, KITH_PATH, w->input)));
  } else {
    w->from = w->format->from & FROM_ROWS ? FROM_ROWS : (export_source)w->format->from;
    if (w->from == FROM_ROWS) KITH_TRY(export_resolve_rows(c, w));
    if (w->from == FROM_METRICS) KITH_TRY(kith_agree(c->comm, export_resolve_metrics(c, w)));
    kith_comm_bcast(c->comm, sizeof w->trials, &w->trials);
    if (w->from == FROM_GRAPH) {
      KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", w->input)));
      KITH_TRY(cli_check_data(c, w->input));
    }
  }
  if (w->from == FROM_ROWS)
    KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? export_check_score(w, w->input) : KITH_OK));
done:
  return st;
}

/* ---- what to write ---- */

static kith_status export_check_path(const void *context, const char *path) {
  const cli *c = context;
  return c->job.path[0] ? kith_job_check_output(&c->job, path) : KITH_OK;
}

static kith_status export_write_type(const export_request *w, kith_export *o, const kith_export_rows *r) {
  kith_status st = KITH_OK;
  int64_t n = 0;
  switch (w->format->kind) {
  case EXPORT_NPY: return kith_export_npy(o, r);
  case EXPORT_CSV: return kith_export_table(o, r, ',');
  case EXPORT_TSV: return kith_export_table(o, r, '\t');
  case EXPORT_PROJECTOR: return kith_export_projector(o, r);
  default: KITH_TRY(kith_export_word2vec(o, r, w->format->kind == EXPORT_WORD2VEC_BINARY, &n));
  }
  if (n > 0)
    kith_warn("%s of type %s with a space or a %%, which word2vec's formats cannot hold: written as %%20 and "
              "%%25 (urllib.parse.unquote() in Python reads them)",
              KITH_COUNT(n, "id(s)"), r->type);
done:
  return st;
}

/* All types of nodes, or the one that was asked for. */
static kith_status export_rows(const export_request *w, kith_export *o, kith_h5 *f) {
  kith_status st = KITH_OK;
  kith_schema schema;
  kith_export_rows r = {.n = 0};
  char written[KITH_MAX_TYPES][KITH_NAME];
  int n = 0;
  KITH_TRY(kith_export_types(f, &schema));
  for (int t = 0; t < schema.n_type; t++) {
    if (w->nodes && strcmp(w->nodes, schema.type[t]) != 0) continue;
    KITH_TRY(kith_export_rows_open(f, &schema, t, &r));
    if (w->graph[0]) KITH_TRY(kith_export_rows_describe(w->graph, &r));
    KITH_TRY(export_write_type(w, o, &r));
    memcpy(written[n++], schema.type[t], KITH_NAME);
    kith_export_rows_close(&r);
  }
  KITH_CHECK(n > 0, KITH_EUSAGE, "--nodes %s: %s has no nodes of this type", w->nodes, w->input);
  if (w->format->kind == EXPORT_PROJECTOR) KITH_TRY(kith_export_projector_config(o, n, written));
done:
  kith_export_rows_close(&r);
  return st;
}

static kith_status export_write(const cli *c, const export_request *w, kith_export *o) {
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  const char delimiter = w->format->kind == EXPORT_CSV ? ',' : w->format->kind == EXPORT_TSV ? '\t' : '\0';
  if (w->from == FROM_GRAPH) return kith_export_edges(o, w->input);
  if (w->from == FROM_METRICS)
    return w->trials ? cli_export_trials(c, o) : kith_export_scalars(o, w->input, "");
  KITH_TRY(kith_h5_open(&export_alone, w->input, NULL, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith_h5_check_seal(f));
  if (w->from == FROM_LISTS) KITH_TRY(kith_export_lists(o, f, delimiter));
  else KITH_TRY(export_rows(w, o, f));
done:
  kith_h5_close(&f);
  return st;
}

static void export_report(cli *c, const kith_export *o) {
  cli_json(c, "files", "[");
  for (int64_t i = 0; i < kith_export_n_file(o); i++) {
    cli_print(c, "wrote %s", kith_export_path(o, i));
    if (i > 0) cli_json_more(c, ", ");
    cli_json_string(c, kith_export_path(o, i));
  }
  cli_json_more(c, "]");
}

/* Rank 0 writes; found: neighbors, or null. */
static kith_status export_alone_write(cli *c, const export_request *w, const kith_export_nearest *nearest,
                                      const kith_export_neighbors *found) {
  kith_status st = KITH_OK;
  kith_export *o = NULL;
  KITH_TRY(kith_export_begin(w->output, export_check_path, c, &o));
  if (found) KITH_TRY(kith_export_nearest_write(o, nearest, found));
  else KITH_TRY(export_write(c, w, o));
  KITH_TRY(kith_export_publish(o));
  export_report(c, o);
done:
  kith_export_end(&o);
  return st;
}

/* Refuse to replace a file that is no list of neighbors. */
static kith_agreed export_check_h5(cli *c, const export_request *w) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH], name[2 * KITH_NAME];
  bool replaces = false;
  if (w->format->kind != EXPORT_NEIGHBORS_H5) return st;
  snprintf(name, sizeof name, "%.31s.neighbors.h5", w->nodes);
  KITH_TRY(kith_agreed_same(kith_path_join(w->output, name, path)));
  KITH_TRY(cli_check_replaced(c, path, KITH_NEIGHBORS_FORMAT, NULL, &replaces));
done:
  return st;
}

static kith_agreed export_nearest(cli *c, const export_request *w) {
  kith_agreed st = {KITH_OK};
  kith_export_neighbors found = {.n = 0};
  const kith_export_nearest nearest = {.queries = w->new_file ? w->new_file : w->input,
                                       .candidates = w->input,
                                       .from = w->nodes,
                                       .among = w->among,
                                       .k = (int)w->k,
                                       .cosine = strcmp(w->score, "cosine") == 0,
                                       .tsv = w->format->kind == EXPORT_NEIGHBORS_TSV};
  KITH_TRY(export_check_h5(c, w));
  KITH_TRY(kith_export_nearest_find(c->comm, &nearest, &found));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? export_alone_write(c, w, &nearest, &found) : KITH_OK));
  cli_print(c, "%lld nearest of type %s for each of %s of type %s, by %s", (long long)w->k, w->among,
            KITH_COUNT(found.n, "node(s)"), w->nodes, w->score);
done:
  kith_export_neighbors_free(&found);
  return st;
}

kith_agreed cli_export(cli *c) {
  kith_agreed st = {KITH_OK};
  export_request w = {.from = 0};
  char inside[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, export_parse(c, &w)));
  if (!w.file) {
    KITH_TRY(kith_agreed_same(kith_path_join(w.output, "x", inside)));
    KITH_TRY(cli_lock_for(c, inside));
  }
  KITH_TRY(export_resolve(c, &w));
  if (export_is_nearest(&w)) KITH_TRY(export_nearest(c, &w));
  else KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? export_alone_write(c, &w, NULL, NULL) : KITH_OK));
done:
  return st;
}
