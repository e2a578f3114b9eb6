/* kith ingest: convert text lists to graph.h5, and report their contents. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "graph/schema.h"
#include "ingest/ingest.h"

static kith_status ingest_prepare(cli *c, char *path, char **job) {
  kith_status st = KITH_OK;
  KITH_TRY(cli_no_more(c));
  KITH_CHECK(c->job.task == KITH_TASK_CLASSIFY || c->job.data.interactions.path[0], KITH_ECONFIG,
             "%s: data.interactions.path: expected a list of interactions", c->job.path);
  KITH_TRY(cli_stage_to_write(c, "graph.h5", path));
  KITH_TRY(kith_job_print(&c->job, job));
done:
  return st;
}

/* Add a count to the JSON object, and print it unless it is 0. */
static void ingest_note(cli *c, int64_t n, const char *key, const char *what) {
  cli_json(c, key, "%lld", (long long)n);
  if (n > 0) cli_print(c, "  %s", KITH_COUNT(n, what));
}

/* ", read forward" of directed relations, ", of 3 kinds". */
static const char *ingest_flags(const kith_relation_type *e, size_t size, char *text) {
  static const char *const read[] = {"", ", read forward", ", read back"};
  char kinds[32] = "";
  if (e->n_kind > 0) snprintf(kinds, sizeof kinds, ", of %s", KITH_COUNT(e->n_kind, "kind(s)"));
  snprintf(text, size, "%s%s", kinds, read[e->direction]);
  return text;
}

/* Print the counts of a relation, and of the lines that the graph does not hold. */
static void ingest_print_relation(cli *c, const kith_schema *s, const kith_relation_type *e,
                                  const kith_relation_report *r) {
  char what[160], flags[64];
  bool pairs = e->from == e->to && e->direction == KITH_DIRECTION_BOTH;
  const struct {
    int64_t n;
    const char *before, *behind;
  } note[] = {{r->list.kind[0] ? r->both : 0, "pair(s) of ", " (is|are) listed in both directions"},
              {r->duplicates, "repeated edge(s) of ", ", counted once"},
              {r->unknown, "edge(s) of ", " with an unknown user or item, left out"},
              {r->self_loops, "edge(s) of ", " of a node with itself, left out"},
              {r->below_min_weight, "edge(s) of ", " below the minimum weight, left out"},
              {r->cut, "edge(s) of ", " left out, as keep takes the best of each node"},
              {r->without_overlap, "edge(s) of ", " whose ends have no training interaction in common"}};
  cli_print(c, "  relation %s, %s to %s: %s%s%s", e->name, s->type[e->from], s->type[e->to],
            KITH_COUNT(r->edges - r->both, pairs ? "pair(s)" : "edge(s)"),
            e->weighted && e->timed ? " with times and weights"
            : e->weighted           ? " with weights"
            : e->timed              ? " with times"
                                    : "",
            ingest_flags(e, sizeof flags, flags));
  for (size_t i = 0; i < sizeof note / sizeof *note; i++) {
    snprintf(what, sizeof what, "%s%s%s", note[i].before, e->name, note[i].behind);
    if (note[i].n > 0) cli_print(c, "    %s", KITH_COUNT(note[i].n, what));
  }
  cli_json_more(c, "%s\"%s\": {\"from\": \"%s\", \"to\": \"%s\", \"edges\": %lld, \"pairs\": %lld",
                c->members[c->n_members - 1] == '{' ? "" : ", ", e->name, s->type[e->from], s->type[e->to],
                (long long)r->edges, (long long)(r->edges - r->both));
  cli_json_more(c, ", \"direction\": \"%s\", \"kinds\": %d", kith_direction_text(e->direction), e->n_kind);
  cli_json_more(c,
                ", \"duplicates\": %lld, \"unknown\": %lld, \"self_loops\": %lld, \"below_min_weight\": %lld",
                (long long)r->duplicates, (long long)r->unknown, (long long)r->self_loops,
                (long long)r->below_min_weight);
  if (r->cut > 0) cli_json_more(c, ", \"cut\": %lld", (long long)r->cut);
  if (r->overlaps) cli_json_more(c, ", \"without_overlap\": %lld", (long long)r->without_overlap);
  cli_json_list(c, "list", &r->list);
  cli_json_more(c, "}");
}

/* The nodes of a further type, and those of another type that its ids name. */
static void ingest_print_type(cli *c, const kith_schema *s, int t, const kith_ingest_report *r) {
  char also[KITH_NAME + 64] = "";
  int base = kith_schema_base(s, t);
  if (base >= 0)
    snprintf(also, sizeof also, " beside %lld %ss, named by its ids", (long long)r->shared[t], s->type[base]);
  cli_print(c, "  %s of the further type %s%s", KITH_COUNT(r->n[t], "node(s)"), s->type[t], also);
}

/* Further node types and relations. */
static void ingest_print_relations(cli *c, const kith_ingest_report *r) {
  const kith_schema *s = &r->schema;
  cli_json(c, "types", "{");
  for (int t = 0; t < s->n_type; t++)
    cli_json_more(c, "%s\"%s\": %lld", t > 0 ? ", " : "", s->type[t], (long long)r->n[t]);
  cli_json_more(c, "}");
  for (int t = KITH_SIDES; t < s->n_type; t++) ingest_print_type(c, s, t, r);
  cli_json(c, "relations", "{");
  for (int i = 0; i < s->n_relation; i++) ingest_print_relation(c, s, &s->relation[i], &r->relation[i]);
  cli_json_more(c, "}");
}

/* Print what the core holds, and what is left out of training. */
static void ingest_print_core(cli *c, const kith_split_report *r) {
  cli_print(c, "  the core of data.split.core %d: %s of %s with %s", c->job.data.split.core,
            KITH_COUNT(r->core_pairs, "interaction(s)"), KITH_COUNT(r->core_users, "user(s)"),
            KITH_COUNT(r->core_items, "item(s)"));
  cli_json(c, "core_users", "%lld", (long long)r->core_users);
  cli_json(c, "core_items", "%lld", (long long)r->core_items);
  cli_json(c, "core_pairs", "%lld", (long long)r->core_pairs);
  ingest_note(c, r->outside_users, "outside_users", "user(s) outside of the core");
  ingest_note(c, r->outside_items, "outside_items", "item(s) outside of the core");
  ingest_note(c, r->outside_pairs, "outside_pairs",
              "interaction(s) outside of the core, left out of training and of validation");
}

/* Print the events of a stream. */
static void ingest_print_events(cli *c, const kith_split_report *r) {
  cli_print(c, "  a stream of %s: %lld training, %lld validation, %lld test",
            KITH_COUNT(r->events, "event(s)"), (long long)(r->events - r->events_valid - r->events_test),
            (long long)r->events_valid, (long long)r->events_test);
  cli_json(c, "events", "%lld", (long long)r->events);
  cli_json(c, "events_valid", "%lld", (long long)r->events_valid);
  cli_json(c, "events_test", "%lld", (long long)r->events_test);
  if (r->event_features > 0) cli_print(c, "  %s of each event", KITH_COUNT(r->event_features, "feature(s)"));
  if (r->event_features > 0) cli_json(c, "event_features", "%d", r->event_features);
  ingest_note(c, r->events_moved, "events_moved", "line(s) earlier than a line before: sorted by time");
}

/* Print how many held-out interactions were drawn from equal times. */
static void ingest_print_split(cli *c, const kith_split_report *r) {
  if (r->core_pairs > 0) ingest_print_core(c, r);
  if (r->events > 0) ingest_print_events(c, r);
  if (r->tied > 0)
    cli_print_wrapped(
        c, 4,
        "  the last interaction is tied in time for %s, %.1f %% of those it is held out of: which one "
        "is drawn by data.split.seed",
        KITH_COUNT(r->tied, "user(s)"), 100 * (double)r->tied / (double)r->users);
  cli_json(c, "split_users", "%lld", (long long)r->users);
  cli_json(c, "tied_last", "%lld", (long long)r->tied);
  ingest_note(c, r->tied_before, "tied_before",
              "user(s) whose last interaction but one is tied in time, drawn likewise");
  ingest_note(c, r->kept_test, "split_kept_test",
              "interaction(s) short of the test share: those of the same time stay together");
  ingest_note(
      c, r->kept, "split_kept",
      "interaction(s) short of the shares held out, left for training: those of the same time stay together");
}

/* Print the format of the features of a type, and counts of their list. */
static void ingest_print_features(cli *c, int type, const kith_ingest_report *r) {
  const char *name = r->schema.type[type], *lost = type < KITH_SIDES ? "s without interactions, left out"
                                                                     : "s that no relation names, left out";
  char one[KITH_NAME];
  char key[KITH_NAME], what[160];
  const struct {
    int64_t n;
    const char *key, *before, *behind;
  } note[] = {{r->features_repeated[type], "repeated", "line(s) of the same ", " and feature, merged"},
              {r->features_unknown[type], "unknown", "line(s) of features of ", lost},
              {r->without_features[type], "missing", "", "(s) without a line of features"}};
  if (type >= KITH_SIDES && !r->features_list[type].kind[0]) return;
  snprintf(one, sizeof one, "%.31s%s", name, type < KITH_SIDES ? "" : " node");
  snprintf(key, sizeof key, "%.31s_features", name);
  cli_json(c, key, "%lld", (long long)r->features[type]);
  if (r->features[type] > 0) {
    cli_print(c, "  %s of %ss, format %s%s", KITH_COUNT(r->features[type], "different feature(s)"), one,
              kith_feature_format_text(r->features_format[type]),
              r->features_weighted[type] ? " with weights" : "");
    snprintf(key, sizeof key, "%.31s_features_format", name);
    cli_json(c, key, "\"%s\"", kith_feature_format_text(r->features_format[type]));
  }
  for (size_t i = 0; i < sizeof note / sizeof *note; i++) {
    snprintf(key, sizeof key, "%.31s_features_%s", name, note[i].key);
    snprintf(what, sizeof what, "%s%s%s", note[i].before, one, note[i].behind);
    ingest_note(c, note[i].n, key, what);
  }
}

/* Print the counts of the list of names of a type. */
static void ingest_print_names(cli *c, int type, const kith_name_report *r) {
  const char *one = type == KITH_USER ? "user" : "item";
  char key[KITH_NAME], what[128];
  const struct {
    int64_t n;
    const char *key, *before, *behind;
  } note[] = {{r->named, "names", "", "(s) with a name"},
              {r->unnamed, "names_unnamed", "", "(s) without a name"},
              {r->unknown, "names_unknown", "line(s) of names of ", "s without interactions, left out"},
              {r->repeated, "names_repeated", "further name(s) of ", "s that have one, left out"},
              {r->truncated, "names_truncated", "name(s) of ", "s longer than 255 bytes, cut short"}};
  for (size_t i = 0; i < sizeof note / sizeof *note; i++) {
    snprintf(key, sizeof key, "%s_%s", one, note[i].key);
    snprintf(what, sizeof what, "%s%s%s", note[i].before, one, note[i].behind);
    ingest_note(c, note[i].n, key, what);
  }
}

static void ingest_print_lists(cli *c, const kith_ingest_options *o, const kith_ingest_report *r) {
  char key[KITH_NAME];
  cli_print_list(c, "data.interactions", &r->interactions_list);
  cli_print_list(c, "data.test", &r->test_list);
  for (int i = 0; i < o->n_relation; i++) {
    const kith_relation_source *s = &o->relation[i];
    snprintf(key, sizeof key, "%s%.40s", s->key[0] ? "" : "data.relations.", s->key[0] ? s->key : s->name);
    cli_print_list(c, key, &r->relation[i].list);
  }
  cli_print_list(c, "data.user_features", &r->features_list[KITH_USER]);
  cli_print_list(c, "data.item_features", &r->features_list[KITH_ITEM]);
  for (int t = KITH_SIDES; t < r->schema.n_type; t++) {
    snprintf(key, sizeof key, "data.nodes.%.31s.features", r->schema.type[t]);
    cli_print_list(c, key, &r->features_list[t]);
  }
  cli_print_list(c, "data.user_names", &r->names_list[KITH_USER]);
  cli_print_list(c, "data.item_names", &r->names_list[KITH_ITEM]);
  cli_json(c, "lists", "{");
  cli_json_list(c, "interactions", &r->interactions_list);
  cli_json_list(c, "test", &r->test_list);
  cli_json_list(c, "user_features", &r->features_list[KITH_USER]);
  cli_json_list(c, "item_features", &r->features_list[KITH_ITEM]);
  for (int t = KITH_SIDES; t < r->schema.n_type; t++) {
    snprintf(key, sizeof key, "%.31s_features", r->schema.type[t]);
    cli_json_list(c, key, &r->features_list[t]);
  }
  cli_json_list(c, "user_names", &r->names_list[KITH_USER]);
  cli_json_list(c, "item_names", &r->names_list[KITH_ITEM]);
  cli_json_more(c, "}");
}

static void ingest_json_lookalikes(cli *c, const kith_ingest_report *r) {
  int64_t n = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) n += r->lookalikes[t];
  cli_json(c, "lookalikes", "%lld", (long long)n);
}

static void ingest_print(cli *c, const kith_ingest_options *o, const kith_ingest_report *r, double seconds) {
  cli_print(c, "%s, %s; interactions: %lld training, %lld validation, %lld test",
            KITH_COUNT(r->n[KITH_USER], "user(s)"), KITH_COUNT(r->n[KITH_ITEM], "item(s)"),
            (long long)r->train, (long long)r->valid, (long long)r->test);
  cli_json(c, "users", "%lld", (long long)r->n[KITH_USER]);
  cli_json(c, "items", "%lld", (long long)r->n[KITH_ITEM]);
  ingest_json_lookalikes(c, r);
  cli_json(c, "train", "%lld", (long long)r->train);
  cli_json(c, "valid", "%lld", (long long)r->valid);
  cli_json(c, "test", "%lld", (long long)r->test);
  ingest_print_lists(c, o, r);
  ingest_note(c, r->duplicates, "duplicates",
              r->split.events > 0 ? "event(s) of a known user and item, kept"
                                  : "repeated interaction(s), counted once");
  ingest_note(c, r->below_min_weight, "below_min_weight",
              "interaction(s) below the minimum weight, left out");
  ingest_note(c, r->test_in_train, "test_in_train", "test interaction(s) that (is|are) in training, too");
  ingest_note(c, r->cold_items, "cold_items", "item(s) without a training interaction");
  ingest_note(c, r->cold_users, "cold_users", "user(s) without a training interaction, kept");
  ingest_print_relations(c, r);
  ingest_print_split(c, &r->split);
  for (int t = 0; t < r->schema.n_type; t++) ingest_print_features(c, t, r);
  for (int t = 0; t < KITH_SIDES; t++) ingest_print_names(c, t, &r->names[t]);
  if (r->valid + r->test == 0 && c->job.evaluate.every != 0)
    cli_print_wrapped(
        c, 4,
        "  nothing is held out, so training cannot evaluate: give data.test or data.split, or set "
        "evaluate.every to 0");
  if (r->has_time || r->has_weight)
    cli_print(c, "  kept with each: %s%s%s", r->has_time ? "time" : "",
              r->has_time && r->has_weight ? ", " : "", r->has_weight ? "weight" : "");
  cli_print_drift(c, &r->drift, 2, cli_explains());
  int64_t n = r->train + r->valid + r->test + r->duplicates + r->below_min_weight;
  cli_print(c, "  %.2f s, %.1f M interactions/s", seconds, (double)n / seconds / 1e6);
  cli_json(c, "seconds", "%.4f", seconds);
}

kith_ingest_options cli_ingest_options(const kith_job *job) {
  kith_ingest_options o = {.interactions = job->data.interactions,
                           .test = job->data.test,
                           .split = job->data.split,
                           .features = {job->data.features[KITH_USER], job->data.features[KITH_ITEM]},
                           .names = {job->data.names[KITH_USER], job->data.names[KITH_ITEM]}};
  o.n_type = job->data.n_type;
  memcpy(o.type, job->data.type, sizeof o.type);
  o.n_relation = job->data.n_relation;
  memcpy(o.relation, job->data.relation, sizeof o.relation);
  o.n_path = job->data.n_path;
  memcpy(o.path, job->data.path, sizeof o.path);
  return o;
}

static kith_agreed ingest_pairs(cli *c, const char *job, const char *path) {
  kith_agreed st = {KITH_OK};
  kith_ingest_report *r = NULL;
  kith_ingest_options *o = NULL;
  double began = kith_clock();
  KITH_TRY(kith_agree(c->comm, KITH_NEW(r, 1)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(o, 1)));
  *o = cli_ingest_options(&c->job);
  KITH_TRY(kith_ingest(c->comm, o, job, path, r));
  ingest_print(c, o, r, kith_clock() - began);
done:
  KITH_FREE(o);
  KITH_FREE(r);
  return st;
}

static void ingest_print_node_lists(cli *c, const kith_ingest_nodes_report *r) {
  const struct {
    const char *key, *name;
    const kith_list_report *list;
  } of[] = {{"data.edges", "edges", &r->edges_list},
            {"data.labels", "labels", &r->labels_list},
            {"data.features", "features", &r->features_list},
            {"data.splits.train", "train", &r->split_list[KITH_NODE_TRAIN]},
            {"data.splits.valid", "valid", &r->split_list[KITH_NODE_VALID]},
            {"data.splits.test", "test", &r->split_list[KITH_NODE_TEST]}};
  cli_json(c, "lists", "{");
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    cli_print_list(c, of[i].key, of[i].list);
    cli_json_list(c, of[i].name, of[i].list);
  }
  cli_json_more(c, "}");
}

/* Lists of relations, further types, and meta-paths. */
static void ingest_print_node_relations(cli *c, const kith_ingest_nodes_report *r) {
  const kith_schema *s = &r->schema;
  if (s->n_relation == 0) return;
  for (int t = KITH_SIDES; t < s->n_type; t++)
    cli_print(c, "  %s of the further type %s", KITH_COUNT(r->n_of[t], "node(s)"), s->type[t]);
  cli_json(c, "types", "{\"node\": %lld", (long long)r->n);
  for (int t = KITH_SIDES; t < s->n_type; t++)
    cli_json_more(c, ", \"%s\": %lld", s->type[t], (long long)r->n_of[t]);
  cli_json_more(c, "}");
  cli_json(c, "relations", "{");
  for (int i = 0; i < s->n_relation; i++) {
    ingest_print_relation(c, s, &s->relation[i], &r->relation[i]);
    if (!r->stored[i]) cli_print(c, "    read for meta-paths, and not stored: %s", s->relation[i].name);
  }
  cli_json_more(c, "}");
}

static void ingest_print_nodes(cli *c, const kith_ingest_nodes_report *r, double seconds) {
  bool related = r->n_edge == 0 && r->schema.n_relation > 0; /* edges are those of the relations below */
  cli_print(c, "%s in %s, %s%s%s; nodes: %lld training, %lld validation, %lld test",
            KITH_COUNT(r->n, "node(s)"), KITH_COUNT(r->n_class, "class(es)"),
            related ? "" : KITH_COUNT(r->n_edge, "edge(s)"), related ? "" : ", ",
            KITH_COUNT(r->n_feature, "feature(s)"), (long long)r->split[KITH_NODE_TRAIN],
            (long long)r->split[KITH_NODE_VALID], (long long)r->split[KITH_NODE_TEST]);
  cli_json(c, "nodes", "%lld", (long long)r->n);
  cli_json(c, "classes", "%d", r->n_class);
  cli_json(c, "edges", "%lld", (long long)r->n_edge);
  cli_json(c, "features", "%d", r->n_feature);
  cli_json(c, "train", "%lld", (long long)r->split[KITH_NODE_TRAIN]);
  cli_json(c, "valid", "%lld", (long long)r->split[KITH_NODE_VALID]);
  cli_json(c, "test", "%lld", (long long)r->split[KITH_NODE_TEST]);
  ingest_print_node_lists(c, r);
  ingest_note(c, r->duplicates, "duplicates", "repeated edge(s), counted once");
  ingest_note(c, r->self_loops, "self_loops", "edge(s) of a node to itself, left out");
  if (r->edges_list.kind[0]) ingest_note(c, r->isolated, "alone", "node(s) without an edge, kept");
  ingest_note(c, r->unlabeled, "unlabelled", "node(s) without a label, kept");
  ingest_note(c, r->minus_one, "minus_one", "of these with the label -1, which says that there is none");
  ingest_print_node_relations(c, r);
  cli_print(c, "  %.2f s", seconds);
  cli_json(c, "seconds", "%.4f", seconds);
}

static kith_agreed ingest_nodes(cli *c, const char *job, const char *path) {
  kith_agreed st = {KITH_OK};
  kith_ingest_nodes_report r;
  kith_ingest_nodes_options o = c->job.data.nodes;
  double began = kith_clock();
  o.n_relation = c->job.data.n_relation;
  o.relation = c->job.data.relation;
  o.n_path = c->job.data.n_path;
  o.path = c->job.data.path;
  KITH_TRY(kith_ingest_nodes(c->comm, &o, job, path, &r));
  ingest_print_nodes(c, &r, kith_clock() - began);
done:
  return st;
}

/* Lists of updates that a graph.h5 holds; 0 if there is none, or if it cannot be read. */
static int ingest_count_updates(const cli *c, const char *path) {
  kith_h5 *f = NULL;
  char *taken = NULL;
  int n = 0;
  bool there = c->comm->rank == 0 && access(path, F_OK) == 0;
  kith_comm_bcast(c->comm, sizeof there, &there);
  if (!there) return 0;
  bool reads = !kith_is_bad(kith_h5_open(c->comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f)) &&
               kith_h5_has_attr(f, "taken") && !kith_is_bad(kith_h5_get_attr_text(f, "taken", &taken));
  for (const char *at = reads ? taken : ""; *at; at++) n += *at == '\n';
  kith_h5_close(&f);
  KITH_FREE(taken);
  return n;
}

static void ingest_warn_updates(const cli *c, const char *path) {
  int n = ingest_count_updates(c, path);
  if (n > 0 && c->comm->rank == 0)
    kith_warn("%s: had the lists of %s, which data.interactions does not name: the new file is without them",
              path, KITH_COUNT(n, "update(s)"));
}

kith_agreed cli_ingest(cli *c) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH], *job = NULL;
  KITH_TRY(kith_agree(c->comm, ingest_prepare(c, path, &job)));
  KITH_TRY(cli_lock_of(c, path));
  KITH_TRY(kith_agree(c->comm, cli_check_update(c, true)));
  ingest_warn_updates(c, path);
  const bool shared = cli_is_shared(c, path);
  KITH_TRY(c->job.task == KITH_TASK_CLASSIFY ? ingest_nodes(c, job, path) : ingest_pairs(c, job, path));
  cli_print_written(c, path, shared);
done:
  KITH_FREE(job);
  return st;
}
