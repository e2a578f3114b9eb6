/* kith completion: what makes a shell complete verbs, options, keys and values, from the tables. */
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

/* Values of options, by their names, or by those that the help gives to the values; all others are any word.
 */
static const struct {
  const char *option, *value, *words; /* null: any */
} completion_values[] = {
    {"--format", NULL,
     "npy csv tsv word2vec word2vec-binary projector neighbors-tsv neighbors-h5 edges tensorboard"},
    {"--baseline", NULL, "popular itemknn ease ease-low majority propagation none"},
    {"--nodes", "TYPE", "user item"},
    {"--among", "TYPE", "user item"},
    {"--score", NULL, "cosine dot"},
    {"--machine", NULL, "typical"},
    {NULL, "FILE", "@file"},
    {NULL, "RUN", "@file"},
    {NULL, "DIR", "@folder"},
    {NULL, "FOLDER", "@folder"},
    {NULL, "SPLIT", "train valid test"},
    {NULL, "PROTOCOL", "full sampled-100"},
    {NULL, "WHEN", "auto always never"},
};

const char *cli_completion_words(const cli_option_help *o) {
  for (size_t i = 0; i < sizeof completion_values / sizeof *completion_values; i++) {
    const char *option = completion_values[i].option, *value = completion_values[i].value;
    if ((!option || strcmp(option, o->name) == 0) && (!value || strcmp(value, o->value) == 0))
      return completion_values[i].words;
  }
  return "";
}

void cli_completion_keys(void) {
  kith_job_key_help k;
  for (int i = 0; kith_job_key_help_at(i, &k); i++) printf("%s%s", i > 0 ? " " : "", k.name);
}

void cli_completion_topics(void) {
  for (int i = 0; cli_help_page(i); i++) printf("%s%s", i > 0 ? " " : "", cli_help_page(i));
  for (int i = 0; i < cli_n_verb; i++) printf(" %s", cli_verbs[i].name);
  for (int i = 0; i < kith_job_n_section; i++)
    if (!cli_verb_find(kith_job_sections[i].name)) printf(" %s", kith_job_sections[i].name);
}

void cli_completion_verbs(const char *usage, const char *by) {
  int n = 0;
  for (int i = 0; i < cli_n_verb; i++) {
    const char *its = cli_verbs[i].usage;
    if (strncmp(its + (its[0] == '['), usage, strlen(usage)) == 0)
      printf("%s%s", n++ > 0 ? by : "", cli_verbs[i].name);
  }
}

void cli_completion_quote(const char *text, const char *quote) {
  const char *end = strstr(text, ". ");
  const size_t n = end ? (size_t)(end - text) : strlen(text);
  putchar('\'');
  for (size_t i = 0; i < n; i++) {
    if (text[i] == '\'') printf("%s", quote);
    else putchar(text[i]);
  }
  putchar('\'');
}

void cli_completion_pattern(const char *key) {
  const char *name = strstr(key, "NAME");
  if (name) printf("%.*s*%s", (int)(name - key), key, name + 4);
  else printf("%s", key);
}

static void completion_name(const char *key) { printf("%s\n", key); }

kith_status cli_completion_names(const char *path) { return kith_job_names(path, completion_name); }

kith_status cli_completion(const char *shell) {
  static const struct {
    const char *name;
    void (*print)(void);
  } shells[] = {{"bash", cli_completion_bash}, {"zsh", cli_completion_zsh}, {"fish", cli_completion_fish}};
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
    if (strcmp(shells[i].name, shell) == 0) {
      shells[i].print();
      return KITH_OK;
    }
  return kith_fail(
      KITH_EUSAGE,
      "kith completion: expected bash, zsh or fish, as in: source <(kith completion bash); found "
      "\"%s\"",
      shell);
}
