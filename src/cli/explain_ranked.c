/* Items that are explained because they were named, and that kith recommend never lists for the user. */
#include <stdio.h>

#include "cli/explain.h"
#include "eval/eval.h"

/* Of a new user only the items of its own list are not ranked; new items are the user's if a list says so. */
static bool ranked_is_new_choice(const explain_data *a, int64_t user, int64_t item) {
  for (int64_t i = 0; a->has_new && i < a->nodes.n_pair; i++)
    if (a->nodes.user[i] == user && a->nodes.item[i] == item) return true;
  return false;
}

static kith_agreed ranked_find(const cli *c, const explain_data *a, int64_t user, int64_t item, char *text) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = a->base.g;
  const kith_eval_scope *scope = &c->job.evaluate.scope;
  kith_ranked why = KITH_RANKED;
  int mask = 0;
  text[0] = '\0';
  if (ranked_is_new_choice(a, user, item))
    snprintf(text, EXPLAIN_UNRANKED, "the user has it in %s", KITH_INTERACTIONS);
  if (user >= g->n[KITH_USER] || item >= g->n[KITH_ITEM]) return st;
  KITH_TRY(kith_eval_ranks(c->comm, g, scope, user, item, &why, &mask));
  if (why == KITH_RANKED_NOT_OWN)
    snprintf(text, EXPLAIN_UNRANKED, "the user has it in %s (evaluate.mask)", scope->mask.of[mask]);
  if (why == KITH_RANKED_NOT_WARM)
    snprintf(text, EXPLAIN_UNRANKED,
             "it has training interactions, and evaluate.candidates: cold ranks items without any");
done:
  return st;
}

kith_agreed cli_explain_find_unranked(const cli *c, const kith_explain_query *q, explain_data *a) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(ranked_find(c, a, q->user, q->item, a->unranked[0]));
  if (q->against >= 0) KITH_TRY(ranked_find(c, a, q->user, q->against, a->unranked[1]));
done:
  return st;
}
