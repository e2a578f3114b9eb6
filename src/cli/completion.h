/* Private to the completions of shells: completion.c and completion_*.c. */
#ifndef KITH_SRC_CLI_COMPLETION_H
#define KITH_SRC_CLI_COMPLETION_H

#include "cli/verbs.h"

/* What may stand for the value of an option: words, "@file", "@folder", or "". */
const char *cli_completion_words(const cli_option_help *o);
/* All keys, separated by spaces. */
void cli_completion_keys(void);
/* The topics of kith help, separated by spaces: pages, verbs and sections. */
void cli_completion_topics(void);
/* The names of the verbs whose usage begins with this, JOB or FILE, separated by `by`. */
void cli_completion_verbs(const char *usage, const char *by);
/* The first sentence of a text between single quotes, of which those within become `quote`. */
void cli_completion_quote(const char *text, const char *quote);
/* A key as a pattern of a shell: NAME becomes "*". */
void cli_completion_pattern(const char *key);

void cli_completion_bash(void);
void cli_completion_zsh(void);
void cli_completion_fish(void);

#endif
