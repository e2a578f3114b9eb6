/* The reference of all keys, from the table: plain for the terminal, Markdown for docs/job.md. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* A cell of a Markdown table; a bar would end it. */
static void reference_cell(const char *text, bool code) {
  printf(code && text[0] ? " `" : " ");
  for (const char *c = text; *c; c++) printf(*c == '|' ? "\\%c" : "%c", *c);
  printf(code && text[0] ? "` |" : " |");
}

void kith_job_print_reference(void) {
  const kith_job job = kith_job_defaults();
  char value[JOB_VALUE], bounds[512];
  const char *group = NULL;
  printf(
      "# The job file: every key\n\n"
      "Made by `kith help --markdown` from the table that reads the job file; a test keeps the two the "
      "same.\n\n"
      "A job file is one YAML document. Every key is optional, but most verbs need "
      "`data.interactions.path`.\n"
      "`train.lr` below is written `train: {lr: 0.005}` in the file and `--set train.lr=0.005` on the "
      "command line, which wins.\n"
      "Paths, those given to `--set` too, are relative to the folder of the job file.\n"
      "A list that needs nothing but its path may be written so: `data: {item_names: names.tsv}` is "
      "`data: {item_names: {path: names.tsv}}`.\n"
      "`~`, `~user`, `$NAME` and `${NAME}` at the beginning of a path (and of the value of `--output`) "
      "are replaced as a shell does, by the environment of rank 0; a variable that is unset or empty is "
      "an error. Anywhere else these characters stand for themselves.\n"
      "A key that is set and that nothing in the job reads, such as `model.gat.heads` with `model.name: mf`, "
      "is a warning of the verb that would read it; `--strict` makes warnings errors.\n"
      "An unknown key, a key given twice, or a value out of bounds ends the program with code 78 and a "
      "line that names file and line.\n");
  for (int i = 0; i < kith__job_n_key; i++) {
    const job_key *k = &kith__job_table[i];
    size_t n = strcspn(k->key, ".");
    if (!group || (k->key[n] && strncmp(group, k->key, n + 1) != 0)) {
      printf("\n## %.*s\n\n| key | values | default | meaning |\n|---|---|---|---|\n", k->key[n] ? (int)n : 7,
             k->key[n] ? k->key : "the job");
      group = k->key;
    }
    kith__job_get(&job, k, sizeof value, value);
    kith__job_bounds(k, sizeof bounds, bounds);
    printf("|");
    reference_cell(k->key, true);
    reference_cell(bounds, false);
    reference_cell(value, true);
    reference_cell(k->help, false);
    printf("\n");
  }
  printf("\n## Renamed keys\n\nEarlier versions had these keys under other names, which are errors now.\n\n");
  for (int i = 0; i < kith__job_n_retired; i++)
    printf("* `%s` is now `%s`\n", kith__job_retired[i].old, kith__job_retired[i].now);
}

/* ---- plain ---- */

static void reference_plain(const kith_job *job, const job_key *k) {
  char value[JOB_VALUE], bounds[512];
  kith__job_get(job, k, sizeof value, value);
  kith__job_bounds(k, sizeof bounds, bounds);
  printf("  %s: %s\n      %s", k->key, k->help, bounds);
  if (value[0]) printf("; default: %s\n", value);
  else printf("\n");
}

bool kith_job_print_keys(const char *of) {
  kith_job job = kith_job_defaults();
  size_t n = strlen(of);
  bool found = false;
  for (int i = 0; i < kith__job_n_key; i++) {
    const job_key *k = &kith__job_table[i];
    bool is = n == 0 || (strncmp(k->key, of, n) == 0 && (k->key[n] == '\0' || k->key[n] == '.'));
    if (is) reference_plain(&job, k);
    found |= is;
  }
  return found;
}

void kith_job_print_renamed(void) {
  for (int i = 0; i < kith__job_n_retired; i++)
    printf("  %-34s is now %s\n", kith__job_retired[i].old, kith__job_retired[i].now);
}
