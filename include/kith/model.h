/**
 * Model: formulas on the tape.  A model sees neither MPI nor files.
 */
#ifndef KITH_MODEL_H
#define KITH_MODEL_H

#include "kith/tape.h"

typedef enum kith_model_name { KITH_LIGHTGCN, KITH_MF } kith_model_name;

typedef struct kith_model_options {
  kith_model_name name;
  int width;      /**< d, columns of an embedding */
  int layers;     /**< L, propagations (LightGCN) */
  double init;    /**< standard deviation of the initial embeddings */
} kith_model_options;

kith_model_options kith_model_defaults(void);

#endif
