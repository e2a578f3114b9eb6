/**
 * Job: the job file and its keys.
 *
 * One table (src/job/table.c) has the key, type, field, bounds, unit and help of each key.  The YAML schema,
 * --set, kith help and docs/job.md derive from it.
 */
#ifndef KITH_JOB_H
#define KITH_JOB_H

#include "kith/embed.h"
#include "kith/generate.h"
#include "kith/ingest.h"
#include "kith/partition.h"
#include "kith/stream.h"
#include "kith/train.h"
#include "kith/watchdog.h"

enum {
  KITH_JOB_MAX_KEYS = 1400, /**< capacity for all keys, those of each relation included */
  KITH_JOB_KEY_SIZE = 128,  /**< bytes of a dotted key with its terminating zero */
  KITH_JOB_MAX_MODELS = 8,  /**< models of a blend */
  KITH_SWEEP_AXES = 16,     /**< keys that a sweep varies */
  KITH_SWEEP_VALUES = 1024  /**< bytes of the values of one of them */
};

/** A key that a sweep varies: a list of values, or a range. */
typedef struct kith_sweep_axis {
  char key[KITH_JOB_KEY_SIZE];
  int line;         /**< in the job file */
  bool is_range;    /**< draws from `from` to `to`, both included */
  bool is_log;      /**< of which the logarithm is uniform */
  bool is_integral; /**< whole numbers */
  double from, to;
  int n;                          /**< values of a list */
  char values[KITH_SWEEP_VALUES]; /**< of a list, as --set takes them, one a line; of a range its two ends */
} kith_sweep_axis;

/** The trials of kith sweep. */
typedef struct kith_sweep_options {
  int trials;    /**< at most; 0: the whole grid */
  uint64_t seed; /**< of the draws */
  struct {
    int factor; /**< one in so many trials goes on to the next rung */
    int epochs; /**< of the first rung; 0: no halving */
  } halving;
  int n_axis; /**< 0: the job file has no sweep */
  kith_sweep_axis axis[KITH_SWEEP_AXES];
} kith_sweep_options;

/** What a run is for: to rank items for users, or to classify nodes.  Decides what the steps learn from. */
typedef enum kith_task { KITH_TASK_RECOMMEND, KITH_TASK_CLASSIFY } kith_task;

/** All options of a job, as the job file sets them; docs/job.md documents each key. */
typedef struct kith_job {
  char path[KITH_PATH]; /**< of the job file; "" for the embedded default */
  char name[KITH_NAME];
  kith_task task;
  char work[KITH_PATH];                    /**< folder of all output, resolved */
  char graph[KITH_PATH], parts[KITH_PATH]; /**< graph.h5 and parts.h5; "": in the work folder */
  struct {
    kith_edge_source interactions, test, social; /**< paths are resolved */
    int n_listed; /**< sections of data.relations, in the order of the file, an empty path included */
    kith_relation_source listed[KITH_MAX_RELATIONS];
    int n_relation; /**< relations that have a list: of those, and `friend` where data.social is set */
    kith_relation_source relation[KITH_MAX_RELATIONS];
    int n_path; /**< sections of data.paths, in the order of the file */
    kith_path_source path[KITH_MAX_RELATIONS];
    int n_type;                                /**< sections of data.nodes, in the order of the file */
    kith_node_source type[KITH_MAX_RELATIONS]; /**< at most KITH_MAX_TYPES of them are used */
    kith_split split;
    kith_feature_source features[KITH_SIDES]; /**< by node type */
    kith_name_source names[KITH_SIDES];       /**< by node type */
    kith_ingest_nodes_options nodes;          /**< classify */
  } data;
  struct {
    kith_edge_source interactions;
    char features[KITH_SIDES][KITH_PATH]; /**< features of new nodes, in the format of data.features */
    int n_relation;
    struct kith_job_list {
      char name[KITH_NAME], path[KITH_PATH];
    } relation[KITH_MAX_RELATIONS]; /**< edges of new nodes, with the settings of data.relations */
    kith_new_node_types types;      /**< node types that may have new ids */
    kith_unknown_policy unknown;    /**< what happens to pairs with another unknown id */
    kith_embed_options how;         /**< what stands for the embeddings of new nodes */
  } embed;
  struct {
    char interactions[KITH_PATH];         /**< new ones, with the settings of data.interactions */
    char features[KITH_SIDES][KITH_PATH]; /**< of new nodes, with those of data.user_features, … */
    int n_relation;
    struct kith_job_list relation[KITH_MAX_RELATIONS]; /**< new edges, with those of data.relations */
  } update;                                            /**< its lists; train.update has the rest */
  struct {
    kith_knots weights; /**< gamma of each model, in their order; n = 0: chosen on validation items */
    int64_t users;      /**< validation users on whom weights are chosen, about */
    kith_relation_names evidence[KITH_EVIDENCE_KINDS]; /**< relations of each */
    double half_life;                                  /**< of what counts as popular, seconds; 0: none */
    double alike_idf, alike_length;                    /**< powers of columns and items in alike */
    int n_model;
    struct kith_job_list model[KITH_JOB_MAX_MODELS]; /**< name and work folder of each model; path "": none */
  } blend;
  kith_stream_options stream;
  kith_generate_options generate;
  kith_partition_options partition;
  kith_model_options model;
  kith_train_options train;
  kith_eval_options evaluate;
  kith_checkpoint_options checkpoint;
  kith_watchdog_options watchdog;
  kith_sweep_options sweep;
  struct {
    int n;
    char name[KITH_MAX_RELATIONS][KITH_NAME];
  } weighted, aged; /**< the relations that the job names under model.relations and model.half_lives, those
                       without effect included; kith_model_options.relations holds those with a weight above
                       0, or a half-life */
  int line[KITH_JOB_MAX_KEYS]; /**< line of each key in the job file, from 1; 0: not set; -1: by --set */
} kith_job;

/** A job with every key at its default.  Local. */
KITH_API kith_job kith_job_defaults(void);

/**
 * Read a job file, apply settings, and check all bounds and contradictions.
 *
 * Collective: rank 0 reads and broadcasts the bytes, all ranks parse them.
 *
 * @param path   job file
 * @param n_set  number of settings
 * @param set    [n_set] "key=value"; they override the file in their order
 * @param[out] out  the job; unchanged on failure
 * Errors: KITH_ENOINPUT; KITH_ECONFIG with file, line, key, what was expected, and the nearest known key.
 */
KITH_API kith_agreed kith_job_read(const kith_comm *comm, const char *path, int n_set, const char *const *set,
                                   kith_job *out) KITH_MUST_USE;

/**
 * Set one key from text within its bounds, as ("evaluate.k", "5,10").  A key of data.relations belongs to a
 * relation that the job has.  Local.  Errors: KITH_ECONFIG.
 */
KITH_API kith_status kith_job_set(kith_job *job, const char *key, const char *text) KITH_MUST_USE;

/**
 * The job as YAML text with every key and its value.  kith_job_read() reads the same job from it.
 * Local.  @param[out] text  a new block; free it with KITH_FREE().  Errors: KITH_ENOMEM.
 */
KITH_API kith_status kith_job_print(const kith_job *job, char **text) KITH_MUST_USE;

/**
 * The path of a file of the job: work/name, or for graph.h5 and parts.h5 the key graph or parts.
 * Local.  @param[out] path  [KITH_PATH].  Errors: KITH_ECONFIG if it is too long.
 */
KITH_API kith_status kith_job_file(const kith_job *job, const char *name, char *path) KITH_MUST_USE;

#endif
