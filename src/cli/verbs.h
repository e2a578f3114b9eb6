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

/* Whether a verb accepts a job file: it needs one, or its usage is [JOB]. */
bool cli_verb_takes_job(const cli_verb *v);

/* The verb with this name, or null. */
const cli_verb *cli_verb_find(const char *name);
/* The verb nearest to an unknown name; null if none is close. */
const char *cli_verb_nearest(const char *name);

typedef enum cli_option_kind { CLI_OPTION_UNKNOWN, CLI_OPTION_FLAG, CLI_OPTION_VALUE } cli_option_kind;

/* Look up an argument, "--name" or "--name=value", in the help of a verb. */
cli_option_kind cli_option_find(const char *verb, const char *word);

/* The option of a verb nearest to an unknown one, near [KITH_JOB_KEY_SIZE]; false if none is close. */
bool cli_option_nearest(const char *verb, const char *word, char *near);

void cli_print_help(FILE *to);
void cli_print_verb_help(const cli_verb *v);

/* Turn exceeding the shell's limits on files and time into a message and a code, limits.c.  Local; before MPI
 * starts. Errors: KITH_EIO with a message, if not even MPI could start. */
kith_status cli_limits_begin(void) KITH_MUST_USE;

/* Print the JSON line to stdout: the members of cli_json(), or the error. */
void cli_print_json(const cli *c, kith_agreed outcome);

#endif
