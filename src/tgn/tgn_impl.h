/* Private to tgn: what its files share.  All functions are Local unless they say otherwise. */
#ifndef KITH_TGN_IMPL_H
#define KITH_TGN_IMPL_H

#include "tape/tape.h"
#include "tgn/tgn.h"

/* ---- block.c: rows that read other rows, anew at every batch ---- */

typedef struct tgn_block {
  kith_node_map rows, edges;
  kith_lid n_col;
  kith_csr csr; /* places are rows */
  kith_csc csc;
  kith_block block;
} tgn_block;

kith_status kith__tgn_block_make(kith_lid max_row, kith_lid max_col, kith_eid max_entry,
                                 tgn_block *b) KITH_MUST_USE;
void kith__tgn_block_free(tgn_block *b);
void kith__tgn_block_clear(tgn_block *b);
/* One more row, without entries as yet; then entries of the last row. */
void kith__tgn_block_row(tgn_block *b);
void kith__tgn_block_entry(tgn_block *b, kith_lid col);
/* The columns are those of a tensor of n_col rows. */
void kith__tgn_block_done(tgn_block *b, kith_lid n_col);

/* ---- memory.c: what a rank remembers of its nodes ---- */

typedef struct tgn_memory {
  int d, n_feature;
  float *s;       /* [n_own, d] memory, as of the node's last event but one … */
  float *heard;   /* [n_own, d] … the partner's row at the last one, … */
  float *wait;    /* [n_own] seconds between the two, 0 if there was none before … */
  int64_t *last;  /* [n_own] … and its time */
  uint8_t *on;    /* [n_own] whether there was one */
  float *feature; /* [n_own, n_feature] of the last event */
} tgn_memory;

kith_status kith__tgn_memory_make(const kith_graph *g, int d, int n_feature, tgn_memory *m) KITH_MUST_USE;
void kith__tgn_memory_free(tgn_memory *m);
void kith__tgn_memory_forget(tgn_memory *m, int64_t n_own);
/* Rewrite the memory of the nodes of a batch, each by its message, and take the message of its last event in
 * the batch.  Collective. */
void kith__tgn_remember(kith_tgn *t, int n, const kith_event *event);

/* ---- evidence.c ---- */

/* Numbers that an item has as evidence: one of the places in the user's list, 1 if it is there; … */
enum {
  TGN_PLACES = 10,        /* the latest distinct items, one number each … */
  TGN_OLDER = TGN_PLACES, /* … and earlier ones */
  TGN_AGE,                /* log(1 + seconds since the user met it) / 8 */
  TGN_COUNT,              /* log of how often */
  TGN_POPULAR,            /* log(1 + count / floor) of all events, of several half-lives */
  TGN_HALF_LIVES = KITH_TGN_HALF_LIVES,
  TGN_EVIDENCE = TGN_POPULAR + TGN_HALF_LIVES,
  TGN_MAX_MET = 128 /* items of a user that are evidence */
};

typedef struct tgn_met {
  int32_t item; /* original number */
  int place;    /* … TGN_OLDER */
  float age, count;
} tgn_met;

/* An item that an event of the batch made more popular, and how popular it is since. */
typedef struct tgn_change {
  int32_t item;
  float popular[TGN_HALF_LIVES];
} tgn_change;

/* Evidence of events before they happen. */
typedef struct tgn_clues {
  int n;          /* events */
  int *start;     /* [n + 1] items that the user of each has met … */
  tgn_met *met;   /* [start[n]] … */
  int64_t n_item; /* … and how popular items are: … */
  float *popular; /* [TGN_HALF_LIVES, n_item] at the beginning of the batch, … */
  int n_change;   /* … and what its events changed, in order: … */
  tgn_change *change;
  int *changed; /* [n] … the first of these are known at each event */
} tgn_clues;

typedef struct tgn_evidence {
  int64_t n_item;
  kith_stream_recent *recent;
  kith_stream_popular *popular[TGN_HALF_LIVES];
  float *now; /* [TGN_HALF_LIVES, n_item] as of kith__tgn_evidence_refresh(), or of the item's event since */
} tgn_evidence;

kith_status kith__tgn_evidence_make(const kith_graph *g, int rank, tgn_evidence *e) KITH_MUST_USE;
void kith__tgn_evidence_free(tgn_evidence *e);
void kith__tgn_evidence_forget(tgn_evidence *e);
void kith__tgn_evidence_refresh(tgn_evidence *e, int64_t time);
void kith__tgn_evidence_add(tgn_evidence *e, int n, const kith_event *event);
kith_status kith__tgn_clues_make(const tgn_evidence *e, int max_event, tgn_clues *c) KITH_MUST_USE;
void kith__tgn_clues_free(tgn_clues *c);
/* No event as yet, popularity as it is now; then events, and between them items that have changed. */
void kith__tgn_clues_begin(tgn_clues *c, const tgn_evidence *e);
void kith__tgn_clues_add(tgn_clues *c, const tgn_evidence *e, kith_lid user_row, int64_t time);
void kith__tgn_clues_change(tgn_clues *c, const tgn_evidence *e, int32_t item);
/* How popular items from .. from + n - 1 are at event number `event`: to [TGN_HALF_LIVES, n]. */
void kith__tgn_clues_popular(const tgn_clues *c, int event, int64_t from, int64_t n, float *to);

/* ---- score.c ---- */

/* What scores of a block of items are made of: rows of users [events, d] and of all items [items, d] by
 * original number; weights of evidence [events, TGN_EVIDENCE], or null. */
typedef struct tgn_scores {
  int first, n, d;      /* events first … first + n - 1 of these */
  int64_t from, n_item; /* items from … from + n_item - 1 */
  const float *user, *item, *weight;
  const tgn_clues *clues;
  float *popular; /* [n, TGN_HALF_LIVES, n_item] scratch: how popular they are at each event */
} tgn_scores;

/* y [n, n_item] = scores. */
void kith__tgn_score(const tgn_scores *s, float *y);

/* The loss of a batch. */
typedef struct tgn_targets {
  int n;         /* events of this rank */
  int32_t *item; /* [n] original numbers */
  double scale;  /* 1 / events of all ranks */
  kith_exact_sum loss;
} tgn_targets;

/* Scores of `block` items at a time are kept; with more items than that they are computed once more for the
 * gradients. */
void kith__tgn_loss_op(kith_tape *t, tgn_targets *targets, const tgn_clues *clues, int max_event,
                       int64_t block, kith_tensor *user, kith_tensor *item, kith_tensor *weight);

/* ---- record.c: the formulas, and what they read ---- */

typedef struct tgn_side {
  bool on;
  tgn_block center, near; /* rows of nodes: the leaf of each, and those of its neighbors */
  float *age;             /* [entries of near] */
  kith_tensor *feature;   /* [entries of near, n_feature] of their events; null without features */
  kith_tensor *h;         /* [rows, d] embeddings */
  const float *alpha;     /* [entries of near, heads] shares of the attention */
} tgn_side;

typedef struct tgn_recording {
  kith_tape *tape;
  /* Rows of this rank that the batch reads. */
  kith_node_map own;
  kith_lid *row, *slot; /* [own] their numbers; [n_own] 1 + the place of each, or 0 */
  uint8_t *on;
  float *wait;
  kith_tensor *rate;                       /* logarithms of the frequencies of time codes */
  kith_tensor *s, *heard, *x, *memory, *z; /* memory: after the message; z = memory + x */
  kith_tensor *feature;                    /* [own, n_feature] of the message; null without features */
  /* Rows that travel. */
  bool travels;
  kith_halo *halo;
  tgn_block sent;
  kith_node_map leaves;
  int64_t n_request, max_request;
  kith_gid *request, *leaf; /* [n_request]; [leaves] distinct, ascending */
  kith_lid *leaf_of;        /* [n_request] */
  kith_key_value *key, *scratch;
  tgn_side side[KITH_SIDES];
  /* Items' embeddings on every rank, by original number. */
  kith_halo *spread;
  tgn_block given, by_number;
  kith_node_map all;
  kith_tensor *item, *weight; /* weight: of evidence, of the users' rows */
} tgn_recording;

typedef struct tgn_parts {
  bool users, items; /* neither: memory alone */
} tgn_parts;

/* Collective. */
kith_agreed kith__tgn_record(kith_tgn *t, tgn_parts parts, tgn_recording *r) KITH_MUST_USE;
void kith__tgn_recording_free(tgn_recording *r);

/* ---- batch.c: which rows a batch reads ---- */

void kith__tgn_batch_begin(tgn_recording *r);
/* A node of which an embedding is made at `now`, with its neighbors. */
void kith__tgn_batch_node(kith_tgn *t, tgn_recording *r, int side, kith_gid node, int64_t now);
/* All owned items. */
void kith__tgn_batch_items(kith_tgn *t, tgn_recording *r, int64_t now);
/* Exchange what is read.  Collective; returns the largest request of all ranks. */
int64_t kith__tgn_batch_end(kith_tgn *t, tgn_recording *r, int64_t request);
/* Own rows row[i], i < own.n, are what the tape reads. */
void kith__tgn_batch_load(kith_tgn *t, tgn_recording *r);

/* ---- tgn.c ---- */

struct kith_tgn {
  const kith_comm *comm;
  const kith_graph *g;
  kith_tgn_options o;
  const kith_optimizer *optimizer;
  kith_params *params;
  float *x, *slot[KITH_MAX_SLOTS]; /* [n_own, d] learned rows */
  tgn_memory memory;
  kith_stream_latest *latest;
  kith_stream_neighbor *around; /* [neighbors] */
  tgn_evidence evidence;
  tgn_clues clues;
  tgn_targets targets;
  tgn_recording step, alone, users, items; /* training; memory; evaluation */
  /* Of a batch's distinct nodes. */
  kith_key_value *node, *node_scratch; /* [2 batch] number, last event */
  int64_t *node_first;                 /* [size + 1] */
  int *gather;                         /* [2 size] scratch */
  float *met;                          /* [2 batch, d] their rows z */
  /* Replay: events that memory does not know as yet, … */
  kith_event *later;    /* [batch] … */
  float *later_feature; /* … and their features [batch, n_feature] … */
  int n_later;
  bool begun, items_known; /* … and what was computed since it knows the others */
  float *scores, *popular; /* [items]; [TGN_HALF_LIVES, items] of an event to be scored */
  kith_gid *asked;         /* [batch] users of the events to be scored */
  int *place;              /* [batch] of an event to be scored, its row among those of users; others: -1 */
  kith_phase_clock phases; /* of the training steps */
};

/* Items that a step scores at a time; `block`: as in the options. */
int64_t kith__tgn_block_items(int64_t n_item, int batch, int block);

/* An event's user is owned: its row; else -1. */
static inline kith_lid tgn_own_row(const kith_tgn *t, kith_gid node) {
  kith_gid first = t->g->first[t->comm->rank];
  return node >= first && node < first + t->g->n_own ? (kith_lid)(node - first) : -1;
}

#endif
