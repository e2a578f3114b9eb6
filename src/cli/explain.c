/* kith explain: why an item has its score for a user, or the top items of a user with their reasons. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/stream.h"

enum { EXPLAIN_ITEMS = 5, EXPLAIN_MOST_ITEMS = 1000 };

/* --all has users and no single item, and lists no paths. */
static kith_status explain_check(const cli *c, const explain_request *w, bool walks) {
  kith_status st = KITH_OK;
  const char *end = w->output ? strrchr(w->output, '.') : ".tsv";
  KITH_CHECK(w->all != (w->user != NULL), KITH_EUSAGE,
             "kith explain: expected --user ID, or --all --output FILE");
  KITH_CHECK(w->all == (w->output != NULL), KITH_EUSAGE, "kith explain: --all and --output FILE go together");
  KITH_CHECK(!w->all || (!w->item && !walks), KITH_EUSAGE,
             "kith explain: --item, --paths and --connections go with --user ID");
  KITH_CHECK(!w->all || !w->new_file, KITH_EUSAGE, "kith explain: --new FILE goes with --user ID");
  KITH_CHECK(w->item || !w->against, KITH_EUSAGE,
             "kith explain: --against ID goes with --item ID: why the one rather than the other");
  KITH_CHECK(!w->item || w->k == 0, KITH_EUSAGE,
             "kith explain: --k is a number of top items, and --item names one item; how many of its terms "
             "are listed is --top");
  KITH_CHECK(!w->against || strcmp(w->against, w->item) != 0, KITH_EUSAGE,
             "kith explain: --against %s: expected another item than --item", w->against);
  KITH_CHECK(end && strcmp(end, ".tsv") == 0, KITH_EUSAGE, "--output %s: expected a name that ends in .tsv",
             w->output);
  if (w->output && c->comm->rank == 0) KITH_TRY(kith_job_check_output(&c->job, w->output));
done:
  return st;
}

static kith_status explain_parse(cli *c, explain_request *w) {
  kith_status st = KITH_OK;
  w->all = cli_flag(c, "all");
  w->output = cli_option(c, "output");
  w->user = cli_option(c, "user");
  w->item = cli_option(c, "item");
  w->against = cli_option(c, "against");
  w->new_file = cli_option(c, "new");
  w->n_reason = w->item ? 10 : 3;
  w->n_path = w->n_connection = -1;
  KITH_TRY(cli_number(c, "k", 1, EXPLAIN_MOST_ITEMS, &w->k));
  KITH_TRY(cli_number(c, "top", 1, KITH_EXPLAIN_MOST, &w->n_reason));
  KITH_TRY(cli_number(c, "paths", 0, KITH_EXPLAIN_WALKS, &w->n_path));
  KITH_TRY(cli_number(c, "connections", 0, KITH_EXPLAIN_WALKS, &w->n_connection));
  KITH_TRY(cli_take_refit(c));
  KITH_TRY(cli_no_more(c));
  KITH_TRY(cli_check_embeds(c));
  KITH_TRY(explain_check(c, w, w->n_path >= 0 || w->n_connection >= 0));
  w->paths_asked = w->n_path >= 0;
  if (w->k == 0) w->k = EXPLAIN_ITEMS;
  if (w->n_path < 0) w->n_path = w->item ? 5 : 0;
  if (w->n_connection < 0) w->n_connection = w->item ? 3 : 1;
done:
  return st;
}

/* ---- labels ---- */

const kith_ids *cli_explain_ids(const explain_data *a, int type) {
  if (type == KITH_USER) return &a->base.user;
  return type == KITH_ITEM ? &a->base.item : &a->further[type];
}

const char *cli_explain_label(const explain_data *a, const kith_explain_edge *edge, char *text) {
  int t = edge->type;
  text[0] = '\0';
  if (edge->relation == KITH_EXPLAIN_FEATURE)
    kith_ids_print(&a->feature[t], edge->original, EXPLAIN_TEXT, text);
  if (edge->relation == KITH_EXPLAIN_EVIDENCE) kith_evidence_print(&a->evidence[edge->original], text);
  if (edge->relation == KITH_EXPLAIN_FEATURE || edge->relation == KITH_EXPLAIN_EVIDENCE) return text;
  if (t < KITH_SIDES && edge->original < a->base.name[t].n)
    kith_ids_print(&a->base.name[t], edge->original, EXPLAIN_TEXT, text);
  if (!text[0]) kith_ids_print(cli_explain_ids(a, t), edge->original, EXPLAIN_TEXT, text);
  return text;
}

const char *cli_explain_word(const explain_data *a, int from, const kith_explain_edge *edge, char *text) {
  if (edge->relation == KITH_EXPLAIN_CHOICE) return from == KITH_USER ? "chose" : "chosen by";
  if (edge->relation == KITH_EXPLAIN_FEATURE) return "has the feature";
  if (edge->relation == KITH_EXPLAIN_NODE) {
    snprintf(text, EXPLAIN_TEXT, "reached %s", a->base.g->schema.type[edge->type]);
    return text;
  }
  if (edge->relation == KITH_EXPLAIN_LATEST) return "lately chose";
  if (edge->kind < 0) return a->base.g->schema.relation[edge->relation].name;
  kith_ids_print(&a->kind[edge->relation], edge->kind, EXPLAIN_TEXT, text);
  return text;
}

/* ---- reading ---- */

static kith_agreed explain_read_ids(cli *c, explain_data *a) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  const kith_schema *s = &a->base.g->schema;
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  for (int t = KITH_SIDES; t < s->n_type; t++)
    KITH_TRY(kith_type_ids_read(c->comm, graph, s, t, &a->further[t]));
  for (int r = 0; r < s->n_relation; r++)
    if (s->relation[r].n_kind > 0)
      KITH_TRY(kith_kind_ids_read(c->comm, graph, s->relation[r].name, &a->kind[r]));
  for (int t = 0; t < KITH_SIDES; t++)
    if (a->base.g->n_feature_of[t] > 0) KITH_TRY(kith_feature_ids_read(c->comm, graph, s, t, &a->feature[t]));
  KITH_TRY(cli_check_graph(c, graph, a->base.g));
done:
  return st;
}

/* The explainer of the job's own model. */
static kith_agreed explain_model(cli *c, kith_run *run, char *config_key, explain_data *a) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH], embeddings[KITH_PATH];
  kith_graph *g = a->base.g;
  KITH_TRY(kith_agree(c->comm, cli_run_of_job(c, run, config_key)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "embeddings.h5", embeddings)));
  KITH_TRY(cli_check_export(c, g, embeddings, &a->base.from));
  KITH_TRY(kith_checkpoint_find(c->comm, run->work, 0, checkpoint));
  if (checkpoint[0]) KITH_TRY(cli_keep_half_life(c, checkpoint, g, &run->model));
  KITH_TRY(cli_resolve_half_life(c, run->parts, g, &run->model));
  KITH_TRY(kith_explainer_create(c->comm, g, run, &a->base.from, a->base.x, a->has_new ? &a->nodes : NULL,
                                 &a->explainer));
  if (a->has_new) KITH_TRY(cli_explain_check_new(c, a));
done:
  return st;
}

kith_agreed cli_explain_load(cli *c, const explain_request *w, kith_run *run, char *config_key,
                             explain_data *a) {
  kith_agreed st = {KITH_OK};
  char parts[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  KITH_TRY(cli_recommend_load(c, &a->base));
  KITH_TRY(explain_read_ids(c, a));
  if (a->base.g->timed) KITH_TRY(kith_graph_times_read(c->comm, parts, a->base.g));
  KITH_TRY(cli_explain_find_new(c, w, a));
  if (cli_is_blend(c)) KITH_TRY(cli_explain_blend(c, w->item != NULL, a));
  else KITH_TRY(explain_model(c, run, config_key, a));
done:
  return st;
}

void cli_explain_free(explain_data *a) {
  kith_explainer_free(&a->explainer);
  cli_new_close(&a->file);
  kith_new_nodes_free(&a->nodes);
  cli_explain_free_members(a);
  for (int t = 0; t < KITH_MAX_TYPES; t++) kith_ids_free(&a->further[t]);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) kith_ids_free(&a->kind[r]);
  for (int t = 0; t < KITH_SIDES; t++) kith_ids_free(&a->feature[t]);
  cli_recommend_free(&a->base);
}

/* ---- which items ---- */

static kith_status explain_find(const kith_ids *ids, const char *option, const char *id, int64_t *original) {
  kith_status st = KITH_OK;
  *original = id ? kith_ids_find(ids, id) : -1;
  KITH_CHECK(!id || *original >= 0, KITH_EDATA, "--%s %s: no such %s in the graph", option, id,
             strcmp(option, "user") == 0 ? "user" : "item");
done:
  return st;
}

/* The same of a new user. */
static kith_agreed explain_top_new(cli *c, const explain_request *w, explain_data *a, int k, int32_t *item) {
  kith_agreed st = {KITH_OK};
  kith_topk top = {0};
  const recommend_request one = {.user = {w->user}, .n_user = 1, .k = k, .new_file = w->new_file};
  KITH_TRY(cli_new_top(c, &one, &a->base, &a->file, &top));
  memcpy(item, top.item, (size_t)k * sizeof *item);
done:
  kith_topk_free(&top);
  return st;
}

kith_agreed cli_explain_top(const cli *c, const explain_data *a, int64_t user, int k, int32_t *item) {
  kith_agreed st = {KITH_OK};
  kith_topk top = {0};
  kith_lid mine[1] = {0}, n = 0;
  const kith_graph *g = a->base.g;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    if (g->original[g->row_of[KITH_USER][u]] == user) mine[n++] = u;
  KITH_TRY(kith_eval_topk(c->comm, g, a->base.d, a->base.x, &a->base.from.direct, &a->base.pairs, k,
                          &c->job.evaluate.scope, n, mine, &top));
  for (int j = 0; j < k; j++) item[j] = n > 0 ? top.item[j] : -1;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, item, k, MPI_INT32_T, MPI_MAX, c->comm->mpi));
done:
  kith_topk_free(&top);
  return st;
}

/* The items to explain, in the order of the answer. */
static kith_agreed explain_choose(cli *c, const explain_request *w, explain_data *a, int *n,
                                  kith_explain_query *query) {
  kith_agreed st = {KITH_OK};
  int64_t user, item, against;
  int32_t *top = NULL;
  KITH_TRY(kith_agreed_same(explain_find(&a->base.user, "user", w->user, &user)));
  KITH_TRY(kith_agreed_same(explain_find(&a->base.item, "item", w->item, &item)));
  KITH_TRY(kith_agreed_same(explain_find(&a->base.item, "against", w->against, &against)));
  *n = 1;
  query[0] = (kith_explain_query){user, item, against};
  if (w->item) return st;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(top, w->k)));
  if (user >= a->base.g->n[KITH_USER]) KITH_TRY(explain_top_new(c, w, a, (int)w->k, top));
  else KITH_TRY(cli_explain_top(c, a, user, (int)w->k, top));
  for (*n = 0; *n < w->k && top[*n] >= 0; ++*n) query[*n] = (kith_explain_query){user, top[*n], -1};
done:
  KITH_FREE(top);
  return st;
}

static kith_agreed explain_user(cli *c, const explain_request *w, explain_data *a) {
  kith_agreed st = {KITH_OK};
  kith_explanations e = {.n = 0};
  kith_explain_query *query = NULL;
  char text[CLI_SCOPE];
  int n = 0;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(query, w->k)));
  KITH_TRY(explain_choose(c, w, a, &n, query));
  double began = kith_clock();
  if (w->item) KITH_TRY(cli_explain_find_unranked(c, query, a));
  KITH_TRY(kith_explain(a->explainer, n, query, KITH_EXPLAIN_MOST, (int)w->n_path, (int)w->n_connection, &e));
  double seconds = kith_clock() - began;
  if (!w->item && cli_scope(&c->job.evaluate.scope, text)) cli_print(c, "ranked: %s", text);
  if (c->comm->rank == 0) cli_explain_print(w, a, query, &e);
  if (c->json && c->comm->rank == 0) cli_explain_json(c, w, a, query, &e);
  cli_json(c, "seconds", "%.4f", seconds);
done:
  kith_explanations_free(&e);
  KITH_FREE(query);
  return st;
}

/* What estimates do not have. */
static kith_status explain_check_model(cli *c, const explain_request *w) {
  kith_status st = KITH_OK;
  const char *name = kith_explain_model_text(&c->job.model);
  bool exact = kith_explain_is_exact(&c->job.model);
  if (cli_is_blend(c) || (exact && !kith_explain_attends(&c->job.model))) return st;
  KITH_CHECK(!w->all || exact, KITH_ECONFIG,
             "model.name: kith explain --all divides scores of lightgcn, mf, spectral, gat and diffnet; of "
             "%s it estimates single items, for --user ID",
             name);
  KITH_CHECK(w->n_path <= 0 || !w->paths_asked, KITH_EUSAGE,
             "--paths: scores of %s are no sums over paths; leave it away, or say --paths 0", name);
done:
  return st;
}

/* What ranks a stream without a model is no sum over neighbors, also where kith train has made rows. */
static kith_status explain_check_rules(const cli *c) {
  if (!cli_replays(c)) return KITH_OK;
  return kith_fail(KITH_ECONFIG,
                   "%s: evaluate.stream: rules rank the events of a stream, and kith explain does not divide "
                   "their scores; kith recommend lists the items, and kith evaluate the weights of rules",
                   c->job.path);
}

kith_agreed cli_explain(cli *c) {
  kith_agreed st = {KITH_OK};
  explain_request w = {.user = NULL};
  explain_data a = {.explainer = NULL};
  kith_run run = {0};
  char config_key[KITH_CONFIG_KEY_SIZE];
  bool replaces = false;
  if (c->job.task == KITH_TASK_RECOMMEND && c->job.stream.model != KITH_STREAM_NO_MODEL)
    return cli_explain_stream(c);
  KITH_TRY(kith_agreed_same(explain_check_rules(c)));
  KITH_TRY(kith_agree(c->comm, explain_parse(c, &w)));
  if (w.all) {
    KITH_TRY(cli_lock_for(c, w.output));
    KITH_TRY(cli_check_replaced(c, w.output, "", NULL, &replaces));
  }
  KITH_TRY(kith_agreed_same(explain_check_model(c, &w)));
  KITH_TRY(kith_agreed_same(cli_check_no_sasrec(c, "explain")));
  KITH_TRY(cli_explain_load(c, &w, &run, config_key, &a));
  if (w.all) KITH_TRY(cli_explain_all(c, &w, &a, replaces));
  else KITH_TRY(explain_user(c, &w, &a));
done:
  cli_explain_free(&a);
  return st;
}
