/* The sections of the job file, and their keys in one line each. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

enum { SECTIONS_WIDTH = 80, SECTIONS_KEY = 34, SECTIONS_PRESET = 10 }; /* of the terminal; of two columns */

const kith_job_section kith_job_sections[] = {
    {"job", "what belongs to no section: name, task, and where the files are"},
    {"data", "the lists that are read, their columns, and what is held out"},
    {"generate", "a synthetic social network, in place of lists"},
    {"partition", "how the graph is cut into parts for ranks"},
    {"model", "the model of the graph, its size, and the relations that it reads"},
    {"sampler", "what a step of training reads of the graph"},
    {"loss", "what is minimized"},
    {"negatives", "items that the loss compares an interaction with"},
    {"train", "epochs, batches, learning rate and optimizer"},
    {"evaluate", "cutoffs, protocol, and which items are ranked"},
    {"stream", "rules and model of a stream of events"},
    {"embed", "new users and items after training"},
    {"update", "new interactions for a trained model"},
    {"blend", "several models whose scores are added"},
    {"sweep", "keys of the job that vary between the trials of kith sweep"},
    {"checkpoint", "when training writes its state, and how many are kept"},
    {"watchdog", "when a job with a hung rank ends"},
};
const int kith_job_n_section = (int)(sizeof kith_job_sections / sizeof *kith_job_sections);

void kith_job_print_sections(void) {
  for (int i = 0; i < kith_job_n_section; i++)
    printf("  %-11s %s\n", kith_job_sections[i].name, kith_job_sections[i].help);
}

/* Bytes of the first `columns` characters of a text, or of all its `size` bytes. */
static size_t sections_bytes(const char *text, size_t size, int columns) {
  size_t n = 0;
  for (int k = 0; n < size && k < columns; k++) {
    int one = kith_utf8_length(text + n);
    n += one > 0 ? (size_t)one : 1;
  }
  return n;
}

/* The first sentence of a text, cut to a number of columns. */
static void sections_print_sentence(const char *text, int columns) {
  const char *end = strstr(text, ". ");
  const size_t all = end ? (size_t)(end - text) + 1 : strlen(text);
  size_t n = sections_bytes(text, all, columns);
  if (n < all) {
    n = sections_bytes(text, all, columns - 2);
    while (n > 0 && text[n] != ' ') n--;
    while (n > 0 && strchr(" ,;:", text[n - 1])) n--;
  }
  printf("%.*s%s\n", (int)n, text, n < all ? " …" : "");
}

bool kith_job_print_section(const char *of) {
  bool is[KITH_JOB_MAX_KEYS];
  char preset[JOB_VALUE_SIZE];
  const kith_job job = kith__job_presets();
  int longest = 0, wide = 0;
  if (kith__job_select(of, is) == 0) return false;
  for (int i = 0; i < kith__job_n_row; i++) {
    if (!is[i]) continue;
    kith__job_get(&job, &kith__job_row[i], sizeof preset, preset);
    int n = (int)strlen(kith__job_row[i].key), m = (int)strlen(preset);
    longest = n > longest ? n : longest;
    wide = m > wide ? m : wide;
  }
  const int key = (int)kith_min(longest, SECTIONS_KEY), value = (int)kith_min(wide, SECTIONS_PRESET);
  for (int i = 0; i < kith__job_n_row; i++) {
    if (!is[i]) continue;
    kith__job_get(&job, &kith__job_row[i], sizeof preset, preset);
    int n = printf("  %-*s  %-*s  ", key, kith__job_row[i].key, value, preset);
    sections_print_sentence(kith__job_row[i].help, SECTIONS_WIDTH - n);
  }
  return true;
}

/* The words of values that are names, separated by spaces; true and false; what stands beside numbers. */
static void sections_words(const job_key *k, size_t size, char *words) {
  const char *from = k->unit;
  words[0] = '\0';
  switch (k->kind) {
  case JOB_ENUM:
  case JOB_IDS: break;
  case JOB_PROTOCOL: from = "full"; break;
  case JOB_BOOL: from = "true | false"; break;
  case JOB_WEIGHT: from = "learned"; break;
  case JOB_AGE:
  case JOB_DURATION: from = "none"; break;
  case JOB_HALF_LIFE: from = "none | auto"; break;
  case JOB_CHOICE:
  case JOB_INTERVAL: from = "auto"; break;
  case JOB_NODE_TYPE: from = "user | item"; break;
  default: return;
  }
  size_t n = 0;
  for (; *from && n + 1 < size; from++)
    if (*from != '|' && (*from != ' ' || n == 0 || words[n - 1] != ' ')) words[n++] = *from;
  words[n] = '\0';
}

bool kith_job_key_help_at(int i, kith_job_key_help *out) {
  const kith_job job = kith__job_presets();
  if (i < 0 || i >= kith__job_n_row) return false;
  const job_key *k = &kith__job_row[i];
  out->name = k->key;
  out->help = k->help;
  out->is_path = k->kind == JOB_PATH || k->kind == JOB_PATHS;
  kith__job_bounds(k, sizeof out->bounds, out->bounds);
  kith__job_get(&job, k, sizeof out->preset, out->preset);
  sections_words(k, sizeof out->words, out->words);
  return true;
}
