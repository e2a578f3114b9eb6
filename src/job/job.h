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

#endif
