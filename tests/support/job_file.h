/* Job files as text: written to a temporary folder and read, or refused in words that a test knows. */
#ifndef KITH_TEST_JOB_FILE_H
#define KITH_TEST_JOB_FILE_H

#include "job/table.h"

enum { JOB_TEXT_SIZE = 4 * JOB_VALUE_SIZE, JOB_FOLDERS = 3 };

extern job_table test_job_table;      /* of a job without relations */
extern char test_job_home[KITH_PATH]; /* the folder we are in */
extern const char *test_job_folder;   /* where the job file lies: one of these, at first test_job_home */
extern const char *const test_job_folders[JOB_FOLDERS]; /* by its whole path, in a folder below, just there */

/* Fill the table, and make the folder and go there; remove the folder. */
void test_job_begin(void);
void test_job_end(void);

kith_status test_job_read(const char *text, int n_set, const char *const *set, kith_job *out);
void assert_job_read(const char *text, int n_set, const char *const *set, kith_job *out);
/* The last error is one line, in which these words are. */
void assert_error_says(const char *words);
/* The text is refused in one line that names the file, this line of it, and the words; what was in the job
 * stays. */
void assert_job_refused(const char *text, int line, const char *words);
/* The same of a value in its line, with the key before the words. */
void assert_value_refused(const job_key *k, const char *value, const char *words);
void assert_same_job(const kith_job *a, const kith_job *b);

/* A YAML text in which a key has a value, after a comment; returns the line in which it has it. */
int test_job_spell(const char *key, const char *value, char *text);
/* The i-th of words separated by " | ", counted around; returns how many there are. */
int test_job_choose(const char *words, uint64_t i, char *text);

bool job_key_is_text(const job_key *k);
bool job_key_is_number(const job_key *k);

#endif
