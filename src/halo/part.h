/**
 * A part of a halo's rows: those that a step needs.
 *
 * A step may know that a rank reads only some of the rows that it receives, or that an owner has only zeros
 * in some of those that it sends.  Each rank tells its neighbors by a bit for each row; then only the others
 * travel, to the places that they have in a whole exchange.
 */
#ifndef KITH_HALO_PART_H
#define KITH_HALO_PART_H

#include "halo/halo.h"

/** Rows that their receivers read; rows that are not zero at their owners. */
typedef enum kith_halo_some { KITH_HALO_READ, KITH_HALO_WRITTEN, KITH_HALO_PARTS } kith_halo_some;

/** Which rows of a static halo travel: 1, others 0.  The caller sets recv[KITH_HALO_READ] and
 * send[KITH_HALO_WRITTEN]; kith_halo_part_end() sets the other two. */
typedef struct kith_halo_part {
  kith_halo *h;
  uint8_t *recv[KITH_HALO_PARTS]; /**< [n_recv] */
  uint8_t *send[KITH_HALO_PARTS]; /**< [n_send] */
  uint8_t *in, *out;              /**< messages */
} kith_halo_part;

/** Bytes of the arrays of a part; of one with so many neighbors at most.  Local. */
int64_t kith_halo_part_bytes(const kith_halo *h);
int64_t kith_halo_part_memory_bytes(int size, int64_t n_recv, int64_t n_send);
/** Place the arrays in kith_halo_part_bytes() of memory, which the caller owns.  Local. */
void kith_halo_part_place(kith_halo *h, uint8_t *memory, kith_halo_part *out);

/** Tell the neighbors: one message of bits to each.  Collective; no exchange of the halo in between. */
void kith_halo_part_begin(const kith_halo_part *p);
void kith_halo_part_end(const kith_halo_part *p);
/** Bytes of these messages of this rank.  Local. */
int64_t kith_halo_part_message(const kith_halo *h);

/**
 * kith_halo_begin() and kith_halo_end() of the rows of `which` alone.  Collective.
 *
 * @param d      a reserved width
 * @param ghost  [n_recv, d] the other rows are undefined afterwards, or zero where `clear`
 */
void kith_halo_part_begin_rows(const kith_halo_part *p, kith_halo_some which, int d, const float *own,
                               float *ghost);
/** The same of d columns of rows `own` that are ld floats apart. */
void kith__halo_part_begin_columns(const kith_halo_part *p, kith_halo_some which, int ld, int d,
                                   const float *own, float *ghost);
void kith_halo_part_end_rows(const kith_halo_part *p, kith_halo_some which, int d, bool clear, float *ghost);

/**
 * kith_halo_backward() of the rows that are read (KITH_HALO_READ) alone.  Collective.
 *
 * @param ghost  [n_recv, d] undefined afterwards: rows move to where they are sent from
 */
void kith_halo_part_backward(const kith_halo_part *p, int d, float *ghost, float *own);
/** The same without the sum: the rows that come back lie one behind the other in the halo's packed rows. */
void kith__halo_part_return(const kith_halo_part *p, int d, float *ghost);

#endif
