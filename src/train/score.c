/* The score that selects the epoch. */
#include <stdio.h>
#include <string.h>

#include "train/run.h"
#include "train/signals.h"

bool kith__run_classifies(const run *r) { return r->g->n_class > 0; }

bool kith__run_selects_epoch(const run *r) {
  return kith_model_has_steps(&r->o->model) && r->o->evaluate.every != 0 &&
         (r->o->evaluate.split == KITH_EVAL_VALID || r->o->train.patience > 0);
}

const char *kith__run_split(const run *r) {
  if (r->o->evaluate.split == KITH_EVAL_VALID) return "valid";
  return kith__run_selects_epoch(r) ? "test-selected" : "test";
}

kith_agreed kith__run_eval(run *r, int d, const float *x, kith_eval_split split, bool polls,
                           kith_eval_result *out) {
  kith_eval_options on = r->o->evaluate;
  on.split = split;
  on.direct = r->direct;
  on.should_stop = kith__signals_stop_requested;
  if (polls) on.poll = kith__run_poll, on.poll_context = r;
  if (!kith__run_classifies(r)) return kith_eval_metrics(r->comm, r->g, d, x, &on, &out->ranking);
  out->classification =
      kith_eval_accuracy(r->comm, r->g, x, split == KITH_EVAL_TEST ? KITH_NODE_TEST : KITH_NODE_VALID);
  return (kith_agreed){KITH_OK};
}

/*
 * Ranking: recall at the largest cutoff; NDCG times 1e-9 breaks ties. Classification: accuracy; the smaller
 * loss breaks ties, since its term is less than one correct node. Or the negated loss, since higher is
 * better.
 */
double kith__run_score(const run *r, const kith_eval_result *m) {
  const kith_accuracy *a = &m->classification;
  const int last = m->ranking.n_k - 1;
  if (!kith__run_classifies(r)) return m->ranking.recall[last] + 1e-9 * m->ranking.ndcg[last];
  if (r->o->evaluate.select_by == KITH_SELECT_BY_LOSS) return -a->loss;
  return a->n > 0 ? ((double)a->correct + 1 / (1 + a->loss)) / (double)a->n : 0;
}

/* What is not ranked as usual. */
static void score_add_scope(const kith_eval_scope *o, char *text) {
  const kith_relation_names *mask = &o->mask;
  size_t n = strlen(text);
  if (o->candidates == KITH_CANDIDATES_COLD)
    n += (size_t)snprintf(text + n, KITH_SCORE_SIZE - n, ", cold items");
  if (mask->n == 1 && strcmp(mask->of[0], KITH_INTERACTIONS) == 0) return;
  n += (size_t)snprintf(text + n, KITH_SCORE_SIZE - n, ", mask");
  for (int i = 0; i < mask->n && n < KITH_SCORE_SIZE; i++)
    n += (size_t)snprintf(text + n, KITH_SCORE_SIZE - n, " %s", mask->of[i]);
}

/* Epochs that were judged by other rows do not compare. */
static void score_add_rows(const kith_model_options *o, char *text) {
  const double discount = kith_model_discount(o);
  const kith_recent_options *r = &o->recent;
  size_t n = strlen(text);
  if (discount != 0)
    n += (size_t)snprintf(text + n, KITH_SCORE_SIZE - n, " with model.length_discount %.9g", discount);
  if (o->sequence == KITH_SEQUENCE_RECENT && n < KITH_SCORE_SIZE)
    snprintf(text + n, KITH_SCORE_SIZE - n, " with recent %.9g %.9g %d", r->decay, r->weight, r->items);
  if (o->sequence == KITH_SEQUENCE_SASREC && n < KITH_SCORE_SIZE)
    snprintf(text + n, KITH_SCORE_SIZE - n, " with sasrec %.9g", o->sasrec.gamma);
}

void kith__run_score_name(const run *r, char *text) {
  const kith_eval_options *e = &r->o->evaluate;
  const char *split = e->split == KITH_EVAL_VALID ? "valid" : "test";
  text[0] = '\0';
  if (!kith__run_selects_epoch(r)) return;
  if (kith__run_classifies(r))
    snprintf(text, KITH_SCORE_SIZE, "%s on %s", e->select_by == KITH_SELECT_BY_LOSS ? "loss" : "accuracy",
             split);
  else if (e->sampled > 0)
    snprintf(text, KITH_SCORE_SIZE, "recall@%d on %s by sampled-%d of seed %llu", e->k[e->n_k - 1], split,
             e->sampled, (unsigned long long)e->seed);
  else snprintf(text, KITH_SCORE_SIZE, "recall@%d on %s", e->k[e->n_k - 1], split);
  score_add_scope(&e->scope, text);
  score_add_rows(&r->o->model, text);
}
