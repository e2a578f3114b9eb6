/* The context of a verb, and what verbs share. */
#ifndef KITH_CLI_H
#define KITH_CLI_H

#include "job/job.h"
#include "comm/lock.h"

enum { CLI_ARGUMENTS = 256, CLI_SETTINGS = 128, CLI_SCOPE = 2048, CLI_JOB_ARGS = 4 * KITH_PATH };

/* One run of the program.  main() parses the common options and reads the job file. */
typedef struct cli {
  const kith_comm *comm; /* all ranks */
  const char *verb;
  const char *commit;                      /* that the program was built from; "" or null: not known */
  kith_job job;                            /* the defaults for verbs without a job file */
  bool locked;                             /* this run has the lock of the work folder until main() ends */
  kith_lock *lock;                         /* on rank 0 */
  char config_usual[KITH_CONFIG_KEY_SIZE]; /* of the job as it was read: kith_job_config_usual() */
  char job_args[CLI_JOB_ARGS];   /* "job.yaml --set work=x", quoted for a shell, for advice to run a verb */
  const char *job_file;          /* as it was given */
  int n_set;                     /* settings of --set … */
  const char *set[CLI_SETTINGS]; /* … as "key=value" */
  bool json;                     /* print one JSON object as the last line of stdout */
  int out;                       /* stdout, while --quiet --json sends it nowhere; else -1 */
  bool refit;                    /* --refit: the job's work folder is WORK/refit … */
  char chosen[KITH_PATH];        /* … and this is WORK, whose run had a validation share, … */
  char chosen_by[KITH_PATH];     /* … and the newest checkpoint there */
  int n_arg;
  const char *arg[CLI_ARGUMENTS];      /* remaining arguments, in order */
  char operand[KITH_PATH + 16];        /* the argument after "--" */
  char output[KITH_PATH + 16];         /* the value of --output, its path expanded */
  char *members;                       /* members of the JSON object, each after a comma; null if none */
  int64_t n_members, members_capacity; /* bytes */
} cli;

/* The verbs, one file each.  Collective.  Rank 0 does serial work and all ranks agree on its status. */
kith_agreed cli_generate(cli *c);
kith_agreed cli_ingest(cli *c);
kith_agreed cli_partition(cli *c);
kith_agreed cli_plan(cli *c);
kith_agreed cli_train(cli *c);
kith_agreed cli_update(cli *c);
kith_agreed cli_evaluate(cli *c);
/** kith evaluate --rolling, if the option is given, which `asked` says; `by_group`: also the figures of
 * groups. Collective. */
kith_agreed cli_rolling(cli *c, bool by_group, bool *asked) KITH_MUST_USE;
/** Take the options of kith evaluate that set keys of the job, and refuse others.  Local. */
kith_status cli_evaluate_options(cli *c) KITH_MUST_USE;
kith_agreed cli_report(cli *c);
kith_agreed cli_tune(cli *c);
kith_agreed cli_sweep(cli *c);
kith_agreed cli_blend(cli *c);
kith_agreed cli_recommend(cli *c);
kith_agreed cli_explain(cli *c);
kith_agreed cli_embed(cli *c);
kith_agreed cli_export(cli *c);
kith_agreed cli_inspect(cli *c);
/** Print the further node types and the relations of a graph that has any.  Local. */
kith_status cli_inspect_relations(cli *c, const kith_dataset *d) KITH_MUST_USE;
/** Print held-out interactions by the degree of their items; nothing if none are held out.  Local. */
kith_status cli_inspect_held_out(cli *c, const kith_dataset *d) KITH_MUST_USE;
/** Print what an update put behind its parent, the n-th in a row.  Local. */
void cli_inspect_update(cli *c, const kith_dataset *d, int n_update);
/** Print how interactions drift, indented by spaces, if `print`, and add it to the JSON object; nothing if
 * that was not measured.  Local. */
void cli_print_drift(cli *c, const kith_drift *d, int indent, bool print);
/* Print the events of a stream.  Local.  Errors: KITH_EDATA, KITH_ENOMEM. */
kith_status cli_inspect_events(cli *c, kith_h5 *f) KITH_MUST_USE;
kith_agreed cli_bench(cli *c);
kith_agreed cli_doctor(cli *c);
kith_agreed cli_version(cli *c);

/* ---- files of the stages: graph.h5, parts.h5, embeddings.h5, new.h5 ---- */

/* The path of a file of an earlier stage.  Local.  Errors: KITH_ENOINPUT on rank 0 if it is absent, with the
 * verb to run first. */
kith_status cli_stage(const cli *c, const char *name, char *path) KITH_MUST_USE;
/* What the job says of a training run, and where its files are; config_key [KITH_CONFIG_KEY_SIZE].  Local.
 * Errors: as cli_stage(); KITH_ECONFIG. */
kith_status cli_run_of_job(const cli *c, kith_run *run, char *config_key) KITH_MUST_USE;
/* The path of a stage's file that a verb will write; rank 0 creates its folder.  Local.  Errors: KITH_EUSAGE,
 * KITH_EOUTPUT. */
kith_status cli_stage_to_write(const cli *c, const char *name, char *path) KITH_MUST_USE;
/* Whether a file of the work folder exists, and its path, path [KITH_PATH].  Collective. */
bool cli_has_stage(const cli *c, const char *name, char *path);

/*
 * Refuse to read or to replace files of a model that an update is about to replace.  Local; on rank 0.
 *
 * @param writes  also if the update has only begun to make its own files
 * Errors: KITH_ENOINPUT (its files are moving), KITH_EOUTPUT.
 */
kith_status cli_check_update(const cli *c, bool writes) KITH_MUST_USE;

/* What kith ingest reads.  Local. */
kith_ingest_options cli_ingest_options(const kith_job *job);
/* Resolve evaluate.split; refuse an empty one.  Collective.  Errors: KITH_ECONFIG. */
kith_agreed cli_check_split(const cli *c, const kith_graph *g, kith_run *run) KITH_MUST_USE;
/* Take --no-test, and refuse it where epochs are measured on test: as far as the job says, and once the graph
 * is read.  Local.  Errors: KITH_EUSAGE, KITH_ECONFIG. */
kith_status cli_take_no_test(cli *c, bool *no_test) KITH_MUST_USE;
kith_status cli_check_no_test(const cli *c, const kith_run *run) KITH_MUST_USE;
/* Print what a run has trained, and its figures. */
void cli_print_trained(cli *c, const kith_graph *g, const kith_run *run, const kith_run_result *r);

/* Take the lock of the work folder until the program ends; succeeds if this run has it.  Collective.  Errors:
 * as kith_lock_take(). */
kith_agreed cli_lock(cli *c) KITH_MUST_USE;
/* The same for the folder of `path`, which differs from the work folder if the keys graph or parts name
 * another one. */
kith_agreed cli_lock_of(cli *c, const char *path) KITH_MUST_USE;
/* The same for the work folder, if `path`, which rank 0 will write, lies in it or below it.  Collective. */
kith_agreed cli_lock_for(cli *c, const char *path) KITH_MUST_USE;
/* Whether a file that is about to be written is there, outside the work folder, where other jobs may share
 * it by the keys graph and parts; on rank 0.  Local. */
bool cli_is_shared(const cli *c, const char *path);
/* Say that a file was written, and if it was `shared`, that it is new to other jobs. */
void cli_print_written(const cli *c, const char *path, bool shared);

/*
 * Whether a file exists where `path` will be written.  Collective.
 * An existing .h5 file must have this format, and the root attribute `mark` unless that is null; no other
 * file is replaced.  Errors: KITH_EOUTPUT.
 */
kith_agreed cli_check_replaced(const cli *c, const char *path, const char *format, const char *mark,
                               bool *replaces) KITH_MUST_USE;

/*
 * This rank's share of the graph, the exported embeddings x [n_own, d], their origin with its config_key, a
 * new block, and the evidence of a blend, freed by kith_pair_terms_free().  Collective.  Errors: KITH_ECONFIG
 * if the job has another model; another config_key is a warning.
 */
kith_agreed cli_read_embeddings(cli *c, kith_graph **g, int *d, float **x, kith_embeddings_origin *from,
                                kith_pair_terms *pairs) KITH_MUST_USE;

/* The same without the rows: which file holds them, path [KITH_PATH].  Collective. */
kith_agreed cli_open_embeddings(cli *c, char *path, kith_graph **g,
                                kith_embeddings_origin *from) KITH_MUST_USE;

/* Refuse the job of a blend, for a verb that is of one model.  Local.  Errors: KITH_ECONFIG. */
kith_status cli_check_one_model(const cli *c) KITH_MUST_USE;
/* Whether the job names models of a blend.  Local. */
bool cli_is_blend(const cli *c);
/* Whether the work folder holds a blend, and its path: blend.h5, or embeddings.h5; path [KITH_PATH].
 * Collective. */
bool cli_blend_file(const cli *c, char *path);

/* Whether the job has other settings than those of an export, and the first of them: want of the job, found
 * of the export, both [KITH_CONFIG_WORD_SIZE].  Collective.  Errors: KITH_ECONFIG. */
kith_agreed cli_origin_differs(const cli *c, const kith_graph *g, const kith_embeddings_origin *from,
                               bool *differs, char *want, char *found) KITH_MUST_USE;

/* A finished run exports again with other settings: refuse a job that differs from the file `embeddings` of
 * this origin, whose settings rows of new nodes, and explanations, must have.  Collective.
 * Errors: KITH_ECONFIG. */
kith_agreed cli_check_export(const cli *c, const kith_graph *g, const char *embeddings,
                             const kith_embeddings_origin *from) KITH_MUST_USE;

/* Where the job says auto in model.recent: take the choice of the rows of this origin.  Local. */
void cli_keep_recent(const kith_embeddings_origin *from, kith_model_options *model);
/* The same of a refit, from the run that validation judged.  Collective.  Errors: those of the file. */
kith_agreed cli_refit_keep_recent(const cli *c, kith_model_options *model) KITH_MUST_USE;
/* Refuse rows of model.sequence: sasrec, which the verb cannot make or take apart.  Local. */
kith_status cli_check_no_sasrec(const cli *c, const char *verb) KITH_MUST_USE;

/* Where the job says model.half_life: auto: take the choice that a checkpoint stores, if it is of this graph
 * and stores one.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed cli_keep_half_life(const cli *c, const char *checkpoint, const kith_graph *g,
                               kith_model_options *model) KITH_MUST_USE;
/* The same of a checkpoint of the graph that `g` updates. */
kith_agreed cli_keep_old_half_life(const cli *c, const char *checkpoint, const kith_graph *g,
                                   kith_model_options *model) KITH_MUST_USE;
/*
 * Where the model weighs interactions or relations by age: read the times of interactions into `g`, and
 * choose model->lightgcn.half_life if it is to be.  Collective.  Errors: those of kith_graph_times_read() and
 * kith_half_life_choose().
 */
kith_agreed cli_resolve_half_life(cli *c, const char *parts, kith_graph *g,
                                  kith_model_options *model) KITH_MUST_USE;
/* The same, but for the JSON object, which is not told. */
kith_agreed cli_choose_half_life(cli *c, const char *parts, kith_graph *g,
                                 kith_model_options *model) KITH_MUST_USE;

/* Read parts.h5.  It must match the graph.h5 beside it, which has the ids and names.  Collective.  Errors: as
 * kith_graph_read(); KITH_EDATA if graph.h5 was ingested again since. */
kith_agreed cli_read_parts(const cli *c, const char *parts, kith_graph **g) KITH_MUST_USE;
/* Whether `g` was partitioned from the graph.h5 at a path.  Collective. */
kith_agreed cli_is_graph(const cli *c, const char *graph, const kith_graph *g, bool *same) KITH_MUST_USE;
/* After reading ids from graph.h5: check that it still is the graph of `g`.  Collective.  Errors: KITH_EDATA.
 */
kith_agreed cli_check_graph(const cli *c, const char *graph, const kith_graph *g) KITH_MUST_USE;
/* Warn of keys below data that have other values than when graph.h5 was ingested.  Collective.
 * Errors: KITH_ECONFIG with --strict, if there is any warning so far. */
kith_agreed cli_check_data(const cli *c, const char *graph) KITH_MUST_USE;

/* What kith ingest is given of the job.  Local. */
kith_ingest_options cli_ingest_options(const kith_job *job);

/* ---- --refit: the final model, in WORK/refit ---- */

/* Take the option --refit: the job's work folder becomes WORK/refit, its graph.h5 remains, and test is the
 * split.  Local.  Errors: KITH_ECONFIG (task classify). */
kith_status cli_take_refit(cli *c) KITH_MUST_USE;
/* The epochs of the job's run, which SASRec has a key of its own for.  Local. */
int cli_epochs(const kith_job *job);
/* Whether a run has ended: by its epochs, by patience, or by an update of a graph that one has made, whose
 * rows are those of epoch `exported`.  Local.
 * @param at  of its newest checkpoint */
bool cli_has_ended(const kith_job *job, bool updated, int64_t exported, const kith_checkpoint_progress *at);
/* " --refit" for advice to run a verb, or "".  Local. */
const char *cli_refit_option(const cli *c);
/* " --fresh" for advice to train, where the newest checkpoint of a work folder is of this run, which training
 * would refuse to continue; or "".  Collective. */
const char *cli_fresh_option(const cli *c, const char *folder, const char *run);
/* With --refit: warn if another number of epochs has been chosen since than the refit has.
 * Collective. */
void cli_refit_warn_epochs(const cli *c, const kith_embeddings_origin *refit);
/*
 * With --refit, before training: check that the run of WORK has ended and had the job's settings, take over
 * its epochs, take the lock of WORK/refit, and cut its graph unless that is done.  Collective.
 * Errors: KITH_ENOINPUT, KITH_ECONFIG, KITH_EDATA; those of cutting.
 */
kith_agreed cli_refit_begin(cli *c, bool fresh) KITH_MUST_USE;
/* The last two steps alone, for a verb that trains nothing itself.  Collective. */
kith_agreed cli_refit_cut(cli *c) KITH_MUST_USE;
/* Cut graph.h5 into parts.h5 without a report.  Collective.  Errors: those of kith partition. */
kith_agreed cli_cut(cli *c) KITH_MUST_USE;
/* Print that figures are of a refit; or that those of the test split are of a model without the validation
 * interactions, if that is so.  Collective. */
void cli_print_refit(const cli *c, const kith_graph *g);
void cli_print_without_valid(const cli *c, const kith_graph *g);

/* Check that job and graph have the same task.  Collective.  Errors: KITH_ECONFIG. */
kith_agreed cli_check_task(const cli *c, const kith_graph *g) KITH_MUST_USE;
/* Check that the task is recommend, for verbs on users and items.  Local.  Errors: KITH_ECONFIG. */
kith_status cli_check_recommends(const cli *c) KITH_MUST_USE;
/* The same, and that the job's model has embeddings: no model of a stream has.  Local.  Errors:
 * KITH_ECONFIG. */
kith_status cli_check_embeds(const cli *c) KITH_MUST_USE;

/* ---- arguments; local, with the same result on every rank ---- */

/* Expand ~ and $NAME at the beginning of the value of --output, by rank 0's environment.  Collective. Errors:
 * KITH_ECONFIG. */
kith_agreed cli_expand_output(cli *c) KITH_MUST_USE;
/* Make the argument after "--" the first one; "-x" becomes "./-x".  KITH_EUSAGE if none follows. */
kith_status cli_take_operand(cli *c) KITH_MUST_USE;
/* Whether the arguments have "--name"; removes it. */
bool cli_flag(cli *c, const char *name);
/* The value of "--name value" or "--name=value", which is removed; null if absent.  Call it again for
 * repeated options. */
const char *cli_option(cli *c, const char *name);
/* The value of an option that is a number; *value stays if it is absent.  Errors: KITH_EUSAGE. */
kith_status cli_number(cli *c, const char *name, int64_t least, int64_t most, int64_t *value) KITH_MUST_USE;
/* The job file and the settings, but those of the keys `except` (null: none; else a null follows them),
 * quoted for a shell: text [CLI_JOB_ARGS]. */
void cli_print_job_args(const cli *c, const char *const *except, char *text);
/* Append to text [CLI_JOB_ARGS] a word, quoted for a shell where needed, behind another text. */
void cli_append_quoted(char *text, const char *before, const char *word);
/* Take the first argument as a file; messages call it `what`.  KITH_EUSAGE if it is absent or an option. */
kith_status cli_take_file(cli *c, const char *what, const char **path) KITH_MUST_USE;
/* KITH_EUSAGE for the first remaining argument, with the reason. */
kith_status cli_no_more(const cli *c) KITH_MUST_USE;

/* ---- output; rank 0 only ---- */

/* Which items are ranked, text [CLI_SCOPE]; false if it is as usual.  Local. */
bool cli_scope(const kith_eval_scope *o, char *text);
/* Print a line to stdout. */
void cli_print(const cli *c, const char *format, ...) KITH_FORMAT(2, 3);
/* The same in lines of at most 80 columns, of which those below the first begin with `indent` spaces. */
void cli_print_wrapped(const cli *c, int indent, const char *format, ...) KITH_FORMAT(3, 4);
/* Whether explanations beside results are printed: not with --quiet.  Local. */
bool cli_explains(void);
/* cli_print_wrapped() of an explanation beside results: nothing with --quiet. */
void cli_note(const cli *c, int indent, const char *format, ...) KITH_FORMAT(3, 4);
/* Print the text behind `lead`, which has `indent` columns, and go on below at the same column.  Rank 0. */
void cli_wrap(const char *lead, int indent, const char *text);
/* Add a member to the JSON object, which main() prints last; `format` makes the value with its quotes. */
void cli_json(cli *c, const char *key, const char *format, ...) KITH_FORMAT(3, 4);
/* Append to the value of the last member: text as it is, or a string in quotes, escaped. */
void cli_json_more(cli *c, const char *format, ...) KITH_FORMAT(2, 3);
void cli_json_string(cli *c, const char *text);

/* Print how a text list was parsed; nothing if it was not read. */
void cli_print_list(const cli *c, const char *key, const kith_list_report *r);
/* The same as a member of the object that was begun last. */
void cli_json_list(cli *c, const char *name, const kith_list_report *r);

/* A count of a relation's list: printed as "N what of NAME why" unless it is 0, and as `key` in JSON. */
typedef struct cli_edge_note {
  int64_t n;
  const char *what, *why, *key;
} cli_edge_note;
/* How the list SECTION.relations.NAME was read, how many edges it gave, and n_note counts; in JSON a member
 * NAME of the object that is open. */
void cli_print_relation(cli *c, const char *section, const char *name, const kith_list_report *list,
                        int64_t edges, const char *what, int n_note, const cli_edge_note *note);
/* The n lists that a path names, with the settings of data.relations; returns their number.  Local. */
int cli_relation_sources(const kith_job *job, int n, const struct kith_job_list *list,
                         kith_relation_source *out);

#endif
