/*
 * An exchange between hosts of those rows alone that are read, or are not zero.  Every message has room for
 * all rows of its pair of hosts; it begins with a bit for each, and then has the rows whose bits are set.
 *   - Marked rows: the sender knows which; so a message has both.
 *   - Wanted ghosts: the receiver knows which; so it first sends a message of bits alone.
 * The ranks that send and receive for their hosts read marks and rows of all ranks in the host's memory.
 */
#include <string.h>

#include "halo/bits.h"
#include "halo/halo_impl.h"
#include "halo/host_halo.h"

enum { HOST_PART = 15, HOST_WANTED = 16 }; /* tags */

/* Numbers in whose place n bits stand. */
static int part_words(kith_lid n) { return (n + 31) / 32; }

/* Where a peer's message lies: bits are no longer than one number a row. */
static float *part_of(const kith_host_halo *h, const kith_host_peer *p, kith_lid first, float *all) {
  return all + (size_t)(p->first - first) * (size_t)(h->d_part + 1);
}

/* Bits of n marks, in place of a message's first numbers, the last of which they may not fill. */
static void part_set_bits(kith_lid n, const kith_lid *row, const uint8_t *mark, float *message) {
  if (n > 0) message[part_words(n) - 1] = 0;
  kith_bits_set(n, row, mark, (uint8_t *)message);
}

static void part_send(kith_host_halo *h, const float *message, int n, int rank, int tag) {
  KITH_MPI(MPI_Isend(message, n, MPI_FLOAT, rank, tag, h->hosts->all->mpi, &h->request[h->n_request++]));
  h->halo->bytes += n * (int64_t)sizeof *message;
  h->halo->messages++;
}

/* Send a peer of rows, which are ld apart, those whose bits stand at the beginning of its message: with the
 * bits, or without. */
static void part_send_rows(kith_host_halo *h, const kith_host_peer *p, bool bare, int ld, int d,
                           const float *rows) {
  float *message = part_of(h, p, h->first_packed, h->part_send), *first = message + part_words(p->n),
        *to = first;
  const uint8_t *bits = (const uint8_t *)message;
  const kith_lid *row = h->send_row + (p->first - h->first_packed);
  for (kith_lid i = 0; i < p->n; i++) {
    if (!kith_bits_get(bits, i)) continue;
    memcpy(to, rows + (size_t)row[i] * (size_t)ld, (size_t)d * sizeof *to);
    to += d;
  }
  const float *from = bare ? first : message;
  part_send(h, from, (int)(to - from), p->rank, HOST_PART);
}

/* Bare: behind the bits of the message before. */
static void part_receive(kith_host_halo *h, bool bare, int d) {
  h->n_request = 0;
  for (int i = 0; i < h->n_recv; i++) {
    const kith_host_peer *p = &h->recv[i];
    const int bits = part_words(p->n);
    KITH_MPI(MPI_Irecv(part_of(h, p, h->recv[0].first, h->part_recv) + (bare ? bits : 0),
                       (bare ? 0 : bits) + p->n * d, MPI_FLOAT, p->rank, HOST_PART, h->hosts->all->mpi,
                       &h->request[h->n_request++]));
  }
}

/* Put what came into its places among the ghosts; mark those, the others are zero. */
static void part_place(const kith_host_halo *h, int d, uint8_t *marks, float *ghost) {
  for (int i = 0; i < h->n_recv; i++) {
    const kith_host_peer *p = &h->recv[i];
    const float *message = part_of(h, p, h->recv[0].first, h->part_recv), *from = message + part_words(p->n);
    const uint8_t *bits = (const uint8_t *)message;
    for (kith_lid k = 0; k < p->n; k++) {
      bool is = kith_bits_get(bits, k);
      uint8_t *mark = marks ? marks + h->n_row + p->first + k : NULL;
      if (mark && *mark != is) *mark = is; /* of a further strip others read it already */
      float *to = ghost + (size_t)(p->first + k) * (size_t)d;
      if (!is && marks) memset(to, 0, (size_t)d * sizeof *to);
      if (!is) continue;
      memcpy(to, from, (size_t)d * sizeof *to);
      from += d;
    }
  }
}

void kith__host_halo_post_some(kith_host_halo *h, kith_host_bits bits, int ld, int width, const float *rows,
                               const uint8_t *marks) {
  const bool bare = bits == KITH_HOST_BARE;
  part_receive(h, bare, width);
  for (int i = 0; i < h->n_send; i++) {
    const kith_host_peer *p = &h->send[i];
    if (bits == KITH_HOST_MARKS)
      part_set_bits(p->n, h->send_row + (p->first - h->first_packed), marks,
                    part_of(h, p, h->first_packed, h->part_send));
    part_send_rows(h, p, bare, ld, width, rows);
  }
}

void kith__host_halo_place_some(kith_host_halo *h, int width, uint8_t *marks, float *ghost) {
  kith__host_halo_wait(h);
  part_place(h, width, marks, ghost);
}

/* Tell the other hosts which ghosts are wanted, and forget it; what they want takes the rows' place. */
static void part_send_wanted(kith_host_halo *h) {
  h->n_request = 0;
  for (int i = 0; i < h->n_send; i++) {
    const kith_host_peer *p = &h->send[i];
    KITH_MPI(MPI_Irecv(part_of(h, p, h->first_packed, h->part_send), part_words(p->n), MPI_FLOAT, p->rank,
                       HOST_WANTED, h->hosts->all->mpi, &h->request[h->n_request++]));
  }
  for (int i = 0; i < h->n_recv; i++) {
    const kith_host_peer *p = &h->recv[i];
    float *message = part_of(h, p, h->recv[0].first, h->part_recv);
    part_set_bits(p->n, NULL, h->wanted + p->first, message);
    memset(h->wanted + p->first, 0, (size_t)p->n);
    part_send(h, message, part_words(p->n), p->rank, HOST_WANTED);
  }
}

void kith_host_halo_begin_wanted(kith_host_halo *h) {
  kith_hosts_barrier(h->hosts);
  part_send_wanted(h);
}
