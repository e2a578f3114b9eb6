/* Schedule of evaluations, and the split that they use. */
#include "eval/eval.h"

/* The best epoch may be an early one, and later epochs differ less from each other. */
bool kith_eval_is_due(int every, int64_t epoch) {
  enum { FIRST = 10, THEN = 5 };
  if (every == KITH_EVERY_AUTO) return epoch <= FIRST || epoch % THEN == 0;
  return every > 0 && epoch % every == 0;
}

int64_t kith_eval_split_count(const kith_comm *comm, const kith_graph *g, kith_eval_split split) {
  const kith_ragged *l = split == KITH_EVAL_TEST ? &g->test : &g->valid;
  const int8_t wanted = split == KITH_EVAL_TEST ? KITH_NODE_TEST : KITH_NODE_VALID;
  bool classifies = g->n_class > 0;
  int64_t n = classifies ? 0 : l->start[l->n_row];
  for (kith_lid i = 0; classifies && i < g->n_own; i++) n += g->split[i] == wanted;
  kith_comm_sum_int(comm, 1, &n);
  return n;
}

kith_eval_split kith_eval_split_resolve(const kith_comm *comm, const kith_graph *g, kith_eval_split split) {
  if (split != KITH_EVAL_AUTO) return split;
  return kith_eval_split_count(comm, g, KITH_EVAL_VALID) > 0 ? KITH_EVAL_VALID : KITH_EVAL_TEST;
}
