/**
 * Walk: options of PinSage's importance neighborhoods, which random walks find.
 */
#ifndef KITH_WALK_H
#define KITH_WALK_H

/* ---- importance neighborhoods ---- */

/** Importance neighborhoods (Ying et al., PinSage, KDD 2018, section 3.1). */
typedef struct kith_pinsage_options {
  int walks;      /**< walks from every node */
  int length;     /**< steps of a walk */
  int neighbors;  /**< T: the number of most visited nodes that are kept */
  double restart; /**< probability at every step of going back to the start */
} kith_pinsage_options;

#endif
