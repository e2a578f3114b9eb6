/*
 * A part of a halo's rows.  The receiver knows which rows it reads in a step, and the owner which of its rows
 * are zero; before the exchange each pair of ranks tells the other by a bit for each of their rows.  Rows are
 * received side by side and then moved to their places, from the last one on, since no row moves forward.
 */
#include <string.h>

#include "halo/bits.h"
#include "halo/halo_impl.h"
#include "halo/part.h"

enum { PART_BITS = 13, PART_ROWS = 14, PART_BACKWARD = 17 }; /* tags */

static int part_n_recv(const kith_halo *h, int r) { return h->recv_first[r + 1] - h->recv_first[r]; }
static int part_n_send(const kith_halo *h, int r) { return h->send_first[r + 1] - h->send_first[r]; }

/* Bytes of the message between this rank and rank r, the same in both directions. */
static int part_message(const kith_halo *h, int r) {
  return kith_bits_bytes(part_n_recv(h, r)) + kith_bits_bytes(part_n_send(h, r));
}

int64_t kith_halo_part_message(const kith_halo *h) {
  int64_t n = 0;
  for (int r = 0; r < h->comm->size; r++) n += part_message(h, r);
  return n;
}

int64_t kith_halo_part_bytes(const kith_halo *h) {
  return 2 * ((int64_t)h->n_recv + h->n_send) + 2 * kith_halo_part_message(h);
}

int64_t kith_halo_part_memory_bytes(int size, int64_t n_recv, int64_t n_send) {
  return 2 * (n_recv + n_send) + 2 * ((n_recv + n_send) / 8 + 2 * (int64_t)size);
}

void kith_halo_part_place(kith_halo *h, uint8_t *memory, kith_halo_part *out) {
  uint8_t *at = memory;
  *out = (kith_halo_part){.h = h};
  for (int k = 0; k < KITH_HALO_PARTS; k++) {
    out->recv[k] = at;
    out->send[k] = at + h->n_recv;
    at += h->n_recv + h->n_send;
  }
  out->in = at;
  out->out = at + kith_halo_part_message(h);
}

static void part_unpack(int n, const uint8_t *bits, uint8_t *some) {
  for (int i = 0; i < n; i++) some[i] = kith_bits_get(bits, i);
}

void kith_halo_part_begin(const kith_halo_part *p) {
  kith_halo *h = p->h;
  uint8_t *in = p->in, *out = p->out;
  h->n_request = 0;
  for (int r = 0; r < h->comm->size; r++) {
    int n = part_message(h, r), n_recv = part_n_recv(h, r);
    if (r == h->comm->rank || n == 0) continue;
    kith_bits_set(n_recv, NULL, p->recv[KITH_HALO_READ] + h->recv_first[r], out);
    kith_bits_set(part_n_send(h, r), NULL, p->send[KITH_HALO_WRITTEN] + h->send_first[r],
                  out + kith_bits_bytes(n_recv));
    KITH_MPI(MPI_Irecv(in, n, MPI_BYTE, r, PART_BITS, h->comm->mpi, &h->request[h->n_request++]));
    KITH_MPI(MPI_Isend(out, n, MPI_BYTE, r, PART_BITS, h->comm->mpi, &h->request[h->n_request++]));
    h->bytes += n;
    h->messages++;
    in += n;
    out += n;
  }
}

void kith_halo_part_end(const kith_halo_part *p) {
  const kith_halo *h = p->h;
  const uint8_t *in = p->in;
  kith_halo_end(p->h);
  for (int r = 0; r < h->comm->size; r++) {
    int n_send = part_n_send(h, r);
    if (r == h->comm->rank) continue;
    part_unpack(n_send, in, p->send[KITH_HALO_READ] + h->send_first[r]);
    part_unpack(part_n_recv(h, r), in + kith_bits_bytes(n_send),
                p->recv[KITH_HALO_WRITTEN] + h->recv_first[r]);
    in += part_message(h, r);
  }
}

/* Count the rows to and from each rank, which lie one behind the other in `packed`. */
static void part_count(const kith_halo_part *p, kith_halo_some which) {
  kith_halo *h = p->h;
  for (int r = 0, at = 0; r < h->comm->size; r++) {
    int n_recv = 0, n_send = 0;
    h->count_recv[r] = h->count_send[r] = 0;
    h->displ_send[r] = at;
    if (h->skip && h->skip[r]) continue;
    for (int i = h->recv_first[r]; i < h->recv_first[r + 1]; i++) n_recv += p->recv[which][i];
    for (int s = h->send_first[r]; s < h->send_first[r + 1]; s++) n_send += p->send[which][s];
    h->count_recv[r] = n_recv;
    h->count_send[r] = n_send;
    at += n_send;
  }
}

static void part_pack_rows(const kith_halo_part *p, const uint8_t *some, size_t ld, size_t d,
                           const float *own) {
  const kith_halo *h = p->h;
#pragma omp parallel for schedule(dynamic, 1)
  for (int r = 0; r < h->comm->size; r++) {
    float *to = h->packed + d * (size_t)h->displ_send[r];
    if (h->count_send[r] == 0) continue;
    for (int s = h->send_first[r]; s < h->send_first[r + 1]; s++) {
      if (!some[s]) continue;
      memcpy(to, own + ld * (size_t)h->send_row[s], d * sizeof *to);
      to += d;
    }
  }
}

void kith_halo_part_begin_rows(const kith_halo_part *p, kith_halo_some which, int d, const float *own,
                               float *ghost) {
  kith__halo_part_begin_columns(p, which, d, d, own, ghost);
}

void kith__halo_part_begin_columns(const kith_halo_part *p, kith_halo_some which, int ld, int width,
                                   const float *own, float *ghost) {
  kith_halo *h = p->h;
  part_count(p, which);
  part_pack_rows(p, p->send[which], (size_t)ld, (size_t)width, own);
  kith__halo_post(h, width, PART_ROWS, (kith__halo_runs){h->recv_first, h->count_recv}, ghost,
                  (kith__halo_runs){h->displ_send, h->count_send}, h->packed);
}

/* Rows of rank r from the front of their places to their places. */
static void part_spread(const kith_halo_part *p, const uint8_t *some, int r, size_t d, bool clear,
                        float *ghost) {
  const kith_halo *h = p->h;
  int from = h->recv_first[r] + h->count_recv[r];
  for (int i = h->recv_first[r + 1] - 1; i >= h->recv_first[r]; i--) {
    if (some[i] && --from < i) memcpy(ghost + d * (size_t)i, ghost + d * (size_t)from, d * sizeof *ghost);
    else if (!some[i] && clear) memset(ghost + d * (size_t)i, 0, d * sizeof *ghost);
  }
}

void kith_halo_part_end_rows(const kith_halo_part *p, kith_halo_some which, int width, bool clear,
                             float *ghost) {
  kith_halo_end(p->h);
#pragma omp parallel for schedule(dynamic, 1)
  for (int r = 0; r < p->h->comm->size; r++)
    if (!kith__halo_skips(p->h, r)) part_spread(p, p->recv[which], r, (size_t)width, clear, ghost);
}

/* Rows of rank r to the front of their places. */
static void part_gather(const kith_halo_part *p, const uint8_t *some, int r, size_t d, float *ghost) {
  const kith_halo *h = p->h;
  int to = h->recv_first[r];
  for (int i = h->recv_first[r]; i < h->recv_first[r + 1]; i++) {
    if (!some[i]) continue;
    if (to < i) memcpy(ghost + d * (size_t)to, ghost + d * (size_t)i, d * sizeof *ghost);
    to++;
  }
}

void kith__halo_part_return(const kith_halo_part *p, int width, float *ghost) {
  kith_halo *h = p->h;
  const size_t d = (size_t)width;
  part_count(p, KITH_HALO_READ);
#pragma omp parallel for schedule(dynamic, 1)
  for (int r = 0; r < h->comm->size; r++)
    if (!kith__halo_skips(h, r)) part_gather(p, p->recv[KITH_HALO_READ], r, d, ghost);
  kith__halo_post(h, width, PART_BACKWARD, (kith__halo_runs){h->displ_send, h->count_send}, h->packed,
                  (kith__halo_runs){h->recv_first, h->count_recv}, ghost);
  kith_halo_end(h);
}

void kith_halo_part_backward(const kith_halo_part *p, int width, float *ghost, float *own) {
  const kith_halo *h = p->h;
  const uint8_t *reads = p->send[KITH_HALO_READ];
  const size_t d = (size_t)width;
  kith__halo_part_return(p, width, ghost);
  const float *from = h->packed;
  for (kith_lid s = 0; s < h->n_send; s++) {
    float *to = own + d * (size_t)h->send_row[s];
    if (!reads[s]) continue;
    for (size_t k = 0; k < d; k++) to[k] += from[k];
    from += d;
  }
}
