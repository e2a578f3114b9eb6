/* Private to explain: the explainer, and a batch of queries. */
#ifndef KITH_EXPLAIN_IMPL_H
#define KITH_EXPLAIN_IMPL_H

#include "explain/explain.h"
#include "ops/panel.h"
#include "sequence/recent.h"
#include "train/augment_graph.h"
#include "train/inference.h"

enum { BATCH = KITH_PANEL /* queries at once: one panel */ };

/* The row that backward begins with. */
typedef struct kith__gradient {
  int64_t user;  /* of the last forward run; -1: none */
  double *value; /* [n_own] of this rank's rows, in the last backward run … */
  float
      *own; /* … and the gradient of the user's input row, where this rank has it: [columns of input rows] */
  kith_lid row, unique_row, l2_count, start[2], member;
  kith_gather_index index;
} kith__gradient;

struct kith_explainer {
  int n_member; /* models of a blend, which have the rest; 0: no blend */
  kith_explainer *member[KITH_BLEND_MODELS];
  double factor[KITH_BLEND_MODELS];    /* of each one's score in the blend's */
  const kith_evidence_table *evidence; /* of a blend; null: none */
  double evidence_weight[KITH_BLEND_EVIDENCE];
  const kith_comm *comm;
  const kith_graph *g;           /* with new nodes the augmented graph, … */
  const kith_graph *known;       /* … whose first rows are those of this one */
  augmented_graph augmented;     /* null: no new nodes */
  float *final_rows;             /* [n_own, d] with new nodes */
  const kith_run *run;           /* null: a blend */
  kith_inference inference;      /* of a model with steps */
  const kith_attended *attended; /* of a model with attention: the last layer's come first */
  bool is_gradient;              /* gradient x input: of a model that is not linear */
  kith__gradient gradient;
  kith_dist_csr *own;                   /* of spectral: the interactions */
  kith_dist_csr *a;                     /* the one of both that paths follow; null: no model, … */
  kith_lid *row_of[KITH_SIDES];         /* the local row of each user and item; -1: of another rank */
  int term[1 + KITH_MAX_RELATIONS];     /* the relation of each term of the merged matrix */
  int d, layers;                        /* … and both are 0 */
  double weight[KITH_EXPLAIN_HOPS + 1]; /* w of each layer */
  const float *final;          /* [n_own, d] exported rows, without the sums of the latest items, … */
  const float *exported;       /* … and with them; null: there are none */
  kith_recent *latest;         /* likewise: the items' rows, … */
  kith_ragged latest_items;    /* … their numbers, … */
  double decay, recent_weight; /* … and delta and w */
  const float *x;              /* [n_own, d] input rows; null: none */
  float *all;                  /* [n_own, d] R(0); of spectral null */
  float *rest;       /* [n_own + n_ghost, d] R(1), ghosts filled; of spectral with the entries' weights */
  bool has_negative; /* whether any rank's matrix has a negative entry */
  kith_direct_term direct; /* what the score has beside rows */
  double *reach[2];        /* [n_own + n_ghost, BATCH] with a direct term: work memory */
};

/* At most BATCH queries.  The same on every rank, but what is marked. */
typedef struct kith__batch {
  int n;
  const kith_explain_query *query;
  float *target;              /* [BATCH, d] F_i, less that of the other item */
  const double *direct;       /* [n_own + n_ghost, BATCH] of each item that a user chose; null: none */
  const double *direct_score; /* [n] the direct term of the whole score, where this rank has the user */
} kith__batch;

/* A model, and the batch as it reads it. */
typedef struct kith__part {
  kith_explainer *e;
  double factor; /* of its score in the sum of all parts */
  kith__batch batch;
  float *other;         /* [BATCH, d] work memory */
  double *direct_score; /* of all queries */
} kith__part;

static inline double kith__explain_dot(int d, const float *x, const float *y) {
  double sum = 0;
  for (int k = 0; k < d; k++) sum += (double)x[k] * (double)y[k];
  return sum;
}

/* Record the model and read the checkpoint of the exported epoch: checkpoint [KITH_PATH] is its path.
 * Collective.  Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM. */
kith_agreed kith__explain_read(kith_explainer *e, const kith_embeddings_origin *from,
                               char *checkpoint) KITH_MUST_USE;
/* Refuse exported rows that are not e->all [n_own, d], which the checkpoint gives: it is another model that
 * would be explained.  Collective.  Errors: KITH_EDATA. */
kith_agreed kith__explain_compare(kith_explainer *e, const char *checkpoint) KITH_MUST_USE;
/* Give the new nodes final rows: `scored` is the last n rows [n, d] as they rank.  Local.  Errors:
 * KITH_ENOMEM. */
kith_status kith__explain_add_rows(kith_explainer *e, const float *scored) KITH_MUST_USE;
/* The exported rows. */
static inline const float *kith__explain_scored(const kith_explainer *e) {
  return e->exported ? e->exported : e->final;
}
/* Whether a row is of a new node. */
static inline bool kith__explain_is_new(const kith_explainer *e, kith_lid row) {
  return row >= e->known->n_own;
}
/* What a row of e->all is multiplied by: cosines divide by the length of the user's row. */
double kith__explain_scale(const kith_explainer *e, kith_lid row);

/* A term of a score, as the owner of the user's row finds it. */
typedef struct kith__found {
  double value, direct;
  double attention, share; /* of the last layer; 0: the model has none */
  int part, relation;      /* of the edge, KITH_EXPLAIN_FEATURE, _EVIDENCE or _LATEST */
  int feature;             /* its number, or that of the evidence or the item */
  kith_eid entry;          /* of the part's matrix */
  kith_eid nth;            /* entries of the relation, or features, before it in the row */
} kith__found;

/* The terms of a model with attention, for query q's user at `row`: those of its entries are written from
 * list on, in their order, that of the row itself is added to sums->own.  Returns the list's end. */
kith__found *kith__explain_attended(const kith__part *part, int m, kith_lid row, int q, double scale,
                                    kith_explain_sums *sums, kith__found *list);

/* Take the sums of the latest items out of e->final, if the rows have them.  Collective.  Errors:
 * KITH_ENOMEM, KITH_ECONFIG (new nodes). */
kith_agreed kith__explain_latest(kith_explainer *e, const kith_embeddings_origin *from) KITH_MUST_USE;
/* Their terms for query q's user at `row`, from list on; returns the list's end.  And how many there are. */
kith__found *kith__explain_add_latest(const kith__part *part, int m, kith_lid row, int q, kith__found *list);
int64_t kith__explain_latest_count(const kith_explainer *e, kith_lid row);
kith_explain_edge kith__explain_latest_edge(const kith__found *f);

/* Make the explainer of a linear model with steps, of spectral, and of another model with steps.  Collective.
 * Errors: as kith_explainer_create(). */
kith_agreed kith__explain_linear(kith_explainer *e, const kith_embeddings_origin *from) KITH_MUST_USE;
kith_agreed kith__explain_spectral(kith_explainer *e, const kith_embeddings_origin *from) KITH_MUST_USE;
kith_agreed kith__explain_attention(kith_explainer *e, const kith_embeddings_origin *from) KITH_MUST_USE;

kith_agreed kith__explain_gradient(kith_explainer *e, const kith_embeddings_origin *from) KITH_MUST_USE;

/* sums [n] and reason [n, n_reason] of the batch by gradient x input, where this rank has the user; the
 * others stay.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__explain_gradients(kith_explainer *e, const kith__batch *b, int n_reason,
                                    kith_explain_sums *sums, kith_explain_reason *reason) KITH_MUST_USE;

/* Leave at e->gradient.own the gradient of the input row of one node by <its final row, target>, where this
 * rank has it: row >= 0.  target [d]; taken times `scale`.  Collective. */
void kith__explain_gradient_of(kith_explainer *e, kith_lid row, double scale, const float *target);

/* Fill e->reach[0] with the direct term's contribution of every item to the queries.  Collective. */
void kith__explain_direct(kith_explainer *e, const kith__batch *b);
/* The direct term of n queries' scores, as rankings add it: score [n], where this rank has the user.
 * Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__explain_direct_scores(const kith_explainer *e, int n, const kith_explain_query *query,
                                        double *score) KITH_MUST_USE;

/* The node of a key of kith_node_key(). */
void kith__explain_node(int64_t key, int *type, int64_t *original);
/* Entry e, at position p of the matrix, as an edge; `nth` counts the entries of its term before it.  Local.
 */
kith_explain_edge kith__explain_edge(const kith_explainer *e, kith_lid p, kith_eid entry, kith_eid nth);
/* The term of an entry.  Local. */
static inline int kith__explain_term(const kith_explainer *e, kith_eid entry) {
  const kith_merged_relations *m = e->a->merged;
  return m ? m->of[entry] : 0;
}

/* Fill sums [n] and reason [n, n_reason] for the queries whose users this rank owns; the others stay.  Terms
 * of several parts for one edge are one term. */
kith_status kith__explain_reasons(const kith_explainer *e, int n_part, const kith__part *part, int n_reason,
                                  kith_explain_sums *sums, kith_explain_reason *reason) KITH_MUST_USE;
/* Whether input rows of a type have features.  The same on every rank. */
bool kith__explain_has_features(const kith_explainer *e, int type);
/* The same scores by the features of the items: item [n] and reason [n, n_reason] of the batch, the same on
 * every rank; they stay where no model has such features.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__explain_items(const kith_comm *comm, int n_part, const kith__part *part,
                                const kith_explain_sums *sums, int n_reason, kith_explain_item *item,
                                kith_explain_reason *reason) KITH_MUST_USE;
/* The terms of a model whose paths have one entry: walk [n, most] of the batch, where this rank has the user;
 * the others stay.  Errors: KITH_ENOMEM. */
kith_status kith__explain_steps(const kith__part *part, int most, kith_explain_walk *walk) KITH_MUST_USE;
/* The index of an owned row among the users of this rank.  Local. */
kith_lid kith__explain_user_index(const kith_graph *g, kith_lid row);

/* What paths end with. */
typedef enum kith__walk_end {
  WALK_END_ANYWHERE, /* at v after m entries: w_m <x_v, F_i> */
  WALK_END_AT_ITEM   /* at the item: 1; elsewhere 0 */
} kith__walk_end;

/* walk [n, most] of the batch, the same on every rank.  Collective. */
kith_agreed kith__explain_walks(kith_explainer *e, const kith__batch *b, kith__walk_end end, int most,
                                kith_explain_walk *walk) KITH_MUST_USE;

#endif
