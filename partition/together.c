/* Cutting by all ranks, of which each holds a share of the graph. */
#include <stdio.h>

#include "dgraph.h"

enum { TOGETHER_PIECE = 1 << 24 }; /* nodes a message */

bool kith_partition_is_together(kith_partition_method method) {
  return method == KITH_PARTITION_STREAM || method == KITH_PARTITION_PTSCOTCH;
}

/* The schema alone, as the weights of relations are asked of it. */
static kith_dataset together_schema(const kith_links *l) { return (kith_dataset){.schema = l->schema}; }

/* Rank 0 gets the parts of all nodes, all [n]. */
static void together_gather(const partition_dgraph *s, const int32_t *part, int32_t *all) {
  for (int r = 0; r < s->comm->size; r++)
    for (int64_t i = s->first[r]; i < s->first[r + 1]; i += TOGETHER_PIECE) {
      int n = (int)kith_min(s->first[r + 1] - i, TOGETHER_PIECE);
      if (s->comm->rank == r && r > 0)
        KITH_MPI(MPI_Send(part + (i - s->first[r]), n, MPI_INT32_T, 0, 0, s->comm->mpi));
      if (s->comm->rank == 0 && r > 0)
        KITH_MPI(MPI_Recv(all + i, n, MPI_INT32_T, r, 0, s->comm->mpi, MPI_STATUS_IGNORE));
      for (int k = 0; s->comm->rank == 0 && r == 0 && k < n; k++) all[i + k] = part[i + k];
    }
}

/* By one of the methods; METIS is none of them.  part [n_own + n_ghost] */
static kith_agreed together_run(const partition_dgraph *s, const kith_links *l,
                                const kith_partition_options *o, int32_t *part) {
  kith_agreed st = {KITH_OK};
  bool scotch = o->method == KITH_PARTITION_PTSCOTCH && o->parts > 1 && s->n >= 4 * (int64_t)o->parts;
  if (o->method == KITH_PARTITION_HASH || o->method == KITH_PARTITION_CONTIGUOUS) {
    if (o->method == KITH_PARTITION_HASH) kith__partition_dgraph_hash(s, l, o, part);
    else kith__partition_dgraph_contiguous(s, l, o, part);
    return kith__partition_dgraph_tell(s, sizeof *part, part);
  }
  KITH_TRY(scotch ? kith__partition_ptscotch(s, o, part) : kith__partition_stream(s, l, o, part));
  KITH_TRY(kith__partition_order(s, o->parts, part));
done:
  return st;
}

/* Cut: *part [n_own + n_ghost] is new. */
static kith_agreed together_cut(const kith_comm *comm, const kith_links *l, const kith_partition_options *o,
                                partition_dgraph *s, int32_t **part) {
  kith_agreed st = {KITH_OK};
  int weight[KITH_MAX_RELATIONS] = {0};
  kith_dataset schema = together_schema(l);
  KITH_TRY(kith_agree(comm, kith__partition_check_balance(o)));
  kith__partition_weights(&schema, o, weight);
  KITH_TRY(
      kith__partition_dgraph_make(comm, l, (partition_edges){.interactions = true, .weight = weight}, s));
  KITH_TRY(kith_agree(comm, KITH_NEW(*part, (int64_t)s->n_own + s->n_ghost)));
  KITH_TRY(together_run(s, l, o, *part));
done:
  return st;
}

kith_agreed kith_partition_make_together(const kith_comm *comm, const kith_links *l,
                                         const kith_partition_options *o, int32_t *part) {
  kith_agreed st = {KITH_OK};
  partition_dgraph s = {.n = 0};
  int32_t *own = NULL;
  KITH_TRY(together_cut(comm, l, o, &s, &own));
  together_gather(&s, own, part);
done:
  KITH_FREE(own);
  kith__partition_dgraph_free(&s);
  return st;
}

/* ---- judging ---- */

/* Judge the parts of own nodes by some of the graph's edges. */
static kith_agreed judge_edges(const partition_dgraph *owners, const kith_links *l, bool interactions,
                               const int *weight, int parts, const int32_t *own, int n,
                               kith_partition_judged *cut) {
  kith_agreed st = {KITH_OK};
  partition_dgraph s = {.n = 0};
  int32_t *part = NULL;
  partition_edges edges = {.interactions = interactions, .weight = weight, .first = owners->first};
  KITH_TRY(kith__partition_dgraph_make(owners->comm, l, edges, &s));
  KITH_TRY(kith_agree(s.comm, KITH_NEW(part, (int64_t)s.n_own + s.n_ghost)));
  for (int32_t i = 0; i < s.n_own; i++) part[i] = own[i];
  KITH_TRY(kith__partition_dgraph_tell(&s, sizeof *part, part));
  KITH_TRY(kith__partition_dgraph_judge(&s, l->n[KITH_USER], parts, part, n, cut));
done:
  KITH_FREE(part);
  kith__partition_dgraph_free(&s);
  return st;
}

/* The interactions alone, relation -1, or a relation alone. */
static kith_agreed judge_one(const partition_dgraph *owners, const kith_links *l, int relation, int parts,
                             const int32_t *own, int n, kith_partition_judged *cut) {
  kith_agreed st = {KITH_OK};
  int weight[KITH_MAX_RELATIONS] = {0};
  kith_partition_judged *one = NULL;
  if (relation >= 0) weight[relation] = 1;
  KITH_TRY(kith_agree(owners->comm, KITH_NEW(one, n)));
  for (int k = 0; k < n; k++) one[k].ranks = cut[k].ranks;
  KITH_TRY(judge_edges(owners, l, relation < 0, weight, parts, own, n, one));
  for (int k = 0; k < n; k++) {
    kith_partition_report *out = &cut[k].report;
    kith_partition_relation_report *to = &out->relation[out->n_relation++];
    *to = (kith_partition_relation_report){.cut = one[k].report.cut,
                                           .cut_share = one[k].report.cut_share,
                                           .ghosts = one[k].report.ghosts};
    snprintf(to->name, sizeof to->name, "%s",
             relation < 0 ? KITH_INTERACTIONS : l->schema.relation[relation].name);
  }
done:
  KITH_FREE(one);
  return st;
}

static int64_t judge_n_edge(const partition_dgraph *s, const kith_links *l, int r) {
  const kith_ragged *x = &l->relation[r].edges;
  int64_t n = x->start[x->n_row];
  kith_comm_sum_int(s->comm, 1, &n);
  return n;
}

/* All that judge.c says of a graph of users and items.  The entries of *s are freed. */
static kith_agreed together_judge(partition_dgraph *s, const kith_links *l, const kith_partition_options *o,
                                  const int32_t *own, int n, kith_partition_judged *cut) {
  kith_agreed st = {KITH_OK};
  int read[KITH_MAX_RELATIONS] = {0}, weight[KITH_MAX_RELATIONS] = {0};
  kith_dataset schema = together_schema(l);
  bool alike = true, related = false;
  kith__partition_reads(&schema, o, read);
  kith__partition_weights(&schema, o, weight);
  for (int r = 0; r < l->schema.n_relation; r++) {
    alike = alike && (read[r] > 0) == (weight[r] > 0);
    if (read[r] > 0 || weight[r] > 0) related = judge_n_edge(s, l, r) > 0 || related;
  }
  if (alike) KITH_TRY(kith__partition_dgraph_judge(s, l->n[KITH_USER], o->parts, own, n, cut));
  kith__partition_dgraph_forget(s);
  if (!alike) KITH_TRY(judge_edges(s, l, true, read, o->parts, own, n, cut));
  if (related) KITH_TRY(judge_one(s, l, -1, o->parts, own, n, cut));
  for (int r = 0; related && r < l->schema.n_relation; r++)
    if (read[r] > 0 || weight[r] > 0) KITH_TRY(judge_one(s, l, r, o->parts, own, n, cut));
done:
  return st;
}

kith_agreed kith_partition_write_together(const kith_comm *comm, const char *graph, const kith_links *l,
                                          const kith_partition_options *o, const char *path, int n,
                                          kith_partition_judged *cut, double *seconds) {
  kith_agreed st = {KITH_OK};
  partition_dgraph s = {.n = 0};
  partition_numbers numbers = {0};
  int32_t *own = NULL;
  double began = kith_clock();
  KITH_TRY(together_cut(comm, l, o, &s, &own));
  *seconds = kith_clock() - began;
  KITH_TRY(together_judge(&s, l, o, own, n, cut));
  KITH_TRY(kith__partition_number(&s, l, o->parts, own, &numbers));
  KITH_FREE(own);
  KITH_TRY(kith__partition_dgraph_write(&s, graph, l, o, &numbers, path));
done:
  KITH_FREE(own);
  kith__partition_numbers_free(&numbers);
  kith__partition_dgraph_free(&s);
  return st;
}

kith_status kith__partition_alone(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_links l = kith_links_of(d);
  return kith_partition_make_together(&alone, &l, o, part).status;
}
