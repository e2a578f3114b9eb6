/**
 * What main() hands to a verb.
 */
#ifndef KITH_CLI_H
#define KITH_CLI_H

#include "job/job.h"
#include "comm/lock.h"

/** One run of the program: the common options are parsed, the job file is read. */
enum { CLI_ARGUMENTS = 256 };

typedef struct cli {
  const kith_comm *comm; /**< all ranks */
  const char *verb;
  kith_job job;              /**< defaults for verbs that take no job file */
  bool locked;               /**< the work folder is this run's, until main() ends */
  kith_lock *lock;           /**< on rank 0 */
  char words[4 * KITH_PATH]; /**< "job.yaml --set work=x": what stands behind a verb in advice to run another
                                one */
  bool json;                 /**< print one JSON object as the last line of stdout */
  int n_arg;
  const char *arg[CLI_ARGUMENTS]; /**< words that the common options left over, in order */
  char operand[KITH_PATH + 16];   /**< the word behind "--" */
  char output[KITH_PATH + 16];    /**< the word with the value of --output, its path expanded */
  char *members; /**< of the JSON object, each with a comma before it; null if there are none */
  int64_t n_members, room_members; /**< bytes */
} cli;

/* The verbs: one file each.  Collective.  Those that do serial work let rank 0 do it and agree. */
kith_agreed cli_generate(cli *c);
kith_agreed cli_ingest(cli *c);
kith_agreed cli_partition(cli *c);
kith_agreed cli_train(cli *c);
kith_agreed cli_evaluate(cli *c);
kith_agreed cli_recommend(cli *c);
kith_agreed cli_embed(cli *c);
kith_agreed cli_inspect(cli *c);
kith_agreed cli_bench(cli *c);
kith_agreed cli_doctor(cli *c);

/**
 * The path of a file that an earlier stage leaves in the work folder: graph.h5, parts.h5 or embeddings.h5.
 * Local. Errors: KITH_ENOINPUT on rank 0 if it is not there, naming the verb to run first.
 */
kith_status cli_stage(const cli *c, const char *name, char *path) KITH_MUST_USE;

/**
 * Take the lock of the work folder until the end of the program, for a verb that writes into it; fine if it
 * is taken. Collective.  Errors: as kith_lock_take().
 */
kith_agreed cli_lock(cli *c) KITH_MUST_USE;
/** The same of the folder that `path` lies in, the work folder or, where the job's graph or parts are
 * elsewhere, that one. */
kith_agreed cli_lock_of(cli *c, const char *path) KITH_MUST_USE;
/** The same if `path`, which rank 0 will write, lies in the work folder or below it.  Collective. */
kith_agreed cli_lock_for(cli *c, const char *path) KITH_MUST_USE;
/**
 * Whether a file stands where `path` will be written.  One that ends in .h5 must be of the same format, and
 * have the root attribute `mark` unless that is null: nothing else is replaced.  Collective.  Errors:
 * KITH_EOUTPUT.
 */
kith_agreed cli_check_replaced(const cli *c, const char *path, const char *format, const char *mark,
                               bool *replaces) KITH_MUST_USE;
/** The path of a file of a stage that a verb writes; rank 0 makes its folder.  Local.  Errors: KITH_EOUTPUT.
 */
kith_status cli_stage_to_write(const cli *c, const char *name, char *path) KITH_MUST_USE;

/**
 * This rank's share of the graph and of the exported embeddings x [n_own, d], and what they say of their
 * origin, whose config_key is a new block as well.  Collective. Errors: KITH_ECONFIG if the job names another
 * model; another config_key is a warning.
 */
kith_agreed cli_read_embeddings(cli *c, kith_graph **g, int *d, float **x,
                                kith_embeddings_origin *from) KITH_MUST_USE;

/** Whether the work folder has that file, and its path, path [KITH_PATH].  Collective. */
bool cli_has_stage(const cli *c, const char *name, char *path);

/**
 * Read parts.h5, which must have been cut from the graph.h5 that is beside it: ids and names come from there.
 * Collective.  Errors: those of kith_graph_read(); KITH_EDATA if graph.h5 was ingested again after.
 */
kith_agreed cli_read_parts(const cli *c, const char *parts, kith_graph **g) KITH_MUST_USE;

/** Whether graph.h5 at a path is the one that `g` was cut from.  Collective. */
kith_agreed cli_is_graph(const cli *c, const char *graph, const kith_graph *g, bool *same) KITH_MUST_USE;
/** After ids were read from graph.h5: it must still be that of `g`.  Collective.  Errors: KITH_EDATA. */
kith_agreed cli_check_graph(const cli *c, const char *graph, const kith_graph *g) KITH_MUST_USE;

/** The job's task must be that of the graph.  Collective.  Errors: KITH_ECONFIG. */
kith_agreed cli_check_task(const cli *c, const kith_graph *g) KITH_MUST_USE;
/** For verbs about users and items.  Local.  Errors: KITH_ECONFIG if the job's task is another. */
kith_status cli_check_recommends(const cli *c) KITH_MUST_USE;

/* A verb's own options.  Local, and the same on every rank. */
/** Let ~ and $NAME at the beginning of the value of --output be what rank 0 takes them for.  Collective.
 * Errors: KITH_ECONFIG. */
kith_agreed cli_expand_output(cli *c) KITH_MUST_USE;
/** A file behind "--" is no option though its name begins like one: it becomes the first word, "-x" as
 * "./-x".  KITH_EUSAGE if none is behind it. */
kith_status cli_take_operand(cli *c) KITH_MUST_USE;
bool cli_flag(cli *c, const char *name);          /**< whether "--name" is among the words; takes it out */
const char *cli_option(cli *c, const char *name); /**< the value of "--name value" or "--name=value", taken
                                                     out; null if absent; call again for repeats */
kith_status cli_take_file(cli *c, const char *what,
                          const char **path) KITH_MUST_USE; /**< the first word, `what` says the message;
                                                               KITH_EUSAGE if it is an option or not there */
kith_status cli_no_more(const cli *c)
    KITH_MUST_USE; /**< KITH_EUSAGE saying what is wrong with the first word that nobody took */

/* What a verb prints; rank 0 only. */
void cli_print(const cli *c, const char *format, ...) KITH_FORMAT(2, 3); /**< to stdout */
/** Remember one member of the JSON object that main() prints last; `format` makes the value, quotes included.
 */
void cli_json(cli *c, const char *key, const char *format, ...) KITH_FORMAT(3, 4);
void cli_json_more(cli *c, const char *format, ...)
    KITH_FORMAT(2, 3);                          /**< more of the value that was begun last */
void cli_json_string(cli *c, const char *text); /**< the same: text in quotes, escaped where JSON needs it */

/** How a list was read, in a line; nothing if it was not. */
void cli_print_list(const cli *c, const char *key, const kith_list_report *r);
/** The same as a member of the object that was begun last. */
void cli_json_list(cli *c, const char *name, const kith_list_report *r);

#endif
