/**
 * A halo that knows hosts: the ranks of a host read each other's rows in place, and fetch the rows of other
 * hosts together, each row once, in one message for each pair of hosts.
 *
 * For a kith_dist_csr whose rows lie in memory that the ranks of a host share (comm/hosts.h).  Its own
 * matrix has columns by host: the rows of the host's ranks, then the host's ghosts.  Values and order of the
 * entries are those of the kith_dist_csr, so that sums have the same bits.
 */
#ifndef KITH_HALO_HOST_HALO_H
#define KITH_HALO_HOST_HALO_H

#include "comm/hosts.h"
#include "halo/halo.h"

/** Rows that this rank exchanges with a rank of another host, for all ranks of both hosts. */
typedef struct kith_host_peer {
  int rank;
  kith_lid first, n; /**< of the host's ghosts, or of its packed rows */
} kith_host_peer;

typedef struct kith_host_halo {
  const kith_hosts *hosts;
  kith_halo *halo;          /**< of the matrix; counts bytes and messages */
  kith_lid n_row, first;    /**< rows of the host's ranks; the number of this rank's first one among them */
  kith_lid n_ghost;         /**< rows of other hosts that ranks of this host read, by host, then by number */
  kith_lid n_packed;        /**< rows of this host that others read, once for each other host */
  kith_lid *col, *back_col; /**< columns of `csr` and of `transpose` */
  kith_csr csr, transpose;  /**< [n_own, n_row + n_ghost]; all but col are the matrix's own.  Without a
                               transpose: empty */
  int n_recv, n_send;       /**< hosts that this rank receives from and sends to for all of its host */
  kith_host_peer *recv, *send;
  kith_lid n_pack;          /**< this rank's rows among the packed ones: repeats for several hosts */
  kith_lid *pack, *pack_at; /**< [n_pack] the owned row, and its place among the packed rows */
  kith_lid first_packed;    /**< of this rank's `send` among the packed rows … */
  kith_lid *send_row;       /**< … and the row of the host behind each of them */
  int d_part;               /**< width of the widest rows of which parts are exchanged; 0: none are */
  float *part_send, *part_recv;
  uint8_t *wanted;       /**< [n_ghost] in shared memory, set by the caller: 0 between exchanges */
  MPI_Request *request;  /**< [n_recv + n_send] */
  int n_request;         /**< under way */
  float *ghost, *packed; /**< [n_ghost, d] and [n_packed, d] in shared memory: the caller sets both */
  int64_t n_apart;       /**< rows that the host's ranks would fetch from other hosts each for itself */
} kith_host_halo;

/**
 * Make the host's halo of a matrix whose entries are complete.  Collective over `a`'s ranks.
 *
 * @param hosts  of the halo's ranks; with `a`, must outlive it
 * @param d      width of the widest rows of which only a part may be exchanged
 * @param[out] out  null, with KITH_OK, where a host has 2^31 rows and ghosts or more: kith_error_text() says
 * so
 * Errors: KITH_ENOMEM.
 * Memory: 4 bytes an entry; while it is made, 16 bytes for each ghost of the host's ranks on its first rank.
 */
kith_agreed kith_host_halo_create(const kith_hosts *hosts, const kith_graph *g, const kith_dist_csr *a, int d,
                                  kith_host_halo **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_host_halo_destroy(kith_host_halo **halo);

/**
 * Make the rows of all ranks of this host readable, and fetch the host's ghosts.  Collective, as
 * kith_halo_begin(): rows of the host may be read between begin and end, ghosts after end.
 *
 * No rank may change its rows `own` until it has passed a further begin or kith_hosts_barrier(): others may
 * still read them.
 *
 * @param d    width of the rows, reserved in the matrix's halo
 * @param own  [n_own, d] this rank's rows, in the host's shared memory
 */
void kith_host_halo_begin(kith_host_halo *h, int d, const float *own);
void kith_host_halo_progress(kith_host_halo *h);
void kith_host_halo_end(kith_host_halo *h);

/* ---- only a part of the rows (host_part.c): where d_part is at least d ---- */

/**
 * kith_host_halo_begin() and _end() with several hosts for rows of which some are zero, those without a mark.
 * Collective.
 *
 * @param rows   [n_row, d] of all ranks of the host, in its shared memory
 * @param marks  [n_row + n_ghost] there, too: each rank has set those of its own rows; end sets those of
 *               ghosts, and to zero the ghosts without a mark
 */
void kith_host_halo_begin_marked(kith_host_halo *h, int d, const float *rows, const uint8_t *marks);
void kith_host_halo_end_marked(kith_host_halo *h, int d, uint8_t *marks);

/**
 * The same where only some ghosts are read: each rank sets h->wanted of those that it reads before begin,
 * which sets them to 0 again.  Rows of the host may be read between begin and end.  Collective.
 */
void kith_host_halo_begin_wanted(kith_host_halo *h);
void kith_host_halo_end_wanted(kith_host_halo *h, int d, const float *rows);

#endif
