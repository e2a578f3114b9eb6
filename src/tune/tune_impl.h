/* Private to the room tune: the table of candidates, and the search on it. */
#ifndef KITH_SRC_TUNE_H
#define KITH_SRC_TUNE_H

#include "tune/tune.h"

enum { KITH__TUNE_FEATURES = KITH_MAX_KNOTS + 1 }; /* the knots, then the direct term */

/* Candidates of this rank's share of the users, each user's best first by the job's settings. */
typedef struct kith__tune_table {
  const kith_comm *comm;
  int n_candidate, n_feature;
  kith_lid n_user;
  kith_lid *user;   /* [n_user] owned users, as indices into row_of[KITH_USER] */
  uint8_t *half;    /* [n_user] */
  int64_t *n_truth; /* [n_user] held-out items */
  int32_t *item;    /* [n_user, n_candidate] original numbers; -1: no candidate */
  uint8_t *hit;     /* [n_user, n_candidate] whether the item is held out */
  int64_t most_degree;
  int32_t
      *degree; /* [n_user, n_candidate] training interactions of the item, at least 1, at most most_degree */
  float *feature; /* [n_user, n_candidate, n_feature] F_j, then T * direct_scale */
  double
      direct_scale; /* makes T as large as the sum of all F_j, on average; T is 0 where nothing asks for it */
} kith__tune_table;

kith_agreed kith__tune_table_make(const kith_comm *comm, const kith_graph *g, const kith_spectrum *s,
                                  const kith_tune_options *tune, const kith_spectral_options *o,
                                  kith__tune_table *out) KITH_MUST_USE;
void kith__tune_table_free(kith__tune_table *t);

/* What is searched for. */
typedef struct kith__tune_setting {
  double weight[KITH__TUNE_FEATURES]; /* g_j, then c / direct_scale */
  double power;                       /* q */
} kith__tune_setting;

/* Recall and NDCG of a half of the users.  Collective. */
kith_agreed kith__tune_measure(const kith__tune_table *t, const kith__tune_setting *s, int half, int k,
                               kith_tune_marks *out) KITH_MUST_USE;
/* Improve a setting on the first half; returns how many trials did. Collective. */
kith_agreed kith__tune_search(const kith__tune_table *t, const kith_tune_options *tune, kith__tune_setting *s,
                              int *n_better) KITH_MUST_USE;

#endif
