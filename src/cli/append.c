/* What an update has read: new lists, what they put behind the old graph, and the cut. */
#include <stdio.h>

#include "cli/append.h"

/* Add a count to the JSON object, and print it unless it is 0. */
static void append_note(cli *c, int64_t n, const char *key, const char *what) {
  cli_json(c, key, "%lld", (long long)n);
  if (n > 0) cli_print(c, "  %s", KITH_COUNT(n, what));
}

static void append_print_relation(cli *c, const char *name, const struct kith_append_relation_report *r) {
  const kith_relation_report *l = &r->list;
  const cli_edge_note note[] = {{l->duplicates, "repeated edge(s)", ", counted once", "duplicates"},
                                {r->known, "edge(s)", " that the graph has, counted once", "known"},
                                {l->unknown, "edge(s)", " with an unknown user or item, left out", "unknown"},
                                {l->self_loops, "edge(s)", " of a node with itself, left out", "self_loops"},
                                {l->below_min_weight, "edge(s)", " below the minimum weight, left out",
                                 "below_min_weight"}};
  cli_print_relation(c, "update", name, &l->list, l->edges, "new edge(s)", (int)(sizeof note / sizeof *note),
                     note);
}

static void append_print_features(cli *c, int type, const kith_append_report *r) {
  const char *one = r->schema.type[type];
  char key[KITH_NAME], what[128];
  snprintf(key, sizeof key, "update.%.31s_features", one);
  cli_print_list(c, key, &r->features_list[type]);
  const struct {
    int64_t n;
    const char *key, *before, *behind;
  } note[] = {{r->features_unknown[type], "features_unknown", "feature(s) of new ",
               "s that the graph does not have, left out"},
              {r->nodes_unknown[type], "nodes_unknown", "line(s) of features of ",
               "s without interactions, left out"},
              {r->without_features[type], "without_features", "new ", "(s) without features"},
              {r->unnamed[type], "unnamed", "new ", "(s) without a name"}};
  for (size_t i = 0; i < sizeof note / sizeof *note; i++) {
    snprintf(key, sizeof key, "%.31s_%s", one, note[i].key);
    snprintf(what, sizeof what, "%s%.31s%s", note[i].before, one, note[i].behind);
    append_note(c, note[i].n, key, what);
  }
}

/* "4 users, 5 items and 12 tags". */
static void append_print_nodes(cli *c, const kith_append_report *r) {
  cli_json(c, "new", "{");
  for (int t = 0; t < r->schema.n_type; t++) {
    int64_t n = r->n[t] - r->n_old[t];
    char words[KITH_NAME + 16];
    snprintf(words, sizeof words, t < KITH_SIDES ? "new %.31s(s)" : "new node(s) of the type %.31s",
             r->schema.type[t]);
    cli_json_more(c, "%s\"%s\": %lld", t > 0 ? ", " : "", r->schema.type[t], (long long)n);
    if (t < KITH_SIDES || n > 0)
      cli_print(c, "  %s behind %lld", KITH_COUNT(n, words), (long long)r->n_old[t]);
  }
  cli_json_more(c, "}");
}

/* Candidates of the ranking of cold items are fewer now. */
static void append_note_warmed(cli *c, int64_t n) {
  const kith_job *job = &c->job;
  cli_json(c, "warmed", "%lld", (long long)n);
  if (n > 0 && c->comm->rank == 0 &&
      (job->data.split.method == KITH_SPLIT_ITEMS || job->evaluate.scope.candidates == KITH_CANDIDATES_COLD))
    kith_warn("%s: %s now: figures of evaluate.candidates: cold before and after are not comparable",
              job->path, KITH_COUNT(n, "held-out item(s) (has|have) training interactions"));
}

void cli_append_print(cli *c, const kith_append_options *o, const kith_append_report *r) {
  const bool stream = r->events > 0;
  cli_print(c, "%s, behind %lld",
            KITH_COUNT(r->pairs,
                       stream ? "pair(s) of a user and an item new in training, of these events and of "
                                "those held out before"
                              : "new training interaction(s)"),
            (long long)(r->train - r->pairs));
  cli_json(c, "pairs", "%lld", (long long)r->pairs);
  if (r->events > 0) {
    cli_print(c, "  %s behind those of the stream", KITH_COUNT(r->events, "event(s)"));
    cli_json(c, "events", "%lld", (long long)r->events);
  }
  cli_json(c, "train", "%lld", (long long)r->train);
  append_print_nodes(c, r);
  cli_print_list(c, "update.interactions", &r->list);
  cli_json(c, "lists", "{");
  cli_json_list(c, "interactions", &r->list);
  for (int t = 0; t < KITH_SIDES; t++) {
    char name[KITH_NAME];
    snprintf(name, sizeof name, "%.31s_features", r->schema.type[t]);
    cli_json_list(c, name, &r->features_list[t]);
  }
  cli_json_more(c, "}");
  append_note(c, r->duplicates, "duplicates",
              stream ? "event(s) with the pair of an earlier one of these, no pair more"
                     : "repeated interaction(s), counted once");
  append_note(c, r->known, "known",
              stream ? "pair(s) of these events (was|were) in training before, no pair more"
                     : "interaction(s) that (was|were) in training before, counted once");
  append_note(c, r->earlier, "earlier", "known edge(s) with an earlier time, which (counts|count) now");
  append_note(c, r->held_out, "held_out", "interaction(s) held out for validation or test, left out");
  append_note_warmed(c, r->warmed);
  append_note(c, r->outside, "outside", "interaction(s) outside of the core, left out");
  append_note(c, r->below_min_weight, "below_min_weight",
              "interaction(s) below the minimum weight, left out");
  cli_json(c, "relations", "{");
  for (int i = 0; i < o->n_relation; i++) append_print_relation(c, o->relation[i].name, &r->relation[i]);
  cli_json_more(c, "}");
  for (int t = 0; t < KITH_SIDES; t++) append_print_features(c, t, r);
  if (r->nothing) cli_print(c, "the lists hold nothing that the graph lacks");
}

void cli_recut_print(cli *c, const kith_partition_update_report *r) {
  static const char *const why[] = {"none", "worse", "settings"};
  if (r->why == KITH_RECUT_WORSE)
    cli_print_wrapped(c, 2,
                      "cut from scratch: with new nodes beside their neighbors %.2f %% of the edges would be "
                      "cut, more than 1.3 times the %.2f %% of the last cut; now %.2f %%",
                      100 * r->extended_cut, 100 * r->first_cut, 100 * r->cut);
  else if (r->why == KITH_RECUT_SETTINGS)
    cli_print(c, "cut from scratch, since the settings of partition differ: %.2f %% of the edges are cut",
              100 * r->cut);
  else
    cli_print(c, "%s: %.2f %% of the edges are cut, %.2f %% at the last cut",
              KITH_COUNT(r->n_new, "new node(s) beside (its|their) neighbors"), 100 * r->cut,
              100 * r->first_cut);
  cli_json(c, "recut", "\"%s\"", why[r->why]);
  cli_json(c, "cut_share", "%.6g", r->cut);
  cli_json(c, "cut_share_before", "%.6g", r->first_cut);
  cli_json(c, "edge_balance", "%.6g", r->balance);
}
