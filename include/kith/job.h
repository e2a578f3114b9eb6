/**
 * Job: the job file.  One table of keys (name, kind, place, default, bounds, unit, help) makes the YAML
 * schema, --set,
 * --help and docs/job.md.
 */
#ifndef KITH_JOB_H
#define KITH_JOB_H

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
KITH_API kith_job kith_job_defaults(void);

/**
 * Read a job file, apply `key=value` settings, check every bound and contradiction.  Collective: rank 0
 * reads, the bytes are shared, all parse.
 *
 * @param path     job file
 * @param n_set, set  "train.lr=0.005" …, applied in order after the file
 * Errors: KITH_ENOINPUT; KITH_ECONFIG with file, line, key, what was expected and the nearest key.
 */
KITH_API kith_agreed kith_job_read(const kith_comm *comm, const char *path, int n_set, const char *const *set,
                                   kith_job *out) KITH_MUST_USE;

/** Set one key from text, with its bounds ("evaluate.k", "5,10").  Local.  Errors: KITH_ECONFIG. */
KITH_API kith_status kith_job_set(kith_job *job, const char *key, const char *text) KITH_MUST_USE;

/** The resolved job as YAML text, every key with its value; a new block, freed with KITH_FREE().  Local. */
KITH_API kith_status kith_job_print(const kith_job *job, char **text) KITH_MUST_USE;

/** The path of a file of the job: work + "/" + name, or for graph.h5 and parts.h5 what `graph` and `parts`
 * say.  Local. */
KITH_API kith_status kith_job_file(const kith_job *job, const char *name, char *path) KITH_MUST_USE;

#endif
