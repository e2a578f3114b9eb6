/* kith evaluate --rolling S --updated: slices of time, each by an update of the model of the one before. */
#include <string.h>

#include "cli/rolling.h"
#include "cli/update.h"
#include "ingest/append.h"
#include "partition/update.h"

/* A graph behind another one, and who learns from it. */
typedef struct updated {
  char work[KITH_PATH];        /* "": there is no older one */
  char graph[KITH_PATH];       /* of the older one … */
  char parts[KITH_PATH];       /* … and its parts … */
  char checkpoint[KITH_PATH];  /* … and model … */
  kith_checkpoint_progress at; /* … which has done so much */
  bool same;                   /* the graph was there before: its training goes on */
  kith_append_report *r;       /* large */
} updated;

/* From here on the job's files are in a folder; from = until: nothing is held out. */
static kith_status updated_enter(cli *c, const char *folder, int64_t from, int64_t until) {
  kith_status st = KITH_OK;
  kith_job *job = &c->job;
  KITH_TRY(kith_text_copy("work", folder, sizeof job->work, job->work));
  job->data.split.method = from < until ? KITH_SPLIT_TIME : KITH_SPLIT_NONE;
  job->data.split.from = from;
  job->data.split.until = until;
  if (c->comm->rank == 0) KITH_TRY(kith_folder_make(job->work));
done:
  return st;
}

static kith_agreed updated_find(cli *c, const char *work, updated *u) {
  kith_agreed st = {KITH_OK};
  memset(u->work, 0, sizeof u->work);
  if (!work[0]) return st;
  KITH_TRY(kith_agreed_same(kith_text_copy("work", work, sizeof u->work, u->work)));
  KITH_TRY(kith_agreed_same(kith_path_join(work, "graph.h5", u->graph)));
  KITH_TRY(kith_agreed_same(kith_path_join(work, "parts.h5", u->parts)));
  KITH_TRY(kith_checkpoint_find(c->comm, work, 0, u->checkpoint));
  KITH_TRY(kith_checkpoint_progress_read(c->comm, u->checkpoint, &u->at));
done:
  return st;
}

/* The lists of the job, whole: what the older graph has, is merged. */
static kith_agreed updated_append(cli *c, const char *text, updated *u) {
  kith_agreed st = {KITH_OK};
  kith_ingest_options *data = NULL;
  kith_append_options *lists = NULL;
  kith_partition_update_report cut;
  char graph[KITH_PATH], parts[KITH_PATH];
  kith_partition_options how = c->job.partition;
  how.relations = *kith_model_relations(&c->job.model);
  KITH_TRY(kith_agree(c->comm, KITH_NEW(data, 1)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(lists, 1)));
  *data = cli_ingest_options(&c->job);
  lists->interactions = data->interactions;
  lists->n_relation = data->n_relation;
  memcpy(lists->relation, data->relation, sizeof lists->relation);
  memcpy(lists->features, data->features, sizeof lists->features);
  KITH_TRY(kith_agreed_same(kith_job_file(&c->job, "graph.h5", graph)));
  KITH_TRY(kith_append(c->comm, data, lists, u->graph, text, graph, u->r));
  KITH_TRY(kith_agreed_same(kith_path_join(c->job.work, "parts.h5", parts)));
  KITH_TRY(kith_partition_update(c->comm, u->graph, u->parts, graph, &how, parts, &cut));
done:
  KITH_FREE(data);
  KITH_FREE(lists);
  return st;
}

/* graph.h5 and parts.h5 of the job's split: of the first slice anew, else behind the older ones. */
static kith_agreed updated_graph(cli *c, const char *text, updated *u) {
  kith_agreed st = {KITH_OK};
  kith_ingest_report *r = NULL;
  u->same = false; /* what an update's settings were, is not known */
  if (u->work[0]) return updated_append(c, text, u);
  KITH_TRY(kith_agree(c->comm, KITH_NEW(r, 1)));
  KITH_TRY(cli_rolling_graph(c, text, r, &u->same));
done:
  KITH_FREE(r);
  return st;
}

static kith_agreed updated_half_life(cli *c, const updated *u, kith_graph *g, kith_run *run) {
  kith_agreed st = {KITH_OK};
  if (u->work[0]) KITH_TRY(cli_keep_old_half_life(c, u->checkpoint, g, &run->model));
  KITH_TRY(cli_choose_half_life(c, run->parts, g, &run->model));
done:
  return st;
}

static void updated_count(const cli *c, const updated *u, const kith_graph *g, cli_rolling_slice *s) {
  s->n_train = u->r->train;
  s->n_cold_user = u->r->n[KITH_USER] - u->r->n_old[KITH_USER];
  s->n_cold_item = u->r->n[KITH_ITEM] - u->r->n_old[KITH_ITEM];
  s->n_test = g->test.start[g->test.n_row];
  kith_comm_sum_int(c->comm, 1, &s->n_test);
}

/* Train on the job's graph, from the beginning or from the older model; s null: without measuring. */
static kith_agreed updated_train(cli *c, const char *text, const updated *u, bool fresh,
                                 cli_rolling_slice *s) {
  kith_agreed st = {KITH_OK};
  kith_run run = {0};
  kith_run_result *result = NULL; /* large */
  kith_graph *g = NULL;
  char config_key[KITH_CONFIG_KEY_SIZE];
  KITH_TRY(kith_agree(c->comm, KITH_NEW(result, 1)));
  KITH_TRY(kith_agree(c->comm, cli_run_of_job(c, &run, config_key)));
  run.fresh = fresh || !u->same;
  run.job = text;
  if (u->work[0]) {
    memcpy(run.old, u->checkpoint, sizeof run.old);
    cli_update_plan(c, u->at.epoch, &run);
  }
  if (!s) run.evaluate.every = 0;
  KITH_TRY(cli_read_parts(c, run.parts, &g));
  if (u->work[0]) KITH_TRY(kith_graph_parent_read(c->comm, run.parts, g));
  KITH_TRY(updated_half_life(c, u, g, &run));
  KITH_TRY(kith_train_run(c->comm, g, &run, result));
  if (s) updated_count(c, u, g, s);
  if (s) s->metrics = result->best.ranking;
done:
  kith_graph_destroy(&g);
  KITH_FREE(result);
  return st;
}

static kith_agreed updated_step(cli *c, const char *text, const char *work, bool fresh, updated *u,
                                cli_rolling_slice *s) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(updated_find(c, work, u));
  KITH_TRY(updated_graph(c, text, u));
  KITH_TRY(updated_train(c, text, u, fresh, s));
done:
  return st;
}

kith_agreed cli_rolling_updated(cli *c, const char *folder, const char *before, bool fresh,
                                cli_rolling_slice *s) {
  kith_agreed st = {KITH_OK};
  updated u = {.same = false};
  char model[KITH_PATH], older[KITH_PATH] = "", *text = NULL;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(u.r, 1)));
  KITH_TRY(kith_agree(c->comm, kith_job_print(&c->job, &text)));
  KITH_TRY(kith_agreed_same(kith_path_join(folder, "model", model)));
  if (before[0]) KITH_TRY(kith_agreed_same(kith_path_join(before, "model", older)));
  KITH_TRY(kith_agree(c->comm, updated_enter(c, model, s->from, s->from)));
  KITH_TRY(updated_step(c, text, older, fresh, &u, NULL));
  KITH_TRY(kith_agree(c->comm, updated_enter(c, folder, s->from, s->until)));
  KITH_TRY(updated_step(c, text, model, true, &u, s));
done:
  KITH_FREE(u.r);
  KITH_FREE(text);
  return st;
}
