/**
 * Baselines: simple rules that tell whether the figures of a model are good, measured as the model is, on the
 * same split, with the same items ranked, by the same protocol.  Formulas and sources: docs/metrics.md.
 */
#ifndef KITH_BASELINE_BASELINE_H
#define KITH_BASELINE_BASELINE_H

#include "eval/eval.h"

typedef enum kith_baseline {
  KITH_BASELINE_POPULAR,  /**< items by their training interactions */
  KITH_BASELINE_ITEMKNN,  /**< the items most similar to those of the user */
  KITH_BASELINE_EASE,     /**< a linear model of items by items, in closed form */
  KITH_BASELINE_EASE_LOW, /**< the same in the span of leading eigenvectors, without an array of items by
                             items */
  /* Of node classification: */
  KITH_BASELINE_MAJORITY,    /**< the class of most training nodes */
  KITH_BASELINE_PROPAGATION, /**< the classes of training nodes, spread along edges */
  KITH_BASELINES
} kith_baseline;

/** How alike two items are that share users. */
typedef enum kith_similarity {
  KITH_SIMILARITY_COSINE,     /**< cosine of their vectors of users */
  KITH_SIMILARITY_TFIDF,      /**< the same, users of few items count more */
  KITH_SIMILARITY_CONDITIONAL /**< the share of the users of one who have the other, too; not symmetric */
} kith_similarity;

typedef struct kith_baseline_settings {
  bool chosen;                /**< by the validation split; else the defaults */
  kith_similarity similarity; /**< item kNN … */
  int neighbors;              /**< … of each item … */
  double shrink;              /**< … what is added to the divisor … */
  bool normalize;             /**< … whether the similarities of an item's neighbors sum to 1 … */
  double power;               /**< … of conditional similarity the power of the other's degree … */
  bool center;                /**< … and whether a user's items count less what each has on average */
  double lambda;              /**< EASE, both forms: L2 regularization … */
  int columns;                /**< … and of ease-low the eigenvectors */
  bool given;                 /**< by the user: of item kNN and of EASE */
} kith_baseline_settings;

typedef struct kith_baseline_figures {
  kith_baseline_settings settings;
  kith_metrics metrics;
  double seconds;       /**< of this rank, for everything: settings, model, ranking */
  int64_t memory_bytes; /**< arrays of the rank that has most */
} kith_baseline_figures;

/** "popular", "itemknn", "ease", "ease-low", "majority" or "propagation". */
const char *kith_baseline_text(kith_baseline b);
/** Whether a baseline is one of node classification.  Local. */
static inline bool kith_baseline_classifies(kith_baseline b) { return b >= KITH_BASELINE_MAJORITY; }
/** "cosine", "tf-idf" or "conditional". */
const char *kith_similarity_text(kith_similarity s);

/** What the user may say of item kNN and of EASE. */
typedef struct kith_baseline_wishes {
  int neighbors;   /**< of item kNN by cosines, normalized and centered, which is then not chosen; 0: as
                      kith_baseline_evaluate() says */
  double lambda;   /**< of ease, which is then not chosen; 0: the rule of kith_baseline_evaluate() */
  bool choose;     /**< lambda of ease, however many items there are */
  int low_columns; /**< of ease-low; 0: KITH_BASELINE_LOW_COLUMNS */
} kith_baseline_wishes;

enum {
  KITH_BASELINE_LOW_COLUMNS = 512,
  KITH_BASELINE_MOST_COLUMNS = 4096,
  KITH_BASELINE_MOST_NEIGHBORS = 200
};

/** Bytes of the arrays of a rank, of rank 0 of `size` for EASE, which rank 0 computes alone.  Local. */
int64_t kith_baseline_bytes(kith_baseline b, const kith_graph *g, int size, const kith_eval_options *o,
                            const kith_baseline_wishes *want);

/**
 * Refuse a baseline that can say nothing of the ranked items, or that the memory of a host does not hold.
 * Collective.  Errors: KITH_ECONFIG; KITH_ENOMEM.
 */
kith_agreed kith_baseline_check(const kith_comm *comm, const kith_graph *g, kith_baseline b,
                                const kith_eval_options *o, const kith_baseline_wishes *want) KITH_MUST_USE;

/**
 * Make a baseline of the training interactions and measure it.
 *
 * Settings are those with the highest Recall at the largest cutoff on the validation split (of equals the
 * first), if there is one; else defaults.  EASE is made for each lambda: beyond 10 000 items only if that is
 * wished.
 *
 * Collective; the same figures on any number of ranks, but those of ease as far as the BLAS rounds alike.
 * Errors: KITH_ENOMEM; those of kith_eval_check(); KITH_ENUMERIC.
 * @param o  o->split is not KITH_EVAL_AUTO
 */
kith_agreed kith_baseline_evaluate(const kith_comm *comm, const kith_graph *g, kith_baseline b,
                                   const kith_eval_options *o, const kith_baseline_wishes *want,
                                   kith_baseline_figures *out) KITH_MUST_USE;

/* ---- classes ---- */

/**
 * Logits [n_own, classes] of a baseline of node classification: logarithms of shares of the classes, in
 * training or in what label propagation brings to a node.  Equal on any number of ranks.  Collective.
 * Errors: KITH_ENOMEM; KITH_ECONFIG: label propagation without edges.
 */
kith_agreed kith_class_baseline(const kith_comm *comm, const kith_graph *g, kith_baseline b,
                                float *logits) KITH_MUST_USE;
/** Bytes of its arrays on this rank.  Local. */
int64_t kith_class_baseline_bytes(kith_baseline b, const kith_graph *g);

#endif
