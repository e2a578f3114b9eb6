/* The one table of keys. */
#ifndef KITH_SRC_JOB_TABLE_H
#define KITH_SRC_JOB_TABLE_H

#include "kith/job.h"

typedef enum job_kind {
  JOB_INT,      /* int */
  JOB_LONG,     /* int64_t or uint64_t */
  JOB_REAL,     /* double */
  JOB_BOOL,     /* bool */
  JOB_NAME,     /* an enum of the size of int, by name */
  JOB_TEXT,     /* char [size] */
  JOB_PATH,     /* char [KITH_PATH], relative to the job file's folder */
  JOB_CUTOFFS,  /* list of int: evaluate.k */
  JOB_PROTOCOL, /* int: "full" is 0, "sampled-N" is N */
  JOB_IDS       /* bool: "names" or "integers" */
} job_kind;

typedef struct job_key {
  const char *key;      /* "train.lr" */
  job_kind kind;
  size_t place, size;   /* in kith_job */
  double low, high;     /* bounds of numbers */
  const char *unit;     /* of numbers; for enums the names, separated by " | " */
  const char *help;
} job_key;

extern const job_key kith__job_table[];
extern const int kith__job_n_key;

enum { JOB_KEYS_MOST = 96, JOB_VALUE = 2 * KITH_PATH };

/* The entry of a key, or null. */
const job_key *kith__job_find(const char *key);
/* The known key that is least edits away. */
const char *kith__job_nearest(const char *key);

/**
 * Set one key from text.  `where` ("job.yaml:7", "--set") begins the message of a failure.  A path is taken as it is.
 * Local; on failure the job is unchanged.
 */
kith_status kith__job_set(kith_job *job, const job_key *k, const char *where, const char *text) KITH_MUST_USE;
/* The value of one key as text that kith__job_set() understands. */
void kith__job_get(const kith_job *job, const job_key *k, size_t size, char *text);

/**
 * The values of a YAML text, by key: value [JOB_KEYS_MOST], null where the text has none; each a new block.
 * Local.  Errors: KITH_ECONFIG with `name` and line.
 */
kith_status kith__job_load(const char *name, const char *yaml, size_t size, char **value) KITH_MUST_USE;
/* The line of a key in a YAML text, from 1; 0 if it is not there. */
int kith__job_line(const char *yaml, size_t size, const char *key);

#endif
