/* The interactions, read, numbered and merged by all ranks, and gathered on rank 0. */
#include <stdio.h>
#include <string.h>

#include "ingest/shared.h"

enum { SHARED_TAG = 77, SHARED_BUCKETS = 256 /* of users, for each rank */ };

void kith__shared_list_free(kith__shared_list *list) {
  for (int k = 0; k < KITH_SIDES; k++) kith_ids_free(&list->ids[k]);
  kith__edge_csr_free(&list->rows);
}

void kith__shared_gather(const kith_comm *comm, int64_t n, const void *mine, void *all) {
  const int64_t most = 1 << 28;
  int64_t size = n, at = n;
  if (comm->rank == 0 && n > 0) memcpy(all, mine, (size_t)n);
  for (int r = 1; r < comm->size; r++) {
    if (comm->rank == r) KITH_MPI(MPI_Send(&size, 1, MPI_INT64_T, 0, SHARED_TAG, comm->mpi));
    if (comm->rank == 0)
      KITH_MPI(MPI_Recv(&size, 1, MPI_INT64_T, r, SHARED_TAG, comm->mpi, MPI_STATUS_IGNORE));
    if (comm->rank != 0 && comm->rank != r) continue;
    for (int64_t k = 0; k < size; k += most) {
      const int piece = (int)kith_min(most, size - k);
      if (comm->rank == r)
        KITH_MPI(MPI_Send((const char *)mine + k, piece, MPI_BYTE, 0, SHARED_TAG, comm->mpi));
      else
        KITH_MPI(
            MPI_Recv((char *)all + at + k, piece, MPI_BYTE, r, SHARED_TAG, comm->mpi, MPI_STATUS_IGNORE));
    }
    if (comm->rank == 0) at += size;
  }
}

/* ---- what all parts say ---- */

/* Lines of a file that ranks before `rank` have read. */
static int64_t parts_lines_before(const kith__edge_part *part, int rank, int file) {
  int64_t n = 0;
  for (int r = 0; r < rank; r++) n += part[r].last == file ? part[r].last_lines : 0;
  return n;
}

/* The number of a line that a rank has counted within its span. */
static int64_t parts_line(const kith__edge_part *part, int rank, int file, int64_t line) {
  const bool shared = part[rank].inside && part[rank].first == file;
  return line + (shared ? parts_lines_before(part, rank, file) : 0);
}

static bool parts_are_exact(int size, const kith__edge_part *part) {
  bool exact = true;
  int64_t n = 0;
  const kith__time_units *units = NULL;
  for (int r = 0; r < size; r++)
    if (part[r].status == KITH_ENOMEM) return true;
  for (int r = 0; r < size; r++) {
    exact = exact && part[r].files == part[0].files;
    n += part[r].n_edge + part[r].left_out;
    if (part[r].units.high == 0) continue;
    exact = exact && (!units || units->low == part[r].units.low);
    units = &part[r].units;
  }
  for (int r = 0; exact && r < size; r++) {
    if (part[r].inexact) return false;
    if (part[r].status != KITH_OK) return true; /* in the words of that rank */
  }
  return exact && n > 0;
}

/* The message of the first rank that failed. */
static kith_agreed parts_fail(const kith_comm *comm, const kith__edge_part *part, const char *path,
                              char *text) {
  char whole[2 * KITH_PATH + KITH__FAILURE + 64] = "";
  int r = 0;
  while (part[r].status == KITH_OK) r++;
  if (comm->rank == r && part[r].fails_at_line)
    snprintf(whole, sizeof whole, "%s:%lld: %s", path,
             (long long)parts_line(part, r, part[r].last, part[r].line), text);
  else if (comm->rank == r) snprintf(whole, sizeof whole, "%s", text);
  KITH_MPI(MPI_Bcast(whole, sizeof whole, MPI_CHAR, r, comm->mpi));
  return kith_agree(comm, comm->rank == 0 ? kith_fail((kith_status)part[r].status, "%s", whole) : KITH_OK);
}

/* Rank 0's reader gets what all parts have counted, and warns of it. */
static void parts_report(int size, const kith__edge_part *part, kith__edge_reader *r,
                         kith__shared_list *out) {
  kith__time_units *units = &r->e.units;
  kith__edge_reader_report(r, &out->report);
  for (int k = 1; k < size; k++) {
    out->report.lines += part[k].data;
    out->report.repeated += part[k].headers;
    out->report.comments += part[k].comments;
    out->report.blank += part[k].blank;
    r->lines.n_data += part[k].data;
    r->min = part[k].min < r->min ? part[k].min : r->min;
    r->max = part[k].max > r->max ? part[k].max : r->max;
    units->between = units->between || part[k].units.between;
    if (units->low == 0 && part[k].units.high > 0) units->low = part[k].units.low;
    if (units->line > 0 || part[k].units.line == 0 || part[k].units_file < 0) continue;
    units->line = parts_line(part, k, part[k].units_file, part[k].units.line);
    units->value = part[k].units.value;
    units->path = r->files.path[part[k].units_file];
  }
  for (int k = 0; k < size; k++) out->below_min_weight += part[k].below_min_weight;
  r->lines.path = r->files.path[r->files.n - 1]; /* of the last line of all */
  kith__edge_reader_warn(r);
}

/* ---- rows ---- */

/* Ranges of users with about equally many edges: first [size + 1]. */
static kith_agreed rows_ranges(const kith_comm *comm, const kith__edge_list *edges, const int32_t *number,
                               int64_t n_user, int64_t *first) {
  kith_agreed st = {KITH_OK};
  const int64_t n = (int64_t)SHARED_BUCKETS * comm->size, wide = n_user / n + 1;
  int64_t *count = NULL, all = 0, before = 0;
  KITH_TRY(kith_agree(comm, KITH_NEW(count, n)));
  for (const kith__edge_chunk *b = edges->first; b; b = b->next)
    for (int64_t k = 0; k < b->n; k++) count[number[b->user[k]] / wide]++;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, count, (int)n, MPI_INT64_T, MPI_SUM, comm->mpi));
  for (int64_t b = 0; b < n; b++) all += count[b];
  int r = 1;
  first[0] = 0;
  for (int64_t b = 0; b < n && r < comm->size; b++) {
    before += count[b];
    while (r < comm->size && before >= all / comm->size * r) first[r++] = kith_min(n_user, (b + 1) * wide);
  }
  while (r < comm->size) first[r++] = n_user;
  first[comm->size] = n_user;
done:
  KITH_FREE(count);
  return st;
}

/* Edges on their way, by rank, in the order of the list. */
typedef struct rows_exchange {
  kith_alltoall count;
  int32_t *user[2], *item[2];
  int64_t *time[2];
  float *weight[2];
} rows_exchange;

static void rows_exchange_free(rows_exchange *x) {
  kith_alltoall_free(&x->count);
  for (int k = 0; k < 2; k++) {
    KITH_FREE(x->user[k]);
    KITH_FREE(x->item[k]);
    KITH_FREE(x->time[k]);
    KITH_FREE(x->weight[k]);
  }
}

static kith_status rows_alloc(const kith__edge_list *edges, int k, int64_t n, rows_exchange *x) {
  kith_status st = KITH_OK;
  KITH_CHECK(n < INT32_MAX, KITH_ENOMEM,
             "one rank would have 2^31 interactions or more; expected more ranks");
  KITH_TRY(KITH_NEW(x->user[k], n));
  KITH_TRY(KITH_NEW(x->item[k], n));
  if (edges->has_time) KITH_TRY(KITH_NEW(x->time[k], n));
  if (edges->has_weight) KITH_TRY(KITH_NEW(x->weight[k], n));
done:
  return st;
}

static int rows_owner(int size, const int64_t *first, int32_t user) {
  int low = 0, high = size - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (first[middle] <= user) low = middle;
    else high = middle - 1;
  }
  return low;
}

/* Deal this rank's edges, with the numbers of all ranks; they are freed.  `later` is added to times. */
static kith_status rows_pack(int size, const int64_t *first, int32_t *const *number, int64_t later,
                             kith__edge_list *edges, rows_exchange *x) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_alltoall_make(size, &x->count));
  KITH_TRY(rows_alloc(edges, 0, edges->n, x));
  for (kith__edge_chunk *b = edges->first; b; b = b->next)
    for (int64_t k = 0; k < b->n; k++) {
      b->user[k] = number[KITH_USER][b->user[k]];
      x->count.send_count[rows_owner(size, first, b->user[k])]++;
    }
  kith_prefix_sum(size, x->count.send_count, x->count.send_displ);
  for (const kith__edge_chunk *b = edges->first; b; b = b->next)
    for (int64_t k = 0; k < b->n; k++) {
      const int to = x->count.send_displ[rows_owner(size, first, b->user[k])]++;
      x->user[0][to] = b->user[k];
      x->item[0][to] = number[KITH_ITEM][b->item[k]];
      if (b->time) x->time[0][to] = b->time[k] + later;
      if (b->weight) x->weight[0][to] = b->weight[k];
    }
  kith_prefix_sum(size, x->count.send_count, x->count.send_displ);
  kith__edge_list_free(edges);
done:
  return st;
}

static void rows_send(const kith_comm *comm, const rows_exchange *x, MPI_Datatype type, const void *from,
                      void *to) {
  const kith_alltoall *c = &x->count;
  if (from)
    KITH_MPI(MPI_Alltoallv(from, c->send_count, c->send_displ, type, to, c->recv_count, c->recv_displ, type,
                           comm->mpi));
}

/* What came, as a list of edges of this rank's users. */
static kith_status rows_unpack(int64_t n, int64_t first, const rows_exchange *x, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  for (int64_t e = 0; e < n; e++)
    KITH_TRY(kith__edge_list_add(edges, (int32_t)(x->user[1][e] - first), x->item[1][e],
                                 x->time[1] ? x->time[1][e] : 0, x->weight[1] ? x->weight[1][e] : 0, 0));
done:
  return st;
}

/* Rows of this rank's users. */
static kith_agreed rows_make(const kith_comm *comm, const int64_t *first, int32_t *const *number,
                             int64_t later, kith__edge_list *edges, kith__edge_csr *rows,
                             int64_t *duplicates) {
  kith_agreed st = {KITH_OK};
  rows_exchange x = {.count = {0}};
  const int64_t begin = first[comm->rank], n_row = first[comm->rank + 1] - begin;
  KITH_TRY(kith_agree(comm, rows_pack(comm->size, first, number, later, edges, &x)));
  KITH_MPI(MPI_Alltoall(x.count.send_count, 1, MPI_INT, x.count.recv_count, 1, MPI_INT, comm->mpi));
  int64_t n = 0;
  for (int r = 0; r < comm->size; r++) n += x.count.recv_count[r];
  KITH_TRY(kith_agree(comm, rows_alloc(edges, 1, n, &x)));
  kith_prefix_sum(comm->size, x.count.recv_count, x.count.recv_displ);
  rows_send(comm, &x, MPI_INT32_T, x.user[0], x.user[1]);
  rows_send(comm, &x, MPI_INT32_T, x.item[0], x.item[1]);
  if (edges->has_time) rows_send(comm, &x, MPI_INT64_T, x.time[0], x.time[1]);
  if (edges->has_weight) rows_send(comm, &x, MPI_FLOAT, x.weight[0], x.weight[1]);
  KITH_TRY(kith_agree(comm, rows_unpack(n, begin, &x, edges)));
  rows_exchange_free(&x);
  KITH_TRY(kith_agree(comm, kith__edge_csr_build(edges, n_row, rows, duplicates)));
done:
  rows_exchange_free(&x);
  return st;
}

static kith_status rows_alloc_all(int64_t n_user, int64_t n, const kith__edge_csr *like,
                                  kith__edge_csr *all) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__ragged_alloc(n_user, n, &all->ragged));
  if (like->time) KITH_TRY(KITH_NEW(all->time, n));
  if (like->weight) KITH_TRY(KITH_NEW(all->weight, n));
done:
  return st;
}

/* Rows of all users on rank 0; those of the ranks are freed. */
static kith_agreed rows_gather(const kith_comm *comm, int64_t n_user, kith__edge_csr *mine,
                               kith__edge_csr *all) {
  kith_agreed st = {KITH_OK};
  const int64_t n_row = mine->ragged.n_row, n = mine->ragged.start[n_row];
  int64_t total = n, before = 0;
  kith_comm_sum_int(comm, 1, &total);
  KITH_MPI(MPI_Exscan(&n, &before, 1, MPI_INT64_T, MPI_SUM, comm->mpi));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? rows_alloc_all(n_user, total, mine, all) : KITH_OK));
  for (int64_t u = 1; u <= n_row && comm->rank > 0; u++) mine->ragged.start[u] += before;
  kith__shared_gather(comm, n_row * 8, mine->ragged.start + 1,
                      comm->rank == 0 ? all->ragged.start + 1 : NULL);
  kith__shared_gather(comm, n * 4, mine->ragged.value, all->ragged.value);
  if (mine->time) kith__shared_gather(comm, n * 8, mine->time, all->time);
  if (mine->weight) kith__shared_gather(comm, n * 4, mine->weight, all->weight);
done:
  kith__edge_csr_free(mine);
  return st;
}

/* ---- all of it ---- */

typedef struct shared_state {
  kith__id_map map[KITH_SIDES];
  kith__edge_list edges;
  kith__edge_reader reader;
  kith__edge_part *part; /* [size] */
  int32_t *number[KITH_SIDES];
  int64_t n[KITH_SIDES], *first; /* [size + 1] users of the ranks */
  kith__edge_csr rows;
  char *text;
} shared_state;

static void shared_free(shared_state *s) {
  for (int k = 0; k < KITH_SIDES; k++) {
    kith__id_map_free(&s->map[k]);
    KITH_FREE(s->number[k]);
  }
  kith__edge_list_free(&s->edges);
  kith__edge_reader_close(&s->reader);
  kith__edge_csr_free(&s->rows);
  KITH_FREE(s->part);
  KITH_FREE(s->first);
  KITH_FREE(s->text);
}

static kith_status shared_alloc(int size, shared_state *s) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(s->part, size));
  KITH_TRY(KITH_NEW(s->first, size + 1));
  KITH_TRY(KITH_NEW(s->text, KITH_PATH + KITH__FAILURE));
done:
  return st;
}

static void shared_read_parts(const kith_comm *comm, const kith_ingest_options *o, kith__edge_policy *policy,
                              shared_state *s) {
  kith__edge_part mine;
  kith__edge_part_read(&o->interactions, comm->rank, comm->size, policy, &s->reader, &s->edges, &mine,
                       s->text);
  KITH_WAIT("the parts of a list that other ranks read",
            MPI_Allgather(&mine, (int)sizeof mine, MPI_BYTE, s->part, (int)sizeof mine, MPI_BYTE, comm->mpi));
}

/* Number the ids; false if there are too many, or if the second one says that the first was a header. */
static kith_agreed shared_number(const kith_comm *comm, shared_state *s, kith__shared_list *out, bool *good) {
  kith_agreed st = {KITH_OK};
  int64_t bad = 0, value;
  for (int k = 0; k < KITH_SIDES && bad == 0; k++) {
    kith__id_map *map = &s->map[k];
    map->text = kith_comm_max(comm, map->text) > 0; /* a rank without ids does not know */
    KITH_TRY(kith__shared_ids(comm, map, &s->number[k], &out->ids[k], &s->n[k]));
    const kith_ids *ids = &out->ids[k];
    bad = s->n[k] >= INT32_MAX - 1;
    if (ids->text && !map->declared_text && ids->n > 1) {
      const char *second = ids->text + ids->width;
      bad = bad ||
            kith__field_integer((kith__field){second, (int64_t)strnlen(second, (size_t)ids->width)}, &value);
    }
    bad = kith_comm_max(comm, bad);
    if (bad > 0)
      kith_log("data.interactions: rank 0 reads alone, as %s",
               s->n[k] >= INT32_MAX - 1 ? "there are too many ids"
               : k == KITH_USER ? "the second user id is an integer, and the first one may be a header"
                                : "the second item id is an integer, and the first one may be a header");
  }
  *good = bad == 0;
done:
  return st;
}

static kith_agreed shared_rows(const kith_comm *comm, bool by_line, shared_state *s, kith__shared_list *out) {
  kith_agreed st = {KITH_OK};
  int64_t later = 0;
  for (int r = 0; r < comm->rank; r++)
    later += s->reader.d.format == KITH_EDGES ? s->part[r].n_line : s->part[r].n_edge;
  KITH_TRY(rows_ranges(comm, &s->edges, s->number[KITH_USER], s->n[KITH_USER], s->first));
  KITH_TRY(rows_make(comm, s->first, s->number, by_line ? later : 0, &s->edges, &s->rows, &out->duplicates));
  kith_comm_sum_int(comm, 1, &out->duplicates);
  KITH_TRY(rows_gather(comm, s->n[KITH_USER], &s->rows, &out->rows));
done:
  return st;
}

kith_agreed kith__shared_list_read(const kith_comm *comm, const kith_ingest_options *o,
                                   kith__shared_list *out) {
  kith_agreed st = {KITH_OK};
  shared_state s = {.part = NULL};
  kith__edge_policy policy = {.key = "data.interactions",
                              .user = &s.map[KITH_USER],
                              .item = &s.map[KITH_ITEM],
                              .add_users = true,
                              .add_items = true,
                              .ends = o->split.between,
                              .until = o->split.until};
  const bool by_line = strcmp(o->interactions.time, KITH__BY_LINE) == 0;
  *out = (kith__shared_list){.is = false};
  if (comm->size == 1) return st;
  if (o->split.method == KITH_SPLIT_STREAM || (by_line && o->split.between)) {
    kith_log("data.interactions: rank 0 reads alone, as %s",
             by_line ? "a slice of lines has no times" : "a stream is an order of all its events");
    return st;
  }
  kith__id_map_init(policy.user, "user", o->interactions.ids);
  kith__id_map_init(policy.item, "item", o->interactions.ids);
  KITH_TRY(kith_agree(comm, shared_alloc(comm->size, &s)));
  shared_read_parts(comm, o, &policy, &s);
  if (!parts_are_exact(comm->size, s.part)) {
    kith_log("data.interactions: rank 0 reads alone, as the parts of the ranks do not go together");
    goto done;
  }
  for (int r = 0; r < comm->size; r++)
    if (s.part[r].status != KITH_OK) {
      st = parts_fail(comm, s.part, s.reader.lines.path, s.text);
      goto done;
    }
  bool good = false;
  KITH_TRY(shared_number(comm, &s, out, &good));
  if (!good) goto done;
  if (comm->rank == 0) parts_report(comm->size, s.part, &s.reader, out);
  KITH_TRY(shared_rows(comm, by_line, &s, out));
  out->is = true;
done:
  shared_free(&s);
  if (!out->is) kith__shared_list_free(out);
  return st;
}
