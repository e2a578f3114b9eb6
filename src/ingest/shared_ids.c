/*
 * Numbers of ids that several ranks have read.
 *
 * Each id has an owner, by a hash.  The owner sees which rank has it first; that rank gives it the next of
 * its numbers, which begin behind those of the ranks before, and the owner tells the others.
 */
#include <string.h>

#include "ingest/shared.h"

enum { ID_FIRST = -1, ID_KNOWN = -2 }; /* in place of a number */

/* One side of the exchange: records of ids, a byte of size and its bytes, by rank. */
typedef struct id_exchange {
  const kith_comm *comm;
  const kith__id_map *map;
  kith_alltoall count, bytes; /* of records, and of their bytes */
  int32_t *place;             /* [map->n] ids by owner, in their order */
  unsigned char *sent, *received;
  kith__id_map owned;
  int32_t *at, *global; /* [received] number in the owner's map; [owned.n] */
  int32_t *back, *told; /* [map->n] and [received] numbers on their way */
} id_exchange;

static void id_exchange_free(id_exchange *x) {
  kith_alltoall_free(&x->count);
  kith_alltoall_free(&x->bytes);
  kith__id_map_free(&x->owned);
  KITH_FREE(x->place);
  KITH_FREE(x->sent);
  KITH_FREE(x->received);
  KITH_FREE(x->at);
  KITH_FREE(x->global);
  KITH_FREE(x->back);
  KITH_FREE(x->told);
}

/* The bytes of an id: of a number its eight. */
static kith__field id_bytes(const kith__id_map *map, int32_t i) {
  if (!map->text) return (kith__field){(const char *)&map->number[i], (int64_t)sizeof *map->number};
  return (kith__field){map->pool + map->offset[i], map->offset[i + 1] - map->offset[i]};
}

/* Multiplying spreads numbers over the ranks, whatever their steps. */
static int id_owner(const id_exchange *x, int32_t i, kith__field id) {
  if (!x->map->text)
    return (int)(((uint64_t)x->map->number[i] * 0x9e3779b97f4a7c15u >> 32) * (uint64_t)x->comm->size >> 32);
  return (int)(kith__shared_hash((uint64_t)id.size, id.size, id.at) % (uint64_t)x->comm->size);
}

static kith_status id_exchange_pack(id_exchange *x) {
  kith_status st = KITH_OK;
  const int size = x->comm->size;
  int64_t all = 0;
  KITH_TRY(kith_alltoall_make(size, &x->count));
  KITH_TRY(kith_alltoall_make(size, &x->bytes));
  KITH_TRY(KITH_NEW(x->place, x->map->n));
  KITH_TRY(KITH_NEW(x->back, x->map->n));
  for (int32_t i = 0; i < x->map->n; i++) {
    const kith__field id = id_bytes(x->map, i);
    const int owner = id_owner(x, i, id);
    x->count.send_count[owner]++;
    x->bytes.send_count[owner] += 1 + (int)id.size;
    all += 1 + id.size;
    KITH_CHECK(all < INT32_MAX, KITH_ENOMEM,
               "the different %ss of one rank have more than 2 GiB; expected more ranks", x->map->kind);
  }
  kith_prefix_sum(size, x->count.send_count, x->count.send_displ);
  kith_prefix_sum(size, x->bytes.send_count, x->bytes.send_displ);
  KITH_TRY(KITH_NEW(x->sent, all));
  for (int32_t i = 0; i < x->map->n; i++) {
    const kith__field id = id_bytes(x->map, i);
    const int owner = id_owner(x, i, id);
    unsigned char *to = x->sent + x->bytes.send_displ[owner]++;
    *to = (unsigned char)id.size;
    memcpy(to + 1, id.at, (size_t)id.size);
    x->bytes.send_displ[owner] += (int)id.size;
    x->place[x->count.send_displ[owner]++] = i;
  }
  kith_prefix_sum(size, x->count.send_count, x->count.send_displ);
  kith_prefix_sum(size, x->bytes.send_count, x->bytes.send_displ);
done:
  return st;
}

static kith_status id_exchange_receive(id_exchange *x) {
  kith_status st = KITH_OK;
  const int size = x->comm->size;
  int64_t all = 0;
  for (int r = 0; r < size; r++) all += x->bytes.recv_count[r];
  KITH_CHECK(all < INT32_MAX, KITH_ENOMEM,
             "the different %ss of one owner have more than 2 GiB; expected more ranks", x->map->kind);
  kith_prefix_sum(size, x->count.recv_count, x->count.recv_displ);
  kith_prefix_sum(size, x->bytes.recv_count, x->bytes.recv_displ);
  const int n = x->count.recv_displ[size];
  KITH_TRY(KITH_NEW(x->received, all));
  KITH_TRY(KITH_NEW(x->at, n));
  KITH_TRY(KITH_NEW(x->told, n));
  KITH_TRY(KITH_NEW(x->global, n));
done:
  return st;
}

/* Find which records are the first of their id: told[i] is ID_FIRST there. */
static kith_status id_exchange_find(id_exchange *x) {
  kith_status st = KITH_OK;
  const kith__lines none = {.path = "an id"};
  const unsigned char *from = x->received;
  int64_t value;
  kith__id_map_init(&x->owned, x->map->kind, x->map->text ? KITH_ID_TEXT : KITH_ID_AUTO);
  x->owned.decided = true;
  x->owned.bytes = true; /* their characters were checked */
  for (int i = 0; i < x->count.recv_displ[x->comm->size]; i++) {
    const int32_t n = x->owned.n;
    const kith__field id = {(const char *)from + 1, *from};
    if (x->map->text) KITH_TRY(kith__id_map_add(&x->owned, &none, id, true, &x->at[i]));
    else {
      memcpy(&value, id.at, sizeof value);
      KITH_TRY(kith__id_map_add_integer(&x->owned, &none, value, &x->at[i]));
    }
    x->told[i] = x->owned.n > n ? ID_FIRST : ID_KNOWN;
    from += 1 + id.size;
  }
done:
  return st;
}

static void id_exchange_numbers(const id_exchange *x, bool to_owners, int32_t *mine, int32_t *theirs) {
  const kith_alltoall *c = &x->count;
  if (to_owners)
    KITH_MPI(MPI_Alltoallv(mine, c->send_count, c->send_displ, MPI_INT32_T, theirs, c->recv_count,
                           c->recv_displ, MPI_INT32_T, x->comm->mpi));
  else
    KITH_MPI(MPI_Alltoallv(theirs, c->recv_count, c->recv_displ, MPI_INT32_T, mine, c->send_count,
                           c->send_displ, MPI_INT32_T, x->comm->mpi));
}

/* Number the ids that this rank has first, n from `first` on, in their order.  False: there are too many. */
static bool id_exchange_number(const id_exchange *x, int32_t *number, int64_t *first, int64_t *n,
                               int64_t *total) {
  int64_t next = 0;
  *n = 0;
  for (int32_t k = 0; k < x->map->n; k++) number[x->place[k]] = x->back[k];
  for (int32_t i = 0; i < x->map->n; i++) *n += number[i] == ID_FIRST;
  *total = *n;
  kith_comm_sum_int(x->comm, 1, total);
  if (*total >= INT32_MAX - 1) return false;
  KITH_MPI(MPI_Exscan(n, &next, 1, MPI_INT64_T, MPI_SUM, x->comm->mpi));
  *first = next = x->comm->rank == 0 ? 0 : next;
  for (int32_t i = 0; i < x->map->n; i++)
    if (number[i] == ID_FIRST) number[i] = (int32_t)next++;
  for (int32_t k = 0; k < x->map->n; k++) x->back[k] = number[x->place[k]];
  return true;
}

/* The owners learn the numbers and tell them to all who have the ids. */
static void id_exchange_tell(id_exchange *x, int32_t *number) {
  const int n = x->count.recv_displ[x->comm->size];
  id_exchange_numbers(x, true, x->back, x->told);
  for (int i = 0; i < n; i++)
    if (x->told[i] >= 0) x->global[x->at[i]] = x->told[i];
  for (int i = 0; i < n; i++) x->told[i] = x->global[x->at[i]];
  id_exchange_numbers(x, false, x->back, x->told);
  for (int32_t k = 0; k < x->map->n; k++) number[x->place[k]] = x->back[k];
}

/* ---- all ids ---- */

/* The n ids from number `first` on, which this rank has first. */
static kith_agreed ids_pack(const kith_comm *comm, const kith__id_map *map, const int32_t *number,
                            int64_t first, int64_t n, kith_ids *ids) {
  kith_agreed st = {KITH_OK};
  const int width = map->text ? (int)kith_comm_max(comm, map->width > 0 ? map->width : 1) : 0;
  KITH_TRY(kith_agree(comm, kith__ids_make(n, width, ids)));
  for (int32_t i = 0; i < map->n; i++) {
    const int64_t at = number[i] - first;
    if (at < 0 || at >= n) continue;
    const kith__field id = id_bytes(map, i);
    if (map->text) memcpy(ids->text + at * width, id.at, (size_t)id.size);
    else ids->number[at] = map->number[i];
  }
done:
  return st;
}

kith_agreed kith__shared_gather_ids(const kith_comm *comm, kith_ids *ids) {
  kith_agreed st = {KITH_OK};
  kith_ids all = {.n = ids->n};
  const int width = ids->text ? ids->width : 0;
  kith_comm_sum_int(comm, 1, &all.n);
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? kith__ids_make(all.n, width, &all) : KITH_OK));
  if (width > 0) kith__shared_gather(comm, ids->n * width, ids->text, all.text);
  else kith__shared_gather(comm, ids->n * (int64_t)sizeof *ids->number, ids->number, all.number);
  kith_ids_free(ids);
  *ids = all;
  all = (kith_ids){.n = 0};
done:
  kith_ids_free(&all);
  return st;
}

kith_agreed kith__shared_ids(const kith_comm *comm, const kith__id_map *map, int32_t **number, kith_ids *ids,
                             int64_t *first, int64_t *n) {
  kith_agreed st = {KITH_OK};
  id_exchange x = {.comm = comm, .map = map};
  int64_t mine = 0;
  KITH_TRY(kith_agree(comm, KITH_NEW(*number, map->n)));
  KITH_TRY(kith_agree(comm, id_exchange_pack(&x)));
  KITH_MPI(MPI_Alltoall(x.count.send_count, 1, MPI_INT, x.count.recv_count, 1, MPI_INT, comm->mpi));
  KITH_MPI(MPI_Alltoall(x.bytes.send_count, 1, MPI_INT, x.bytes.recv_count, 1, MPI_INT, comm->mpi));
  KITH_TRY(kith_agree(comm, id_exchange_receive(&x)));
  KITH_MPI(MPI_Alltoallv(x.sent, x.bytes.send_count, x.bytes.send_displ, MPI_BYTE, x.received,
                         x.bytes.recv_count, x.bytes.recv_displ, MPI_BYTE, comm->mpi));
  KITH_TRY(kith_agree(comm, id_exchange_find(&x)));
  id_exchange_numbers(&x, false, x.back, x.told);
  if (!id_exchange_number(&x, *number, first, &mine, n)) goto done;
  id_exchange_tell(&x, *number);
  KITH_TRY(ids_pack(comm, map, *number, *first, mine, ids));
done:
  id_exchange_free(&x);
  return st;
}
