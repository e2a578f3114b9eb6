/** Rows that the ranks of a host read in place; a part of tape.h. */
#ifndef KITH_TAPE_IN_PLACE_H
#define KITH_TAPE_IN_PLACE_H

#include "kith/tape.h"
#include "halo/host_halo.h"
#include "halo/shared_halo.h"

/** Of a tensor: the rows of all ranks of the host, rank by rank. */
typedef struct kith_shared_rows {
  kith_tensor *of;
  struct kith_shared_rows *next; /**< of the tape */
  bool value, grad;              /**< which of both other ranks would read by a host's halo */
  bool gathered;                 /**< they would read values as ghosts of a near halo */
  float *host_value, *host_grad; /**< [rows of the host, d] the tensor's own lie in them; null: not shared */
  float *ghost_grad;             /**< [ghosts of the host's ranks, d] gradients of ghosts, likewise */
} kith_shared_rows;

/** Of a tape: its tensors that are read so, and the memory that the ranks of the host share. */
typedef struct kith_in_place {
  kith_shared_rows *first;
  int d;                    /**< width of the widest rows */
  kith_share *memory;       /**< null: not shared */
  bool multiplies, gathers; /**< ops need the host's halo, the near halo */
  kith_host_halo *halo;
  kith_shared_halo *near;
  float *ghost, *packed; /**< of the halo */
  uint8_t *wanted;       /**< of the halo, too */
  int n_multiply;        /**< such ops as need the host's halo, for the turn of each */
  uint8_t *marks[2];     /**< [rows of the host + its ghosts] each for one op at a time; 1 for ghosts.  Ops
                            take turns: others of the host still read what the op before marked */
} kith_in_place;
kith_in_place *kith_tape_in_place(kith_tape *t);

/** When recorded: other ranks may read x's values in place in forward, and y's gradient in backward.  Local.
 */
void kith_in_place_read(kith_tape *t, kith_tensor *x, kith_tensor *y);
/** The same of x's values as ghost rows (kith_tensor_rows()), and in backward of the gradients of these. */
void kith_in_place_gather(kith_tape *t, kith_tensor *x);

/**
 * Move what ops read so into memory that the ranks of a host share.  Collective; once, after the tape is
 * recorded, and before anything keeps the address of a tensor.
 *
 * @param h, near  must outlive the tape; null where kith_in_place.multiplies or .gathers is false
 * Errors: KITH_ENOMEM.  Where memory is refused, or has no huge pages and is large, nothing changes, and
 * kith_error_text() says why: kith_in_place.memory is null then, and ops exchange rows by messages.
 */
kith_agreed kith_tape_share(kith_tape *t, kith_host_halo *h, kith_shared_halo *near) KITH_MUST_USE;

/** Wait until no rank of this host reads this tape's rows any more, so that they may be overwritten.
 * Collective over the ranks of a host.  kith_tape_forward() begins with it. */
void kith_in_place_settle(const kith_in_place *p);
void kith_in_place_free(kith_in_place *p);

#endif
