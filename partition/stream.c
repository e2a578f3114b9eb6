/*
 * Linear deterministic greedy (Stanton and Kliot, KDD 2012), streamed again and again (Nishimura and Ugander,
 * KDD 2013), by many ranks.
 *
 * A node goes to the part that has most of its neighbors, each of which counts 1 - load / capacity of the
 * part; parts without room for it are left out.  Its load is its degree and one.
 *
 * Nodes are in blocks, by the seed and the node alone.  All nodes of a block choose at once: they see the
 * parts of all nodes, and the loads of parts, as they were before the block.  Where more of them choose a
 * part than fit there, none goes there: half of them choose again, then the other half, by further bits of
 * the node, until everything fits.  So no rank's choice depends on how nodes are dealt to ranks, no part
 * exceeds its capacity while any part has room for the node, and the parts are the same on any number of
 * ranks.
 */
#include <string.h>

#include "dgraph.h"

enum { STREAM_PASSES = 10, STREAM_BLOCKS = 256, STREAM_HALVES = 60 };

typedef struct stream {
  const partition_dgraph *s;
  int parts, blocks;
  double capacity;
  int32_t *part;        /* [n_own + n_ghost] -1: none yet */
  int64_t *load;        /* [parts] */
  int64_t *chosen;      /* [parts + 1] load of the nodes that choose; and how many do */
  int64_t *count;       /* [parts] of a node's neighbors; 0 between nodes */
  int32_t *touched;     /* [parts] those above 0 */
  int32_t *start;       /* [blocks + 1] */
  int32_t *node;        /* [n_own] own nodes by block, ascending; those that choose again come first */
  kith_draw *draw;      /* [most of a block] of node[start[block] + k] */
  int32_t *choice;      /* likewise: its part in the end */
  int32_t *queue, *old; /* likewise: places of those that choose; part before */
  int32_t *other;       /* likewise: room to split the queue */
  int64_t moved;
  kith_alltoall all;
  partition_seer *out, *in; /* rank: the part; what is sent of a block, and what arrives */
} stream;

static int64_t stream_weight(const stream *x, int32_t i) { return x->s->start[i + 1] - x->s->start[i] + 1; }

/* The random numbers of a node: bits[0] its block, [1] and [2] two parts, [3] in which half it is. */
static kith_draw stream_draw(const kith_links *l, uint64_t seed, int64_t node) {
  const int t = kith__partition_type(l->n, &node);
  return kith_random(seed, KITH_RNG_PARTITION, (uint64_t)t, (uint64_t)node, 1);
}

/* ---- choices ---- */

static bool stream_fits(const stream *x, int part, int64_t weight) {
  return (double)(x->load[part] + weight) <= x->capacity;
}

/* Count the neighbors of own node i by part; returns how many parts have any. */
static int stream_count(const stream *x, int32_t i) {
  int n = 0;
  for (int64_t e = x->s->start[i]; e < x->s->start[i + 1]; e++) {
    int32_t p = x->part[x->s->to[e]];
    if (p < 0) continue;
    if (x->count[p] == 0) x->touched[n++] = p;
    x->count[p] += x->s->weight ? x->s->weight[e] : 1;
  }
  return n;
}

/* The emptier of two random parts, if the node fits there; else the emptiest of all. */
static int stream_anywhere(const stream *x, int64_t weight, const kith_draw *draw) {
  int a = (int)kith_random_below(draw->bits[1], (uint64_t)x->parts);
  int b = (int)kith_random_below(draw->bits[2], (uint64_t)x->parts);
  int best = x->load[b] < x->load[a] ? b : a;
  if (stream_fits(x, best, weight)) return best;
  for (int p = best = 0; p < x->parts; p++)
    if (x->load[p] < x->load[best]) best = p;
  return best;
}

static int stream_choose(const stream *x, int32_t i, const kith_draw *draw) {
  int best = -1, n = stream_count(x, i);
  double most = 0;
  int64_t weight = stream_weight(x, i);
  for (int k = 0; k < n; k++) {
    int p = x->touched[k];
    double score = (double)x->count[p] * (1 - (double)x->load[p] / x->capacity);
    x->count[p] = 0;
    if (!stream_fits(x, p, weight) || score < most) continue;
    bool equal = score <= most && best >= 0;
    if (equal && (x->load[p] > x->load[best] || (x->load[p] == x->load[best] && p > best))) continue;
    most = score;
    best = p;
  }
  return best >= 0 ? best : stream_anywhere(x, weight, draw);
}

/* ---- a block ---- */

static bool stream_is_full(const stream *x, int part) {
  return (double)(x->load[part] + x->chosen[part]) > x->capacity;
}

/* The nodes of queue [n] choose.  Those that may go where they like leave the queue; returns how many stay,
 * and *all, how many do on all ranks.  Collective. */
static int32_t stream_round(stream *x, int32_t block, int32_t *queue, int32_t n, bool last, int64_t *all) {
  const int32_t *node = x->node + x->start[block];
  int32_t stay = 0;
  memset(x->chosen, 0, (size_t)(x->parts + 1) * sizeof *x->chosen);
  for (int32_t k = 0; k < n; k++) {
    int32_t q = queue[k];
    x->choice[q] = stream_choose(x, node[q], &x->draw[q]);
    x->chosen[x->choice[q]] += stream_weight(x, node[q]);
  }
  x->chosen[x->parts] = n;
  kith_comm_sum_int(x->s->comm, x->parts + 1, x->chosen);
  last = last || x->chosen[x->parts] <= 1;
  for (int32_t k = 0; k < n; k++)
    if (!last && stream_is_full(x, x->choice[queue[k]])) queue[stay++] = queue[k];
  *all = 0;
  for (int p = 0; p < x->parts; p++)
    if (last || !stream_is_full(x, p)) x->load[p] += x->chosen[p];
    else *all = 1;
  return stay;
}

/* All nodes of queue [n] choose until everything fits.  Collective. */
static void stream_settle(stream *x, int32_t block, int32_t *queue, int32_t n, int depth) {
  int64_t rest = 0;
  int32_t first = 0, second = 0;
  n = stream_round(x, block, queue, n, depth == STREAM_HALVES, &rest);
  if (rest == 0) return;
  for (int32_t k = 0; k < n; k++) {
    if (x->draw[queue[k]].bits[3] >> depth & 1) x->other[second++] = queue[k];
    else queue[first++] = queue[k];
  }
  memcpy(queue + first, x->other, (size_t)second * sizeof *queue);
  stream_settle(x, block, queue, first, depth + 1);
  stream_settle(x, block, queue + first, second, depth + 1);
}

/* Take the nodes of a block out of the loads. */
static void stream_lift(stream *x, const int32_t *node, int32_t n) {
  memset(x->chosen, 0, (size_t)x->parts * sizeof *x->chosen);
  for (int32_t k = 0; k < n; k++) {
    x->old[k] = x->part[node[k]];
    if (x->old[k] >= 0) x->chosen[x->old[k]] += stream_weight(x, node[k]);
  }
  kith_comm_sum_int(x->s->comm, x->parts, x->chosen);
  for (int p = 0; p < x->parts; p++) x->load[p] -= x->chosen[p];
}

/* ---- what other ranks see ---- */

/* Tell the ranks that see nodes that have moved. */
static void stream_tell(stream *x, const int32_t *node, int32_t n) {
  const partition_dgraph *s = x->s;
  kith_alltoall *a = &x->all;
  memset(a->send_count, 0, (size_t)s->comm->size * sizeof *a->send_count);
  for (int pass = 0; pass < 2; pass++) {
    for (int32_t k = 0; k < n; k++) {
      if (x->part[node[k]] == x->old[k]) continue;
      for (int64_t e = s->seer_start[node[k]]; e < s->seer_start[node[k] + 1]; e++) {
        int r = s->seer[e].rank;
        if (pass == 0) a->send_count[r]++;
        else x->out[a->send_displ[r]++] = (partition_seer){.rank = x->part[node[k]], .slot = s->seer[e].slot};
      }
    }
    kith_prefix_sum(s->comm->size, a->send_count, a->send_displ);
  }
  KITH_MPI(MPI_Alltoall(a->send_count, 1, MPI_INT, a->recv_count, 1, MPI_INT, s->comm->mpi));
  kith_prefix_sum(s->comm->size, a->recv_count, a->recv_displ);
  KITH_MPI(MPI_Alltoallv(x->out, a->send_count, a->send_displ, MPI_INT64_T, x->in, a->recv_count,
                         a->recv_displ, MPI_INT64_T, s->comm->mpi));
  for (int32_t k = 0; k < a->recv_displ[s->comm->size]; k++)
    x->part[s->n_own + x->in[k].slot] = x->in[k].rank;
}

static void stream_block(stream *x, const kith_links *l, uint64_t seed, int32_t block) {
  const int32_t *node = x->node + x->start[block];
  int32_t n = x->start[block + 1] - x->start[block];
  for (int32_t k = 0; k < n; k++) {
    x->draw[k] = stream_draw(l, seed, x->s->first[x->s->comm->rank] + node[k]);
    x->queue[k] = k;
  }
  stream_lift(x, node, n);
  stream_settle(x, block, x->queue, n, 0);
  for (int32_t k = 0; k < n; k++) {
    x->part[node[k]] = x->choice[k];
    x->moved += x->choice[k] != x->old[k];
  }
  stream_tell(x, node, n);
}

/* ---- all ---- */

static int stream_block_of(const stream *x, const kith_draw *draw) {
  return (int)kith_random_below(draw->bits[0], (uint64_t)x->blocks);
}

/* Sort own nodes by block.  *out, *in, *most: what is sent of a block at most, what arrives, and nodes. */
static kith_status stream_sort(const kith_links *l, uint64_t seed, stream *x, int64_t *out, int64_t *in,
                               int32_t *most) {
  kith_status st = KITH_OK;
  const partition_dgraph *s = x->s;
  int64_t *sent = NULL, *got = NULL, first = s->first[s->comm->rank];
  KITH_TRY(KITH_NEW(sent, x->blocks));
  KITH_TRY(KITH_NEW(got, x->blocks));
  for (int32_t i = 0; i < s->n_own; i++) {
    kith_draw draw = stream_draw(l, seed, first + i);
    int b = stream_block_of(x, &draw);
    x->start[b + 1]++;
    sent[b] += s->seer_start[i + 1] - s->seer_start[i];
  }
  for (int32_t k = 0; k < s->n_ghost; k++) {
    kith_draw draw = stream_draw(l, seed, s->ghost[k]);
    got[stream_block_of(x, &draw)]++;
  }
  for (int b = 0; b < x->blocks; b++) {
    if (sent[b] > *out) *out = sent[b];
    if (got[b] > *in) *in = got[b];
    if (x->start[b + 1] > *most) *most = x->start[b + 1];
    x->start[b + 1] += x->start[b];
  }
  for (int32_t i = s->n_own - 1; i >= 0; i--) {
    kith_draw draw = stream_draw(l, seed, first + i);
    x->node[--x->start[stream_block_of(x, &draw) + 1]] = i;
  }
  for (int b = 0; b < x->blocks; b++) x->start[b] = x->start[b + 1];
  x->start[x->blocks] = s->n_own;
done:
  KITH_FREE(sent);
  KITH_FREE(got);
  return st;
}

static kith_status stream_make(const kith_links *l, const kith_partition_options *o, stream *x) {
  kith_status st = KITH_OK;
  int64_t out = 0, in = 0;
  int32_t most = 0;
  KITH_TRY(KITH_NEW(x->load, x->parts));
  KITH_TRY(KITH_NEW(x->chosen, (int64_t)x->parts + 1));
  KITH_TRY(KITH_NEW(x->count, x->parts));
  KITH_TRY(KITH_NEW(x->touched, x->parts));
  KITH_TRY(KITH_NEW(x->start, (int64_t)x->blocks + 1));
  KITH_TRY(KITH_NEW(x->node, x->s->n_own));
  KITH_TRY(stream_sort(l, o->seed, x, &out, &in, &most));
  KITH_TRY(KITH_NEW(x->draw, most));
  KITH_TRY(KITH_NEW(x->choice, most));
  KITH_TRY(KITH_NEW(x->queue, most));
  KITH_TRY(KITH_NEW(x->old, most));
  KITH_TRY(KITH_NEW(x->other, most));
  KITH_TRY(KITH_NEW(x->out, out));
  KITH_TRY(KITH_NEW(x->in, in));
  KITH_TRY(kith_alltoall_make(x->s->comm->size, &x->all));
done:
  return st;
}

static void stream_free(stream *x) {
  KITH_FREE(x->load);
  KITH_FREE(x->chosen);
  KITH_FREE(x->count);
  KITH_FREE(x->touched);
  KITH_FREE(x->start);
  KITH_FREE(x->node);
  KITH_FREE(x->draw);
  KITH_FREE(x->choice);
  KITH_FREE(x->queue);
  KITH_FREE(x->old);
  KITH_FREE(x->other);
  KITH_FREE(x->out);
  KITH_FREE(x->in);
  kith_alltoall_free(&x->all);
}

kith_agreed kith__partition_stream(const partition_dgraph *s, const kith_links *l,
                                   const kith_partition_options *o, int32_t *part) {
  kith_agreed st = {KITH_OK};
  stream x = {.s = s, .parts = o->parts, .part = part};
  int64_t load = s->start[s->n_own] + s->n_own, moved = 1;
  x.blocks = (int)kith_min(s->n < 1 ? 1 : s->n, STREAM_BLOCKS);
  kith_comm_sum_int(s->comm, 1, &load);
  x.capacity = o->imbalance * (double)load / o->parts;
  KITH_TRY(kith_agree(s->comm, stream_make(l, o, &x)));
  for (int64_t i = 0; i < (int64_t)s->n_own + s->n_ghost; i++) part[i] = -1;
  for (int pass = 0; pass < STREAM_PASSES && moved > 0; pass++) {
    x.moved = 0;
    for (int block = 0; block < x.blocks; block++) stream_block(&x, l, o->seed, block);
    moved = x.moved;
    kith_comm_sum_int(s->comm, 1, &moved);
  }
done:
  stream_free(&x);
  return st;
}
