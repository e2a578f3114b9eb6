/* What epochs are compared by, and how good rows are by it. */
#include <stdio.h>

#include "train/run.h"
#include "train/stop.h"

static bool score_classifies(const run *r) { return r->g->task == KITH_CLASSIFY; }

bool kith__run_selects(const run *r) {
  return r->o->evaluate.every != 0 && (r->o->evaluate.split == KITH_ON_VALID || r->o->train.patience > 0);
}

const char *kith__run_split(const run *r) {
  if (r->o->evaluate.split == KITH_ON_VALID) return "valid";
  return kith__run_selects(r) ? "test-selected" : "test";
}

kith_agreed kith__run_mark(run *r, int d, const float *x, kith_held_out split, bool pauses, kith_marks *out) {
  kith_rank_options on = r->o->evaluate;
  on.split = split;
  on.stop = kith__stop_is_asked;
  if (pauses) on.pause = kith__run_pause, on.context = r;
  if (!score_classifies(r)) return kith_rank_evaluate(r->comm, r->g, d, x, &on, &out->ranked);
  out->classified =
      kith_accuracy_measure(r->comm, r->g, x, split == KITH_ON_TEST ? KITH_NODE_TEST : KITH_NODE_VALID);
  return (kith_agreed){KITH_OK};
}

/*
 * Recall at the largest cut-off, and where it is the same the larger NDCG, of which a billionth is added; or
 * the share of right answers, and where it is the same the smaller loss, which makes a difference of less
 * than one answer; or the loss alone, negated, since more is better.
 */
double kith__run_score(const run *r, const kith_marks *m) {
  const kith_accuracy *a = &m->classified;
  const int last = m->ranked.n_k - 1;
  if (!score_classifies(r)) return m->ranked.recall[last] + 1e-9 * m->ranked.ndcg[last];
  if (r->o->evaluate.pick == KITH_PICK_LOSS) return -a->loss;
  return a->n > 0 ? ((double)a->right + 1 / (1 + a->loss)) / (double)a->n : 0;
}

void kith__run_score_name(const run *r, char *text) {
  const kith_rank_options *e = &r->o->evaluate;
  const char *split = e->split == KITH_ON_VALID ? "valid" : "test";
  text[0] = '\0';
  if (!kith__run_selects(r)) return;
  if (score_classifies(r))
    snprintf(text, KITH_SCORE, "%s on %s", e->pick == KITH_PICK_LOSS ? "loss" : "accuracy", split);
  else if (e->sampled > 0)
    snprintf(text, KITH_SCORE, "recall@%d on %s by sampled-%d of seed %llu", e->k[e->n_k - 1], split,
             e->sampled, (unsigned long long)e->seed);
  else snprintf(text, KITH_SCORE, "recall@%d on %s", e->k[e->n_k - 1], split);
}
