/** embed.adapt: rows of new users, moved by steps on their own pairs. */
#ifndef KITH_TRAIN_EMBED_ADAPT_H
#define KITH_TRAIN_EMBED_ADAPT_H

#include "kith/embed.h"

/** What a job has that embed.adapt cannot do.  Local; the same on every rank.  Errors: KITH_ECONFIG. */
kith_status kith_embed_adapt_check(const kith_run *run, const kith_embed_options *o) KITH_MUST_USE;
/**
 * Learn from known users how rows of new ones are moved, and move them: e->x and e->adapted.  docs/models.md
 * has the formulas.  Collective; the same on any number of ranks, as far as the rows of kith_embed() are.
 *
 * The episodes are about o->adapt_users known users with validation items, each with so many of its training
 * items as o->adapt_pairs says, drawn by key, and no others: kith_embed() gives them rows as to new users.
 * Which rates rank the validation items of half of them best is tried in turn; what does not do better on the
 * other half leaves the rows of kith_embed().
 *
 * @param x  [n_own, d] the exported rows, of the same run
 * @param e  of kith_embed(); unchanged on failure
 * Errors: KITH_ECONFIG (no validation items; new nodes with features or relations, or no new users),
 * KITH_ENOMEM, those of kith_embed() and kith_eval_metrics().
 * Cost: a forward pass, and for each number of pairs and of steps 14 rankings of half of the users.
 * Memory: that of kith_embed() with the episodes, and on every rank the rows of all items and 64 numbers
 * each.
 */
kith_agreed kith_embed_adapt(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                             const kith_new_nodes *new, const kith_embed_options *o, const char *checkpoint,
                             const float *x, kith_new_embeddings *e) KITH_MUST_USE;

#endif
