/**
 * Model: formulas on the tape.  A model sees neither MPI nor files.
 */
#ifndef KITH_MODEL_H
#define KITH_MODEL_H

#include "kith/tape.h"

typedef enum kith_model_name { KITH_LIGHTGCN, KITH_MF } kith_model_name;

/**
 * What ranks an item for a user: the product of their final embeddings, or its cosine.  Softmax trains cosines either way;
 * the lengths that LightGCN's layers give to popular items are knowledge that a cosine throws away (Wu et al., "On the
 * Effectiveness of Sampled Softmax Loss for Item Recommendation", TOIS 2024).
 */
typedef enum kith_score_name { KITH_DOT, KITH_COSINE } kith_score_name;

typedef struct kith_model_options {
  kith_model_name name;
  int width;      /**< d, columns of an embedding */
  int layers;     /**< L, propagations (LightGCN) */
  double init;    /**< standard deviation of the initial embeddings */
  kith_score_name score;
} kith_model_options;

kith_model_options kith_model_defaults(void);
const char *kith_model_text(kith_model_name name); /**< "lightgcn" */
const char *kith_score_text(kith_score_name name); /**< "dot" */

/**
 * Record a model: from the initial embeddings x to the terms of the final ones.
 *
 * @param a  the normalised adjacency
 * @param x  [n_own + n_ghost, d] initial embeddings, the model's only parameters
 * @param r  receives the terms; picks and packed are set by the caller
 */
void kith_model_record(const kith_model_options *o, kith_tape *t, kith_relation *a, kith_tensor *x, kith_readout *r);

/* One function a model. */
void kith_lightgcn_record(const kith_model_options *o, kith_tape *t, kith_relation *a, kith_tensor *x, kith_readout *r);
void kith_mf_record(kith_tape *t, kith_tensor *x, kith_readout *r);

/** Initial embeddings of this rank's rows: normal, standard deviation `init`, keyed by (type, original number).  Local. */
void kith_model_init(const kith_model_options *o, const kith_graph *g, uint64_t seed, float *x);

#endif
