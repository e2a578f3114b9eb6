/* Requests go to the owners of rows, which sample by the method and reply: a sparse exchange of rows, then
 * messages between those that asked and those that were asked. */
#include "sample/neighbor_query.h"

enum { QUERY_REPLY = 53, QUERY_NEIGHBOR = 54, QUERY_ENTRY = 55 }; /* tags */
enum { QUERY_REPLY_BYTES = 16, QUERY_NEIGHBOR_BYTES = 12 };       /* as they travel, about */

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
  KITH_TRY(KITH_NEW(q->reply_packed, (received > 0 ? room->rows : 0) * q->wire.reply + SAMPLE_WIRE_SLACK));
  KITH_TRY(KITH_NEW(q->neighbor_packed, received * q->wire.neighbor + SAMPLE_WIRE_SLACK));
  KITH_TRY(KITH_NEW(q->asked_row, room->asked));
  KITH_TRY(KITH_NEW(q->reply_out, room->asked * q->wire.reply));
  KITH_TRY(KITH_NEW(q->neighbor_out, room->answered * q->wire.neighbor));
  if (!s->a->merged) goto done;
  KITH_TRY(KITH_NEW(q->entry_in, entries));
  KITH_TRY(KITH_NEW(q->entry_out, room->answered));
done:
  return st;
}

int64_t kith__neighbor_query_bytes(const sample_query_rooms *room, int64_t n_col, bool merged) {
  const sample_neighbor_query *q = NULL;
  int64_t row = KITH_BYTES(q->sort, 2) + KITH_BYTES(q->grouped_row, 1) + KITH_BYTES(q->grouped_gid, 1) +
                KITH_BYTES(q->grouped_own, 1) + KITH_BYTES(q->reply_in, 1) +
                (room->asked > 0 ? QUERY_REPLY_BYTES : 0),
          asked = KITH_BYTES(q->asked_row, 1) + QUERY_REPLY_BYTES,
          entry = KITH_BYTES(q->own_memory, 3) +
                  (room->asked > 0 ? KITH_BYTES(q->neighbor_in, 1) + QUERY_NEIGHBOR_BYTES : 0) +
                  (merged ? KITH_BYTES(q->entry_in, 1) : 0),
          answered = QUERY_NEIGHBOR_BYTES + (merged ? KITH_BYTES(q->entry_out, 1) : 0);
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
                               .max_asked = rooms->asked,
                               .phase = -1};
  q->wire = kith__wire_of(kith_graph_n_node(s->g), s->most_node, s->most_degree,
                          method->row_scale && !s->a->weighted && !s->a->merged);
  KITH_MPI(MPI_Type_contiguous(q->wire.reply, MPI_BYTE, &q->reply_type));
  KITH_MPI(MPI_Type_contiguous(q->wire.neighbor, MPI_BYTE, &q->neighbor_type));
  KITH_MPI(MPI_Type_contiguous(1, MPI_INT64_T, &q->entry_type));
  KITH_MPI(MPI_Type_commit(&q->reply_type));
  KITH_MPI(MPI_Type_commit(&q->neighbor_type));
  KITH_MPI(MPI_Type_commit(&q->entry_type));
  q->made = true;
  KITH_TRY(KITH_NEW(q->sort, 2 * rooms->rows));
  KITH_TRY(KITH_NEW(q->grouped_row, rooms->rows));
  KITH_TRY(KITH_NEW(q->grouped_gid, rooms->rows));
  KITH_TRY(KITH_NEW(q->grouped_own, rooms->rows));
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
  KITH_TRY(KITH_NEW(q->send, 3 * (int64_t)s->comm->size));
  KITH_TRY(KITH_NEW(q->recv, 3 * (int64_t)s->comm->size));
  KITH_TRY(query_make_replies(s, rooms, q));
done:
  return st;
}

void kith__neighbor_query_free(sample_neighbor_query *q) {
  if (!q->made) return;
  while (q->phase >= 0 && !kith__neighbor_query_advance(q)) continue;
  kith_sparse_free(&q->sparse);
  KITH_MPI(MPI_Type_free(&q->reply_type));
  KITH_MPI(MPI_Type_free(&q->neighbor_type));
  KITH_MPI(MPI_Type_free(&q->entry_type));
  KITH_FREE(q->sort);
  KITH_FREE(q->grouped_row);
  KITH_FREE(q->grouped_gid);
  KITH_FREE(q->grouped_own);
  KITH_FREE(q->node_info);
  KITH_FREE(q->csr_index);
  KITH_FREE(q->scale);
  KITH_FREE(q->degree);
  kith__excluded_edges_free(&q->excluded);
  kith_alltoall_free(&q->rows);
  kith_alltoall_free(&q->edges);
  KITH_FREE(q->send);
  KITH_FREE(q->recv);
  KITH_FREE(q->asked_row);
  KITH_FREE(q->reply_packed);
  KITH_FREE(q->neighbor_packed);
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
  q->n_self_neighbor = kith__neighbor_answer(q, q->n_self, q->grouped_own + q->self_start, to);
}

/* Count the grouped rows of each owner. */
static void query_count(sample_neighbor_query *q, kith_lid n) {
  kith_alltoall *c = &q->rows;
  int me = q->comm->rank;
  for (kith_lid r = 0, at = 0; r < q->comm->size; r++) {
    kith_lid begin = at;
    for (; at < n && q->grouped_gid[at] < q->g->first[r + 1]; at++)
      q->grouped_own[at] = (kith_lid)(q->grouped_gid[at] - q->g->first[r]);
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

/* Receive n records, if there are any, or send them. */
static void query_receive(sample_neighbor_query *q, int n, MPI_Datatype type, int from, int tag, void *to) {
  if (n > 0) KITH_MPI(MPI_Irecv(to, n, type, from, tag, q->sparse.mpi, &q->recv[q->n_recv++]));
}
static void query_send(sample_neighbor_query *q, int n, MPI_Datatype type, int to, int tag,
                       const void *from) {
  if (n > 0) KITH_MPI(MPI_Isend(from, n, type, to, tag, q->sparse.mpi, &q->send[q->n_send++]));
}

/* Sample for the rows that rank r asks for, and reply; returns the end of the neighbors. */
static int64_t query_answer(sample_neighbor_query *q, int r, int64_t first) {
  int n_row = q->sparse.count[r];
  int64_t row = q->sparse.at[r];
  sample_answer to = {.packed = q->reply_out + row * q->wire.reply,
                      .neighbor = q->neighbor_out + first * q->wire.neighbor,
                      .entry = q->entry_out ? q->entry_out + first : NULL};
  int n = (int)kith__neighbor_answer(q, n_row, q->asked_row + row, to);
  query_send(q, n_row, q->reply_type, r, QUERY_REPLY, to.packed);
  query_send(q, n, q->neighbor_type, r, QUERY_NEIGHBOR, to.neighbor);
  if (to.entry) query_send(q, n, q->entry_type, r, QUERY_ENTRY, to.entry);
  return first + n;
}

/* The requests are on their way: sample the own rows meanwhile, then those of others, and reply. */
static void query_send_replies(sample_neighbor_query *q) {
  const kith_alltoall *c = &q->rows;
  int64_t first = 0;
  query_answer_self(q);
  (void)kith_sparse_end(&q->sparse, MPI_INT32_T, (int)sizeof *q->asked_row, q->max_asked, q->asked_row);
  for (int r = 0; r < q->comm->size; r++)
    query_receive(q, c->send_count[r], q->reply_type, r, QUERY_REPLY,
                  q->reply_packed + (int64_t)c->send_displ[r] * q->wire.reply);
  for (int r = 0; r < q->comm->size; r++) first = query_answer(q, r, first);
}

/* Replies have arrived: they say how many neighbors follow. */
static void query_receive_neighbors(sample_neighbor_query *q) {
  const kith_alltoall *c = &q->rows, *e = &q->edges;
  for (int r = 0; r < q->comm->size; r++) {
    e->recv_count[r] = 0;
    for (kith_lid i = c->send_displ[r]; i < c->send_displ[r] + c->send_count[r]; i++) {
      q->reply_in[i] = kith__wire_reply(&q->wire, q->reply_packed + (int64_t)i * q->wire.reply);
      e->recv_count[r] += q->reply_in[i].n_drawn;
    }
  }
  kith_prefix_sum(q->comm->size, e->recv_count, e->recv_displ);
  for (int r = 0; r < q->comm->size; r++) {
    query_receive(q, e->recv_count[r], q->neighbor_type, r, QUERY_NEIGHBOR,
                  q->neighbor_packed + (int64_t)e->recv_displ[r] * q->wire.neighbor);
    if (q->entry_in)
      query_receive(q, e->recv_count[r], q->entry_type, r, QUERY_ENTRY,
                    q->entry_in + q->n_self_neighbor + e->recv_displ[r]);
  }
}

/* Neighbors have arrived: unpack those of one rank's rows. */
static void query_unpack(sample_neighbor_query *q, int r) {
  const kith_alltoall *c = &q->rows;
  int64_t at = q->edges.recv_displ[r];
  for (kith_lid i = c->send_displ[r]; i < c->send_displ[r] + c->send_count[r]; i++)
    for (int32_t k = 0; k < q->reply_in[i].n_drawn; k++, at++) {
      sample_neighbor x = kith__wire_neighbor(&q->wire, q->neighbor_packed + at * q->wire.neighbor);
      if (q->wire.row_scale) x.scale = q->reply_in[i].scale;
      q->neighbor_in[at] = x;
    }
}

void kith__neighbor_query_begin(sample_neighbor_query *q, int layer, const sample_row_hash *rows, kith_lid n,
                                const kith_gid *gid) {
  q->layer = layer;
  q->phase = 0;
  q->n_send = q->n_recv = 0;
  kith__neighbor_query_group(q, rows, n, gid);
  if (q->comm->size > 1)
    kith_sparse_begin(&q->sparse, MPI_INT32_T, (int)sizeof *q->grouped_own, q->grouped_own,
                      q->rows.send_count, q->rows.send_displ, 0);
}

/* Wait for messages; none are left. */
static void query_wait(int *n, MPI_Request *request) {
  KITH_WAIT("sampled neighbors", MPI_Waitall(*n, request, MPI_STATUSES_IGNORE));
  *n = 0;
}

bool kith__neighbor_query_advance(sample_neighbor_query *q) {
  if (q->comm->size == 1) {
    query_answer_self(q);
    q->phase = -1;
    return true;
  }
  if (q->phase == 0) query_send_replies(q);
  else query_wait(&q->n_recv, q->recv);
  if (q->phase == 1) query_receive_neighbors(q);
  if (q->phase++ < 2) return false;
  query_wait(&q->n_send, q->send);
#pragma omp parallel for schedule(dynamic) num_threads(q->n_thread)
  for (int r = 0; r < q->comm->size; r++) query_unpack(q, r);
  q->phase = -1;
  return true;
}
