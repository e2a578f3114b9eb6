/* How good a cut is, counted by all ranks: each counts its own rows, as judge.c counts all. */
#include "dgraph.h"

/* What is summed over ranks is in one block: cut, ghosts, then nodes, entries and users of each rank of
 * training. */
typedef struct judge_dgraph {
  int64_t *sum;  /* [2 + 3 ranks] */
  int64_t *seen; /* [ranks] the last own node, from 1, with a neighbor there */
  int32_t *rank_of;
} judge_dgraph;

static kith_status judge_make(const kith_partition_judged *cut, int parts, judge_dgraph *j) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(j->sum, 2 + 3 * (int64_t)cut->ranks));
  KITH_TRY(KITH_NEW(j->seen, cut->ranks));
  KITH_TRY(KITH_NEW(j->rank_of, parts));
  kith__partition_owners(parts, cut->ranks, j->rank_of);
done:
  return st;
}

static void judge_free(judge_dgraph *j) {
  KITH_FREE(j->sum);
  KITH_FREE(j->seen);
  KITH_FREE(j->rank_of);
}

/* Every cut edge counts at both its ends. */
static void judge_rows(const partition_dgraph *s, const int32_t *part, int64_t n_user, int ranks,
                       judge_dgraph *j) {
  for (int32_t i = 0; i < s->n_own; i++) {
    int32_t mine = j->rank_of[part[i]];
    j->sum[2 + mine]++;
    j->sum[2 + 2 * ranks + mine] += s->first[s->comm->rank] + i < n_user;
    j->sum[2 + ranks + mine] += s->start[i + 1] - s->start[i];
    for (int64_t e = s->start[i]; e < s->start[i + 1]; e++) {
      int32_t other = j->rank_of[part[s->to[e]]];
      if (other == mine) continue;
      j->sum[0]++;
      if (j->seen[other] == i + 1) continue;
      j->seen[other] = i + 1;
      j->sum[1]++;
    }
  }
}

kith_agreed kith__partition_dgraph_judge(const partition_dgraph *s, int64_t n_user, int parts,
                                         const int32_t *part, int n, kith_partition_judged *cut) {
  kith_agreed st = {KITH_OK};
  judge_dgraph j = {0};
  for (int k = 0; k < n; k++) {
    int ranks = cut[k].ranks;
    int64_t nodes = 0, entries = 0, users = 0;
    judge_free(&j);
    KITH_TRY(kith_agree(s->comm, judge_make(&cut[k], parts, &j)));
    judge_rows(s, part, n_user, ranks, &j);
    kith_comm_sum_int(s->comm, 2 + 3 * ranks, j.sum);
    cut[k].report = (kith_partition_report){.ranks = ranks, .cut = j.sum[0] / 2, .ghosts = j.sum[1]};
    cut[k].report.node_balance = kith__partition_balance(ranks, j.sum + 2, &nodes);
    cut[k].report.edge_balance = kith__partition_balance(ranks, j.sum + 2 + ranks, &entries);
    cut[k].report.user_balance = kith__partition_balance(ranks, j.sum + 2 + 2 * ranks, &users);
    cut[k].report.cut_share = entries ? (double)j.sum[0] / (double)entries : 0;
    cut[k].report.ghosts_per_own = nodes ? (double)j.sum[1] / (double)nodes : 0;
  }
done:
  judge_free(&j);
  return st;
}
