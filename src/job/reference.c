/* The reference of all keys, from the table: plain text for the terminal, Markdown for docs/job.md. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

enum { REFERENCE_WIDTH = 80 }; /* columns of plain text */

/* ---- Markdown ---- */

static const char reference_head[] =
    "# The job file: every key\n"
    "\n"
    "This page lists every key of the job file with its values, its default and its meaning.\n"
    "`kith help --markdown` prints it from the table that reads the job file, and a test compares the two.\n"
    "\n"
    "* A job file is one YAML document. Every key is optional, but most verbs need "
    "`data.interactions.path`.\n"
    "* `train.lr` is `train: {lr: 0.005}` in the file and `--set train.lr=0.005` on the command line. The "
    "command line wins.\n"
    "* In `data.relations.NAME`, `model.relations.NAME` and others, NAME stands for the name of a relation: "
    "the job file names it, by a-z, 0-9 and _, first a letter, at most 31 bytes; at most 32 relations. "
    "NAME of `data.nodes.NAME` is that of a node type; a graph has at most 16, user and item included. The "
    "command line changes a relation of the file (`--set data.relations.friend.path=ties.tsv`) and does not "
    "create one.\n"
    "* Paths are relative to the folder of the job file, also those of `--set`.\n"
    "* A path may stand for its section: `data: {item_names: names.tsv}` is "
    "`data: {item_names: {path: names.tsv}}`.\n"
    "* `~`, `~user`, `$NAME` and `${NAME}` at the beginning of a path, and of the value of `--output`, "
    "expand "
    "as in a shell, by the environment of rank 0. An unset or empty variable is an error. Elsewhere these "
    "characters are literal.\n"
    "* A key that is set but has no effect in the job, such as `model.gat.heads` with `model.name: mf`, is a "
    "warning of the verb that would use it. `--strict` makes warnings errors.\n"
    "* An unknown key, a key given twice and a value out of bounds end the program with code 78 and one line "
    "that names file and line.\n"
    "\n"
    "## A relation in a job\n"
    "\n"
    "A relation has a line in each section that shall read it. Its name is the same in all of them:\n"
    "\n"
    "```yaml\n"
    "data:\n"
    "  interactions: {path: list.tsv, format: edges}\n"
    "  relations:\n"
    "    view: {path: view.tsv, from: user, to: item}   # kith ingest: the list becomes edges of graph.h5\n"
    "model: {relations: {view: 0.3}}                    # kith partition, kith train: layers read them, "
    "weighted by 0.3\n"
    "evaluate: {mask: [interactions, view]}             # kith train, evaluate, recommend: items that a user "
    "viewed are not ranked\n"
    "train: {also: {view: 0.3}}                         # kith train: pairs of the relation are learned "
    "beside the interactions\n"
    "embed: {relations: {view: new-views.tsv}}          # kith embed: edges of new users and items\n"
    "update: {relations: {view: later-views.tsv}}       # kith update: new edges\n"
    "```\n"
    "\n"
    "* A relation that only `data.relations` names is stored in `graph.h5`, and a warning says that nothing "
    "reads it.\n"
    "* Layers read a relation only with a weight above 0 in `model.relations`, where interactions weigh 1. A "
    "weight of 0 is the same as no line: the same bits.\n"
    "* `evaluate.mask` needs no weight, but joins users with items, also as nodes of types that are these by "
    "`same_as`. A list replaces the default "
    "`[interactions]`, so name interactions too, unless items of the training lists shall be ranked.\n"
    "* `embed.relations` takes format and columns from `data.relations`, and has an "
    "effect only with a weight in `model.relations`.\n"
    "* `partition.weight.view` is the weight of its edges in the cut. Without it, the weight is 1 if "
    "`model.relations` names the relation, and else 0.\n"
    "* `model.half_lives.view` is the age at which an edge of a relation with times counts half. Without it, "
    "edges of every age count alike.\n"
    "* `sampler.relations.view` gives its fan-outs with `sampler.mode: neighbor`. Without it, "
    "`sampler.fanouts` holds.\n"
    "* `data.social` is short for `data.relations.friend` with `from: user` and `to: user`.\n";

/* A cell of a table; a bar would end it. */
static void reference_cell(const char *text, bool code) {
  printf(code && text[0] ? " `" : " ");
  for (const char *c = text; *c; c++) printf(*c == '|' ? "\\%c" : "%c", *c);
  printf(code && text[0] ? "` |" : " |");
}

static void reference_row(const kith_job *job, const job_key *k) {
  char value[JOB_VALUE_SIZE], bounds[512];
  kith__job_get(job, k, sizeof value, value);
  kith__job_bounds(k, sizeof bounds, bounds);
  printf("|");
  reference_cell(k->key, true);
  reference_cell(bounds, false);
  reference_cell(value, true);
  reference_cell(k->help, false);
  printf("\n");
}

/* The section of a key; keys without one are keys of the whole job. */
static void reference_section(const char *key) {
  size_t n = strcspn(key, ".");
  printf("\n## %.*s\n\n| key | values | default | meaning |\n|---|---|---|---|\n", key[n] ? (int)n : 7,
         key[n] ? key : "the job");
}

void kith_job_print_reference(void) {
  const kith_job job = kith__job_presets();
  const char *section = NULL;
  char half[KITH_JOB_KEY_SIZE];
  printf("%s", reference_head);
  for (int i = 0; i < kith__job_n_row; i++) {
    const char *key = kith__job_row[i].key;
    size_t n = strcspn(key, ".");
    bool begins = !section || (key[n] && strncmp(section, key, n + 1) != 0);
    if (begins) reference_section(key);
    if (begins) section = key;
    reference_row(&job, &kith__job_row[i]);
  }
  printf("\n## Renamed keys\n\nEarlier versions had these keys under other names, which are errors now.\n\n");
  for (int i = 0; i < kith__job_n_retired; i++) {
    const job_retired *r = &kith__job_retired[i];
    printf("* `%s` is now `%s`\n", r->old, r->now);
    if (kith__job_half(r, half)) printf("* `%s` is now `%s`\n", half, r->now);
  }
}

/* ---- plain text ---- */

/* Text with line breaks before column 80, indented by six columns. */
static void reference_wrap(const char *text) {
  int column = REFERENCE_WIDTH;
  while (*text) {
    size_t n = strcspn(text, " ");
    bool fits = column + 1 + (int)n < REFERENCE_WIDTH;
    printf("%s%.*s", fits ? " " : column == REFERENCE_WIDTH ? "      " : "\n      ", (int)n, text);
    column = (fits ? column + 1 : 6) + (int)n;
    text += n + strspn(text + n, " ");
  }
  printf("\n");
}

static void reference_plain(const kith_job *job, const job_key *k) {
  char value[JOB_VALUE_SIZE], bounds[512], line[2 * JOB_VALUE_SIZE];
  kith__job_get(job, k, sizeof value, value);
  kith__job_bounds(k, sizeof bounds, bounds);
  snprintf(line, sizeof line, "%s%s%s", bounds, value[0] ? "; default: " : "", value);
  printf("  %s\n", k->key);
  reference_wrap(k->help);
  reference_wrap(line);
}

/* Whether a key is in a section whose last word is `word`: model.kgin.intents is in one of kgin. */
static bool reference_is_in(const char *key, const char *word) {
  const size_t n = strlen(word);
  for (const char *dot = strchr(key, '.'); dot && n > 0; dot = strchr(dot + 1, '.'))
    if (strncmp(dot + 1, word, n) == 0 && dot[1 + n] == '.') return true;
  return false;
}

int kith__job_select(const char *topic, bool *is) {
  char generic[KITH_JOB_KEY_SIZE];
  kith__job_generic(topic, generic);
  const bool top = strcmp(topic, "job") == 0;
  int found = 0;
  for (int i = 0; i < kith__job_n_row; i++) {
    const char *key = kith__job_row[i].key;
    is[i] = top ? !strchr(key, '.') : !generic[0] || kith__job_holds(generic, key);
    found += is[i];
  }
  for (int i = 0, none = found == 0; i < kith__job_n_row && none; i++) {
    is[i] = reference_is_in(kith__job_row[i].key, topic);
    found += is[i];
  }
  return found;
}

bool kith_job_print_keys(const char *of) {
  const kith_job job = kith__job_presets();
  bool is[KITH_JOB_MAX_KEYS];
  if (kith__job_select(of, is) == 0) return false;
  for (int i = 0; i < kith__job_n_row; i++)
    if (is[i]) reference_plain(&job, &kith__job_row[i]);
  return true;
}

void kith_job_print_renamed(void) {
  char half[KITH_JOB_KEY_SIZE];
  for (int i = 0; i < kith__job_n_retired; i++) {
    const job_retired *r = &kith__job_retired[i];
    printf("  %-32s is now %s\n", r->old, r->now);
    if (kith__job_half(r, half)) printf("  %-32s is now %s\n", half, r->now);
  }
}
