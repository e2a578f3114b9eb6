/* Questions go to the owners of nodes; they draw by the law and answer. */
#include "sample/neighbor_query.h"

enum {
  QUERY_REPLY_WORDS = 2,
  QUERY_NEIGHBOR_WORDS = 3, /* 64-bit words of an answer's things */
  QUERY_PREFETCH = 8,       /* questions between asking for a line of memory and reading it */
  QUERY_BLOCK = 512         /* drawn neighbors whose lines are asked for together */
};

/* ---- room ---- */

static kith_status query_make_counts(int size, sample_counts *c) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(c->out, size));
  KITH_TRY(KITH_NEW(c->out_at, size + 1));
  KITH_TRY(KITH_NEW(c->in, size));
  KITH_TRY(KITH_NEW(c->in_at, size + 1));
done:
  return st;
}

static void query_free_counts(sample_counts *c) {
  KITH_FREE(c->out);
  KITH_FREE(c->out_at);
  KITH_FREE(c->in);
  KITH_FREE(c->in_at);
}

/* What comes from others and goes to them; a rank answers itself in place. */
static kith_status query_make_replies(const sample_context *s, int64_t rows, int64_t entries,
                                      sample_neighbor_query *q) {
  kith_status st = KITH_OK;
  int64_t others = s->comm->size - 1, asked = others * kith_min(rows, s->g->n_own),
          answers = others * kith_min(entries, s->a->csr.start[s->a->csr.n_row]);
  KITH_CHECK(asked < INT32_MAX && answers < INT32_MAX && entries < INT32_MAX, KITH_ECONFIG,
             "sampler.fanouts: a step may exchange %lld neighbors with one rank; use a smaller batch or "
             "fan-outs, or more ranks",
             (long long)(answers > entries ? answers : entries));
  KITH_TRY(KITH_NEW(q->reply_in, rows));
  KITH_TRY(KITH_NEW(q->neighbor_in, entries + SAMPLE_PREFETCH));
  q->neighbor_in_bytes = (entries + SAMPLE_PREFETCH) * (int64_t)sizeof *q->neighbor_in;
  KITH_TRY(KITH_NEW(q->recv_gid, asked));
  KITH_TRY(KITH_NEW(q->reply_out, asked));
  KITH_TRY(KITH_NEW(q->neighbor_out, answers));
done:
  return st;
}

kith_status kith__neighbor_query_make(const sample_context *s, const sample_method *method, int64_t rows,
                                      int64_t entries, kith_lid max_excluded, sample_neighbor_query *q) {
  kith_status st = KITH_OK;
  *q = (sample_neighbor_query){.comm = s->comm,
                               .g = s->g,
                               .a = s->a,
                               .method = method,
                               .request = {MPI_REQUEST_NULL, MPI_REQUEST_NULL}};
  KITH_MPI(MPI_Type_contiguous(QUERY_REPLY_WORDS, MPI_INT64_T, &q->reply_type));
  KITH_MPI(MPI_Type_contiguous(QUERY_NEIGHBOR_WORDS, MPI_INT64_T, &q->neighbor_type));
  KITH_MPI(MPI_Type_commit(&q->reply_type));
  KITH_MPI(MPI_Type_commit(&q->neighbor_type));
  q->made = true;
  KITH_TRY(KITH_NEW(q->sort, 2 * rows));
  KITH_TRY(KITH_NEW(q->grouped_row, rows));
  KITH_TRY(KITH_NEW(q->grouped_gid, rows));
  KITH_TRY(KITH_NEW(q->node_info, s->a->csr.n_col));
  for (kith_lid c = 0; c < s->a->csr.n_col; c++)
    q->node_info[c] = (sample_neighbor){s->a->number[c], s->a->node[c], (int32_t)s->a->degree[c], 1};
  KITH_TRY(KITH_NEW(q->place, QUERY_BLOCK + s->max_degree));
  KITH_TRY(KITH_NEW(q->scale, QUERY_BLOCK + s->max_degree));
  KITH_TRY(kith__excluded_edges_make(s, max_excluded, &q->excluded));
  KITH_TRY(query_make_counts(s->comm->size, &q->rows));
  KITH_TRY(query_make_counts(s->comm->size, &q->edges));
  KITH_TRY(query_make_replies(s, rows, entries, q));
done:
  return st;
}

void kith__neighbor_query_free(sample_neighbor_query *q) {
  if (!q->made) return;
  KITH_WAIT("the neighbors that were asked for", MPI_Waitall(2, q->request, MPI_STATUSES_IGNORE));
  KITH_MPI(MPI_Type_free(&q->reply_type));
  KITH_MPI(MPI_Type_free(&q->neighbor_type));
  KITH_FREE(q->sort);
  KITH_FREE(q->grouped_row);
  KITH_FREE(q->grouped_gid);
  KITH_FREE(q->node_info);
  KITH_FREE(q->place);
  KITH_FREE(q->scale);
  kith__excluded_edges_free(&q->excluded);
  query_free_counts(&q->rows);
  query_free_counts(&q->edges);
  KITH_FREE(q->recv_gid);
  KITH_FREE(q->reply_out);
  KITH_FREE(q->reply_in);
  KITH_FREE(q->neighbor_out);
  KITH_FREE(q->neighbor_in);
}

/* ---- answering ---- */

/* Draw the answer to one question behind the n entries that are drawn already: places in csr, and what each
 * counts. */
static sample_reply query_draw(sample_neighbor_query *q, int l, kith_gid number, int64_t n) {
  const kith_dist_csr *a = q->a;
  kith_lid row = (kith_lid)(number - q->g->first[q->comm->rank]);
  sample_query about = {.layer = l, .row = row, .n_eligible = a->degree[row]};
  if (kith__excluded_edges_has(&q->excluded, row)) kith__excluded_edges_apply(&q->excluded, &about);
  int64_t *place = q->place + n, drawn = q->method->draw(q->method->self, &about, place, q->scale + n);
  kith_eid from = a->csr.start[a->iperm[row]];
  for (int64_t i = 0; i < drawn; i++) {
    place[i] += from;
    __builtin_prefetch(&a->csr.col[place[i]]);
  }
  return (sample_reply){q->node_info[row].node, q->node_info[row].degree, (int32_t)drawn};
}

/* Who the n drawn neighbors are. */
static void query_fill_neighbors(const sample_neighbor_query *q, int64_t n, sample_neighbor *neighbor) {
  const kith_csr *csr = &q->a->csr;
  for (int64_t i = 0; i < n; i++) __builtin_prefetch(&q->node_info[csr->col[q->place[i]]]);
  for (int64_t i = 0; i < n; i++) {
    neighbor[i] = q->node_info[csr->col[q->place[i]]];
    neighbor[i].scale = q->a->weighted ? q->scale[i] * csr->weight[q->place[i]] : q->scale[i];
  }
}

/* What the answer to a later question will read: in two strides, since the second place is read in the first.
 */
static void query_prefetch(const sample_neighbor_query *q, int64_t n, const kith_gid *asked) {
  const kith_dist_csr *a = q->a;
  kith_gid low = q->g->first[q->comm->rank];
  if (n > QUERY_PREFETCH) {
    kith_lid row = (kith_lid)(asked[QUERY_PREFETCH] - low);
    __builtin_prefetch(&a->degree[row]);
    __builtin_prefetch(&a->iperm[row]);
    __builtin_prefetch(&q->node_info[row]);
    __builtin_prefetch(&q->excluded.head[row]);
  }
  if (n > QUERY_PREFETCH / 2) __builtin_prefetch(&a->csr.start[a->iperm[asked[QUERY_PREFETCH / 2] - low]]);
}

/*
 * Answer n questions; returns how many edges that makes.  Where the graph is larger than the caches, each
 * neighbor is two misses, of its column and of who it is; those of a block of questions travel together.
 */
static int64_t query_answer(sample_neighbor_query *q, int l, int64_t n, const kith_gid *asked,
                            sample_reply *reply, sample_neighbor *neighbor) {
  int64_t at = 0, block = 0;
  for (int64_t i = 0; i < n; i++) {
    query_prefetch(q, n - i, asked + i);
    reply[i] = query_draw(q, l, asked[i], block);
    block += reply[i].n_drawn;
    if (block < QUERY_BLOCK && i + 1 < n) continue;
    query_fill_neighbors(q, block, neighbor + at);
    at += block;
    block = 0;
  }
  return at;
}

static void query_answer_self(sample_neighbor_query *q) {
  q->n_self_neighbor = query_answer(q, q->l, q->n_self, q->grouped_gid + q->self_start,
                                    q->reply_in + q->self_start, q->neighbor_in);
}

/* ---- the exchange ---- */

/* How many of the sorted rows each rank owns. */
static void query_count(sample_neighbor_query *q, kith_lid n) {
  sample_counts *c = &q->rows;
  int me = q->comm->rank;
  for (kith_lid r = 0, at = 0; r < q->comm->size; r++) {
    kith_lid begin = at;
    while (at < n && q->grouped_gid[at] < q->g->first[r + 1]) at++;
    c->out[r] = at - begin;
  }
  kith_prefix_sum(q->comm->size, c->out, c->out_at);
  q->n_self = c->out[me];
  q->self_start = c->out_at[me];
  c->out[me] = 0;
}

/* Ranks own ranges of numbers; and an owner whose questions ascend finds the rows of its graph one behind the
 * other. */
void kith__neighbor_query_group(sample_neighbor_query *q, kith_lid n, const kith_gid *number) {
  for (kith_lid i = 0; i < n; i++) q->sort[i] = (kith_key_value){number[i], i};
  kith_sort(n, q->g->first[q->comm->size], q->sort, q->sort + n);
  for (kith_lid at = 0; at < n; at++) {
    q->grouped_row[at] = q->sort[at].value;
    q->grouped_gid[at] = q->sort[at].key;
  }
  query_count(q, n);
}

/* Counts have come: send the questions, and answer one's own while they travel. */
static void query_send_requests(sample_neighbor_query *q) {
  sample_counts *c = &q->rows;
  kith_prefix_sum(q->comm->size, c->in, c->in_at);
  KITH_MPI(MPI_Ialltoallv(q->grouped_gid, c->out, c->out_at, MPI_INT64_T, q->recv_gid, c->in, c->in_at,
                          MPI_INT64_T, q->comm->mpi, &q->request[0]));
  query_answer_self(q);
}

/* Questions have come: draw, send heads and how many edges follow. */
static void query_send_replies(sample_neighbor_query *q) {
  int size = q->comm->size;
  sample_counts *c = &q->rows, *e = &q->edges;
  for (int r = 0, at = 0; r < size; at += e->out[r], r++)
    e->out[r] = (int)query_answer(q, q->l, c->in[r], q->recv_gid + c->in_at[r], q->reply_out + c->in_at[r],
                                  q->neighbor_out + at);
  kith_prefix_sum(size, e->out, e->out_at);
  KITH_MPI(MPI_Ialltoallv(q->reply_out, c->in, c->in_at, q->reply_type, q->reply_in, c->out, c->out_at,
                          q->reply_type, q->comm->mpi, &q->request[0]));
  KITH_MPI(MPI_Ialltoall(e->out, 1, MPI_INT, e->in, 1, MPI_INT, q->comm->mpi, &q->request[1]));
}

static void query_send_neighbors(sample_neighbor_query *q) {
  sample_counts *e = &q->edges;
  kith_prefix_sum(q->comm->size, e->in, e->in_at);
  KITH_MPI(MPI_Ialltoallv(q->neighbor_out, e->out, e->out_at, q->neighbor_type,
                          q->neighbor_in + q->n_self_neighbor, e->in, e->in_at, q->neighbor_type,
                          q->comm->mpi, &q->request[0]));
}

void kith__neighbor_query_begin(sample_neighbor_query *q, int l, kith_lid n, const kith_gid *number) {
  q->l = l;
  q->phase = 0;
  kith__neighbor_query_group(q, n, number);
  if (q->comm->size > 1)
    KITH_MPI(MPI_Ialltoall(q->rows.out, 1, MPI_INT, q->rows.in, 1, MPI_INT, q->comm->mpi, &q->request[0]));
}

bool kith__neighbor_query_advance(sample_neighbor_query *q) {
  static void (*const next[])(sample_neighbor_query * q) = {query_send_requests, query_send_replies,
                                                            query_send_neighbors};
  if (q->comm->size == 1) query_answer_self(q);
  else {
    KITH_WAIT("the neighbors that were asked for", MPI_Waitall(2, q->request, MPI_STATUSES_IGNORE));
    if (q->phase < 3) {
      next[q->phase++](q);
      return false;
    }
  }
  return true;
}
