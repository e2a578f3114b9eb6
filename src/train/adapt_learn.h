/* Episodes of embed.adapt, and what is learned on them. */
#ifndef KITH_SRC_TRAIN_ADAPT_LEARN_H
#define KITH_SRC_TRAIN_ADAPT_LEARN_H

#include "eval/gathered.h"
#include "train/adapt.h"

/* Known users as if they were new: the same on every rank. */
typedef struct kith__episodes {
  kith_gathered_users users;
  int64_t first[KITH_MAX_FANOUTS + 1]; /* class c has the episodes first[c] … first[c + 1] - 1 */
  int64_t n;
  int64_t *user;         /* [n] index among `users` */
  kith_new_nodes as_new; /* n new users, and their pairs */
  float *x;              /* [n, d] their rows, of kith_embed() */
} kith__episodes;

/* Collective.  Errors: KITH_ECONFIG (no validation items), KITH_ENOMEM.  *out is to be freed then, too. */
kith_agreed kith__episodes_make(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                const kith_embed_options *o, kith__episodes *out) KITH_MUST_USE;
void kith__episodes_free(kith__episodes *e); /* Local. */

/* Choose rates: a->shared and out->of [n_class].  x [n_own, d].  Collective.  Errors: KITH_ENOMEM, those of
 * kith_eval_metrics(). */
kith_agreed kith__adapt_learn(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                              const kith__episodes *e, const float *x, kith__adapt *a,
                              kith_adaptation *out) KITH_MUST_USE;

#endif
