/**
 * An exchange of rows in strips of columns: while a strip travels, a rank sums what it has of the strips
 * before.
 *
 * Rows that need no ghosts hide less of an exchange the more ranks there are.  A column of a sum needs that
 * column alone of other rows; so all rows can be summed strip by strip, with the same bits.  Each strip is a
 * message of its own to every neighbor: strips send as many bytes and so many times the messages.
 */
#ifndef KITH_HALO_STRIPS_H
#define KITH_HALO_STRIPS_H

#include "halo/host_halo.h"
#include "halo/part.h"

enum { KITH_STRIP_WORDS = 16 }; /**< a strip is so many floats wide, or a multiple: whole cache lines */

/** Into how many strips the words of a row divide, at most so many. */
static inline int kith_strips_of(int most, int words) {
  int n = most;
  while (n > 1 && words % (n * KITH_STRIP_WORDS) != 0) n--;
  return n > 1 ? n : 1;
}

/** Exchange rows in as many as `most` strips from now on.  Local; the same on every rank. */
void kith_halo_set_strips(kith_halo *h, int most);
/** kith_strips_of() those that were set.  Local. */
int kith_halo_strips(kith_halo *h, int words);
/** The largest answer so far.  Local. */
int kith_halo_cut_strips(const kith_halo *h);

/** Such an exchange; the caller sets all but `at`. */
typedef struct kith_strips {
  int n, d; /**< strips, which divide the d floats of a row; d / n is a reserved width, too */
  kith_halo *h;
  const kith_halo_part *part; /**< null: all rows travel … */
  kith_halo_some which;       /**< … else these */
  bool clear;                 /**< rows that do not travel become zero */
  kith_host_halo *host;       /**< not null: rows travel between hosts (host_halo.h) … */
  uint8_t *marks;    /**< … and with `marks` those alone that have one, as kith_host_bits says … */
  bool wanted;       /**< … or those that kith_host_halo_begin_wanted() named */
  const float *rows; /**< then: of all ranks of the host */
  const float *own;  /**< [n_own, d] unchanged until the last strip has come, as `rows` */
  float *ghost;      /**< [n, n_recv, d / n] strip by strip; of a host its h->ghost */
  int at;            /**< the strip that travels; n: all have come */
} kith_strips;

/** Start the first strip.  Collective. */
void kith_strips_begin(kith_strips *s);
/** Let messages travel, and start the next strip when one has come.  Local. */
void kith_strips_progress(kith_strips *s);
/** Wait until strip i has come, in order of the strips; the next one travels then.  Collective. */
void kith_strips_end(kith_strips *s, int i);
/** [n_recv, d / n] strip i of the ghosts. */
float *kith_strips_ghost(const kith_strips *s, int i);

#endif
