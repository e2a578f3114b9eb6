/* What kith evaluate prints of a ranking: its figures, and those of groups of users and items. */
#include <stdio.h>
#include <string.h>

#include "cli/evaluate.h"

bool cli_scope(const kith_eval_scope *o, char *text) {
  bool usual = o->mask.n == 1 && strcmp(o->mask.of[0], KITH_INTERACTIONS) == 0;
  bool all = o->candidates == KITH_CANDIDATES_ALL;
  int n = snprintf(text, CLI_SCOPE, "%s", all ? "all items" : "items without training interactions");
  for (int i = 0; i < o->mask.n; i++)
    n += snprintf(text + n, CLI_SCOPE - (size_t)n, "%s %s",
                  i ? "," : ", except the user's items in:", o->mask.of[i]);
  return !(all && usual);
}

/* Print how many users are not measured, or are measured in another way. */
static void print_users(cli *c, const kith_metrics *m) {
  const kith_eval_options *o = &c->job.evaluate;
  char text[CLI_SCOPE];
  if (cli_scope(&o->scope, text)) cli_print_wrapped(c, 2, "ranked: %s", text);
  if (m->n_user_left_out > 0)
    cli_print(c, "%s left out",
              KITH_COUNT(m->n_user_left_out,
                         "user(s) (has|have) held-out items of which none is ranked, and (is|are)"));
  if (m->n_user_short > 0)
    cli_print(c, "%s fewer than %s: all of them are ranked",
              KITH_COUNT(m->n_user_short, "user(s) (has|have)"), KITH_COUNT(o->sampled, "candidate item(s)"));
}

static void print_json_scope(cli *c, const kith_metrics *m) {
  const kith_eval_scope *o = &c->job.evaluate.scope;
  cli_json(c, "candidates", "\"%s\"", o->candidates == KITH_CANDIDATES_COLD ? "cold" : "all");
  cli_json(c, "mask", "[");
  for (int i = 0; i < o->mask.n; i++) cli_json_more(c, "%s\"%s\"", i ? ", " : "", o->mask.of[i]);
  cli_json_more(c, "]");
  cli_json(c, "users_left_out", "%lld", (long long)m->n_user_left_out);
}

void cli_json_figures(cli *c, const kith_metrics *m) {
  const char *name[5] = {"recall", "ndcg", "hit_rate", "precision", "mrr"};
  const double *const value[5] = {m->recall, m->ndcg, m->hit_rate, m->precision, m->mrr};
  for (int i = 0; i < m->n_k; i++)
    for (int j = 0; j < 5; j++) cli_json_more(c, ", \"%s@%d\": %.10g", name[j], m->k[i], value[j][i]);
}

void cli_print_metrics(cli *c, const kith_metrics *m) {
  char protocol[32] = "full";
  const kith_eval_options *o = &c->job.evaluate;
  if (o->sampled) snprintf(protocol, sizeof protocol, "sampled-%d", o->sampled);
  cli_print(c, "%s, %s split, protocol %s%s", KITH_COUNT(m->n_user, "user(s)"),
            o->split == KITH_EVAL_TEST ? "test" : "valid", protocol,
            o->sampled ? " (not comparable with full ranking)" : "");
  print_users(c, m);
  cli_print(c, "%6s  %10s  %10s  %10s  %10s  %10s", "K", "Recall", "NDCG", "HitRate", "Precision", "MRR");
  cli_json(c, "split", "\"%s\"", o->split == KITH_EVAL_TEST ? "test" : "valid");
  cli_json(c, "refit", "%s", c->refit ? "true" : "false");
  cli_json(c, "protocol", "\"%s\"", protocol);
  cli_json(c, "users", "%lld", (long long)m->n_user);
  print_json_scope(c, m);
  if (o->sampled) cli_json(c, "users_with_fewer", "%lld", (long long)m->n_user_short);
  for (int i = 0; i < m->n_k; i++)
    cli_print(c, "%6d  %10.6f  %10.6f  %10.6f  %10.6f  %10.6f", m->k[i], m->recall[i], m->ndcg[i],
              m->hit_rate[i], m->precision[i], m->mrr[i]);
  cli_json_figures(c, m);
}

/* ---- groups ---- */

static void print_json_user_groups(cli *c, const kith_groups *all) {
  for (int k = 0; k < all->n_user; k++) {
    const kith_user_group *g = &all->user[k];
    cli_json_more(c, "%s{\"from\": %lld, \"to\": %lld, \"users\": %lld", k ? ", " : "", (long long)g->from,
                  (long long)g->to, (long long)g->metrics.n_user);
    cli_json_figures(c, &g->metrics);
    cli_json_more(c, "}");
  }
}

/* Recall of the held-out pairs of a group of items, which has some, at cutoff number i. */
static double print_recall(const kith_item_group *g, int i) {
  return (double)g->n_found[i] / (double)g->n_held_out;
}

static void print_json_item_groups(cli *c, const kith_groups *all, const kith_eval_options *o) {
  for (int k = 0; k < all->n_item; k++) {
    const kith_item_group *g = &all->item[k];
    cli_json_more(c, "%s{\"from\": %lld, \"to\": %lld, \"items\": %lld", k ? ", " : "", (long long)g->from,
                  (long long)g->to, (long long)g->n_item);
    cli_json_more(c, ", \"held_out\": %lld", (long long)g->n_held_out);
    for (int i = 0; i < o->n_k && g->n_held_out > 0; i++)
      cli_json_more(c, ", \"recall@%d\": %.10g", o->k[i], print_recall(g, i));
    cli_json_more(c, "}");
  }
}

void cli_json_groups(cli *c, const kith_groups *all) {
  cli_json(c, "groups", "{\"users\": [");
  print_json_user_groups(c, all);
  cli_json_more(c, "], \"items\": [");
  print_json_item_groups(c, all, &c->job.evaluate);
  cli_json_more(c, "]}");
}

void cli_print_groups(const cli *c, const kith_groups *all) {
  const kith_eval_options *o = &c->job.evaluate;
  const int last = o->n_k - 1, top = o->k[last];
  cli_print(c, "users by their training interactions");
  cli_print(c, "%9s  %9s  %9s             Recall@%-4d  NDCG@%-4d", "from", "to", "users", top, top);
  for (int k = 0; k < all->n_user; k++) {
    const kith_user_group *g = &all->user[k];
    cli_print(c, "%9lld  %9lld  %9lld             %11.6f  %9.6f", (long long)g->from, (long long)g->to,
              (long long)g->metrics.n_user, g->metrics.recall[last], g->metrics.ndcg[last]);
  }
  cli_print(c, "items by their training interactions, and held-out pairs of these items");
  cli_print(c, "%9s  %9s  %9s  %9s  Recall@%-4d", "from", "to", "items", "held out", top);
  for (int k = 0; k < all->n_item; k++) {
    const kith_item_group *g = &all->item[k];
    char recall[KITH_NAME] = "–"; /* nothing was to be found */
    if (g->n_held_out > 0) snprintf(recall, sizeof recall, "%.6f", print_recall(g, last));
    cli_print(c, "%9lld  %9lld  %9lld  %9lld  %*s", (long long)g->from, (long long)g->to,
              (long long)g->n_item, (long long)g->n_held_out, g->n_held_out > 0 ? 11 : 13, recall);
  }
}
