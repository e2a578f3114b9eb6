/*
 * kith update: a trained model learns what its graph lacked.
 *
 * New lists go behind those of graph.h5, new nodes get parts, and training goes on from the model's
 * checkpoint on the new interactions, with old ones beside them.  All of it is made in WORK/update, a work
 * folder of its own, and takes the place of the old files when it is complete (update_commit.c).  So an
 * update that was interrupted goes on with what is there, and the old model serves until the new one is
 * there.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/append.h"
#include "cli/stream.h"
#include "cli/update.h"

typedef struct update {
  char folder[KITH_PATH];                  /* WORK/update */
  char graph[KITH_PATH], parts[KITH_PATH]; /* of the old model */
  kith_append_options *lists;              /* large */
  kith_run run;                            /* the update's, in the folder */
  cli_update_origin origin;
  char config_key[KITH_CONFIG_KEY_SIZE];
} update;

/* ---- what the job says ---- */

/* Whether users or items can have both features and embeddings. */
static bool update_has_features(const kith_job *job) {
  return (job->data.features[KITH_USER].path[0] || job->data.features[KITH_ITEM].path[0]) &&
         job->model.input != KITH_FEATURES;
}

/* Whether the model is one of streams. */
static bool update_streams(const cli *c) {
  return c->job.data.split.method == KITH_SPLIT_STREAM && c->job.stream.model != KITH_STREAM_NO_MODEL;
}

kith_status cli_check_updates(const cli *c) {
  kith_status st = KITH_OK;
  const kith_job *job = &c->job;
  KITH_TRY(cli_check_one_model(c));
  KITH_TRY(cli_check_recommends(c));
  KITH_CHECK(job->model.sequence == KITH_SEQUENCE_NONE || job->model.sequence == KITH_SEQUENCE_RECENT,
             KITH_ECONFIG,
             "%s: model.sequence: what is learned of sequences is not updated; expected none or recent, or "
             "train anew",
             job->path);
  KITH_CHECK(
      job->train.update.init != KITH_UPDATE_FEATURES || !kith_model_has_steps(&job->model) ||
          update_has_features(job),
      KITH_ECONFIG,
      "%s: update.init: features: needs data.user_features or data.item_features, and embeddings, which "
      "model.input: features has only of nodes without features; expected mean or zero",
      job->path);
  KITH_CHECK(!kith_model_has_steps(&job->model) || job->train.sampler.mode != KITH_CLUSTER, KITH_ECONFIG,
             "%s: sampler.mode: cluster has steps of whole parts, and an update learns from new pairs; "
             "expected another mode, or train anew",
             job->path);
done:
  return st;
}

static kith_status update_check_job(const cli *c) {
  kith_status st = KITH_OK;
  const kith_job *job = &c->job;
  const bool any = job->update.interactions[0] || job->update.features[KITH_USER][0] ||
                   job->update.features[KITH_ITEM][0] || job->update.n_relation > 0;
  if (!update_streams(c)) KITH_TRY(cli_check_embeds(c));
  KITH_CHECK(any, KITH_ECONFIG,
             "%s: update.interactions.path: expected a list of new interactions, as by --set "
             "update.interactions.path=new.txt",
             job->path);
  KITH_CHECK(
      !update_streams(c) || job->update.interactions[0], KITH_ECONFIG,
      "%s: update.interactions.path: a stream's model learns from new events alone; expected a list of "
      "them",
      job->path);
  KITH_CHECK(
      job->data.split.method != KITH_SPLIT_STREAM || update_streams(c), KITH_ECONFIG,
      "%s: data.split.method: stream: without stream.model there is nothing to update; run kith ingest and "
      "kith partition with the longer list",
      job->path);
  KITH_TRY(cli_check_updates(c));
done:
  return st;
}

/* The files of the old model are replaced, so that they must be the work folder's own. */
static kith_status update_check_place(const cli *c, const char *name) {
  kith_status st = KITH_OK;
  char is[KITH_PATH], usual[KITH_PATH];
  KITH_TRY(kith_job_file(&c->job, name, is));
  KITH_TRY(kith_path_join(c->job.work, name, usual));
  KITH_CHECK(strcmp(is, usual) == 0, KITH_ECONFIG,
             "%s: %.*s: %s may be of other jobs as well, and an update would replace it; copy it to %s and "
             "leave the key out",
             c->job.path, (int)strcspn(name, "."), name, is, usual);
done:
  return st;
}

static void update_lists(const kith_job *job, kith_append_options *o) {
  o->interactions = job->data.interactions;
  memcpy(o->interactions.path, job->update.interactions, sizeof o->interactions.path);
  for (int t = 0; t < KITH_SIDES; t++) {
    o->features[t] = job->data.features[t];
    memcpy(o->features[t].path, job->update.features[t], sizeof o->features[t].path);
  }
  o->n_relation = cli_relation_sources(job, job->update.n_relation, job->update.relation, o->relation);
}

/* ---- the folder ---- */

static const char *update_init_text(kith_update_init init) {
  if (init == KITH_UPDATE_FEATURES) return "features";
  return init == KITH_UPDATE_ZERO ? "zero" : "mean";
}

/* "key=value" words of all that decides the result beside the lists and what checkpoints compare. */
static void update_print_settings(const update *u, size_t size, char *text) {
  const kith_update_options *o = &u->run.train.update;
  int n = snprintf(text, size,
                   KITH_CONFIG_KEY_BEGIN
                   " update.epochs=%d update.replay=%.17g update.lr=%.17g update.hold=%.17g update.init=%s "
                   "run=%s epoch=%lld step=%lld",
                   o->epochs, o->replay, u->run.train.optimizer.lr, o->hold, update_init_text(o->init),
                   u->origin.at.run, (long long)u->origin.at.epoch, (long long)u->origin.at.step);
  if (o->init == KITH_UPDATE_FEATURES)
    snprintf(text + n, size - (size_t)n, " update.init_neighbors=%d", o->init_neighbors);
}

/* The first difference of an update that is not complete, and of what it would go on with. */
static kith_status update_check_settings(const update *u, const char *text) {
  kith_status st = KITH_OK;
  char has[KITH_CONFIG_KEY_SIZE] = "", want_word[KITH_CONFIG_WORD_SIZE], has_word[KITH_CONFIG_WORD_SIZE];
  KITH_TRY(cli_update_read(u->folder, "settings", sizeof has, has));
  has[strcspn(has, "\n")] = '\0';
  KITH_CHECK(!kith_config_key_differs(text, NULL, has, want_word, has_word), KITH_ECONFIG,
             "%s: an update with %s is not complete, and this one has %s; run it as it was begun, or with "
             "--fresh to begin anew",
             u->folder, has_word, want_word);
done:
  return st;
}

static kith_status update_write_settings(const update *u, const char *text) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], line[KITH_CONFIG_KEY_SIZE + 2];
  KITH_TRY(kith_folder_make(u->folder));
  KITH_TRY(kith_file_remove_stale(u->folder));
  KITH_TRY(kith_path_join(u->folder, "settings", path));
  snprintf(line, sizeof line, "%s\n", text);
  KITH_TRY(kith_text_write(path, line));
done:
  return st;
}

/* Whether a file is in the folder; on all ranks. */
static bool update_has(const cli *c, const char *path) {
  bool there = c->comm->rank == 0 && access(path, F_OK) == 0;
  kith_comm_bcast(c->comm, sizeof there, &there);
  return there;
}

/* The folder's graph.h5, made by these lists if it is there. */
static kith_agreed update_check_lists(const cli *c, const update *u) {
  kith_agreed st = {KITH_OK};
  bool same = false;
  KITH_TRY(kith_append_is_taken(c->comm, u->lists, u->run.graph, &same));
  if (!same)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "%s: an update by other lists is not complete; run kith update with those first, or with "
                  "--fresh to drop it",
                  u->folder)));
done:
  return st;
}

static kith_agreed update_open_folder(const cli *c, update *u, bool *goes_on) {
  kith_agreed st = {KITH_OK};
  char text[KITH_CONFIG_KEY_SIZE];
  *goes_on = update_has(c, u->run.graph);
  update_print_settings(u, sizeof text, text);
  if (*goes_on) {
    KITH_TRY(update_check_lists(c, u));
    KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? update_check_settings(u, text) : KITH_OK));
    kith_log("%s: the update goes on", u->folder);
  } else KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? update_write_settings(u, text) : KITH_OK));
done:
  return st;
}

/* ---- graph.h5 and parts.h5 ---- */

/* The new graph, unless it is there. */
static kith_agreed update_append(cli *c, update *u, bool *nothing) {
  kith_agreed st = {KITH_OK};
  kith_append_report *r = NULL;
  kith_ingest_options *data = NULL;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(r, 1)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(data, 1)));
  *data = cli_ingest_options(&c->job);
  KITH_TRY(kith_append(c->comm, data, u->lists, u->graph, u->run.job, u->run.graph, r));
  cli_append_print(c, u->lists, r);
  *nothing = r->nothing;
done:
  KITH_FREE(data);
  KITH_FREE(r);
  return st;
}

/* The old parts, and those of new nodes, unless they are there. */
static kith_agreed update_cut(cli *c, update *u) {
  kith_agreed st = {KITH_OK};
  kith_partition_update_report r;
  kith_partition_options o = c->job.partition;
  o.relations = *kith_model_relations(&c->job.model);
  if (update_has(c, u->run.parts)) return st;
  KITH_TRY(kith_partition_update(c->comm, u->graph, u->parts, u->run.graph, &o, u->run.parts, &r));
  cli_recut_print(c, &r);
done:
  return st;
}

/* Lists that are refused leave no folder, which other verbs would refuse. */
static kith_agreed update_give_up(const cli *c, kith_agreed why) {
  kith_agreed st = cli_update_forget(c);
  return kith_is_bad(st) ? st : why;
}

static kith_agreed update_make_graph(cli *c, update *u, bool goes_on, bool *nothing) {
  kith_agreed st = {KITH_OK};
  if (!goes_on) st = update_append(c, u, nothing);
  if (kith_is_bad(st)) return update_give_up(c, st);
  if (*nothing) return st;
  KITH_TRY(update_cut(c, u));
done:
  return st;
}

/* ---- training ---- */

void cli_update_plan(const cli *c, int64_t epoch, kith_run *run) {
  kith_train_options *train = &run->train;
  train->update.on = true;
  if (!kith_model_has_steps(&run->model)) return;
  train->optimizer.lr = train->update.lr > 0 ? train->update.lr : train->optimizer.lr / 2;
  train->lr_decay = 1;
  train->patience = 0;
  train->epochs = (int)kith_min(epoch + train->update.epochs, INT32_MAX);
  if (c->job.evaluate.every != 0) run->evaluate.every = train->epochs;
}

static kith_agreed update_train(cli *c, update *u, kith_graph **g, kith_run_result *result) {
  kith_agreed st = {KITH_OK};
  kith_run *run = &u->run;
  KITH_TRY(kith_graph_read(c->comm, run->parts, g));
  KITH_TRY(kith_graph_parent_read(c->comm, run->parts, *g));
  KITH_TRY(cli_check_graph(c, run->graph, *g));
  KITH_TRY(cli_check_split(c, *g, run));
  KITH_TRY(kith_agreed_same(cli_check_no_test(c, run)));
  KITH_TRY(cli_keep_old_half_life(c, run->old, *g, &run->model));
  KITH_TRY(cli_resolve_half_life(c, run->parts, *g, &run->model));
  KITH_TRY(kith_train_run(c->comm, *g, run, result));
done:
  if (kith_is_bad(st) && st.status != KITH_EINTERRUPT && c->comm->rank == 0)
    kith_warn(
        "%s: holds what the update has made; run it again with the same lists to go on, with --fresh to "
        "begin it anew, or remove the folder to give it up",
        u->folder);
  return st;
}

static void update_print(cli *c, update *u, const kith_graph *g, const kith_run_result *r) {
  const kith_update_result *of = &r->update;
  memcpy(u->run.work, c->job.work, sizeof u->run.work);
  u->run.train.epochs = (int)r->epochs;
  if (kith_model_has_steps(&u->run.model) && of->new_pairs == 0)
    cli_print_wrapped(c, 0,
                      "no new pair that a step can learn from: no epoch is trained, and known nodes keep the "
                      "rows that they had");
  else if (kith_model_has_steps(&u->run.model))
    cli_print(c, "%s, %s beside them in each of %s", KITH_COUNT(of->new_pairs, "new pair(s)"),
              KITH_COUNT(of->old_pairs, "old one(s)"),
              KITH_COUNT(u->run.train.epochs - u->origin.at.epoch, "epoch(s)"));
  if (of->cold_rows > 0)
    cli_print(c, "  %s",
              KITH_COUNT(of->cold_rows, "known node(s) without a training pair before (begins like a new "
                                        "one|begin like new ones)"));
  if (of->alike_rows > 0)
    cli_print(c, "  %s",
              KITH_COUNT(of->alike_rows, "new node(s) (begins|begin) with the mean row of known nodes with "
                                         "alike features"));
  if (of->drawn_rows > 0)
    cli_print(c, "  %s with new nodes alone, or with none",
              KITH_COUNT(of->drawn_rows, "new node(s) (begins|begin) with (a drawn row: it interacts|drawn "
                                         "rows: they interact)"));
  cli_json(c, "new_pairs", "%lld", (long long)of->new_pairs);
  cli_json(c, "old_pairs", "%lld", (long long)of->old_pairs);
  cli_json(c, "new_users", "%lld", (long long)of->new_nodes[KITH_USER]);
  cli_json(c, "new_items", "%lld", (long long)of->new_nodes[KITH_ITEM]);
  cli_json(c, "cold_rows", "%lld", (long long)of->cold_rows);
  cli_json(c, "alike_rows", "%lld", (long long)of->alike_rows);
  cli_json(c, "drawn_rows", "%lld", (long long)of->drawn_rows);
  cli_print_trained(c, g, &u->run, r);
}

/* ---- the verb ---- */

static kith_status update_resolve(cli *c, update *u, char **job) {
  kith_status st = KITH_OK;
  KITH_TRY(cli_run_of_job(c, &u->run, u->config_key));
  memcpy(u->graph, u->run.graph, sizeof u->graph);
  memcpy(u->parts, u->run.parts, sizeof u->parts);
  KITH_TRY(cli_update_folder(c, u->folder));
  KITH_TRY(kith_text_copy("work", u->folder, sizeof u->run.work, u->run.work));
  KITH_TRY(kith_path_join(u->folder, "graph.h5", u->run.graph));
  KITH_TRY(kith_path_join(u->folder, "parts.h5", u->run.parts));
  KITH_TRY(kith_job_print(&c->job, job));
  u->run.job = *job;
  KITH_TRY(KITH_NEW(u->lists, 1));
  update_lists(&c->job, u->lists);
done:
  return st;
}

/* Nothing to do: nothing was made, and the folder goes. */
static kith_agreed update_end(cli *c, const char *why) {
  if (why) cli_print(c, "%s", why);
  cli_json(c, "updated", "false");
  return cli_update_forget(c);
}

/* A stream's model that cannot go on leaves nothing behind, but for what an earlier run made. */
static kith_agreed update_stream(cli *c, const update *u, bool goes_on) {
  kith_agreed st = {KITH_OK};
  const cli_stream_update of = {u->folder,    u->run.old,   u->graph,
                                u->run.graph, u->run.parts, u->origin.at.epoch};
  const kith_agreed learned = cli_update_stream(c, &of);
  const bool refused = learned.status == KITH_EDATA || learned.status == KITH_ECONFIG;
  if (refused && !goes_on) KITH_TRY(cli_update_forget(c));
  KITH_TRY(learned);
  KITH_TRY(cli_update_commit(c));
done:
  return st;
}

static kith_agreed update_run(cli *c, update *u) {
  kith_agreed st = {KITH_OK};
  kith_graph *g = NULL;
  kith_run_result *result = NULL;
  bool taken = false, goes_on = false, nothing = false;
  KITH_TRY(kith_append_is_taken(c->comm, u->lists, u->graph, &taken));
  if (taken) return update_end(c, "the model was updated by these lists: nothing is to be done");
  KITH_TRY(cli_update_find(c, u->graph, update_streams(c), &u->origin));
  memcpy(u->run.old, u->origin.path, sizeof u->run.old);
  cli_update_plan(c, u->origin.at.epoch, &u->run);
  KITH_TRY(update_open_folder(c, u, &goes_on));
  KITH_TRY(update_make_graph(c, u, goes_on, &nothing));
  if (nothing) return update_end(c, NULL);
  if (update_streams(c)) {
    KITH_TRY(update_stream(c, u, goes_on));
  } else {
    KITH_TRY(kith_agree(c->comm, KITH_NEW(result, 1)));
    KITH_TRY(update_train(c, u, &g, result));
    KITH_TRY(cli_update_commit(c));
    update_print(c, u, g, result);
  }
  cli_json(c, "updated", "true");
done:
  kith_graph_destroy(&g);
  KITH_FREE(result);
  return st;
}

kith_agreed cli_update(cli *c) {
  kith_agreed st = {KITH_OK};
  update *u = NULL;
  char *job = NULL;
  bool completed = false, no_test = false, fresh = cli_flag(c, "fresh");
  KITH_TRY(kith_agreed_same(cli_take_no_test(c, &no_test)));
  KITH_TRY(kith_agreed_same(cli_no_more(c)));
  KITH_TRY(kith_agreed_same(update_check_job(c)));
  KITH_TRY(kith_agreed_same(update_check_place(c, "graph.h5")));
  KITH_TRY(kith_agreed_same(update_check_place(c, "parts.h5")));
  KITH_TRY(cli_lock(c));
  KITH_TRY(cli_update_complete(c, &completed));
  if (completed) kith_log("the files of the interrupted update are in their places");
  else if (fresh) KITH_TRY(cli_update_forget(c));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(u, 1)));
  KITH_TRY(kith_agree(c->comm, update_resolve(c, u, &job)));
  u->run.no_test = no_test;
  KITH_TRY(update_run(c, u));
done:
  if (u) KITH_FREE(u->lists);
  KITH_FREE(u);
  KITH_FREE(job);
  return st;
}
