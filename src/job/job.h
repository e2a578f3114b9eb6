/** What other rooms of the library use of job, beyond kith/job.h. */
#ifndef KITH_JOB_JOB_H
#define KITH_JOB_JOB_H

#include "kith/job.h"
#include "kith/embed.h"
#include "generate/generate.h"
#include "ingest/ingest.h"
#include "kith/partition.h"
#include "train/train.h"
#include "comm/watchdog.h"

/**
 * The configuration key of a job, for kith_run: "key=value" words of every key that affects the results of
 * training and does not have its default value.  src/job/config_key.c selects the keys.
 * Local.  @param[out] text  [size].  Errors: KITH_ECONFIG if `size` is too small; KITH_CONFIG_KEY_SIZE
 * suffices for any job.
 */
kith_status kith_job_config_key(const kith_job *job, size_t size, char *text) KITH_MUST_USE;
/** "key=value" words of the defaults of the keys that it may hold, for messages, text [size]; those that do
 * not fit are left out.  Local. */
void kith_job_config_usual(const kith_job *job, size_t size, char *text);

/**
 * Set what the job that a file stores sets, by keys of this or an earlier version.  Local.
 *
 * @param name  of the file, for messages
 * @param text  what kith_job_print() wrote; unknown keys are ignored, paths are taken as they are
 * Errors: KITH_EDATA where it is no such text, KITH_ECONFIG for a value that a key cannot have.
 */
kith_status kith_job_read_stored(const char *name, const char *text, kith_job *job) KITH_MUST_USE;

/** Print the reference of all keys as Markdown (docs/job.md) to stdout.  Local. */
void kith_job_print_reference(void);

/** Print the help of a key, or of the keys of a section ("": all), to stdout; false if none matches.  Local.
 */
bool kith_job_print_keys(const char *of);

/** A section of the job file; "job" has the keys that lie in none. */
typedef struct kith_job_section {
  const char *name, *help;
} kith_job_section;

extern const kith_job_section kith_job_sections[];
extern const int kith_job_n_section;

/** Print the sections, each with a line.  Local. */
void kith_job_print_sections(void);
/** Print the keys of a section or of a key's last but one part, each in one line with its default; false if
 * there is no such section.  Local. */
bool kith_job_print_section(const char *of);

/** All that is printed of a key. */
typedef struct kith_job_key_help {
  const char *name, *help;    /**< of the key, in which NAME may stand for a name */
  bool is_path;               /**< its value is a path */
  char bounds[512];           /**< what values it may have */
  char words[512];            /**< those of its values that are words, separated by spaces */
  char preset[2 * KITH_PATH]; /**< its default */
} kith_job_key_help;

/** The i-th key of the table; false behind the last one.  Local. */
bool kith_job_key_help_at(int i, kith_job_key_help *out);

/**
 * Find the known key or section nearest to an unknown one; false if none is near.  Local.
 * @param[out] near  [KITH_JOB_KEY_SIZE]; unspecified if the result is false
 */
bool kith_job_nearest(const char *key, char *near);

/** Whether a word is a key, of any name of a relation.  Local. */
bool kith_job_is_key(const char *word);

/** Whether a word is no key, but the beginning of keys: a section.  Local. */
bool kith_job_is_section(const char *word);

/** Print all renamed keys with their present names to stdout.  Local. */
void kith_job_print_renamed(void);

/**
 * Whether an earlier version had a key or a section of this name.  Local.
 * @param[out] now  [KITH_JOB_KEY_SIZE] its present name; unspecified if the result is false
 */
bool kith_job_renamed(const char *key, char *now);

/**
 * Whether another library has a key of this name, and what Kith calls it, as "Kith calls it train.lr".
 * Local.  @param[out] text  [size]; unspecified if the result is false
 */
bool kith_job_foreign(const char *key, size_t size, char *text);

/**
 * Check that a file that a verb will write is no input of the job, not the job file, and no file of the work
 * folder.  Local.  Errors: KITH_EUSAGE.
 */
kith_status kith_job_check_output(const kith_job *job, const char *path) KITH_MUST_USE;

/** Whether a file has a name by which programs keep off one another, in the folder of any file that they
 * write: kith.lock, kith.lock.break, waiting.txt.  Local. */
bool kith_job_is_own_name(const char *path);

/** The same check for graph.h5 or parts.h5 at the path of the key graph or parts.  Local.  Errors:
 * KITH_EUSAGE. */
kith_status kith_job_check_stage(const kith_job *job, const char *name, const char *path) KITH_MUST_USE;

/**
 * Warn of each key that is set, belongs to this verb and has no effect in this job.
 * Local; rank 0 prints.  After kith_log_strict() the warnings are errors.
 */
void kith_job_warn_unused(const kith_job *job, const char *verb);

/**
 * Warn of keys that decided the content of graph.h5 (splits, minimum weights, id types, normalization) and
 * have another value in the job than when the graph was ingested.  Local.
 *
 * @param path  of the graph, for messages
 * @param text  the job that the graph stores, of this or an earlier version; ignored if it cannot be parsed
 */
void kith_job_warn_changed(const kith_job *job, const char *path, const char *text);

/* ---- trials of a sweep ---- */

/**
 * kith_job_set() of a key that then counts as set, as by --set.  Local.
 * Errors: KITH_ECONFIG.
 */
kith_status kith_job_override(kith_job *job, const char *key, const char *text) KITH_MUST_USE;

/**
 * kith_job_print() of the keys alone that the job file or a setting has: a job file that can stand elsewhere,
 * if paths are absolute, and that causes the same warnings.  Local.  Errors: KITH_ENOMEM.
 */
kith_status kith_job_print_set(const kith_job *job, char **text) KITH_MUST_USE;

/** Bytes of kith_job_sweep_key() of any job. */
enum { KITH_SWEEP_KEY_SIZE = 1 << 15 };

/**
 * Whether a key has an effect in this job, and its value as --set takes it.  Local.
 * @param[out] value  [KITH_SWEEP_VALUES]
 * @param[out] needs  what it needs to have one; null where no rule says
 */
bool kith_job_effect(const kith_job *job, const char *key, char *value, const char **needs);

/** Make all paths of a job absolute, those to the current folder.  Local.  Errors: KITH_ECONFIG if one is too
 * long; KITH_EIO. */
kith_status kith_job_make_absolute(kith_job *job) KITH_MUST_USE;

/**
 * Make a trial of a job: without its sweep, in the work folder `folder`, whose job.yaml it becomes; with
 * absolute paths, the graph.h5 and parts.h5 of the job, and validation as the split.  Local.
 *
 * @param folder  absolute
 * Errors: KITH_ECONFIG if a path is too long; KITH_EIO.
 */
kith_status kith_job_make_trial(kith_job *job, const char *folder) KITH_MUST_USE;

/**
 * Find the names that a job file gives to relations, paths, node types and models, for completion: the job
 * may be wrong otherwise.  Local.
 *
 * @param found  told each, as "data.relations.friend"
 * Errors: those of kith_file_fopen(); KITH_ENOMEM.
 */
kith_status kith_job_names(const char *path, void (*found)(const char *key)) KITH_MUST_USE;

/**
 * What decides the trials of a sweep and how they are judged, as "key=value" words of what differs from the
 * defaults.  Local.  @param[out] text  [KITH_SWEEP_KEY_SIZE].  Errors: KITH_ECONFIG if that is too long.
 */
kith_status kith_job_sweep_key(const kith_job *job, char *text) KITH_MUST_USE;
/** As kith_job_config_usual(), of the keys that it may hold.  Local.  @param[out] text  [KITH_SWEEP_KEY_SIZE]
 */
void kith_job_sweep_usual(const kith_job *job, char *text);

#endif
