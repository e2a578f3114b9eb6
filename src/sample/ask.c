/* Questions go to the owners of nodes; they draw by the law and answer. */
#include "sample/ask.h"

enum {
  ASK_HEAD = 2,
  ASK_EDGE = 3,   /* 64-bit words of an answer's things */
  ASK_AHEAD = 8,  /* questions between asking for a line of memory and reading it */
  ASK_BLOCK = 512 /* drawn neighbors whose lines are asked for together */
};

/* ---- room ---- */

static kith_status ask_make_counts(int size, sample_counts *c) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(c->out, size));
  KITH_TRY(KITH_NEW(c->out_at, size + 1));
  KITH_TRY(KITH_NEW(c->in, size));
  KITH_TRY(KITH_NEW(c->in_at, size + 1));
done:
  return st;
}

static void ask_free_counts(sample_counts *c) {
  KITH_FREE(c->out);
  KITH_FREE(c->out_at);
  KITH_FREE(c->in);
  KITH_FREE(c->in_at);
}

/* What comes from others and goes to them; a rank answers itself in place. */
static kith_status ask_make_answers(const sample_setting *s, int64_t rows, int64_t entries, sample_ask *q) {
  kith_status st = KITH_OK;
  int64_t others = s->comm->size - 1, asked = others * kith_min(rows, s->g->n_own),
          answers = others * kith_min(entries, s->a->csr.start[s->a->csr.n_row]);
  KITH_CHECK(asked < INT32_MAX && answers < INT32_MAX && entries < INT32_MAX, KITH_ECONFIG,
             "sampler.fanouts: a step may exchange %lld neighbors with one rank; use a smaller batch or "
             "fan-outs, or more ranks",
             (long long)(answers > entries ? answers : entries));
  KITH_TRY(KITH_NEW(q->head_in, rows));
  KITH_TRY(KITH_NEW(q->edge_in, entries + SAMPLE_AHEAD));
  q->room_in = (entries + SAMPLE_AHEAD) * (int64_t)sizeof *q->edge_in;
  KITH_TRY(KITH_NEW(q->asked, asked));
  KITH_TRY(KITH_NEW(q->head_out, asked));
  KITH_TRY(KITH_NEW(q->edge_out, answers));
done:
  return st;
}

kith_status kith__ask_make(const sample_setting *s, const sample_law *law, int64_t rows, int64_t entries,
                           kith_lid most_target, sample_ask *q) {
  kith_status st = KITH_OK;
  *q = (sample_ask){
      .comm = s->comm, .g = s->g, .a = s->a, .law = law, .request = {MPI_REQUEST_NULL, MPI_REQUEST_NULL}};
  KITH_MPI(MPI_Type_contiguous(ASK_HEAD, MPI_INT64_T, &q->head));
  KITH_MPI(MPI_Type_contiguous(ASK_EDGE, MPI_INT64_T, &q->edge));
  KITH_MPI(MPI_Type_commit(&q->head));
  KITH_MPI(MPI_Type_commit(&q->edge));
  q->made = true;
  KITH_TRY(KITH_NEW(q->sort, 2 * rows));
  KITH_TRY(KITH_NEW(q->grouped, rows));
  KITH_TRY(KITH_NEW(q->ask, rows));
  KITH_TRY(KITH_NEW(q->who, s->a->csr.n_col));
  for (kith_lid c = 0; c < s->a->csr.n_col; c++)
    q->who[c] = (sample_edge){s->a->number[c], s->a->node[c], (int32_t)s->a->degree[c], 1};
  KITH_TRY(KITH_NEW(q->place, ASK_BLOCK + s->most_degree));
  KITH_TRY(KITH_NEW(q->scale, ASK_BLOCK + s->most_degree));
  KITH_TRY(kith__targets_make(s, most_target, &q->targets));
  KITH_TRY(ask_make_counts(s->comm->size, &q->rows));
  KITH_TRY(ask_make_counts(s->comm->size, &q->edges));
  KITH_TRY(ask_make_answers(s, rows, entries, q));
done:
  return st;
}

void kith__ask_free(sample_ask *q) {
  if (!q->made) return;
  KITH_WAIT("the neighbors that were asked for", MPI_Waitall(2, q->request, MPI_STATUSES_IGNORE));
  KITH_MPI(MPI_Type_free(&q->head));
  KITH_MPI(MPI_Type_free(&q->edge));
  KITH_FREE(q->sort);
  KITH_FREE(q->grouped);
  KITH_FREE(q->ask);
  KITH_FREE(q->who);
  KITH_FREE(q->place);
  KITH_FREE(q->scale);
  kith__targets_free(&q->targets);
  ask_free_counts(&q->rows);
  ask_free_counts(&q->edges);
  KITH_FREE(q->asked);
  KITH_FREE(q->head_out);
  KITH_FREE(q->head_in);
  KITH_FREE(q->edge_out);
  KITH_FREE(q->edge_in);
}

/* ---- answering ---- */

/* Draw the answer to one question behind the n entries that are drawn already: places in csr, and what each
 * counts. */
static sample_head ask_draw(sample_ask *q, int l, kith_gid number, int64_t n) {
  const kith_dist_csr *a = q->a;
  kith_lid row = (kith_lid)(number - q->g->first[q->comm->rank]);
  sample_question about = {.hop = l, .row = row, .among = a->degree[row]};
  if (kith__targets_in(&q->targets, row)) kith__targets_leave_out(&q->targets, &about);
  int64_t *place = q->place + n, drawn = q->law->draw(q->law->self, &about, place, q->scale + n);
  kith_eid from = a->csr.start[a->iperm[row]];
  for (int64_t i = 0; i < drawn; i++) {
    place[i] += from;
    __builtin_prefetch(&a->csr.col[place[i]]);
  }
  return (sample_head){q->who[row].node, q->who[row].degree, (int32_t)drawn};
}

/* Who the n drawn neighbors are. */
static void ask_look_up(const sample_ask *q, int64_t n, sample_edge *edge) {
  const kith_csr *csr = &q->a->csr;
  for (int64_t i = 0; i < n; i++) __builtin_prefetch(&q->who[csr->col[q->place[i]]]);
  for (int64_t i = 0; i < n; i++) {
    edge[i] = q->who[csr->col[q->place[i]]];
    edge[i].scale = q->a->weighted ? q->scale[i] * csr->weight[q->place[i]] : q->scale[i];
  }
}

/* What the answer to a later question will read: in two strides, since the second place is read in the first.
 */
static void ask_expect(const sample_ask *q, int64_t n, const kith_gid *asked) {
  const kith_dist_csr *a = q->a;
  kith_gid low = q->g->first[q->comm->rank];
  if (n > ASK_AHEAD) {
    kith_lid row = (kith_lid)(asked[ASK_AHEAD] - low);
    __builtin_prefetch(&a->degree[row]);
    __builtin_prefetch(&a->iperm[row]);
    __builtin_prefetch(&q->who[row]);
    __builtin_prefetch(&q->targets.newest[row]);
  }
  if (n > ASK_AHEAD / 2) __builtin_prefetch(&a->csr.start[a->iperm[asked[ASK_AHEAD / 2] - low]]);
}

/*
 * Answer n questions; returns how many edges that makes.  Where the graph is larger than the caches, each
 * neighbor is two misses, of its column and of who it is; those of a block of questions travel together.
 */
static int64_t ask_answer_some(sample_ask *q, int l, int64_t n, const kith_gid *asked, sample_head *head,
                               sample_edge *edge) {
  int64_t at = 0, block = 0;
  for (int64_t i = 0; i < n; i++) {
    ask_expect(q, n - i, asked + i);
    head[i] = ask_draw(q, l, asked[i], block);
    block += head[i].drawn;
    if (block < ASK_BLOCK && i + 1 < n) continue;
    ask_look_up(q, block, edge + at);
    at += block;
    block = 0;
  }
  return at;
}

static void ask_answer_mine(sample_ask *q) {
  q->n_mine = ask_answer_some(q, q->l, q->mine, q->ask + q->mine_at, q->head_in + q->mine_at, q->edge_in);
}

/* ---- the exchange ---- */

/* How many of the sorted rows each rank owns. */
static void ask_count(sample_ask *q, kith_lid n) {
  sample_counts *c = &q->rows;
  int me = q->comm->rank;
  for (kith_lid r = 0, at = 0; r < q->comm->size; r++) {
    kith_lid begin = at;
    while (at < n && q->ask[at] < q->g->first[r + 1]) at++;
    c->out[r] = at - begin;
  }
  kith_prefix_sum(q->comm->size, c->out, c->out_at);
  q->mine = c->out[me];
  q->mine_at = c->out_at[me];
  c->out[me] = 0;
}

/* Ranks own ranges of numbers; and an owner whose questions ascend finds the rows of its graph one behind the
 * other. */
void kith__ask_group(sample_ask *q, kith_lid n, const kith_gid *number) {
  for (kith_lid i = 0; i < n; i++) q->sort[i] = (kith_key_value){number[i], i};
  kith_sort(n, q->g->first[q->comm->size], q->sort, q->sort + n);
  for (kith_lid at = 0; at < n; at++) {
    q->grouped[at] = q->sort[at].value;
    q->ask[at] = q->sort[at].key;
  }
  ask_count(q, n);
}

/* Counts have come: send the questions, and answer one's own while they travel. */
static void ask_send_questions(sample_ask *q) {
  sample_counts *c = &q->rows;
  kith_prefix_sum(q->comm->size, c->in, c->in_at);
  KITH_MPI(MPI_Ialltoallv(q->ask, c->out, c->out_at, MPI_INT64_T, q->asked, c->in, c->in_at, MPI_INT64_T,
                          q->comm->mpi, &q->request[0]));
  ask_answer_mine(q);
}

/* Questions have come: draw, send heads and how many edges follow. */
static void ask_send_heads(sample_ask *q) {
  int size = q->comm->size;
  sample_counts *c = &q->rows, *e = &q->edges;
  for (int r = 0, at = 0; r < size; at += e->out[r], r++)
    e->out[r] = (int)ask_answer_some(q, q->l, c->in[r], q->asked + c->in_at[r], q->head_out + c->in_at[r],
                                     q->edge_out + at);
  kith_prefix_sum(size, e->out, e->out_at);
  KITH_MPI(MPI_Ialltoallv(q->head_out, c->in, c->in_at, q->head, q->head_in, c->out, c->out_at, q->head,
                          q->comm->mpi, &q->request[0]));
  KITH_MPI(MPI_Ialltoall(e->out, 1, MPI_INT, e->in, 1, MPI_INT, q->comm->mpi, &q->request[1]));
}

static void ask_send_edges(sample_ask *q) {
  sample_counts *e = &q->edges;
  kith_prefix_sum(q->comm->size, e->in, e->in_at);
  KITH_MPI(MPI_Ialltoallv(q->edge_out, e->out, e->out_at, q->edge, q->edge_in + q->n_mine, e->in, e->in_at,
                          q->edge, q->comm->mpi, &q->request[0]));
}

void kith__ask_begin(sample_ask *q, int l, kith_lid n, const kith_gid *number) {
  q->l = l;
  q->phase = 0;
  kith__ask_group(q, n, number);
  if (q->comm->size > 1)
    KITH_MPI(MPI_Ialltoall(q->rows.out, 1, MPI_INT, q->rows.in, 1, MPI_INT, q->comm->mpi, &q->request[0]));
}

bool kith__ask_advance(sample_ask *q) {
  static void (*const next[])(sample_ask * q) = {ask_send_questions, ask_send_heads, ask_send_edges};
  if (q->comm->size == 1) ask_answer_mine(q);
  else {
    KITH_WAIT("the neighbors that were asked for", MPI_Waitall(2, q->request, MPI_STATUSES_IGNORE));
    if (q->phase < 3) {
      next[q->phase++](q);
      return false;
    }
  }
  return true;
}
