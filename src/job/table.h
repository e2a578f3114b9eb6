/* The table of all keys of the job file, and what the files of this room share. */
#ifndef KITH_SRC_JOB_TABLE_H
#define KITH_SRC_JOB_TABLE_H

#include <string.h>

#include "job/job.h"

typedef enum job_kind {
  JOB_INT,       /* int */
  JOB_INT64,     /* int64_t or uint64_t */
  JOB_REAL,      /* double */
  JOB_WEIGHT,    /* kith_relation_weights: that of the relation with the name that ends the key */
  JOB_BOOL,      /* bool */
  JOB_ENUM,      /* an enum of the size of int, by name */
  JOB_TEXT,      /* char [size] */
  JOB_NODE_TYPE, /* char [KITH_NAME]: a name of a node type, or "" */
  JOB_PATH,      /* char [KITH_PATH], relative to the job file's folder */
  JOB_PATHS,     /* char [KITH_PATH]: paths and globs, one a line, each as JOB_PATH */
  JOB_DELIMITER, /* char [size]; the names "tab", "space" and "\\t" are replaced */
  JOB_COLUMN,    /* char [size]: a name, or a number from 1 */
  JOB_CUTOFFS,   /* list of int: evaluate.k */
  JOB_FANOUTS,   /* list of int, in its order: kith_fanouts */
  JOB_KNOTS,     /* list of double, in its order: kith_knots */
  JOB_RELATIONS, /* list of names of relations, perhaps empty: kith_relation_names */
  JOB_STEPS,     /* list of names of relations, each perhaps with .back: kith_path_steps */
  JOB_AGE,       /* kith_relation_weights: the half-life of the relation that ends the key, "none" is 0 */
  JOB_HALF_LIFE, /* double: seconds, "none" is 0, "auto" is KITH_HALF_LIFE_AUTO */
  JOB_DURATION,  /* double: seconds, "none" is 0 */
  JOB_CHOICE,    /* double: from 0, "auto" is KITH_RECENT_AUTO */
  JOB_PROTOCOL,  /* int: "full" is 0, "sampled-N" is N */
  JOB_INTERVAL,  /* int: "auto" is KITH_EVERY_AUTO */
  JOB_IDS        /* bool: "names" or "integers" */
} job_kind;

typedef struct job_key {
  char key[KITH_NAME]; /* "train.lr"; in a row of a pattern, NAME stands for a name */
  job_kind kind;
  size_t offset, size; /* of the field in kith_job */
  double low, high;    /* bounds of numbers, both included */
  const char *unit;    /* of numbers; for enums the names, separated by " | " */
  const char *help;
} job_key;

extern const job_key kith__job_row[];
extern const int kith__job_n_row;

enum {
  JOB_VALUE_SIZE = 2 * KITH_PATH, /* bytes of a value as text */
  JOB_NAME_MOST = 31,             /* bytes of a name of a relation or a node type */
  JOB_PATTERN_ROWS = 31           /* rows of patterns; a test counts them */
};

/* The keys of a job, in the order of the rows. */
typedef struct job_table {
  int n;
  job_key key[KITH_JOB_MAX_KEYS];
  int slot[KITH_JOB_MAX_KEYS]; /* where kith_job.line has the line of a key */
} job_table;

/* The table of a job: patterns are expanded by the names that the job has. */
void kith__job_table_of(const kith_job *job, job_table *t);
/* Set the learning rate of a job that has none, but for a stream's model: 0.01, which was best, or near it,
 * on five data sets (docs/choose.md).  0.001 remains what configuration keys leave out, so that runs of
 * before differ. */
void kith__job_take_lr(kith_job *job);
/* What a job that sets nothing has: the defaults that help and documents name. */
kith_job kith__job_presets(void);
/* The line of a key in the job file, as kith_job.line has it; 0 if the key is not set. */
int kith__job_line(const kith_job *job, const job_table *t, const char *key);

/* Add the name that a key of a pattern, or its section, has, unless the job has it.  Errors: KITH_ECONFIG: no
 * name, or one too many. */
kith_status kith__job_add_name(kith_job *job, const char *key) KITH_MUST_USE;
/* Whether a setting may have this key: a relation of the file, or a weight of a relation, which is added. */
kith_status kith__job_check_setting(kith_job *job, const char *key) KITH_MUST_USE;
/* A key with NAME in place of its name, [KITH_JOB_KEY_SIZE]; other keys as they are. */
void kith__job_generic(const char *key, char *out);
/* The first row of the pattern that fills a section, as data.relations; -1 for other sections. */
int kith__job_pattern_row(const char *section);

/* Whether a key's value is a list. */
static inline bool kith__job_is_list(const job_key *k) {
  return k->kind == JOB_CUTOFFS || k->kind == JOB_FANOUTS || k->kind == JOB_KNOTS ||
         k->kind == JOB_RELATIONS || k->kind == JOB_STEPS || k->kind == JOB_PATHS;
}

/* Whether `of` is the key, or a section that holds it. */
static inline bool kith__job_holds(const char *of, const char *key) {
  const size_t n = strlen(of);
  return strncmp(of, key, n) == 0 && (key[n] == '\0' || key[n] == '.');
}

/* The first of n keys that is `key` (*leaf is true), or lies below it; -1: none is. */
int kith__job_find_first(int n, const job_key *k, const char *key, bool *leaf);
/* The same of all rows, of any name: whether there is such a key or section. */
bool kith__job_is_known(const char *key, bool *leaf);
/* The table's entry of a key, or null.  A section whose first key is a path stands for it: data.test for
 * data.test.path. */
const job_key *kith__job_find(const job_table *t, const char *key);
/* Mark the rows of the table that a topic of help is about: a key, a section, "job", the last word of a
 * section, or all for ""; is [KITH_JOB_MAX_KEYS].  Returns their number. */
int kith__job_select(const char *topic, bool *is);
/* Fail for an unknown key, with the nearest known key or section. */
kith_status kith__job_fail_unknown(const job_table *t, const char *key) KITH_MUST_USE;
/* Prefix the message of a failure with "name:line: "; KITH_OK is unchanged. */
kith_status kith__job_located(kith_status st, const char *name, int line) KITH_MUST_USE;

/**
 * Set one key from text.  A path is not resolved.
 * Local; on failure the job is unchanged.  Errors: KITH_ECONFIG, "key: expected …, found …".
 */
kith_status kith__job_set(kith_job *job, const job_key *k, const char *text) KITH_MUST_USE;
/* The value of one key as text that kith__job_set() understands. */
void kith__job_get(const kith_job *job, const job_key *k, size_t size, char *text);
/* Printable text of at most the size of the key's field. */
kith_status kith__job_value_text(const job_key *k, const char *text, char *out) KITH_MUST_USE;
/* Paths, as lines, from text, and back (value_paths.c). */
kith_status kith__job_value_paths(const job_key *k, const char *text, char *out) KITH_MUST_USE;
void kith__job_print_paths(const char *lines, size_t size, char *text);
/* Put a folder before each line of paths that is not absolute; expand: as a shell begins paths.  `what` is
 * for messages. */
kith_status kith__job_resolve_paths(const char *what, const char *folder, bool expand,
                                    char *lines) KITH_MUST_USE;
/* The bounds and the unit of a key, as "1 to 10000000 pairs". */
void kith__job_bounds(const job_key *k, size_t size, char *text);

/* The former and the present name of a key, of a section of keys, or of a value. */
typedef struct job_retired {
  const char *old, *now;
} job_retired;

extern const job_retired kith__job_retired[];
extern const int kith__job_n_retired;

/* What other libraries call a key: the last part of its name, and Kith's keys, or why there is none. */
typedef struct job_foreign {
  const char *word, *key, *other, *note;
} job_foreign;

extern const job_foreign kith__job_foreign[];
extern const int kith__job_n_foreign;

/* The entry of an unknown key, in whatever section it is; null if there is none (foreign.c). */
const job_foreign *kith__job_find_foreign(const char *key);
/* "Kith calls it train.lr", and the like. */
void kith__job_print_foreign(const job_foreign *f, const char *key, size_t size, char *text);
/* The value that is meant by an unknown one of a key with names as values, near [KITH_NAME]; false if none is
 * near.  Case, "_" and "-" do not count. */
bool kith__job_nearest_value(const job_key *k, const char *text, char *near);

/* The keys of a job that are retired, or of other libraries, each with its place and its present name, for
 * one message. */
typedef struct job_retired_keys {
  int n, n_told, n_foreign;
  char text[1500]; /* the n_told of them that fit */
} job_retired_keys;

/* Add a key if it is retired or of another library; false if it is not.  `place` is "job.yaml:3" or "--set".
 */
bool kith__job_note_retired(job_retired_keys *r, const char *place, const char *key);
/* Fail if there are retired keys. */
kith_status kith__job_fail_retired(const job_retired_keys *r) KITH_MUST_USE;

/* The present section with the former last part, as sampler.exclude for train.exclude: [KITH_JOB_KEY_SIZE].
 * False if that is the former or a present key. */
bool kith__job_half(const job_retired *r, char *half);
/* The present name of a retired value of a key, or null. */
const char *kith__job_renamed_value(const job_key *k, const char *value);

/* Whether a meta-path follows a relation. */
bool kith__job_is_step(const kith_job *job, const char *name);
/* The name of the meta-path that a key is about, [KITH_NAME]; false: it is about none. */
bool kith__job_path_of(const kith_job *job, const char *key, char *name);

/* The rule that applies to a key in a job, and its result. */
typedef struct job_usage {
  const char *section; /* of the rule: the key or a section that holds it; null: there is no rule */
  bool used;
  const char *needs;
} job_usage;
job_usage kith__job_usage(const kith_job *job, const char *key);
/* Whether interactions are a stream, whose events are replayed, with stream.batch, or learned by TGN
 * (usage_stream.c). */
bool kith__job_streams(const kith_job *j);
bool kith__job_replays(const kith_job *j);
bool kith__job_reads_batches(const kith_job *j);
bool kith__job_has_tgn(const kith_job *j);
/* What a key needs that has no effect: stream.model: none where this is what it lacks, else `needs`. */
const char *kith__job_needs(const kith_job *job, bool (*is_used)(const kith_job *), const char *needs);
/* Whether a key is of a model of the graph that model.sequence: sasrec leaves untrained (usage_sequence.c).
 */
bool kith__job_is_sasrec(const kith_job *j);
bool kith__job_adds_recent(const kith_job *j);
bool kith__job_new_has_columns(const kith_job *j);
bool kith__job_new_reads_times(const kith_job *j);
bool kith__job_embeds_means(const kith_job *j);
bool kith__job_adapts(const kith_job *j);
bool kith__job_begins_by_features(const kith_job *j);
bool kith__job_ages_relations(const kith_job *j);
bool kith__job_has_axes(const kith_job *j);
bool kith__job_draws_trials(const kith_job *j);
bool kith__job_halves(const kith_job *j);
bool kith__job_is_of_untrained_graph(const kith_job *job, const char *key);
/* Whether interactions may have times: of a column, or of the order of lines.  Local. */
bool kith__job_has_order(const kith_job *job);
/* Whether a key has an effect in this job; *needs is what it needs for that, null if no rule matches it. */
bool kith__job_is_used(const kith_job *job, const char *key, const char **needs);

/* The verb that uses a key; "" for several or all. */
const char *kith__job_used_by(const char *key);
/* Why a key may change when a run resumes; null: it may not. */
const char *kith__job_may_change(const char *key);

/* The folder of the job file, "" for the current one; paths are relative to it.  folder [KITH_PATH]. */
void kith__job_folder(const kith_job *job, char *folder);

/* Whether the first key of a section is a path; `size` is the length of the section's name. */
static inline bool kith__job_begins_with_path(const job_key *first, size_t size) {
  return strcmp(first->key + size, ".path") == 0;
}

/* Make job->data.relation of data.relations and data.social, and check what model.relations names.  Local.
 * Errors: KITH_ECONFIG. */
kith_status kith__job_make_relations(kith_job *job) KITH_MUST_USE;

/* ---- the section sweep (sweep.c) ---- */

/* Whether a key below `above` is one that a sweep varies: not sweep.trials, …, and *axis is the key.  Local.
 */
bool kith__job_is_axis(const char *key, const char **axis);
/* Add the axis `key` to a job, without values.  Errors: KITH_ECONFIG: it is there, or there are too many. */
kith_status kith__job_axis_add(kith_job *job, const char *key, int line, kith_sweep_axis **out) KITH_MUST_USE;
/* Add a value of a list; `of_last`: to the last value, behind a comma.  Errors: KITH_ECONFIG. */
kith_status kith__job_axis_value(kith_sweep_axis *a, const char *text, bool of_last) KITH_MUST_USE;
/* Set from, to or scale of a range.  Errors: KITH_ECONFIG. */
kith_status kith__job_axis_range(kith_sweep_axis *a, const char *name, const char *text) KITH_MUST_USE;
/* Check the axes of a job: which keys they are, and every value; note which ranges are of whole numbers.
 * Errors: KITH_ECONFIG. */
kith_status kith__job_check_sweep(kith_job *job) KITH_MUST_USE;
/* Whether a key may differ between trials that share a graph and are judged alike. */
bool kith__job_may_vary(const char *key);

/* "key=value" words of the defaults of the keys that `has` takes, as kith_job_config_usual(). */
void kith__job_usual(const kith_job *job, bool (*has)(const kith_job *job, const char *key), size_t size,
                     char *text);
/* Set the values of an axis as a job file would, in place of those that the job has.  Errors: KITH_ECONFIG,
 * KITH_ENOMEM. */
kith_status kith__job_set_axis(kith_job *job, const char *axis, const char *text) KITH_MUST_USE;

/* Where a YAML text gives each key, and in which form; by slots. */
typedef struct job_source_map {
  bool any;                          /* whether the text has any key */
  int line[KITH_JOB_MAX_KEYS];       /* of each key, from 1; 0 where it is absent */
  bool is_scalar[KITH_JOB_MAX_KEYS]; /* a list key with a single value */
  bool is_path[KITH_JOB_MAX_KEYS];   /* a path that stands for its section: data.test: list.txt */
} job_source_map;

/**
 * Locate the keys of a YAML text and check its structure.  Local.
 *
 * @param job  gets the names that the text gives to patterns
 * @param retired  gets the retired keys of the text, which are skipped
 * Errors: KITH_ECONFIG with `name` and line: invalid YAML, unknown or retired key, key given twice, list or
 * mapping instead of a value.
 */
kith_status kith__job_walk(const char *name, const char *yaml, size_t size, kith_job *job,
                           job_retired_keys *retired, job_source_map *out) KITH_MUST_USE;
/**
 * Load the values of a YAML text that kith__job_walk() accepted.  Local.  Errors: KITH_ECONFIG, KITH_ENOMEM.
 *
 * @param t  the table of the job that has the names of the text
 * @param[out] value  [KITH_JOB_MAX_KEYS] by index in the table, each a new block, null for absent keys
 */
kith_status kith__job_load(const char *name, const char *yaml, size_t size, const job_table *t,
                           const job_source_map *map, char **value) KITH_MUST_USE;

#endif
