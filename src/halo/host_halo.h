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

/* ---- what an exchange in strips of columns is made of (strips.h) ---- */

/**
 * Rows of all ranks of this host may be read, and ghosts of an exchange before be overwritten: all ranks are
 * here.  With kith__host_halo_pack() they also have packed their rows for other hosts, in n strips.
 *
 * No rank may change its rows until it has passed a further exchange or kith_hosts_barrier(): others may
 * still read them.  Collective over the host.
 *
 * @param own  [n_own, d] this rank's rows, in the host's shared memory
 */
void kith__host_halo_pack(kith_host_halo *h, int n, int d, const float *own);
/** Post the messages of rows `width` wide: one strip of h->packed, into one of h->ghost.  Local. */
void kith__host_halo_post(kith_host_halo *h, int width, const float *packed, float *ghost);
/** Whether none is under way; progresses those that are.  Local. */
bool kith__host_halo_is_idle(kith_host_halo *h);
/** Wait for those of this rank.  Ghosts may be read when all ranks of the host have. */
void kith__host_halo_wait(kith_host_halo *h);

/* ---- only a part of the rows (host_part.c): where d_part is at least d ---- */

/** What a message of some rows has in front. */
typedef enum kith_host_bits {
  KITH_HOST_MARKS,  /**< bits of marks … */
  KITH_HOST_WANTED, /**< … or those that the other host wants */
  KITH_HOST_BARE    /**< nothing: the strip before had them */
} kith_host_bits;

/**
 * Post the messages of those rows alone that have a mark, or are wanted.  Local.
 *
 * @param ld, width  rows are `ld` apart, and `width` columns of them travel
 * @param rows   [n_row, ld] of all ranks of the host, in its shared memory, from the strip's first column on
 * @param marks  [n_row + n_ghost] there, too: each rank has set those of its own rows
 */
void kith__host_halo_post_some(kith_host_halo *h, kith_host_bits bits, int ld, int width, const float *rows,
                               const uint8_t *marks);
/** Wait for those of this rank, and put rows into their places in `ghost`.  With marks set those of ghosts,
 * and to zero the ghosts without one; without, those are unchanged. */
void kith__host_halo_place_some(kith_host_halo *h, int width, uint8_t *marks, float *ghost);

/**
 * Ask for the ghosts that are wanted: each rank sets h->wanted of those that it reads before, and this sets
 * them to 0 again.  Rows of the host may be read then.  Collective over the host.
 */
void kith_host_halo_begin_wanted(kith_host_halo *h);

#endif
