/*
 * The cut of an updated graph: old nodes stay where they are and new ones join their neighbors, as long as
 * the cut is not much worse than when the graph was last cut from scratch.
 */
#include <string.h>

#include "h5/validate.h"
#include "partition.h"
#include "update.h"

static const double update_worst = 1.3; /* of the share of cut edges after the last cut from scratch */

/* parts.h5 of the parent. */
typedef struct old_parts {
  uint64_t fingerprint;
  int64_t n_part;
  bool refit, same_method;
  double first_cut; /* share of cut edges after the last cut from scratch; -1: it was this one */
  int64_t n[KITH_MAX_TYPES], *first, *number[KITH_MAX_TYPES]; /* [n_part + 1], [n] global numbers */
} old_parts;

static void old_free(old_parts *p) {
  KITH_FREE(p->first);
  for (int t = 0; t < KITH_MAX_TYPES; t++) KITH_FREE(p->number[t]);
}

static kith_agreed old_attributes(kith_h5 *f, const kith_partition_options *o, old_parts *p) {
  kith_agreed st = {KITH_OK};
  char *method = NULL;
  int64_t fingerprint = 0;
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  KITH_TRY(kith_h5_get_attr_int(f, "parts", &p->n_part));
  KITH_TRY(kith_h5_get_attr_text(f, "method", &method));
  p->fingerprint = (uint64_t)fingerprint;
  p->refit = kith_h5_has_attr(f, "refit");
  p->same_method = strcmp(method, kith_partition_method_name(o->method)) == 0;
  p->first_cut = -1;
  if (kith_h5_has_attr(f, "first_cut")) KITH_TRY(kith_h5_get_attr_real(f, "first_cut", &p->first_cut));
done:
  KITH_FREE(method);
  return st;
}

static kith_status old_check(const char *path, const kith_parent *parent, const old_parts *p) {
  kith_status st = KITH_OK;
  KITH_CHECK(parent->is && p->fingerprint == parent->fingerprint, KITH_EDATA,
             "%s: is of another graph than the one that was updated; run kith partition before kith update",
             path);
  KITH_CHECK(!p->refit, KITH_EDATA, "%s: is of a refit, whose graph is not updated", path);
  KITH_CHECK(p->n_part >= 1 && p->n_part < INT32_MAX, KITH_EDATA, "%s: parts is %lld, which cannot be", path,
             (long long)p->n_part);
done:
  return st;
}

static kith_status old_check_rows(const char *path, const char *name, int64_t n, int64_t wanted) {
  if (n == wanted) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: \"%s\" has %lld rows, %lld were expected", path, name, (long long)n,
                   (long long)wanted);
}

/* A whole dataset of int64 [n] in a new block, of values 0 … most. */
static kith_agreed old_column(kith_h5 *f, const char *name, int64_t n, int64_t most, int64_t **x) {
  kith_agreed st = {KITH_OK};
  int64_t rows = 0;
  int columns = 0;
  KITH_TRY(kith_h5_extent(f, name, &rows, &columns));
  KITH_TRY(kith_agreed_same(old_check_rows(kith_h5_path(f), name, rows, n)));
  KITH_TRY(kith_agreed_same(KITH_NEW(*x, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT64, 0, 0, n, *x));
  KITH_TRY(kith_agreed_same(kith__validate_range(kith_h5_path(f), name, 0, n, *x, 0, most + 1)));
done:
  return st;
}

/* Collective over a communicator of one rank. */
static kith_agreed old_read(const kith_comm *comm, const char *path, const kith_dataset *d,
                            const kith_partition_options *o, old_parts *p) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char name[KITH_NAME];
  int64_t n = 0;
  KITH_TRY(kith_h5_open(comm, path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(old_attributes(f, o, p));
  KITH_TRY(kith_agreed_same(old_check(path, &d->parent, p)));
  for (int t = 0; t < d->schema.n_type; t++) n += d->parent.n[t];
  KITH_TRY(old_column(f, "part/first", p->n_part + 1, n, &p->first));
  KITH_TRY(kith_agreed_same(
      kith__validate_offsets(path, "part/first", p->n_part + 1, 0, p->n_part + 1, p->first, n)));
  for (int t = 0; t < d->schema.n_type; t++) {
    kith_type_dataset(&d->schema, t, "number", name);
    p->n[t] = d->parent.n[t];
    KITH_TRY(old_column(f, name, p->n[t], n - 1, &p->number[t]));
  }
done:
  kith_h5_close(&f);
  return st;
}

/* The parts of the nodes of `d`, of which the first n[t] of each type are old; -1: a new one. */
static void old_put(const old_parts *p, const kith_dataset *d, int32_t *part) {
  for (int t = 0; t < d->schema.n_type; t++)
    for (int64_t i = 0; i < d->n[t]; i++)
      *part++ = i < p->n[t] ? (int32_t)kith_owner((int)p->n_part, p->first, p->number[t][i]) : -1;
}

/* Share of the edges between parts, and the edges of the fullest part over the mean (may be null). */
static kith_status update_judge(const kith_dataset *d, const kith_partition_options *o, const int32_t *part,
                                double *cut, double *balance) {
  kith_status st = KITH_OK;
  kith_partition_report r;
  KITH_TRY(kith_partition_judge(d, o, part, o->parts, 1, 0, 0, &r));
  *cut = r.cut_share;
  if (balance) *balance = r.edge_balance;
done:
  return st;
}

/* What the old cut was, if its file does not say it: counted in the old graph. */
static kith_status update_first_cut(const kith_comm *alone, const char *graph,
                                    const kith_partition_options *o, old_parts *p) {
  kith_status st = KITH_OK;
  kith_dataset *d = NULL;
  int32_t *part = NULL;
  if (p->first_cut >= 0) return st;
  KITH_TRY(kith_dataset_read(alone, graph, &d).status);
  KITH_CHECK(d->fingerprint == p->fingerprint, KITH_EDATA, "%s: is another graph than that of its parts.h5",
             graph);
  KITH_TRY(KITH_NEW(part, kith_dataset_n_node(d)));
  old_put(p, d, part);
  KITH_TRY(update_judge(d, o, part, &p->first_cut, NULL));
done:
  kith_dataset_destroy(&d);
  KITH_FREE(part);
  return st;
}

/* Put new nodes beside their neighbors, and say whether that will do. */
static kith_status update_extend(const kith_comm *alone, const char *old_graph, const kith_dataset *d,
                                 const kith_partition_options *o, old_parts *p, int32_t *part,
                                 kith_partition_update_report *r) {
  kith_status st = KITH_OK;
  r->why = KITH_RECUT_SETTINGS;
  if (p->n_part != o->parts || !p->same_method) return st;
  KITH_TRY(update_first_cut(alone, old_graph, o, p));
  old_put(p, d, part);
  KITH_TRY(kith_partition_extend(d, o, part));
  KITH_TRY(update_judge(d, o, part, &r->extended_cut, &r->balance));
  r->first_cut = p->first_cut;
  r->cut = r->extended_cut;
  r->why = r->cut > update_worst * r->first_cut ? KITH_RECUT_WORSE : KITH_RECUT_NONE;
done:
  return st;
}

static kith_status update_cut(const kith_comm *alone, const char *old_graph, const kith_dataset *d,
                              const kith_partition_options *o, old_parts *p, int32_t *part,
                              kith_partition_update_report *r) {
  kith_status st = KITH_OK;
  KITH_TRY(update_extend(alone, old_graph, d, o, p, part, r));
  if (r->why == KITH_RECUT_NONE) goto done;
  KITH_TRY(kith_partition_make(d, o, part));
  KITH_TRY(update_judge(d, o, part, &r->cut, &r->balance));
  p->first_cut = r->cut; /* what later updates are compared with */
done:
  return st;
}

static kith_status update_alone(const char *old_graph, const char *old, const char *new_graph,
                                const kith_partition_options *o, const char *out,
                                kith_partition_update_report *r) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_dataset *d = NULL;
  old_parts p = {.n_part = 0};
  int32_t *part = NULL;
  KITH_TRY(kith_dataset_read(&alone, new_graph, &d).status);
  KITH_TRY(old_read(&alone, old, d, o, &p).status);
  KITH_TRY(KITH_NEW(part, kith_dataset_n_node(d)));
  KITH_TRY(update_cut(&alone, old_graph, d, o, &p, part, r));
  for (int t = 0; t < d->schema.n_type; t++) r->n_new += d->n[t] - d->parent.n[t];
  KITH_TRY(kith__partition_write(&alone, out, d, o, part, p.first_cut).status);
done:
  kith_dataset_destroy(&d);
  old_free(&p);
  KITH_FREE(part);
  return st;
}

kith_agreed kith_partition_update(const kith_comm *comm, const char *old_graph, const char *old_parts_path,
                                  const char *new_graph, const kith_partition_options *o,
                                  const char *out_path, kith_partition_update_report *report) {
  kith_agreed st = {KITH_OK};
  kith_status mine = KITH_OK;
  *report = (kith_partition_update_report){.n_new = 0};
  if (comm->rank == 0) mine = update_alone(old_graph, old_parts_path, new_graph, o, out_path, report);
  KITH_TRY(kith_agree(comm, mine));
  kith_comm_bcast(comm, (int64_t)sizeof *report, report);
done:
  return st;
}
