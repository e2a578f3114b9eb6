/* The table of verbs, and what they print. */
#ifndef KITH_SRC_CLI_VERBS_H
#define KITH_SRC_CLI_VERBS_H

#include <stdio.h>

#include "cli/cli.h"

typedef struct cli_verb {
  const char *name;
  bool needs_job;
  kith_agreed (*run)(cli *c);
  const char *usage;   /* the argument after the verb */
  const char *help;    /* one line */
  const char *options; /* lines, each two spaces, the option, a space and its value or more spaces, what it
                          does; or "" */
} cli_verb;

extern const cli_verb cli_verbs[];
extern const int cli_n_verb;

/* Whether a verb accepts a job file: it needs one, or its usage is [JOB] or JOB|FILE. */
bool cli_verb_takes_job(const cli_verb *v);
/* Whether an argument is the FILE of a verb of JOB|FILE: its name ends in .h5 or .jsonl. */
bool cli_verb_takes_file(const cli_verb *v, const char *word);

/* The verb with this name, or null. */
const cli_verb *cli_verb_find(const char *name);
/* The verb nearest to an unknown name; null if none is close. */
const char *cli_verb_nearest(const char *name);

/* Options of verbs that take a job, and of all verbs; lines as in cli_verb. */
extern const char cli_options_of_jobs[], cli_options_common[];

typedef enum cli_option_kind { CLI_OPTION_UNKNOWN, CLI_OPTION_FLAG, CLI_OPTION_VALUE } cli_option_kind;

enum { CLI_OPTION_HELP = 1024 };

/* An option as its help says it. */
typedef struct cli_option_help {
  char name[KITH_NAME], value[KITH_NAME]; /* "--set", "KEY=VALUE"; value "": a flag */
  char help[CLI_OPTION_HELP];             /* on one line */
} cli_option_help;

/* The i-th option of a verb, those of all verbs at the end, and for a null verb those alone; false behind the
 * last one. */
bool cli_option_at(const cli_verb *v, int i, cli_option_help *out);
/* Look up an argument, "--name" or "--name=value", in the help of a verb. */
cli_option_kind cli_option_find(const char *verb, const char *word);
/* The option of a verb nearest to an unknown one, near [KITH_JOB_KEY_SIZE]; false if none is close. */
bool cli_option_nearest(const char *verb, const char *word, char *near);

/* An exit code: what it means, and what to do. */
typedef struct cli_error_help {
  kith_status code;
  const char *meaning, *advice;
} cli_error_help;

extern const cli_error_help cli_errors[];
extern const int cli_n_error;

/* Verbs that serve one task, from the verb `first` to that before the next task's, and the sections of the
 * job that they read, separated by spaces. */
typedef struct cli_task {
  const char *first, *title, *sections;
} cli_task;

extern const cli_task cli_tasks[];
extern const int cli_n_task;

void cli_print_help(FILE *to);
void cli_print_verb_help(const cli_verb *v);
/* Print the help on a topic to stdout.  Errors: KITH_EUSAGE for an unknown one, with the nearest. */
kith_status cli_help_topic(const char *topic) KITH_MUST_USE;
/* The i-th page of kith help that is no verb, section or key; null behind the last one. */
const char *cli_help_page(int i);
/* Print what makes a shell complete command lines.  Errors: KITH_EUSAGE for an unknown shell. */
kith_status cli_completion(const char *shell) KITH_MUST_USE;
/* Print the names that a job file gives, each a line, as data.relations.friend.  Errors: those of the file.
 */
kith_status cli_completion_names(const char *path) KITH_MUST_USE;
/* Print a manual page: "" for kith(1), the name of a verb, job or errors.  Errors: KITH_EUSAGE. */
kith_status cli_man(const char *page) KITH_MUST_USE;

/* Turn exceeding the shell's limits on files and time into a message and a code, limits.c.  Local; before MPI
 * starts. Errors: KITH_EIO with a message, if not even MPI could start. */
kith_status cli_limits_begin(void) KITH_MUST_USE;

/* Print the JSON line to stdout: the members of cli_json(), or the error. */
void cli_print_json(const cli *c, kith_agreed outcome);

#endif
