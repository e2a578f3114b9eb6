/* Explanations as JSON: every sum, reason and path, with ids, names and words. */
#include <stdio.h>

#include "cli/explain.h"

/* "type": …, "id": …, and "name" if the node has one */
static void json_node(cli *c, const explain_data *a, int type, int64_t original) {
  char name[KITH_PATH];
  cli_json_more(c, "\"type\": \"%s\", \"id\": ", a->base.g->schema.type[type]);
  cli_recommend_json_id(c, cli_explain_ids(a, type), original);
  if (type >= KITH_SIDES || !cli_recommend_name(&a->base, type, original, name)[0]) return;
  cli_json_more(c, ", \"name\": ");
  cli_json_string(c, name);
}

static void json_edge(cli *c, const explain_data *a, const kith_explain_edge *e) {
  char kind[EXPLAIN_TEXT];
  bool choice = e->relation == KITH_EXPLAIN_CHOICE;
  if (e->relation == KITH_EXPLAIN_EVIDENCE) {
    cli_json_more(c, "\"evidence\": ");
    cli_json_string(c, cli_explain_label(a, e, kind));
    return;
  }
  if (e->relation == KITH_EXPLAIN_FEATURE) {
    cli_json_more(c, "\"feature\": ");
    cli_recommend_json_id(c, &a->feature[e->type], e->original);
    return;
  }
  const bool latest = e->relation == KITH_EXPLAIN_LATEST;
  if (e->relation != KITH_EXPLAIN_NODE)
    cli_json_more(c, "\"relation\": \"%s\", ",
                  latest   ? "latest"
                  : choice ? KITH_INTERACTIONS
                           : a->base.g->schema.relation[e->relation].name);
  if (e->kind >= 0) {
    kith_ids_print(&a->kind[e->relation], e->kind, sizeof kind, kind);
    cli_json_more(c, "\"kind\": ");
    cli_json_string(c, kind);
    cli_json_more(c, ", ");
  }
  json_node(c, a, e->type, e->original);
  if (e->timed) cli_json_more(c, ", \"time\": %lld", (long long)e->time);
}

static void json_reasons(cli *c, const explain_data *a, const kith_explain_reason *r, int n) {
  cli_json_more(c, ", \"reasons\": [");
  for (int i = 0; i < n && r[i].edge.type >= 0; i++) {
    cli_json_more(c, "%s{\"contribution\": %.9g, ", i ? ", " : "", r[i].value);
    if (kith_direct_is_on(&a->base.from.direct)) cli_json_more(c, "\"direct\": %.9g, ", r[i].direct);
    if (r[i].share > 0)
      cli_json_more(c, "\"attention\": %.9g, \"share\": %.9g, ", r[i].attention, r[i].share);
    json_edge(c, a, &r[i].edge);
    cli_json_more(c, "}");
  }
  cli_json_more(c, "]");
}

/* The score at the item's end, if the item has features. */
static void json_item(cli *c, const explain_data *a, const kith_explain_item *item,
                      const kith_explain_reason *r, int n) {
  if (!item->has_features) return;
  cli_json_more(c, ", \"item_end\": {\"own\": %.9g, \"positive\": %.9g, \"negative\": %.9g", item->own,
                item->positive, item->negative);
  cli_json_more(c, ", \"rest\": %.9g, \"terms\": %lld", item->rest, (long long)item->n_term);
  json_reasons(c, a, r, n);
  cli_json_more(c, "}");
}

static void json_walks(cli *c, const explain_data *a, const char *key, const char *value,
                       const kith_explain_walk *walk, int n) {
  cli_json_more(c, ", \"%s\": [", key);
  for (int i = 0; i < n && walk[i].n > 0; i++) {
    cli_json_more(c, "%s{\"%s\": %.9g, ", i ? ", " : "", value, walk[i].value);
    if (a->n_member > 1) cli_json_more(c, "\"model\": \"%s\", ", cli_explain_member(a, walk[i].member));
    cli_json_more(c, "\"steps\": [");
    for (int h = 0; h < walk[i].n; h++) {
      cli_json_more(c, "%s{", h ? ", " : "");
      json_edge(c, a, &walk[i].hop[h]);
      cli_json_more(c, "}");
    }
    cli_json_more(c, "]}");
  }
  cli_json_more(c, "]");
}

/* Why an item is not ranked, if it is not. */
static void json_unranked(cli *c, const char *key, const char *why) {
  if (!why[0]) return;
  cli_json_more(c, ", \"%s\": ", key);
  cli_json_string(c, why);
}

void cli_explain_json(cli *c, const explain_request *w, const explain_data *a,
                      const kith_explain_query *query, const kith_explanations *e) {
  const int n_reason = (int)kith_min(w->n_reason, e->n_reason);
  cli_json(c, "explanations", "[");
  for (int q = 0; q < e->n; q++) {
    const kith_explain_sums *s = &e->sums[q];
    cli_json_more(c, "%s{\"user\": ", q ? ", " : "");
    cli_recommend_json_id(c, &a->base.user, query[q].user);
    cli_json_more(c, ", \"item\": ");
    cli_recommend_json_id(c, &a->base.item, query[q].item);
    if (query[q].against >= 0) {
      cli_json_more(c, ", \"against\": ");
      cli_recommend_json_id(c, &a->base.item, query[q].against);
    }
    cli_json_more(c, ", \"score\": %.9g, \"own\": %.9g, \"positive\": %.9g, \"negative\": %.9g", s->score,
                  s->own, s->positive, s->negative);
    json_unranked(c, "not_ranked", a->unranked[0]);
    json_unranked(c, "against_not_ranked", a->unranked[1]);
    if (e->method == KITH_EXPLAIN_GRADIENT)
      cli_json_more(c, ", \"method\": \"gradient x input\", \"remainder\": %.9g, \"mostly_remainder\": %s",
                    s->rounding, cli_explain_is_remainder(s) ? "true" : "false");
    else
      cli_json_more(c, ", \"method\": \"%s\", \"rounding\": %.3g",
                    e->method == KITH_EXPLAIN_ATTENTION ? "exact given attention" : "exact", s->rounding);
    cli_json_more(c, ", \"terms\": %lld", (long long)s->n_term);
    json_reasons(c, a, e->reason + (size_t)q * (size_t)e->n_reason, n_reason);
    json_item(c, a, &e->item[q], e->item_reason + (size_t)q * (size_t)e->n_reason, n_reason);
    json_walks(c, a, "paths", "contribution", e->path + (size_t)q * (size_t)e->n_path, e->n_path);
    json_walks(c, a, "connections", e->method == KITH_EXPLAIN_ATTENTION ? "attention" : "weight",
               e->connection + (size_t)q * (size_t)e->n_connection, e->n_connection);
    cli_json_more(c, "}");
  }
  cli_json_more(c, "]");
}
