/**
 * SASRec (Kang and McAuley, ICDM 2018) on rows that a model of the graph gives its items.
 *
 * A user's rows are made of the latest items; every rank has the sequences of its own users, and all items:
 * their embeddings are dense weights.  docs/models.md has the formulas.
 */
#ifndef KITH_SEQUENCE_SASREC_H
#define KITH_SEQUENCE_SASREC_H

#include "kith/model.h"
#include "kith/optimizer.h"
#include "comm/phases.h"
#include "tape/sequence.h"

/** What a SASRec learns from.  Borrowed: lives as long as it does. */
typedef struct kith_sasrec_data {
  int64_t n_user, n_item;  /**< of the graph */
  const kith_ragged *list; /**< [own users] their items, the latest first */
  const int64_t *user;     /**< [own users] their original numbers */
  int d_row;               /**< columns of the graph's rows; 0: none */
  const float *row;        /**< [n_item, d_row] the graph's rows of the items, which stay as they are; null
                              with model.sasrec.joint, where they are the tape's */
} kith_sasrec_data;

typedef struct kith_sasrec kith_sasrec;

/** Weights at their initial values.  Collective.  Errors: KITH_ECONFIG, KITH_ENOMEM. */
kith_agreed kith_sasrec_create(const kith_comm *comm, const kith_sasrec_options *o, uint64_t seed,
                               const kith_sasrec_data *data, kith_sasrec **out) KITH_MUST_USE;
void kith_sasrec_destroy(kith_sasrec **sasrec); /**< Local; accepts null. */

int64_t kith_sasrec_n_step(const kith_sasrec *s); /**< of an epoch; Local */
/** [n_step + 1] rows that are trained on in the steps before each of this epoch, over all ranks.  Local. */
const int64_t *kith_sasrec_step_start(const kith_sasrec *s);
/** Order of the users in an epoch, from 0.  Collective. */
void kith_sasrec_set_epoch(kith_sasrec *s, int64_t epoch);
/** Make a step of this epoch the current one; or none.  The first is Collective with candidates. */
void kith_sasrec_fill(kith_sasrec *s, int64_t step);
void kith_sasrec_clear(kith_sasrec *s);
/** A training step of this epoch, with Adam.  Collective. */
void kith_sasrec_step(kith_sasrec *s, int64_t step, kith_phase_clock *phases);
/**
 * model.sasrec.joint: record what a step does on the tape of the model of the graph, once; the steps are then
 * the caller's.  Local.
 *
 * @param e  [n_item, d_row] the rows of all items
 * Errors: KITH_ENOMEM, KITH_ECONFIG, and those of the tape.
 */
kith_status kith_sasrec_record_on(kith_sasrec *s, kith_tape *tape, kith_params *params, kith_exec_ctx *exec,
                                  kith_tensor *e, kith_exact_sum *loss) KITH_MUST_USE;
/** model.sasrec.joint: the rows [n_item, d_row] that kith_sasrec_users() reads.  Local. */
void kith_sasrec_set_rows(kith_sasrec *s, const float *row);
/** h [own users, dim]: what the last of their latest items make; zeros for a user without items.  Local. */
void kith_sasrec_users(kith_sasrec *s, float *h);
/** z [n_item, dim], so that <h_u, z_i> scores; valid until the next step.  Local, after kith_sasrec_users().
 */
const float *kith_sasrec_items(const kith_sasrec *s);

/** The weights, equal on all ranks, with their gradients in the last step; borrowed. */
kith_params *kith_sasrec_params(kith_sasrec *s);
/** Sum of the steps' mean losses, this rank's share; the caller resets it. */
kith_exact_sum *kith_sasrec_loss(kith_sasrec *s);

/* ---- sasrec_net.c ---- */

/** The rows of a step. */
typedef struct kith_sasrec_rows {
  kith_node_map map; /**< keys of the rows */
  kith_sequences sequences;
  kith_sequence_places at;
} kith_sasrec_rows;

/** Where a SASRec is recorded. */
typedef struct kith_sasrec_net {
  const kith_sasrec_options *o;
  int d_row;
  const kith_sasrec_rows *rows;
  const kith_node_map *items; /**< all items */
  const float *row;           /**< [n_item, d_row]; or null */
  kith_tensor *e;             /**< [n_item, d_row] the same as rows of the tape; null: made of row */
  kith_params *params;
  kith_exec_ctx *exec;
  kith_tape *tape;
  kith_tensor *z,
      *h; /**< afterwards: [n_item, dim] the items, [rows, dim] what the rows say of the next one */
} kith_sasrec_net;
/** Record the formulas; failures are the tape's and the parameters'.  Local. */
void kith_sasrec_record(kith_sasrec_net *net);

#endif
