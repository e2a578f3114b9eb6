/*
 * Who needs whose rows: each rank tells the owners what it wants; what it is told is what it will send.
 * A fixed halo is planned once; a movable one is planned at every step in buffers made beforehand.
 */
#include <limits.h>

#include "halo/halo.h"

static kith_status halo_make(const kith_comm *comm, const kith_gid *first, int64_t max_want,
                             kith_halo **out) {
  kith_status st = KITH_OK;
  kith_halo *h = NULL;
  int size = comm->size;
  KITH_CHECK(max_want <= INT_MAX / 2, KITH_EDATA,
             "one rank wants %lld rows; at most %d are possible: use more ranks", (long long)max_want,
             INT_MAX / 2);
  KITH_TRY(KITH_NEW(h, 1));
  h->comm = comm;
  h->first = first;
  h->max_want = (kith_lid)max_want;
  KITH_TRY(KITH_NEW(h->want_first, size + 1));
  KITH_TRY(KITH_NEW(h->send_first, size + 1));
  KITH_TRY(KITH_NEW(h->count_out, size));
  KITH_TRY(KITH_NEW(h->count_in, size));
  KITH_TRY(KITH_NEW(h->place_out, size));
  KITH_TRY(KITH_NEW(h->place_in, size));
  KITH_TRY(KITH_NEW(h->tell, 2 * (int64_t)size));
  KITH_TRY(KITH_NEW(h->told, 2 * (int64_t)size));
  KITH_TRY(KITH_NEW(h->request, 2 * (int64_t)size));
  KITH_TRY(KITH_NEW(h->ask, max_want));
  *out = h;
  h = NULL;
done:
  kith_halo_destroy(&h);
  return st;
}

static kith_status halo_make_send(kith_halo *h, int64_t max_send) {
  kith_status st = KITH_OK;
  KITH_CHECK(max_send <= INT_MAX / 2, KITH_EDATA,
             "one rank is asked for %lld rows; at most %d are possible: use more ranks", (long long)max_send,
             INT_MAX / 2);
  h->max_send = (kith_lid)max_send;
  KITH_TRY(KITH_NEW(h->asked, max_send));
  KITH_TRY(KITH_NEW(h->send_row, max_send));
  KITH_TRY(KITH_NEW(h->send_key, max_send));
done:
  return st;
}

/* Ascending and within the ownership ranges: then the rows of one owner stand together. */
static kith_status halo_check_want(const kith_halo *h, int64_t n, const kith_gid *want) {
  kith_status st = KITH_OK;
  kith_gid low = h->first[0], high = h->first[h->comm->size];
  for (int64_t i = 0; i < n; i++) {
    KITH_CHECK(want[i] >= low && want[i] < high, KITH_EDATA, "row %lld is wanted, but rows are %lld … %lld",
               (long long)want[i], (long long)low, (long long)high - 1);
    KITH_CHECK(i == 0 || want[i - 1] <= want[i], KITH_EDATA, "wanted rows are not ascending at place %lld",
               (long long)i);
  }
done:
  return st;
}

/* Cut the wanted rows by owner, count, and tell each owner how many.  Returns the largest note. */
static int64_t halo_count(kith_halo *h, kith_lid n, const kith_gid *want, const int64_t *key, int64_t note) {
  int size = h->comm->size;
  kith_lid at = 0;
  h->n_want = n;
  for (int r = 0; r < size; r++) {
    h->want_first[r] = at;
    for (; at < n && want[at] < h->first[r + 1]; at++) h->ask[at] = (halo_ask){want[at], key ? key[at] : 0};
    h->tell[2 * r] = at - h->want_first[r];
    h->tell[2 * r + 1] = note;
  }
  h->want_first[size] = at;
  KITH_WAIT("who needs whose rows",
            MPI_Alltoall(h->tell, 2, MPI_INT64_T, h->told, 2, MPI_INT64_T, h->comm->mpi));
  int64_t most = note, n_send = 0;
  for (int r = 0; r < size; r++) {
    h->send_first[r] = (int)n_send;
    n_send += h->told[2 * r];
    if (h->told[2 * r + 1] > most) most = h->told[2 * r + 1];
  }
  h->send_first[size] = (int)n_send;
  h->n_send = (kith_lid)n_send;
  return most;
}

/* Send the numbers and keys themselves. */
static void halo_tell(kith_halo *h) {
  int size = h->comm->size, me = h->comm->rank;
  for (int r = 0; r < size; r++) {
    h->place_out[r] = 2 * h->want_first[r];
    h->count_out[r] = 2 * (h->want_first[r + 1] - h->want_first[r]);
    h->place_in[r] = 2 * h->send_first[r];
    h->count_in[r] = 2 * (h->send_first[r + 1] - h->send_first[r]);
  }
  KITH_WAIT("who needs whose rows", MPI_Alltoallv(h->ask, h->count_out, h->place_out, MPI_INT64_T, h->asked,
                                                  h->count_in, h->place_in, MPI_INT64_T, h->comm->mpi));
  for (kith_lid s = 0; s < h->n_send; s++) {
    h->send_row[s] = (kith_lid)(h->asked[s].number - h->first[me]);
    h->send_key[s] = h->asked[s].key;
  }
}

kith_agreed kith_halo_create(const kith_comm *comm, const kith_gid *first, int64_t n_want,
                             const kith_gid *want, kith_halo **out) {
  kith_agreed st = {KITH_OK};
  kith_halo *h = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, halo_make(comm, first, n_want, &h)));
  KITH_TRY(kith_agree(comm, halo_check_want(h, n_want, want)));
  halo_count(h, (kith_lid)n_want, want, NULL, 0);
  KITH_TRY(kith_agree(comm, halo_make_send(h, h->n_send)));
  halo_tell(h);
  *out = h;
  h = NULL;
done:
  kith_halo_destroy(&h);
  return st;
}

kith_agreed kith_halo_create_movable(const kith_comm *comm, const kith_gid *first, kith_lid max_want,
                                     kith_lid max_send, int d, kith_halo **out) {
  kith_agreed st = {KITH_OK};
  kith_halo *h = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, halo_make(comm, first, max_want, &h)));
  KITH_TRY(kith_agree(comm, halo_make_send(h, max_send)));
  KITH_TRY(kith_agree(comm, kith_halo_reserve(h, d)));
  *out = h;
  h = NULL;
done:
  kith_halo_destroy(&h);
  return st;
}

int64_t kith_halo_aim(kith_halo *h, kith_lid n_want, const kith_gid *want, const int64_t *key, int64_t note) {
  if (n_want > h->max_want) kith_abort(__FILE__, __LINE__, "room for the wanted rows");
  int64_t most = halo_count(h, n_want, want, key, note);
  if (h->want_first[h->comm->size] != n_want || h->n_send > h->max_send)
    kith_abort(__FILE__, __LINE__, "room for the rows that others want");
  halo_tell(h);
  return most;
}

void kith_halo_destroy(kith_halo **halo) {
  kith_halo *h = *halo;
  if (!h) return;
  KITH_FREE(h->want_first);
  KITH_FREE(h->send_first);
  KITH_FREE(h->count_out);
  KITH_FREE(h->count_in);
  KITH_FREE(h->place_out);
  KITH_FREE(h->place_in);
  KITH_FREE(h->tell);
  KITH_FREE(h->told);
  KITH_FREE(h->request);
  KITH_FREE(h->ask);
  KITH_FREE(h->asked);
  KITH_FREE(h->send_row);
  KITH_FREE(h->send_key);
  KITH_FREE(h->packed);
  for (int i = 0; i < h->n_width; i++) KITH_MPI(MPI_Type_free(&h->row[i]));
  KITH_FREE(*halo);
}

kith_lid kith_halo_n_want(const kith_halo *h) { return h->n_want; }
kith_lid kith_halo_n_send(const kith_halo *h) { return h->n_send; }
const kith_lid *kith_halo_send_row(const kith_halo *h) { return h->send_row; }
const int64_t *kith_halo_send_key(const kith_halo *h) { return h->send_key; }
int64_t kith_halo_bytes(const kith_halo *h) { return h->bytes; }

kith_lid kith_halo_n_remote(const kith_halo *h) {
  int me = h->comm->rank;
  return h->n_send - (h->send_first[me + 1] - h->send_first[me]);
}
