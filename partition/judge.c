/* How good a cut is for R ranks: counted, not estimated. */
#include "partition.h"

/* Room for counting, and what is counted. */
typedef struct judge {
  int32_t *rank_of;     /* [parts] rank that owns a part */
  int64_t *node, *edge; /* [ranks] owned rows; entries of owned rows */
  int64_t cut, ghosts;
} judge;

static int32_t judge_rank(const judge *j, const int32_t *part, int64_t i) { return j->rank_of[part[i]]; }

/* Row i's neighbors: cut edges, each from the end that comes first, and one ghost for every other rank that
 * has a neighbor of it. */
static void judge_row(judge *j, const partition_graph *g, const int32_t *part, int64_t i, int64_t *seen) {
  int32_t mine = judge_rank(j, part, i);
  j->node[mine]++;
  j->edge[mine] += g->start[i + 1] - g->start[i];
  for (int64_t e = g->start[i]; e < g->start[i + 1]; e++) {
    int32_t other = judge_rank(j, part, g->to[e]);
    if (other == mine) continue;
    j->cut += i < g->to[e];
    if (seen[other] == i + 1) continue;
    seen[other] = i + 1;
    j->ghosts++;
  }
}

static double judge_balance(int n, const int64_t *x) {
  int64_t sum = 0, most = 0;
  for (int i = 0; i < n; i++) {
    sum += x[i];
    if (x[i] > most) most = x[i];
  }
  return sum ? (double)most * n / (double)sum : 1;
}

kith_status kith_partition_judge(const kith_dataset *d, const kith_partition_options *o, const int32_t *part,
                                 int ranks, int width, int layers, int64_t steps_per_epoch,
                                 kith_partition_report *out) {
  kith_status st = KITH_OK;
  judge j = {0};
  partition_graph g = {0};
  int64_t *seen = NULL;
  KITH_TRY(KITH_NEW(j.rank_of, o->parts));
  KITH_TRY(KITH_NEW(j.node, ranks));
  KITH_TRY(KITH_NEW(j.edge, ranks));
  KITH_TRY(KITH_NEW(seen, ranks));
  KITH_TRY(kith__partition_graph_make_read(d, o, &g));
  for (int r = 0; r < ranks; r++)
    for (int64_t p = kith_chunk_begin(o->parts, ranks, r); p < kith_chunk_begin(o->parts, ranks, r + 1); p++)
      j.rank_of[p] = r;
  for (int64_t i = 0; i < g.n; i++) judge_row(&j, &g, part, i, seen);
  *out = (kith_partition_report){.ranks = ranks, .cut = j.cut, .ghosts = j.ghosts};
  out->cut_share = g.start[g.n] ? 2 * (double)j.cut / (double)g.start[g.n] : 0;
  out->ghosts_per_own = g.n ? (double)j.ghosts / (double)g.n : 0;
  out->node_balance = judge_balance(ranks, j.node);
  out->edge_balance = judge_balance(ranks, j.edge);
  out->bytes_per_layer = j.ghosts * width * (int64_t)sizeof(float);
  out->bytes_per_epoch = out->bytes_per_layer * 2 * layers * steps_per_epoch;
done:
  KITH_FREE(j.rank_of);
  KITH_FREE(j.node);
  KITH_FREE(j.edge);
  KITH_FREE(seen);
  kith__partition_graph_free(&g);
  return st;
}
