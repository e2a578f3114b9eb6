/* Values of keys, from text: those that several files read. */
#ifndef KITH_SRC_JOB_VALUE_H
#define KITH_SRC_JOB_VALUE_H

#include "job/table.h"

/* Numbers within the key's bounds, and "none", "auto" or a time with its unit.  All are Local.  Errors:
 * KITH_ECONFIG. */
kith_status kith__value_int(const job_key *k, const char *text, int *out) KITH_MUST_USE;
kith_status kith__value_real(const job_key *k, const char *text, double *out) KITH_MUST_USE;
kith_status kith__value_half_life(const job_key *k, const char *text, double *out) KITH_MUST_USE;

/* ---- value_lists.c: "a, b" or "[a, b]" ---- */

kith_status kith__value_cutoffs(const job_key *k, const char *text, kith_eval_options *out) KITH_MUST_USE;
kith_status kith__value_fanouts(const job_key *k, const char *text, kith_fanouts *out) KITH_MUST_USE;
kith_status kith__value_knots(const job_key *k, const char *text, kith_knots *out) KITH_MUST_USE;
kith_status kith__value_relations(const job_key *k, const char *text, kith_relation_names *out) KITH_MUST_USE;
kith_status kith__value_steps(const job_key *k, const char *text, kith_path_steps *out) KITH_MUST_USE;

/* ---- value_weights.c: what a key of model.relations says of its relation ---- */

kith_status kith__value_weight(const job_key *k, const char *text, kith_relation_weights *w) KITH_MUST_USE;
kith_status kith__value_age(const job_key *k, const char *text, kith_relation_weights *w) KITH_MUST_USE;
/* The weight of the key's relation; null: 0. */
const struct kith_relation_weight *kith__value_weight_of(const job_key *k, const kith_relation_weights *w);
/* The seconds of its half-life; 0: none. */
double kith__value_age_of(const job_key *k, const kith_relation_weights *w);

#endif
