/* kith embed: embeddings of users and items that the trained graph does not know, from the newest or the
 * exported epoch. */
#include <stdio.h>
#include <string.h>

#include "cli/embed.h"
#include "train/embed_adapt.h"
#include "train/embed_latest.h"
#include "ingest/ingest.h"

static bool embed_has_relations(const kith_job *job) {
  for (int i = 0; i < job->embed.n_relation; i++)
    if (job->embed.relation[i].path[0]) return true;
  return false;
}

static kith_status embed_resolve(cli *c, kith_run *run, char *config_key, char *output, char *embeddings) {
  kith_status st = KITH_OK;
  const kith_job *job = &c->job;
  const char *named = cli_option(c, "output");
  KITH_TRY(cli_take_refit(c));
  KITH_TRY(cli_no_more(c));
  KITH_TRY(cli_check_embeds(c));
  KITH_CHECK(job->embed.interactions.path[0] || job->embed.features[KITH_USER][0] ||
                 job->embed.features[KITH_ITEM][0] || embed_has_relations(job),
             KITH_ECONFIG,
             "%s: embed.interactions.path: expected a list of the new nodes' interactions, lists of their "
             "features in embed.user_features or embed.item_features, or lists of their edges in "
             "embed.relations",
             job->path);
  for (int t = 0; t < KITH_SIDES; t++)
    KITH_CHECK(
        !job->embed.features[t][0] || job->model.input != KITH_EMBEDDING ||
            job->embed.how.init == KITH_EMBED_MEAN,
        KITH_ECONFIG,
        "%s: embed.%s_features: %s, but with model.input: embedding and embed.init: zero no features are "
        "read",
        job->path, t == KITH_USER ? "user" : "item", job->embed.features[t]);
  KITH_TRY(cli_run_of_job(c, run, config_key));
  KITH_TRY(kith_embed_adapt_check(run, &job->embed.how));
  KITH_TRY(cli_stage(c, "embeddings.h5", embeddings));
  const char *end = named ? strrchr(named, '.') : ".h5";
  KITH_CHECK(end && strcmp(end, ".h5") == 0, KITH_EUSAGE, "--output %s: expected a name that ends in .h5",
             named);
  if (named && c->comm->rank == 0) KITH_TRY(kith_job_check_output(job, named));
  if (named) KITH_TRY(kith_text_copy("--output", named, KITH_PATH, output));
  else KITH_TRY(kith_job_file(job, "new.h5", output));
done:
  return st;
}

/* Find the checkpoint from which embeddings.h5 was made, so that inner products across both files rank; the
 * newest one if it no longer exists. */
static kith_agreed embed_choose(cli *c, const kith_graph *g, const char *embeddings, char *checkpoint,
                                kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_embeddings_origin_read(c->comm, embeddings, from));
  if (from->fingerprint != g->fingerprint)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: holds embeddings of another graph; run kith train %s%s --fresh",
                                        embeddings, c->job_args, cli_refit_option(c))));
  cli_refit_warn_epochs(c, from);
  KITH_TRY(kith_checkpoint_at_epoch(c->comm, c->job.work, from->epoch, checkpoint));
  if (!checkpoint[0]) KITH_TRY(kith_checkpoint_find(c->comm, c->job.work, 0, checkpoint));
  if (!checkpoint[0])
    KITH_TRY(
        kith_agreed_same(kith_fail(KITH_ENOINPUT, "%s: no checkpoint is there: run kith train %s%s first",
                                   c->job.work, c->job_args, cli_refit_option(c))));
done:
  return st;
}

/* Print the number of a relation's new edges, and how many lines of its list were left out. */
static void embed_print_relation(cli *c, const char *name, const kith_new_relation_report *r) {
  const cli_edge_note note[] = {
      {r->duplicates, "repeated edge(s)", ", counted once", "duplicates"},
      {r->known, "edge(s)", " of two known nodes, left out", "known"},
      {r->unknown, "edge(s)", " with an unknown node that embed.types does not allow, left out", "unknown"},
      {r->self_loops, "edge(s)", " of a node with itself, left out", "self_loops"},
      {r->below_min_weight, "edge(s)", " below the minimum weight, left out", "below_min_weight"}};
  cli_print_relation(c, "embed", name, &r->list, r->edges, "edge(s) with new nodes",
                     (int)(sizeof note / sizeof *note), note);
}

static void embed_print_relations(cli *c, const kith_new_nodes *new, const kith_new_nodes_report *r) {
  cli_json(c, "relations", "{");
  for (int i = 0; i < new->n_relation; i++) embed_print_relation(c, new->relation[i].name, &r->relation[i]);
  cli_json_more(c, "}");
}

/* Count the nodes whose embedding is the mean of no others. */
static void embed_print_alone(cli *c, const kith_new_embeddings *e) {
  if (c->job.embed.how.init != KITH_EMBED_MEAN) return;
  for (int t = 0; t < KITH_SIDES; t++)
    if (e->n_alone[t] > 0)
      cli_print(c,
                "  %s unlike every known one by features: embed.init: mean has no embedding for such a row",
                KITH_COUNT(e->n_alone[t], t == KITH_USER ? "new user(s)" : "new item(s)"));
  cli_json(c, "alone_users", "%lld", (long long)e->n_alone[KITH_USER]);
  cli_json(c, "alone_items", "%lld", (long long)e->n_alone[KITH_ITEM]);
}

/* Print how many interactions were left out, and which new nodes have none. */
static void embed_print_left(cli *c, const kith_new_nodes_report *r) {
  bool users = c->job.embed.types == KITH_NEW_USERS;
  bool reads_features = c->job.model.input != KITH_EMBEDDING || c->job.embed.how.init == KITH_EMBED_MEAN;
  if (r->skipped > 0)
    cli_print(
        c,
        "  %s with %ss that the graph does not know, left out: embed.types: %ss lets only %ss be new, and "
        "embed.unknown: error would refuse the list",
        KITH_COUNT(r->skipped, "interaction(s)"), users ? "item" : "user", users ? "user" : "item",
        users ? "user" : "item");
  for (int t = 0; t < KITH_SIDES; t++)
    if (r->isolated[t] > 0)
      cli_print(c, "  %s without an interaction or edge that counts: %s",
                KITH_COUNT(r->isolated[t], t == KITH_USER ? "new user(s)" : "new item(s)"),
                reads_features ? "such a row is made of features alone, if there are any"
                               : "its row has no information");
  cli_json(c, "skipped", "%lld", (long long)r->skipped);
  cli_json(c, "isolated_users", "%lld", (long long)r->isolated[KITH_USER]);
  cli_json(c, "isolated_items", "%lld", (long long)r->isolated[KITH_ITEM]);
}

/* Rows of two runs are not comparable. */
static kith_agreed embed_check_run(const char *embeddings, const kith_embeddings_origin *from,
                                   const char *checkpoint, const kith_new_embeddings *e) {
  if (strcmp(from->run, e->run) == 0) return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(
      KITH_EDATA,
      "%s: is of run %s, and %s of run %s, which has not exported an epoch yet; run kith train first",
      embeddings, from->run, checkpoint, e->run));
}

static void embed_print(cli *c, const kith_new_nodes *new, const kith_new_nodes_report *r,
                        const kith_new_embeddings *e, int64_t exported, double seconds) {
  cli_print(c, "%s, %s, %s with them", KITH_COUNT(new->n[KITH_USER], "new user(s)"),
            KITH_COUNT(new->n[KITH_ITEM], "new item(s)"), KITH_COUNT(new->n_pair, "interaction(s)"));
  cli_print_list(c, "embed.interactions", &r->list);
  if (r->duplicates > 0)
    cli_print(c, "  %s", KITH_COUNT(r->duplicates, "repeated interaction(s), counted once"));
  if (r->below_min_weight > 0)
    cli_print(c, "  %s",
              KITH_COUNT(r->below_min_weight, "interaction(s) below the minimum weight, left out"));
  embed_print_relations(c, new, r);
  embed_print_left(c, r);
  embed_print_alone(c, e);
  cli_embed_adapt_print(c, new, &e->adapted);
  if (r->unknown_features > 0)
    cli_print(c, "  %s",
              KITH_COUNT(r->unknown_features, "feature(s) that the graph does not know, left out"));
  if (e->epoch != exported || e->step > 0)
    cli_print(c,
              "  embeddings.h5 is of epoch %lld, of which there is no checkpoint; these are of epoch %lld "
              "and %s, and the two are only roughly comparable: train with checkpoint.best",
              (long long)exported, (long long)e->epoch, KITH_COUNT(e->step, "step(s)"));
  cli_json(c, "users", "%lld", (long long)new->n[KITH_USER]);
  cli_json(c, "items", "%lld", (long long)new->n[KITH_ITEM]);
  cli_json(c, "interactions", "%lld", (long long)new->n_pair);
  cli_json(c, "duplicates", "%lld", (long long)r->duplicates);
  cli_json(c, "below_min_weight", "%lld", (long long)r->below_min_weight);
  cli_json(c, "unknown_features", "%lld", (long long)r->unknown_features);
  cli_json(c, "epoch", "%lld", (long long)e->epoch);
  cli_json(c, "lists", "{");
  cli_json_list(c, "interactions", &r->list);
  cli_json_more(c, "}");
  cli_json(c, "exported_epoch", "%lld", (long long)exported);
  cli_json(c, "seconds", "%.4f", seconds);
}

static kith_agreed embed_write(cli *c, const kith_graph *g, const kith_model_options *model,
                               const kith_embeddings_origin *from, const kith_new_nodes *new,
                               const kith_new_embeddings *e, const char *output) {
  kith_agreed st = {KITH_OK};
  char *job = NULL, *rates = NULL, *row = NULL;
  const bool steps = kith_model_has_steps(model);
  KITH_TRY(kith_agree(c->comm, kith_job_print(&c->job, &job)));
  KITH_TRY(kith_agree(c->comm, cli_embed_adapt_text(&e->adapted, &rates, &row)));
  kith_embeddings_meta meta = {.model = kith_model_text(c->job.model.name),
                               .cosine = c->job.model.score == KITH_COSINE && !from->has_sasrec,
                               .epoch = e->epoch,
                               .step = e->step,
                               .run = e->run,
                               .config_key = steps ? NULL : from->config_key,
                               .direct = from->direct,
                               .has_half_life = model->lightgcn.half_life_chosen,
                               .half_life = model->lightgcn.half_life,
                               .has_sasrec = from->has_sasrec,
                               .sasrec_gamma = from->sasrec_gamma,
                               .adapt = rates,
                               .adapt_row = row,
                               .metrics = e->history,
                               .job = job};
  KITH_TRY(kith_new_embeddings_write(c->comm, g, new, output, e->first, e->n, e->d, e->x, &meta));
done:
  KITH_FREE(job);
  KITH_FREE(rates);
  KITH_FREE(row);
  return st;
}

/* Lists of features, and of relations, have the format of those of known nodes. */
kith_new_nodes_options cli_new_nodes_options(const kith_job *job) {
  kith_new_nodes_options o = {.interactions = job->embed.interactions,
                              .defaults = job->data.interactions,
                              .what = job->embed.types,
                              .unknown = job->embed.unknown};
  for (int t = 0; t < KITH_SIDES; t++) {
    o.features[t] = job->data.features[t];
    snprintf(o.features[t].path, sizeof o.features[t].path, "%s", job->embed.features[t]);
  }
  o.n_relation = cli_relation_sources(job, job->embed.n_relation, job->embed.relation, o.relation);
  return o;
}

/* A file without rows would replace one with rows. */
static kith_status embed_check_new(const kith_new_nodes *new, const char *graph) {
  if (new->n[KITH_USER] + new->n[KITH_ITEM] > 0) return KITH_OK;
  return kith_fail(KITH_EDATA,
                   "none of the lists below embed has a user or an item that %s lacks and that embed.types "
                   "lets be new; nothing is written",
                   graph);
}

/* What model.sequence adds, of the exported rows of items. */
static kith_agreed embed_add_latest(const cli *c, const kith_graph *g, const kith_new_nodes *new,
                                    const char *embeddings, const kith_embeddings_origin *from,
                                    kith_new_embeddings *e) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  int d = 0;
  if (!from->has_recent) return st;
  KITH_TRY(kith_embeddings_read(c->comm, g, embeddings, &d, &x));
  KITH_TRY(kith_embed_latest(c->comm, g, new, from, x, e));
done:
  KITH_FREE(x);
  return st;
}

kith_agreed cli_embed(cli *c) {
  kith_agreed st = {KITH_OK};
  kith_run run = {0};
  kith_new_nodes new = {.n_pair = 0};
  kith_new_nodes_report report = {.skipped = 0};
  kith_new_embeddings e = {.n = 0};
  kith_graph *g = NULL;
  char config_key[KITH_CONFIG_KEY_SIZE];
  char output[KITH_PATH] = "", embeddings[KITH_PATH] = "", checkpoint[KITH_PATH] = "";
  kith_embeddings_origin from = {.epoch = 0};
  bool replaces = false;
  KITH_TRY(kith_agree(c->comm, embed_resolve(c, &run, config_key, output, embeddings)));
  KITH_TRY(cli_lock_for(c, output));
  KITH_TRY(cli_check_replaced(c, output, KITH_EMBEDDINGS_FORMAT, "nodes", &replaces));
  double began = kith_clock();
  kith_new_nodes_options o = cli_new_nodes_options(&c->job);
  KITH_TRY(cli_read_parts(c, run.parts, &g));
  KITH_TRY(embed_choose(c, g, embeddings, checkpoint, &from));
  KITH_TRY(cli_check_export(c, g, embeddings, &from));
  KITH_TRY(cli_keep_half_life(c, checkpoint, g, &run.model));
  KITH_TRY(cli_resolve_half_life(c, run.parts, g, &run.model));
  KITH_TRY(kith_new_nodes_read(c->comm, run.graph, &o, &new, &report));
  KITH_TRY(cli_check_graph(c, run.graph, g));
  KITH_TRY(kith_agreed_same(embed_check_new(&new, run.graph)));
  KITH_TRY(kith_embed(c->comm, g, &run, &new, &c->job.embed.how, checkpoint, &e));
  KITH_TRY(cli_embed_adapt(c, g, &run, &new, embeddings, checkpoint, &e));
  KITH_TRY(embed_add_latest(c, g, &new, embeddings, &from, &e));
  KITH_TRY(embed_check_run(embeddings, &from, checkpoint, &e));
  KITH_TRY(embed_write(c, g, &run.model, &from, &new, &e, output));
  embed_print(c, &new, &report, &e, from.epoch, kith_clock() - began);
  cli_print(c, "wrote %s, by the model after epoch %lld%s", output, (long long)e.epoch,
            replaces ? ", in place of the file that was there" : "");
  if (new.n[KITH_ITEM] > 0)
    cli_print(c,
              "  kith recommend ranks the items of the graph alone; users for new items: kith export %s%s "
              "--format neighbors-tsv --new %s --nodes item --among user --output FOLDER",
              c->job_args, cli_refit_option(c), output);
  if (kith_direct_is_on(&from.direct))
    cli_print(c, "  the direct term, weight %g%s, is in no row: kith recommend adds it", from.direct.c,
              from.direct.n_higher > 0 ? " and of higher powers" : "");
  cli_json(c, "replaced", replaces ? "true" : "false");
done:
  KITH_FREE(from.config_key);
  kith_new_embeddings_free(&e);
  kith_new_nodes_free(&new);
  kith_graph_destroy(&g);
  return st;
}
