/* Requests go to the owners of rows, which sample by the method and reply. */
#include "sample/neighbor_query.h"

enum { QUERY_REPLY_WORDS = 2, QUERY_NEIGHBOR_WORDS = 3 }; /* 64-bit words of replies and neighbors */

/* ---- memory ---- */

/* Buffers of the exchange; own rows need none. */
static kith_status query_make_replies(const sample_context *s, const sample_query_rooms *room,
                                      sample_neighbor_query *q) {
  kith_status st = KITH_OK;
  int64_t entries = room->entries, received = s->comm->size > 1 ? entries : 0;
  KITH_TRY(KITH_NEW(q->reply_in, room->rows));
  KITH_TRY(KITH_NEW(q->own_memory, 3 * entries));
  q->own_bytes = KITH_BYTES(q->own_memory, 3 * entries);
  q->own = (sample_own){.col = q->own_memory,
                        .scale = (float *)(q->own_memory + entries),
                        .weight = (float *)(q->own_memory + 2 * entries)};
  KITH_TRY(KITH_NEW(q->neighbor_in, received + SAMPLE_PREFETCH));
  KITH_TRY(KITH_NEW(q->recv_gid, room->asked));
  KITH_TRY(KITH_NEW(q->reply_out, room->asked));
  KITH_TRY(KITH_NEW(q->neighbor_out, room->answered));
  if (!s->a->merged) goto done;
  KITH_TRY(KITH_NEW(q->entry_in, entries));
  KITH_TRY(KITH_NEW(q->entry_out, room->answered));
done:
  return st;
}

int64_t kith__neighbor_query_bytes(const sample_query_rooms *room, int64_t n_col, bool merged) {
  const sample_neighbor_query *q = NULL;
  int64_t row = KITH_BYTES(q->sort, 2) + KITH_BYTES(q->grouped_row, 1) + KITH_BYTES(q->grouped_gid, 1) +
                KITH_BYTES(q->reply_in, 1),
          asked = KITH_BYTES(q->recv_gid, 1) + KITH_BYTES(q->reply_out, 1),
          entry = KITH_BYTES(q->own_memory, 3) + (room->asked > 0 ? KITH_BYTES(q->neighbor_in, 1) : 0) +
                  (merged ? KITH_BYTES(q->entry_in, 1) : 0),
          answered = KITH_BYTES(q->neighbor_out, 1) + (merged ? KITH_BYTES(q->entry_out, 1) : 0);
  return room->rows * row + room->asked * asked + room->entries * entry + room->answered * answered +
         KITH_BYTES(q->node_info, n_col);
}

kith_status kith__neighbor_query_make(const sample_context *s, const sample_method *method,
                                      const sample_query_rooms *rooms, kith_lid max_excluded,
                                      sample_neighbor_query *q) {
  kith_status st = KITH_OK;
  *q = (sample_neighbor_query){.comm = s->comm,
                               .g = s->g,
                               .a = s->a,
                               .first_gid = s->g->first[s->comm->rank],
                               .by_relation = &s->by_relation,
                               .method = method,
                               .n_thread = s->n_thread,
                               .request = {MPI_REQUEST_NULL, MPI_REQUEST_NULL}};
  KITH_MPI(MPI_Type_contiguous(QUERY_REPLY_WORDS, MPI_INT64_T, &q->reply_type));
  KITH_MPI(MPI_Type_contiguous(QUERY_NEIGHBOR_WORDS, MPI_INT64_T, &q->neighbor_type));
  KITH_MPI(MPI_Type_contiguous(1, MPI_INT64_T, &q->entry_type));
  KITH_MPI(MPI_Type_commit(&q->reply_type));
  KITH_MPI(MPI_Type_commit(&q->neighbor_type));
  KITH_MPI(MPI_Type_commit(&q->entry_type));
  q->made = true;
  KITH_TRY(KITH_NEW(q->sort, 2 * rooms->rows));
  KITH_TRY(KITH_NEW(q->grouped_row, rooms->rows));
  KITH_TRY(KITH_NEW(q->grouped_gid, rooms->rows));
  KITH_TRY(KITH_NEW(q->node_info, s->a->csr.n_col));
  for (kith_lid c = 0; c < s->a->csr.n_col; c++)
    q->node_info[c] = (sample_neighbor){s->a->number[c], s->a->node[c], (int32_t)s->a->degree[c], 1};
  q->max_block = kith__neighbor_answer_max_block(s, method);
  KITH_TRY(KITH_NEW(q->csr_index, s->n_thread * q->max_block));
  KITH_TRY(KITH_NEW(q->scale, s->n_thread * q->max_block));
  KITH_TRY(KITH_NEW(q->degree, s->n_thread * q->max_block));
  KITH_TRY(kith__excluded_edges_make(s, max_excluded, &q->excluded));
  KITH_TRY(kith_alltoall_make(s->comm->size, &q->rows));
  KITH_TRY(kith_alltoall_make(s->comm->size, &q->edges));
  KITH_TRY(query_make_replies(s, rooms, q));
done:
  return st;
}

void kith__neighbor_query_free(sample_neighbor_query *q) {
  if (!q->made) return;
  KITH_WAIT("sampled neighbors", MPI_Waitall(2, q->request, MPI_STATUSES_IGNORE));
  KITH_MPI(MPI_Type_free(&q->reply_type));
  KITH_MPI(MPI_Type_free(&q->neighbor_type));
  KITH_MPI(MPI_Type_free(&q->entry_type));
  KITH_FREE(q->sort);
  KITH_FREE(q->grouped_row);
  KITH_FREE(q->grouped_gid);
  KITH_FREE(q->node_info);
  KITH_FREE(q->csr_index);
  KITH_FREE(q->scale);
  KITH_FREE(q->degree);
  kith__excluded_edges_free(&q->excluded);
  kith_alltoall_free(&q->rows);
  kith_alltoall_free(&q->edges);
  KITH_FREE(q->recv_gid);
  KITH_FREE(q->reply_out);
  KITH_FREE(q->reply_in);
  KITH_FREE(q->neighbor_out);
  KITH_FREE(q->own_memory);
  KITH_FREE(q->neighbor_in);
  KITH_FREE(q->entry_out);
  KITH_FREE(q->entry_in);
}

/* ---- the exchange ---- */

void kith__neighbor_query_place(sample_neighbor_query *q, float *scale, float *weight) {
  q->own.scale = scale;
  q->own.weight = weight;
}

static void query_answer_self(sample_neighbor_query *q) {
  sample_answer to = {.reply = q->reply_in + q->self_start, .own = q->own, .entry = q->entry_in};
  q->n_self_neighbor = kith__neighbor_answer(q, q->n_self, q->grouped_gid + q->self_start, to);
}

/* Count the grouped rows of each owner. */
static void query_count(sample_neighbor_query *q, kith_lid n) {
  kith_alltoall *c = &q->rows;
  int me = q->comm->rank;
  for (kith_lid r = 0, at = 0; r < q->comm->size; r++) {
    kith_lid begin = at;
    while (at < n && q->grouped_gid[at] < q->g->first[r + 1]) at++;
    c->send_count[r] = at - begin;
  }
  kith_prefix_sum(q->comm->size, c->send_count, c->send_displ);
  q->n_self = c->send_count[me];
  q->self_start = c->send_displ[me];
  c->send_count[me] = 0;
}

static void query_sort(sample_neighbor_query *q, kith_lid n, const kith_gid *gid) {
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < n; i++) q->sort[i] = (kith_key_value){gid[i], i};
  kith_sort(n, q->g->first[q->comm->size], q->sort, q->sort + n);
#pragma omp parallel for schedule(static)
  for (kith_lid at = 0; at < n; at++) {
    q->grouped_row[at] = q->sort[at].value;
    q->grouped_gid[at] = q->sort[at].key;
  }
}

/* Ranks own ranges of global ids, so ascending ids are grouped by owner, and also read the graph in order.
 * The rows of a table of all nodes are in this order already. */
void kith__neighbor_query_group(sample_neighbor_query *q, const sample_row_hash *rows, kith_lid n,
                                const kith_gid *gid) {
  if (kith__row_hash_is_dense(rows, n))
    kith__row_hash_list(rows, q->n_thread, n, q->grouped_gid, q->grouped_row);
  else query_sort(q, n, gid);
  query_count(q, n);
}

/* Counts have arrived: send the requests, and sample the own rows meanwhile. */
static void query_send_requests(sample_neighbor_query *q) {
  kith_alltoall *c = &q->rows;
  kith_prefix_sum(q->comm->size, c->recv_count, c->recv_displ);
  KITH_MPI(MPI_Ialltoallv(q->grouped_gid, c->send_count, c->send_displ, MPI_INT64_T, q->recv_gid,
                          c->recv_count, c->recv_displ, MPI_INT64_T, q->comm->mpi, &q->request[0]));
  query_answer_self(q);
}

/* Requests have arrived: sample, send the replies and the counts of neighbors. */
static void query_send_replies(sample_neighbor_query *q) {
  int size = q->comm->size;
  kith_alltoall *c = &q->rows, *e = &q->edges;
  for (int r = 0, at = 0; r < size; at += e->send_count[r], r++) {
    sample_answer to = {.reply = q->reply_out + c->recv_displ[r],
                        .neighbor = q->neighbor_out + at,
                        .entry = q->entry_out ? q->entry_out + at : NULL};
    e->send_count[r] = (int)kith__neighbor_answer(q, c->recv_count[r], q->recv_gid + c->recv_displ[r], to);
  }
  kith_prefix_sum(size, e->send_count, e->send_displ);
  KITH_MPI(MPI_Ialltoallv(q->reply_out, c->recv_count, c->recv_displ, q->reply_type, q->reply_in,
                          c->send_count, c->send_displ, q->reply_type, q->comm->mpi, &q->request[0]));
  KITH_MPI(MPI_Ialltoall(e->send_count, 1, MPI_INT, e->recv_count, 1, MPI_INT, q->comm->mpi, &q->request[1]));
}

static void query_send_neighbors(sample_neighbor_query *q) {
  kith_alltoall *e = &q->edges;
  kith_prefix_sum(q->comm->size, e->recv_count, e->recv_displ);
  KITH_MPI(MPI_Ialltoallv(q->neighbor_out, e->send_count, e->send_displ, q->neighbor_type, q->neighbor_in,
                          e->recv_count, e->recv_displ, q->neighbor_type, q->comm->mpi, &q->request[0]));
  if (q->entry_in)
    KITH_MPI(MPI_Ialltoallv(q->entry_out, e->send_count, e->send_displ, q->entry_type,
                            q->entry_in + q->n_self_neighbor, e->recv_count, e->recv_displ, q->entry_type,
                            q->comm->mpi, &q->request[1]));
}

void kith__neighbor_query_begin(sample_neighbor_query *q, int layer, const sample_row_hash *rows, kith_lid n,
                                const kith_gid *gid) {
  q->layer = layer;
  q->phase = 0;
  kith__neighbor_query_group(q, rows, n, gid);
  if (q->comm->size > 1)
    KITH_MPI(MPI_Ialltoall(q->rows.send_count, 1, MPI_INT, q->rows.recv_count, 1, MPI_INT, q->comm->mpi,
                           &q->request[0]));
}

bool kith__neighbor_query_advance(sample_neighbor_query *q) {
  static void (*const next[])(sample_neighbor_query * q) = {query_send_requests, query_send_replies,
                                                            query_send_neighbors};
  if (q->comm->size == 1) query_answer_self(q);
  else {
    KITH_WAIT("sampled neighbors", MPI_Waitall(2, q->request, MPI_STATUSES_IGNORE));
    if (q->phase < 3) {
      next[q->phase++](q);
      return false;
    }
  }
  return true;
}
