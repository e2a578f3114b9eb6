/* How good a cut is for R ranks: counted, not estimated. */
#include <stdio.h>

#include "partition.h"
#include "update.h"

/* Room for counting, and what is counted. */
typedef struct judge {
  int32_t *rank_of;     /* [parts] rank that owns a part */
  int64_t *node, *edge; /* [ranks] owned rows; entries of owned rows */
  int64_t *user;        /* [ranks] owned users */
  int64_t *seen;        /* [ranks] the last node, from 1, with a neighbor there */
  int64_t cut, ghosts;
} judge;

static int32_t judge_rank(const judge *j, const int32_t *part, int64_t i) { return j->rank_of[part[i]]; }

void kith__partition_owners(int parts, int ranks, int32_t *rank_of) {
  for (int r = 0; r < ranks; r++)
    for (int64_t p = kith_chunk_begin(parts, ranks, r); p < kith_chunk_begin(parts, ranks, r + 1); p++)
      rank_of[p] = r;
}

static kith_status judge_make(const kith_partition_options *o, int ranks, judge *j) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(j->rank_of, o->parts));
  KITH_TRY(KITH_NEW(j->node, ranks));
  KITH_TRY(KITH_NEW(j->edge, ranks));
  KITH_TRY(KITH_NEW(j->user, ranks));
  KITH_TRY(KITH_NEW(j->seen, ranks));
  kith__partition_owners(o->parts, ranks, j->rank_of);
done:
  return st;
}

static void judge_free(judge *j) {
  KITH_FREE(j->rank_of);
  KITH_FREE(j->node);
  KITH_FREE(j->edge);
  KITH_FREE(j->user);
  KITH_FREE(j->seen);
}

/* Row i's neighbors: cut edges, each from the end that comes first, and one ghost for every other rank that
 * has a neighbor of it. */
static void judge_row(judge *j, const partition_graph *g, const int32_t *part, int64_t i) {
  int32_t mine = judge_rank(j, part, i);
  j->edge[mine] += g->start[i + 1] - g->start[i];
  for (int64_t e = g->start[i]; e < g->start[i + 1]; e++) {
    int32_t other = judge_rank(j, part, g->to[e]);
    if (other == mine) continue;
    j->cut += i < g->to[e];
    if (j->seen[other] == i + 1) continue;
    j->seen[other] = i + 1;
    j->ghosts++;
  }
}

double kith__partition_balance(int n, const int64_t *x, int64_t *sum) {
  int64_t most = 0;
  *sum = 0;
  for (int i = 0; i < n; i++) {
    *sum += x[i];
    if (x[i] > most) most = x[i];
  }
  return *sum ? (double)most * n / (double)*sum : 1;
}

static double judge_share(const judge *j, const partition_graph *g) {
  return g->start[g->n] ? 2 * (double)j->cut / (double)g->start[g->n] : 0;
}

/* One relation alone, in every cut. */
static kith_status judge_relation(const kith_partition_options *o, const partition_graph *g, const char *name,
                                  int n, kith_partition_judged *cut) {
  kith_status st = KITH_OK;
  judge j = {0};
  for (int k = 0; k < n; k++) {
    kith_partition_report *out = &cut[k].report;
    kith_partition_relation_report *to = &out->relation[out->n_relation++];
    judge_free(&j);
    j = (judge){0};
    KITH_TRY(judge_make(o, cut[k].ranks, &j));
    for (int64_t i = 0; i < g->n; i++) judge_row(&j, g, cut[k].part, i);
    *to = (kith_partition_relation_report){.cut = j.cut, .cut_share = judge_share(&j, g), .ghosts = j.ghosts};
    snprintf(to->name, sizeof to->name, "%s", name);
  }
done:
  judge_free(&j);
  return st;
}

/* Each relation alone that layers read or that weighs something in the cut. */
static kith_status judge_relations(const kith_dataset *d, const kith_partition_options *o, int n,
                                   kith_partition_judged *cut) {
  kith_status st = KITH_OK;
  partition_graph g = {0};
  int read[KITH_MAX_RELATIONS] = {0}, weight[KITH_MAX_RELATIONS] = {0};
  kith__partition_reads(d, o, read);
  kith__partition_weights(d, o, weight);
  if (kith__partition_n_entry(d, read) + kith__partition_n_entry(d, weight) == 0) return st;
  KITH_TRY(kith__partition_graph_make(d, d->n[KITH_USER] + d->n[KITH_ITEM], &g));
  if (d->n_class == 0 || d->n_edge > 0)
    KITH_TRY(judge_relation(o, &g, d->n_class > 0 ? "edges" : "interactions", n, cut));
  for (int r = 0; r < d->schema.n_relation; r++) {
    if (read[r] == 0 && weight[r] == 0) continue;
    kith__partition_graph_free(&g);
    KITH_TRY(kith__partition_pairs(d, r, &g));
    KITH_TRY(judge_relation(o, &g, d->schema.relation[r].name, n, cut));
  }
done:
  kith__partition_graph_free(&g);
  return st;
}

/* The union of all that layers read. */
static kith_status judge_union(const kith_dataset *d, const kith_partition_options *o,
                               const partition_graph *g, kith_partition_judged *cut) {
  kith_status st = KITH_OK;
  judge j = {0};
  int64_t n_node = kith_dataset_n_node(d), all;
  kith_partition_report *out = &cut->report;
  KITH_TRY(judge_make(o, cut->ranks, &j));
  for (int64_t i = 0; i < n_node; i++) j.node[judge_rank(&j, cut->part, i)]++;
  for (int64_t i = 0; i < d->n[KITH_USER]; i++) j.user[judge_rank(&j, cut->part, i)]++;
  for (int64_t i = 0; i < g->n; i++) judge_row(&j, g, cut->part, i);
  *out = (kith_partition_report){.ranks = cut->ranks, .cut = j.cut, .ghosts = j.ghosts};
  out->cut_share = judge_share(&j, g);
  out->ghosts_per_own = n_node ? (double)j.ghosts / (double)n_node : 0;
  out->node_balance = kith__partition_balance(cut->ranks, j.node, &all);
  out->edge_balance = kith__partition_balance(cut->ranks, j.edge, &all);
  out->user_balance = kith__partition_balance(cut->ranks, j.user, &all);
done:
  judge_free(&j);
  return st;
}

kith_status kith_partition_judge_all(const kith_dataset *d, const kith_partition_options *o, int width,
                                     int layers, int64_t steps_per_epoch, int n, kith_partition_judged *cut) {
  kith_status st = KITH_OK;
  partition_graph g = {0};
  int read[KITH_MAX_RELATIONS] = {0};
  kith__partition_reads(d, o, read);
  KITH_TRY(kith__partition_union(d, read, &g));
  for (int k = 0; k < n; k++) {
    KITH_TRY(judge_union(d, o, &g, &cut[k]));
    cut[k].report.bytes_per_layer = cut[k].report.ghosts * width * (int64_t)sizeof(float);
    cut[k].report.bytes_per_epoch = cut[k].report.bytes_per_layer * 2 * layers * steps_per_epoch;
  }
  kith__partition_graph_free(&g);
  KITH_TRY(judge_relations(d, o, n, cut));
done:
  kith__partition_graph_free(&g);
  return st;
}

kith_status kith_partition_judge(const kith_dataset *d, const kith_partition_options *o, const int32_t *part,
                                 int ranks, int width, int layers, int64_t steps_per_epoch,
                                 kith_partition_report *out) {
  kith_status st = KITH_OK;
  kith_partition_judged one = {.part = part, .ranks = ranks};
  KITH_TRY(kith_partition_judge_all(d, o, width, layers, steps_per_epoch, 1, &one));
  *out = one.report;
done:
  return st;
}
