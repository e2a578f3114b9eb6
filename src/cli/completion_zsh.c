/* Completion for zsh. */
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

static const char zsh_quote[] = "'\\''";

/* 'name:what it does', for _describe. */
static void zsh_described(const char *name, const char *help) {
  printf("      %s:", name);
  cli_completion_quote(help, zsh_quote);
  printf("\n");
}

static void zsh_verbs(void) {
  printf("  if (( CURRENT == 2 )); then\n    list=(\n");
  for (int v = 0; v < cli_n_verb; v++) zsh_described(cli_verbs[v].name, cli_verbs[v].help);
  zsh_described("help", "verbs, sections, keys, models and exit codes");
  zsh_described("completion", "completion for a shell");
  printf("    )\n    _describe -t verbs verb list\n    return\n  fi\n"
         "  case $words[2] in\n    help)\n      if [[ $PREFIX == *.* ]]; then compadd -- ");
  cli_completion_keys();
  printf("\n      else compadd -- ");
  cli_completion_topics();
  printf("; fi; return ;;\n    completion) compadd -- bash zsh fish; return ;;\n  esac\n");
}

/* One line of a case that completes by words. */
static void zsh_words(const char *words, const char *what) {
  if (strcmp(words, "@file") == 0) printf(") _files");
  else if (strcmp(words, "@folder") == 0) printf(") _files -/");
  else if (words[0]) printf(") compadd -- %s", words);
  else printf(") _message '%s'", what);
}

static void zsh_values_of_options(void) {
  cli_option_help o;
  printf("  case $words[2]:$words[CURRENT-1] in\n");
  for (int v = 0; v < cli_n_verb; v++)
    for (int i = 0; cli_option_at(&cli_verbs[v], i, &o); i++) {
      if (!o.value[0]) continue;
      printf("    %s:%s", cli_verbs[v].name, o.name);
      if (strcmp(o.name, "--set") == 0) printf(") _kith_setting");
      else zsh_words(cli_completion_words(&o), o.value);
      printf("; return ;;\n");
    }
  printf("  esac\n");
}

static void zsh_options(void) {
  cli_option_help o;
  printf("  if [[ $PREFIX == -* ]]; then\n    case $words[2] in\n");
  for (int v = 0; v < cli_n_verb; v++) {
    printf("    %s) list=(\n", cli_verbs[v].name);
    for (int i = 0; cli_option_at(&cli_verbs[v], i, &o); i++) zsh_described(o.name, o.help);
    printf("      ) ;;\n");
  }
  printf("    esac\n    _describe -o -t options option list\n    return\n  fi\n");
}

static void zsh_setting(void) {
  kith_job_key_help k;
  printf("_kith_setting() {\n  if compset -P 1 '*='; then\n    case ${IPREFIX%%=} in\n");
  for (int i = 0; kith_job_key_help_at(i, &k); i++) {
    printf("      ");
    cli_completion_pattern(k.name);
    zsh_words(k.is_path ? "@file" : k.words, "value");
    printf(" ;;\n");
  }
  printf("    esac\n    return\n  fi\n  compadd -S = --");
  for (int i = 0; kith_job_key_help_at(i, &k); i++)
    if (!strstr(k.name, "NAME")) printf(" %s", k.name);
  printf("\n  compadd -S '' --");
  char before[KITH_NAME] = "";
  for (int i = 0; kith_job_key_help_at(i, &k); i++) {
    const char *name = strstr(k.name, "NAME");
    if (!name || strncmp(before, k.name, (size_t)(name - k.name)) == 0) continue;
    snprintf(before, sizeof before, "%.*s", (int)(name - k.name), k.name);
    printf(" %s", before);
  }
  printf("\n  local name\n"
         "  for name in ${(f)\"$(kith completion names $words[3] 2>/dev/null)\"}; do\n"
         "    compadd -S '' -- $name.\n"
         "    [[ $name == data.(relations|paths).* ]] && compadd -S = -- "
         "{model,embed,update,sampler}.relations.${name##*.} partition.weight.${name##*.}\n"
         "  done\n}\n");
}

void cli_completion_zsh(void) {
  printf("#compdef kith\n# Completion of kith for zsh, as kith completion zsh prints it.\n");
  zsh_setting();
  printf("_kith() {\n  local -a list\n");
  zsh_verbs();
  zsh_values_of_options();
  zsh_options();
  printf("  case $words[2] in\n    ");
  cli_completion_verbs("JOB|FILE", "|");
  printf(") _files -g '*.(yaml|yml|h5|jsonl)(-.)' ;;\n    ");
  cli_completion_verbs("JOB", "|");
  printf(") _files -g '*.(yaml|yml)(-.)' ;;\n    ");
  cli_completion_verbs("FILE", "|");
  printf(") _files -g '*.h5(-.)' ;;\n  esac\n}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _kith \"$@\"; else compdef _kith kith; fi\n");
}
