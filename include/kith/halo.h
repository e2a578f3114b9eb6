/**
 * Halo: who needs whose rows.
 *
 * One object, two directions: forward copies rows from their owners to those who asked for them, backward brings rows
 * back to their owners.  The graph's ghosts, the rows of a batch, and the move between "by part" and "by original
 * number" for files are all halos over different ownership ranges.
 */
#ifndef KITH_HALO_H
#define KITH_HALO_H

#include "kith/graph.h"

typedef struct kith_halo kith_halo;

/**
 * Ask for rows.  Collective over `comm`, which must outlive the halo.
 *
 * @param first   [size + 1] ownership ranges of the numbers, the same on every rank
 * @param n_want  how many rows this rank wants
 * @param want    [n_want] their numbers, ascending (repeats allowed; a rank may want rows of its own)
 * @param[out] out
 *
 * Errors: KITH_ENOMEM; KITH_EDATA if a number is out of range or not ascending.  Sends 8 bytes a wanted row, once.
 */
kith_agreed kith_halo_create(const kith_comm *comm, const kith_gid *first, int64_t n_want, const kith_gid *want,
                             kith_halo **out) KITH_MUST_USE;
/** Local (the halo holds no communicator of its own); accepts null. */
void kith_halo_destroy(kith_halo **halo);

kith_lid kith_halo_n_want(const kith_halo *h);      /**< rows this rank receives in forward */
kith_lid kith_halo_n_send(const kith_halo *h);      /**< rows this rank sends in forward, itself included */
const kith_lid *kith_halo_send_row(const kith_halo *h); /**< [n_send] the owned row (0-based on this rank) behind each */
/** Rows that cross to another rank in one forward, on this rank's sending side. */
int64_t kith_halo_n_remote(const kith_halo *h);

/**
 * Copy the wanted rows from their owners.  Collective; cannot fail once the halo exists.  begin … poke … end: between
 * them `ghost` must not be touched.
 *
 * @param d       width of a row in floats, the same on every rank, at most the width the halo was sized for
 * @param own     [n_own, d] rows owned here, in the order of the numbers
 * @param[out] ghost [n_want, d] in the order of `want`
 */
void kith_halo_begin(kith_halo *h, int d, const float *own, float *ghost);
/** Let messages progress; call it now and then while computing. */
void kith_halo_poke(kith_halo *h);
void kith_halo_end(kith_halo *h);

/**
 * The transpose, in two steps so that the caller decides the order of the sum: bring the rows back to their owners.
 *
 * @param ghost   [n_want, d]
 * @param[out] back  [n_send, d]; row s belongs to owned row kith_halo_send_row(h)[s]; ordered by asking rank
 */
void kith_halo_return(kith_halo *h, int d, const float *ghost, float *back);

/** own[send_row[s]] += back[s], s ascending: the transpose of forward in rank order.  Collective. */
kith_agreed kith_halo_backward(kith_halo *h, int d, const float *ghost, float *own) KITH_MUST_USE;

/** Move integers instead of rows: ghost[i] = own[want[i]].  Collective. */
kith_agreed kith_halo_forward_int(kith_halo *h, const int64_t *own, int64_t *ghost) KITH_MUST_USE;

/** Allocate the buffers for rows up to `d` floats wide now, so that no later call allocates.  Local. */
kith_status kith_halo_reserve(kith_halo *h, int d) KITH_MUST_USE;

#endif
