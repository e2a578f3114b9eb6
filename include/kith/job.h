/**
 * Job: the job file.  One table of keys (name, kind, place, default, bounds, unit, help) makes the YAML
 * schema, --set,
 * --help and docs/job.md.
 */
#ifndef KITH_JOB_H
#define KITH_JOB_H

#include "kith/embed.h"
#include "kith/generate.h"
#include "kith/ingest.h"
#include "kith/partition.h"
#include "kith/train.h"
#include "kith/watchdog.h"

enum {
  KITH_JOB_KEYS = 200,    /**< room for every key */
  KITH_JOB_KEY_SIZE = 128 /**< room for the dotted name of a key, its closing zero included */
};

typedef struct kith_job {
  char path[KITH_PATH]; /**< the job file itself; "" for the embedded default */
  char name[KITH_NAME];
  kith_task task;
  char work[KITH_PATH]; /**< folder of everything Kith writes, resolved against the job file's folder */
  char graph[KITH_PATH], parts[KITH_PATH]; /**< where graph.h5 and parts.h5 are; "": in the work folder */
  struct {
    kith_edge_source interactions, test, social; /**< paths resolved against the job file's folder */
    kith_split split;
    kith_feature_source features[KITH_TYPES]; /**< of users and of items */
    kith_name_source names[KITH_TYPES];       /**< what users and items are called */
    kith_ingest_nodes_options nodes;          /**< classify */
  } data;
  struct {
    kith_edge_source interactions;
    char features[KITH_TYPES][KITH_PATH]; /**< lists of new nodes' features, written as data.features are */
    kith_new_node_types what;             /**< whose ids may be new */
    kith_unknown_policy unknown; /**< what becomes of pairs with an id that is unknown and may not be new */
  } embed;
  kith_generate_options generate;
  kith_partition_options partition;
  kith_model_options model;
  kith_train_options train;
  kith_eval_options evaluate;
  kith_checkpoint_options checkpoint;
  kith_watchdog_options watch;
  int line[KITH_JOB_KEYS]; /**< of each key in the job file, from 1; 0: not set; -1: set by --set */
} kith_job;

/** Every key at its default. */
kith_job kith_job_defaults(void);

/**
 * Read a job file, apply `key=value` settings, check every bound and contradiction.  Collective: rank 0
 * reads, the bytes are shared, all parse.
 *
 * @param path     job file
 * @param n_set, set  "train.lr=0.005" …, applied in order after the file
 * Errors: KITH_ENOINPUT; KITH_ECONFIG with file, line, key, what was expected and the nearest key.
 */
kith_agreed kith_job_read(const kith_comm *comm, const char *path, int n_set, const char *const *set,
                          kith_job *out) KITH_MUST_USE;

/** Set one key from text, with its bounds ("evaluate.k", "5,10").  Local.  Errors: KITH_ECONFIG. */
kith_status kith_job_set(kith_job *job, const char *key, const char *text) KITH_MUST_USE;

/** The resolved job as YAML text, every key with its value; a new block, freed with KITH_FREE().  Local. */
kith_status kith_job_print(const kith_job *job, char **text) KITH_MUST_USE;

/**
 * The configuration key of a job, for kith_run: "key=value" words of every key that affects the results of
 * training and has not its default value, text [size].  Which ones: src/job/config_key.c.
 * Local.  Errors: KITH_ECONFIG if `size` is too small; KITH_CONFIG_KEY_SIZE suffices for any job.
 */
kith_status kith_job_config_key(const kith_job *job, size_t size, char *text) KITH_MUST_USE;

/** The table of all keys as Markdown (docs/job.md), to stdout.  Local. */
void kith_job_print_reference(void);
/** The key, or the keys of the section, of this name ("": all) as plain text, to stdout; false if there is
 * none.  Local. */
bool kith_job_print_keys(const char *of);

/** Every key that earlier versions had under another name, and its present one, as plain text, to stdout.
 * Local. */
void kith_job_print_renamed(void);

/** Whether a key, or a section of keys, had this name in an earlier version.  Local.
 * @param[out] now  [KITH_JOB_KEY_SIZE] its present name; unspecified where it had not */
bool kith_job_renamed(const char *key, char *now);

/** Refuse (KITH_EUSAGE) to write over a file that the job reads, the job itself, or a file of the work
 * folder's own.  Local. */
kith_status kith_job_check_output(const kith_job *job, const char *path) KITH_MUST_USE;

/** The same for graph.h5 or parts.h5, where `graph` or `parts` says that it is written to.  Local.  Errors:
 * KITH_EUSAGE. */
kith_status kith_job_check_stage(const kith_job *job, const char *name, const char *path) KITH_MUST_USE;

/**
 * Warn of each key that is set, that this verb would read, and that nothing in this job reads.  Local; on
 * rank 0 it is seen.  kith_log_strict() makes the warnings errors.
 */
void kith_job_warn_unread(const kith_job *job, const char *verb);

/**
 * Warn of keys that decide what graph.h5 holds (splits, least weights, kinds of ids, normalization) and that
 * are others in the job that it was ingested with.  Local.
 *
 * @param path  of the graph, for messages
 * @param text  the job that the graph keeps; one that is not understood any more is passed over
 */
void kith_job_warn_changed(const kith_job *job, const char *path, const char *text);

/** The path of a file of the job: work + "/" + name, or for graph.h5 and parts.h5 what `graph` and `parts`
 * say.  Local. */
kith_status kith_job_file(const kith_job *job, const char *name, char *path) KITH_MUST_USE;

#endif
