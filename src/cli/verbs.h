/* The table of verbs, and what they print. */
#ifndef KITH_SRC_CLI_VERBS_H
#define KITH_SRC_CLI_VERBS_H

#include "cli/cli.h"

typedef struct cli_verb {
  const char *name;
  bool needs_job;
  kith_agreed (*run)(cli *c);
  const char *usage;   /* what stands behind the verb */
  const char *help;    /* one line */
  const char *options; /* lines, or "" */
} cli_verb;

extern const cli_verb cli_verbs[];
extern const int cli_n_verb;

/* The verb of a name, or null. */
const cli_verb *cli_verb_find(const char *name);
/* The verb whose name is least edits away. */
const char *cli_verb_nearest(const char *name);

void cli_print_help(void);
void cli_print_verb_help(const cli_verb *v);

/* The JSON line: members noted by cli_json(), or the error.  To stdout. */
void cli_print_json(const cli *c, kith_agreed outcome);

#endif
