/* Completion for fish, which completes KEY=VALUE as one word. */
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

static const char fish_head[] = "# Completion of kith for fish, as kith completion fish prints it.\n"
                                "function __kith_needs_verb\n"
                                "  test (count (commandline -opc)) -eq 1\n"
                                "end\n"
                                "function __kith_verb_is\n"
                                "  set -l words (commandline -opc)\n"
                                "  test (count $words) -ge 2; and contains -- $words[2] $argv\n"
                                "end\n"
                                "complete -c kith -f\n";

static void fish_verb(const char *name, const char *help) {
  printf("complete -c kith -n __kith_needs_verb -a %s -d ", name);
  cli_completion_quote(help, "\\'");
  printf("\n");
}

static void fish_option(const cli_verb *v, const cli_option_help *o) {
  const char *words = cli_completion_words(o);
  printf("complete -c kith -n '__kith_verb_is %s' -l %s", v->name, o->name + 2);
  if (strcmp(o->name, "--set") == 0) printf(" -x -a '(__kith_settings)'");
  else if (strcmp(words, "@file") == 0) printf(" -r -F");
  else if (strcmp(words, "@folder") == 0) printf(" -x -a '(__fish_complete_directories)'");
  else if (words[0]) printf(" -x -a '%s'", words);
  else if (o->value[0]) printf(" -x");
  printf(" -d ");
  cli_completion_quote(o->help, "\\'");
  printf("\n");
}

/* Keys with "=", and with each word that may be their value. */
static void fish_settings(void) {
  kith_job_key_help k;
  printf("function __kith_settings\n  printf '%%s\\n'");
  for (int i = 0; kith_job_key_help_at(i, &k); i++) {
    const char *name = strstr(k.name, "NAME");
    char *rest = NULL;
    if (name) printf(" %.*s", (int)(name - k.name), k.name);
    else printf(" %s=", k.name);
    for (char *word = strtok_r(k.words, " ", &rest); word && !name; word = strtok_r(NULL, " ", &rest))
      printf(" %s=%s", k.name, word);
  }
  printf("\n  for name in (kith completion names (commandline -opc)[3] 2>/dev/null)\n"
         "    echo $name.\n"
         "    string match -q -r '^data.(relations|paths)' -- $name; or continue\n"
         "    printf '%%s=\\n' {model,embed,update,sampler}.relations.(string split . -- $name)[-1] "
         "partition.weight.(string split . -- $name)[-1]\n"
         "  end\nend\n");
}

void cli_completion_fish(void) {
  cli_option_help o;
  printf("%s", fish_head);
  fish_settings();
  for (int v = 0; v < cli_n_verb; v++) fish_verb(cli_verbs[v].name, cli_verbs[v].help);
  fish_verb("help", "verbs, sections, keys, models and exit codes");
  fish_verb("completion", "completion for a shell");
  printf("complete -c kith -n '__kith_verb_is help' -a '");
  cli_completion_topics();
  printf(
      "'\ncomplete -c kith -n '__kith_verb_is help; and string match -q \"*.*\" -- (commandline -ct)' -a '");
  cli_completion_keys();
  printf("'\ncomplete -c kith -n '__kith_verb_is completion' -a 'bash zsh fish'\n");
  for (int v = 0; v < cli_n_verb; v++)
    for (int i = 0; cli_option_at(&cli_verbs[v], i, &o); i++) fish_option(&cli_verbs[v], &o);
  printf("complete -c kith -n '__kith_verb_is ");
  cli_completion_verbs("JOB", " ");
  printf("' -k -a '(__fish_complete_suffix .yaml)'\ncomplete -c kith -n '__kith_verb_is ");
  cli_completion_verbs("FILE", " ");
  printf(" ");
  cli_completion_verbs("JOB|FILE", " ");
  printf("' -k -a '(__fish_complete_suffix .h5)'\n");
}
