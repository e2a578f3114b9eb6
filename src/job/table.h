/* The one table of keys. */
#ifndef KITH_SRC_JOB_TABLE_H
#define KITH_SRC_JOB_TABLE_H

#include <string.h>

#include "job/job.h"

typedef enum job_kind {
  JOB_INT,       /* int */
  JOB_LONG,      /* int64_t or uint64_t */
  JOB_REAL,      /* double */
  JOB_BOOL,      /* bool */
  JOB_NAME,      /* an enum of the size of int, by name */
  JOB_TEXT,      /* char [size] */
  JOB_PATH,      /* char [KITH_PATH], relative to the job file's folder */
  JOB_DELIMITER, /* char [size]; "tab", "space" and "\\t" are understood */
  JOB_COLUMN,    /* char [size]: a name, or a number from 1 */
  JOB_CUTOFFS,   /* list of int: evaluate.k */
  JOB_FANOUTS,   /* list of int, in its order: kith_fanouts */
  JOB_PROTOCOL,  /* int: "full" is 0, "sampled-N" is N */
  JOB_EVERY,     /* int: "auto" is KITH_EVERY_AUTO */
  JOB_IDS        /* bool: "names" or "integers" */
} job_kind;

typedef struct job_key {
  const char *key; /* "train.lr" */
  job_kind kind;
  size_t place, size; /* in kith_job */
  double low, high;   /* bounds of numbers */
  const char *unit;   /* of numbers; for enums the names, separated by " | " */
  const char *help;
} job_key;

extern const job_key kith__job_table[];
extern const int kith__job_n_key;

enum { JOB_KEYS_MOST = KITH_JOB_KEYS, JOB_VALUE = 2 * KITH_PATH };

/* Whether a key's value is a list. */
static inline bool kith__job_is_list(const job_key *k) {
  return k->kind == JOB_CUTOFFS || k->kind == JOB_FANOUTS;
}

/* The entry of a key, or null.  A section that begins with a path may stand for it: data.test for
 * data.test.path. */
const job_key *kith__job_find(const char *key);
/* Fail for a key that is not in the table, naming the nearest key or section if one is close. */
kith_status kith__job_fail_unknown(const char *key) KITH_MUST_USE;
/* Put "name:line: " before the message of a status; KITH_OK stays as it is. */
kith_status kith__job_located(kith_status st, const char *name, int line) KITH_MUST_USE;

/**
 * Set one key from text.  A path is taken as it is.
 * Local; on failure the job is unchanged.  Errors: KITH_ECONFIG, "key: expected …, found …".
 */
kith_status kith__job_set(kith_job *job, const job_key *k, const char *text) KITH_MUST_USE;
/* The value of one key as text that kith__job_set() understands. */
void kith__job_get(const kith_job *job, const job_key *k, size_t size, char *text);
/* The bounds and the unit of a key in words, "1 to 10000000 pairs". */
void kith__job_bounds(const job_key *k, size_t size, char *text);

/* The former and the present name of a key, of a section of keys, or of a value. */
typedef struct job_retired {
  const char *old, *now;
} job_retired;

extern const job_retired kith__job_retired[];
extern const int kith__job_n_retired;

/* The present name of a retired value of a key, or null. */
const char *kith__job_renamed_value(const job_key *k, const char *value);

/**
 * Set what the job that a file stores sets, by keys of this or an earlier version.  Local.
 *
 * @param name  of the file, for messages
 * @param text  what kith_job_print() wrote; unknown keys are ignored, paths are taken as they are
 * Errors: KITH_EDATA where it is no such text, KITH_ECONFIG for a value that a key cannot have.
 */
kith_status kith__job_read_stored(const char *name, const char *text, kith_job *job) KITH_MUST_USE;
/* Whether something in this job reads a key; *who says what would, null for a key that no rule is about. */
bool kith__job_is_read(const kith_job *job, const char *key, const char **who);
/* The verb that reads a key; "": several, or all. */
const char *kith__job_reader(const char *key);
/* Whether a key belongs to the configuration key of this job: training reads it, and it affects results. */
bool kith__job_in_config_key(const kith_job *job, const char *key);
/* Why a key may change when a run resumes; null: it may not. */
const char *kith__job_may_change(const char *key);

/* The folder of a job file, which its paths are relative to; "" for the current one.  folder [KITH_PATH]. */
void kith__job_folder(const kith_job *job, char *folder);

/* Whether a section, of which `i` is the first entry and `size` the length of the name, may be given as a
 * path alone. */
static inline bool kith__job_is_brief(int i, size_t size) {
  return strcmp(kith__job_table[i].key + size, ".path") == 0;
}

/* Where a YAML text has what. */
typedef struct job_places {
  bool any;                  /* whether it has keys at all */
  int line[JOB_KEYS_MOST];   /* of each key, from 1; 0 where it is not given */
  bool alone[JOB_KEYS_MOST]; /* a list that is written as one value */
  bool brief[JOB_KEYS_MOST]; /* a path that stands in the place of its section: data.test: list.txt */
} job_places;

/**
 * Find the places and check the shape of a YAML text.  Local.
 * Errors: KITH_ECONFIG with `name` and line: no YAML, unknown key, key given twice, list or mapping in the
 * wrong place.
 */
kith_status kith__job_walk(const char *name, const char *yaml, size_t size, job_places *out) KITH_MUST_USE;
/**
 * The values of a YAML text that has been walked, by key: value [JOB_KEYS_MOST], each a new block, null where
 * the text has none.  Local.  Errors: KITH_ECONFIG, KITH_ENOMEM.
 */
kith_status kith__job_load(const char *name, const char *yaml, size_t size, const job_places *places,
                           char **value) KITH_MUST_USE;

#endif
