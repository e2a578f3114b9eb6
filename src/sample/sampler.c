/*
 * Hops around a step's seeds.  For every hop, outwards: each rank asks the owners of its rows for their neighbours; owners
 * draw and answer; what is new becomes a row behind those that are there.  So every frame begins with the one before it,
 * the seeds first, and one list of nodes serves all frames.
 */
#include <math.h>

#include "kith/sample.h"
#include "sample/map.h"

/* What an owner says of a node that it is asked about … */
typedef struct sampler_head {
  int64_t drawn, among, degree, node; /* drawn of how many that could be; neighbours in all */
} sampler_head;

/* … and of each neighbour that it drew. */
typedef struct sampler_edge {
  int64_t number, degree, node;
} sampler_edge;

enum { SAMPLER_HEAD = 4, SAMPLER_EDGE = 3 }; /* 64-bit words */

typedef struct sampler_hop {
  kith_frame edges;
  kith_csr csr;
  kith_back back;
  kith_hop hop;
} sampler_hop;

/* Counts and places of one exchange with all ranks, in things (not words). */
typedef struct sampler_counts {
  int *out, *out_at, *in, *in_at; /* [size], places [size + 1] */
} sampler_counts;

struct kith_sampler {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_relation *a;
  int n_hop;
  kith_fanouts fanouts;
  bool loops;
  uint64_t seed, step;
  int64_t n_target;
  const kith_target *target;            /* edges that are not drawn in this step */
  kith_frame frame[KITH_HOPS_MOST + 1]; /* frame[n_hop] are the seeds, frame[0] the leaves */
  sampler_hop *hop;                     /* [n_hop], hop[l] reads frame[l] */
  sample_map map;
  kith_gid *number;                     /* [most rows] of all frames … */
  int64_t *node, *degree;
  kith_lid *grouped;                    /* [most rows] rows grouped by owner … */
  kith_lid *head_of;                    /* [most rows] … and the inverse: where each row's head stands */
  kith_gid *ask;                        /* … and their numbers */
  kith_eid *found;                      /* [most rows + 1] where each row's answer begins */
  int64_t *place;                       /* [largest degree] one node's draw … */
  int64_t *allowed;                     /* [largest degree] … among these places */
  sampler_counts rows, edges;
  kith_gid *asked;
  sampler_head *head_out, *head_in;
  sampler_edge *edge_out, *edge_in;
};

static int sampler_fanout(const kith_sampler *s, int l) {
  int from_seeds = s->n_hop - 1 - l;
  if (s->fanouts.n == 0) return 0;
  return s->fanouts.of[from_seeds < s->fanouts.n ? from_seeds : s->fanouts.n - 1];
}

/* ---- room ---- */

static kith_status sampler_make_counts(int size, sampler_counts *c) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(c->out, size));
  KITH_TRY(KITH_NEW(c->out_at, size + 1));
  KITH_TRY(KITH_NEW(c->in, size));
  KITH_TRY(KITH_NEW(c->in_at, size + 1));
done:
  return st;
}

static void sampler_free_counts(sampler_counts *c) {
  KITH_FREE(c->out);
  KITH_FREE(c->out_at);
  KITH_FREE(c->in);
  KITH_FREE(c->in_at);
}

static int64_t sampler_least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The most rows of every frame and entries of every hop: fan-outs multiply, until the whole graph is reached. */
static kith_status sampler_make_hops(kith_sampler *s, kith_lid most_seed, int64_t most_degree) {
  kith_status st = KITH_OK;
  int64_t n_node = s->g->n[KITH_USER] + s->g->n[KITH_ITEM];
  s->frame[s->n_hop].most = sampler_least(most_seed, n_node);
  for (int l = s->n_hop - 1; l >= 0; l--) {
    int64_t rows = s->frame[l + 1].most, fan = sampler_fanout(s, l) > 0 ? sampler_least(sampler_fanout(s, l), most_degree) : most_degree;
    int64_t most = sampler_least(rows * fan, 2 * s->g->n_edge) + (s->loops ? rows : 0);
    sampler_hop *h = &s->hop[l];
    s->frame[l].most = sampler_least(rows * (fan + 1), n_node);
    KITH_CHECK(s->frame[l].most < INT32_MAX - 1, KITH_ECONFIG, "train.fanouts: a step may reach %lld rows on one rank; at most 2^31 - 2", (long long)s->frame[l].most);
    KITH_TRY(KITH_NEW(h->csr.row, rows));
    KITH_TRY(KITH_NEW(h->csr.start, rows + 1));
    KITH_TRY(KITH_NEW(h->csr.col, most));
    KITH_TRY(KITH_NEW(h->csr.weight, most));
    KITH_TRY(kith_back_make((kith_lid)s->frame[l].most, most, &h->back));
    for (int64_t i = 0; i < rows; i++) h->csr.row[i] = (kith_lid)i;
    h->edges.most = most;
    h->hop = (kith_hop){.in = &s->frame[l], .out = &s->frame[l + 1], .edges = &h->edges, .csr = &h->csr, .back = &h->back};
  }
done:
  return st;
}

/* Buffers for the largest hop: what this rank asks and is answered, and what it is asked and answers. */
static kith_status sampler_make_buffers(kith_sampler *s) {
  kith_status st = KITH_OK;
  int64_t rows = s->frame[0].most, entries = 0, size = s->comm->size;
  int64_t asked = size * sampler_least(rows, s->g->n_own), own = s->g->start[s->g->n_own];
  for (int l = 0; l < s->n_hop; l++)
    if (s->hop[l].edges.most > entries) entries = s->hop[l].edges.most;
  int64_t answers = size * sampler_least(entries, own);
  KITH_CHECK(asked < INT32_MAX / SAMPLER_HEAD && answers < INT32_MAX / SAMPLER_HEAD && entries < INT32_MAX / SAMPLER_HEAD, KITH_ECONFIG,
             "train.fanouts: a step may exchange %lld neighbours with one rank; use a smaller batch or fan-outs, or more ranks", (long long)(answers > entries ? answers : entries));
  KITH_TRY(KITH_NEW(s->asked, asked));
  KITH_TRY(KITH_NEW(s->head_out, asked));
  KITH_TRY(KITH_NEW(s->head_in, rows));
  KITH_TRY(KITH_NEW(s->edge_out, answers));
  KITH_TRY(KITH_NEW(s->edge_in, entries));
done:
  return st;
}

static kith_status sampler_make_rows(kith_sampler *s, int64_t rows, int64_t most_degree) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__map_make(rows, &s->map));
  KITH_TRY(KITH_NEW(s->number, rows));
  KITH_TRY(KITH_NEW(s->node, rows));
  KITH_TRY(KITH_NEW(s->degree, rows));
  KITH_TRY(KITH_NEW(s->grouped, rows));
  KITH_TRY(KITH_NEW(s->head_of, rows));
  KITH_TRY(KITH_NEW(s->ask, rows));
  KITH_TRY(KITH_NEW(s->found, rows + 1));
  KITH_TRY(KITH_NEW(s->place, most_degree));
  KITH_TRY(KITH_NEW(s->allowed, most_degree));
done:
  return st;
}

static kith_status sampler_make(const kith_sampler *made, kith_lid most_seed, int64_t most_degree, kith_sampler **out) {
  kith_status st = KITH_OK;
  kith_sampler *s = NULL;
  KITH_TRY(KITH_NEW(s, 1));
  *s = *made;
  KITH_TRY(KITH_NEW(s->hop, s->n_hop));
  KITH_TRY(sampler_make_counts(s->comm->size, &s->rows));
  KITH_TRY(sampler_make_counts(s->comm->size, &s->edges));
  KITH_TRY(sampler_make_hops(s, most_seed, most_degree));
  KITH_TRY(sampler_make_rows(s, s->frame[0].most, most_degree));
  for (int l = 0; l < s->n_hop; l++) s->hop[l].hop.degree = s->degree;
  for (int l = 0; l <= s->n_hop; l++) s->frame[l].node = s->node;
  KITH_TRY(sampler_make_buffers(s));
  *out = s;
  s = NULL;
done:
  kith_sampler_destroy(&s);
  return st;
}

kith_agreed kith_sampler_create(const kith_comm *comm, const kith_graph *g, const kith_relation *a, int n_hop, const kith_fanouts *fanouts,
                                bool loops, kith_lid most_seed, uint64_t seed, kith_sampler **out) {
  kith_sampler made = {.comm = comm, .g = g, .a = a, .n_hop = n_hop, .fanouts = *fanouts, .loops = loops, .seed = seed};
  int64_t most_degree = 1;
  *out = NULL;
  for (kith_lid i = 0; i < g->n_own; i++)
    if (a->degree[i] > most_degree) most_degree = a->degree[i];
  most_degree = kith_comm_max(comm, most_degree);
  most_seed = (kith_lid)kith_comm_max(comm, most_seed); /* the same room on every rank, so that answers fit */
  kith_agreed st = kith_agree(comm, sampler_make(&made, most_seed, most_degree, out));
  if (kith_is_bad(st)) kith_sampler_destroy(out);
  return st;
}

void kith_sampler_destroy(kith_sampler **sampler) {
  kith_sampler *s = *sampler;
  if (!s) return;
  for (int l = 0; s->hop && l < s->n_hop; l++) {
    kith_csr_free(&s->hop[l].csr);
    kith_back_free(&s->hop[l].back);
  }
  KITH_FREE(s->hop);
  kith__map_free(&s->map);
  KITH_FREE(s->number);
  KITH_FREE(s->node);
  KITH_FREE(s->degree);
  KITH_FREE(s->grouped);
  KITH_FREE(s->head_of);
  KITH_FREE(s->ask);
  KITH_FREE(s->found);
  KITH_FREE(s->place);
  KITH_FREE(s->allowed);
  sampler_free_counts(&s->rows);
  sampler_free_counts(&s->edges);
  KITH_FREE(s->asked);
  KITH_FREE(s->head_out);
  KITH_FREE(s->head_in);
  KITH_FREE(s->edge_out);
  KITH_FREE(s->edge_in);
  KITH_FREE(*sampler);
}

/* ---- one hop ---- */

/* Exchange things of `words` 64-bit words by counts that both sides know. */
static void sampler_swap(const kith_sampler *s, int words, const int *out, const int *out_at, const void *from, const int *in, const int *in_at, void *to) {
  MPI_Datatype thing;
  KITH_MPI(MPI_Type_contiguous(words, MPI_INT64_T, &thing));
  KITH_MPI(MPI_Type_commit(&thing));
  KITH_MPI(MPI_Alltoallv(from, out, out_at, thing, to, in, in_at, thing, s->comm->mpi));
  KITH_MPI(MPI_Type_free(&thing));
}

static void sampler_add_up(int size, const int *n, int *at) {
  at[0] = 0;
  for (int r = 0; r < size; r++) at[r + 1] = at[r] + n[r];
}

/* The rows 0 … n - 1 grouped by the owners of their nodes: counting sort. */
static void sampler_group(kith_sampler *s, kith_lid n) {
  int size = s->comm->size;
  sampler_counts *c = &s->rows;
  for (int r = 0; r < size; r++) c->out[r] = 0;
  for (kith_lid i = 0; i < n; i++) c->out[kith_owner(size, s->g->first, s->number[i])]++;
  sampler_add_up(size, c->out, c->out_at);
  for (kith_lid i = 0; i < n; i++) {
    kith_lid at = c->out_at[kith_owner(size, s->g->first, s->number[i])]++;
    s->grouped[at] = i;
    s->ask[at] = s->number[i];
  }
  sampler_add_up(size, c->out, c->out_at);
}

/* The first target from a node: binary search. */
static int64_t sampler_first_target(const kith_sampler *s, kith_gid from) {
  int64_t low = 0, high = s->n_target;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (s->target[middle].from < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Places of a node's neighbours that are no targets; returns how many. */
static int64_t sampler_allow(kith_sampler *s, kith_gid number, kith_lid row, int64_t degree) {
  const kith_gid *to = s->g->neighbour + s->g->start[row];
  int64_t first = sampler_first_target(s, number), n = 0;
  for (int64_t i = 0; i < degree; i++) {
    bool target = false;
    for (int64_t t = first; t < s->n_target && s->target[t].from == number && !target; t++) target = s->target[t].to == to[i];
    if (!target) s->allowed[n++] = i;
  }
  return n;
}

/* Answer one question: head and drawn neighbours. */
static sampler_head sampler_answer(kith_sampler *s, int l, kith_gid number, sampler_edge *edge) {
  const kith_graph *g = s->g;
  const kith_csr *csr = &s->a->csr;
  kith_lid row = (kith_lid)(number - g->first[s->comm->rank]);
  sampler_head head = {.degree = s->a->degree[row], .node = s->a->node[row]};
  int64_t first = sampler_first_target(s, number);
  bool targets = first < s->n_target && s->target[first].from == number;
  head.among = targets ? sampler_allow(s, number, row, head.degree) : head.degree;
  head.drawn = kith_neighbour_draw(s->seed, s->step, head.node, l, head.among, sampler_fanout(s, l), s->place);
  kith_eid from = csr->start[s->a->place[row]];
  for (int64_t i = 0; i < head.drawn; i++) {
    int64_t at = targets ? s->allowed[s->place[i]] : s->place[i];
    kith_lid col = csr->col[from + at];
    edge[i] = (sampler_edge){g->neighbour[g->start[row] + at], s->a->degree[col], s->a->node[col]};
  }
  return head;
}

/* Draw for all who ask; edges.out counts the edges for each of them. */
static void sampler_answer_all(kith_sampler *s, int l) {
  int64_t at = 0;
  for (int r = 0; r < s->comm->size; r++) {
    int64_t before = at;
    for (int i = s->rows.in_at[r]; i < s->rows.in_at[r + 1]; i++) {
      s->head_out[i] = sampler_answer(s, l, s->asked[i], s->edge_out + at);
      at += s->head_out[i].drawn;
    }
    s->edges.out[r] = (int)(at - before);
  }
  sampler_add_up(s->comm->size, s->edges.out, s->edges.out_at);
}

/* Ask about the rows 0 … n - 1; afterwards head_in and edge_in hold the answers in the order of `grouped`. */
static void sampler_ask(kith_sampler *s, int l, kith_lid n) {
  int size = s->comm->size;
  sampler_counts *c = &s->rows, *e = &s->edges;
  sampler_group(s, n);
  KITH_MPI(MPI_Alltoall(c->out, 1, MPI_INT, c->in, 1, MPI_INT, s->comm->mpi));
  sampler_add_up(size, c->in, c->in_at);
  sampler_swap(s, 1, c->out, c->out_at, s->ask, c->in, c->in_at, s->asked);
  sampler_answer_all(s, l);
  sampler_swap(s, SAMPLER_HEAD, c->in, c->in_at, s->head_out, c->out, c->out_at, s->head_in);
  KITH_MPI(MPI_Alltoall(e->out, 1, MPI_INT, e->in, 1, MPI_INT, s->comm->mpi));
  sampler_add_up(size, e->in, e->in_at);
  sampler_swap(s, SAMPLER_EDGE, e->out, e->out_at, s->edge_out, e->in, e->in_at, s->edge_in);
}

/* Where the answer about each row stands, and what is said of the row itself. */
static void sampler_find(kith_sampler *s, kith_lid n) {
  kith_eid at = 0;
  for (kith_lid i = 0; i < n; i++) {
    kith_lid row = s->grouped[i];
    s->head_of[row] = i;
    s->found[row] = at;
    at += s->head_in[i].drawn;
    s->node[row] = s->head_in[i].node;
    s->degree[row] = s->head_in[i].degree;
  }
}

/* Rows of the hop from the answers, in the order of the rows; new nodes become rows behind the n that are there. */
static void sampler_fill(kith_sampler *s, int l, kith_lid n) {
  kith_csr *csr = &s->hop[l].csr;
  kith_lid n_row = n;
  kith_eid at = 0;
  sampler_find(s, n);
  for (kith_lid i = 0; i < n; i++) {
    const sampler_head *head = &s->head_in[s->head_of[i]];
    const sampler_edge *edge = s->edge_in + s->found[i];
    csr->start[i] = at;
    if (s->loops) {
      csr->col[at] = i;
      csr->weight[at++] = 0;
    }
    for (int64_t k = 0; k < head->drawn; k++) {
      kith_lid row = kith__map_put(&s->map, edge[k].number, n_row);
      if (row == n_row) {
        s->number[row] = edge[k].number;
        s->node[row] = edge[k].node;
        s->degree[row] = edge[k].degree;
        n_row++;
      }
      csr->col[at] = row;
      csr->weight[at++] = (float)((double)head->among / (double)head->drawn / sqrt((double)(head->degree * edge[k].degree)));
    }
  }
  csr->start[n] = at;
  csr->n_row = n;
  csr->n_col = n_row;
  s->hop[l].edges.n = at;
  s->frame[l].n = n_row;
}

void kith_sampler_plan(kith_sampler *s, kith_lid n, const kith_gid *seed, uint64_t step, int64_t n_target, const kith_target *target) {
  if (n > s->frame[s->n_hop].most) kith_abort(__FILE__, __LINE__, "room for the seeds");
  s->step = step;
  s->n_target = n_target;
  s->target = target;
  kith__map_clear(&s->map);
  for (kith_lid i = 0; i < n; i++) {
    s->number[i] = seed[i];
    kith__map_put(&s->map, seed[i], i);
  }
  s->frame[s->n_hop].n = n;
  for (int l = s->n_hop - 1; l >= 0; l--) {
    sampler_ask(s, l, (kith_lid)s->frame[l + 1].n);
    sampler_fill(s, l, (kith_lid)s->frame[l + 1].n);
    kith_back_fill(&s->hop[l].csr, &s->hop[l].back);
  }
  sampler_group(s, (kith_lid)s->frame[0].n);
}

const kith_hop *kith_sampler_hop(const kith_sampler *s, int l) { return &s->hop[l].hop; }
const kith_frame *kith_sampler_leaves(const kith_sampler *s) { return &s->frame[0]; }

void kith_sampler_want(const kith_sampler *s, kith_lid *n, const kith_gid **want, const kith_lid **row) {
  *n = (kith_lid)s->frame[0].n;
  *want = s->ask;
  *row = s->grouped;
}
