/**
 * A halo whose ghosts of this host are read in place: their rows, and in backward their gradients, lie in
 * memory that the ranks of a host share.  Only ghosts of other hosts travel.
 *
 * For layers that do more with rows than to multiply: columns stay this rank's own ones, and a table says
 * where a ghost's row is.  A gradient is the sum of each rank's part in the order of kith_halo_backward(), so
 * that it has the same bits; therefore ranks return theirs each for itself, also to other hosts.
 */
#ifndef KITH_HALO_SHARED_HALO_H
#define KITH_HALO_SHARED_HALO_H

#include "comm/hosts.h"
#include "halo/part.h"

typedef struct kith_shared_halo {
  const kith_hosts *hosts;
  kith_halo *halo;       /**< of the matrix; counts bytes and messages */
  kith_lid n_row, first; /**< rows of the host's ranks; the number of this rank's first one among them */
  kith_lid n_ghost;      /**< of this rank */
  int64_t n_host_ghost;  /**< of all ranks of the host, each rank's own */
  kith_lid *at;    /**< [n_ghost, at least 1] as kith_node_rows.at: the host's row of a ghost; -1 - i: ghost i
                      is of another host */
  bool *here;      /**< [ranks] whether a rank is on this host: this one, too */
  int64_t *before; /**< [ranks] of ranks of this host: ghosts of the host's ranks before it */
  kith_lid *theirs; /**< [ranks] the same: its first ghost that this rank owns, among its ghosts */
} kith_shared_halo;

/**
 * Make it for a matrix.  Collective over `a`'s ranks.
 *
 * @param hosts  of the halo's ranks; with `a`, must outlive it
 * @param[out] out  null, with KITH_OK, where a host has 2^31 rows or more: kith_error_text() says so
 * Errors: KITH_ENOMEM.
 * Memory: 4 bytes a ghost.
 */
kith_agreed kith_shared_halo_create(const kith_hosts *hosts, const kith_dist_csr *a,
                                    kith_shared_halo **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_shared_halo_destroy(kith_shared_halo **near);

/**
 * Let the ranks of this host read each other's rows `own`, and fetch ghosts of other hosts.  Collective.
 *
 * No rank may change its rows until it has passed a further exchange or kith_hosts_barrier().
 *
 * @param part   only ghosts that are read (KITH_HALO_READ) travel; null: all
 * @param own    [n_own, d] this rank's rows, in the host's shared memory
 * @param[out] ghost  [n_ghost, d] those of other hosts
 */
void kith_shared_halo_forward(kith_shared_halo *near, const kith_halo_part *part, int d, const float *own,
                              float *ghost);

/** Gradients of the ghosts of all ranks of a host: of the rank with `before` ghosts before it from
 * row + before * stride on, [its n_ghost, d]. */
typedef struct kith_shared_grads {
  float *row;
  int stride; /**< at least d */
} kith_shared_grads;

/**
 * Add the gradients of ghosts to the rows that their owners have, as kith_halo_backward() or
 * kith_halo_part_backward().  Collective.  Afterwards all ranks may change theirs.
 *
 * @param ghosts  in the host's shared memory; this rank's of other hosts are undefined afterwards with `part`
 * @param[in,out] own  [n_own, d]
 */
void kith_shared_halo_backward(kith_shared_halo *near, const kith_halo_part *part, int d,
                               kith_shared_grads ghosts, float *own);

#endif
