/* kith help: verbs by task, sections, keys, models and exit codes, from the tables that the program reads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "model/model.h"

enum { HELP_WIDTH = 80 };

const cli_task cli_tasks[] = {
    {"generate", "From lists to parts", "job data generate partition"},
    {"train", "Training", "model loss negatives sampler train checkpoint watchdog update blend"},
    {"evaluate", "Judging", "evaluate stream sweep"},
    {"recommend", "Using", "embed"},
    {"inspect", "Files and machines", ""},
};
const int cli_n_task = (int)(sizeof cli_tasks / sizeof *cli_tasks);

const cli_error_help cli_errors[] = {
    {KITH_OK, "done", ""},
    {KITH_EUSAGE, "the command line: an unknown verb, option or topic of help, or a missing value",
     "kith help VERB lists the options"},
    {KITH_EDATA, "a list or a file has impossible contents, is truncated, or is of another kind",
     "mend the line or the file that the message names, or make it again"},
    {KITH_ENOINPUT, "a file is missing or unreadable", "run the verb that the message names first"},
    {KITH_ENUMERIC, "the loss became infinite or NaN; the last checkpoint is kept",
     "a smaller train.lr or a larger loss.l2"},
    {KITH_ENOMEM, "there is not enough memory", "more ranks or nodes; kith plan says how many"},
    {KITH_EOUTPUT, "a file or folder cannot be written, or another program writes there",
     "name another work folder or --output, or wait for the other program"},
    {KITH_EIO, "reading or writing failed: a full disk, a failing device, ulimit -f",
     "make room, then run the same command again"},
    {KITH_EINTERRUPT, "a signal stopped it after a checkpoint, or the watchdog ended a hung job",
     "run the same command again to continue"},
    {KITH_ECONFIG, "the job file or --set: an unknown key, a value out of bounds, a contradiction",
     "mend the line that the message names; kith help KEY explains a key"},
};
const int cli_n_error = (int)(sizeof cli_errors / sizeof *cli_errors);

/* The models, in the order of model.name; docs/models.md has their formulas. */
static const struct {
  const char *name, *help;
} help_models[] = {
    {"lightgcn", "sums of neighbors' rows, no weights or activations; try it first"},
    {"mf", "matrix factorization: a row for each node, no graph"},
    {"ngcf", "sums and products of neighbors' rows, through dense layers"},
    {"gcn", "the mean of neighbors' rows through a dense layer"},
    {"gcnii", "gcn for many layers: every layer keeps a share of the first rows"},
    {"gat", "attention decides how much each neighbor counts"},
    {"sage", "a node's own row beside the aggregate of its neighbors'"},
    {"pinsage", "neighbors are the nodes that short random walks visit most"},
    {"rgcn", "matrices for each relation, made of common bases"},
    {"diffnet", "what users like spreads over their friends"},
    {"kgin", "intents over the relations of a knowledge graph"},
    {"cascade", "one behavior after the other: view, cart, buy"},
    {"han", "attention over meta-paths"},
    {"spectral", "no training by steps: filtered singular vectors of interactions"},
};

/* ---- kith help ---- */

/* The names of the options of every verb, in lines of 80 columns. */
static void help_common_options(FILE *to) {
  int column = fprintf(to, "Options of every verb: --set KEY=VALUE where there is a job");
  cli_option_help o;
  for (int i = 0; cli_option_at(NULL, i, &o); i++) {
    const int n = (int)(strlen(o.name) + strlen(o.value)) + (o.value[0] != '\0') + 2;
    const bool fits = column + n < HELP_WIDTH;
    const int m = fprintf(to, ",%s%s%s%s", fits ? " " : "\n", o.name, o.value[0] ? " " : "", o.value);
    column = fits ? column + m : m - 2;
  }
  fprintf(to, "\n");
}

/* The verb that begins the next task, or null. */
static const char *help_task_end(int task) {
  return task + 1 < cli_n_task ? cli_tasks[task + 1].first : NULL;
}

static void help_task_verbs(FILE *to, int task) {
  const char *end = help_task_end(task);
  bool in = false;
  for (int i = 0; i < cli_n_verb; i++) {
    in = (in || strcmp(cli_verbs[i].name, cli_tasks[task].first) == 0) &&
         !(end && strcmp(cli_verbs[i].name, end) == 0);
    if (in) fprintf(to, "  %-10s %-5s %s\n", cli_verbs[i].name, cli_verbs[i].usage, cli_verbs[i].help);
  }
}

void cli_print_help(FILE *to) {
  fprintf(to,
          "kith %s: distributed training of graph neural networks for recommendation\n\n"
          "  kith VERB JOB.yaml [options]            mpirun -n 4 kith train JOB.yaml\n\n"
          "Verbs by task, with the sections of the job file that belong to it:\n",
          KITH_VERSION);
  for (int t = 0; t < cli_n_task; t++) {
    fprintf(to, "\n%s%s%s\n", cli_tasks[t].title, cli_tasks[t].sections[0] ? ": " : "",
            cli_tasks[t].sections);
    help_task_verbs(to, t);
  }
  fprintf(to, "\n");
  help_common_options(to);
  fprintf(to, "\nkith help VERB          options of a verb, as kith VERB --help\n"
              "kith help SECTION       keys of a section with their defaults, such as model\n"
              "kith help KEY           values and meaning of a key, such as train.lr\n"
              "kith help sections      the sections of the job file; kith help keys: all keys\n"
              "kith help models        the models; kith help errors: the exit codes\n"
              "kith help renamed       keys that earlier versions had under other names\n"
              "kith completion SHELL   completion for bash, zsh or fish\n"
              "kith --version          the version; kith version: what it was built with, too\n");
}

void cli_print_verb_help(const cli_verb *v) {
  printf("kith %s%s%s [options]\n  %s\n\nOptions:\n%s%s%s", v->name, v->usage[0] ? " " : "", v->usage,
         v->help, v->options, cli_verb_takes_job(v) ? cli_options_of_jobs : "", cli_options_common);
  if (cli_verb_takes_job(v)) printf("\nkith help sections lists the sections of the job file.\n");
}

/* ---- topics ---- */

/* Exit codes: all, or one. */
static void help_errors(int code) {
  char lead[64];
  for (int i = 0; i < cli_n_error; i++) {
    const cli_error_help *e = &cli_errors[i];
    if (code >= 0 && code != (int)e->code) continue;
    snprintf(lead, sizeof lead, "%4d  %-20s ", (int)e->code, kith_status_name(e->code));
    cli_wrap(lead, 27, e->meaning);
    if (e->advice[0]) cli_wrap("                           → ", 29, e->advice);
  }
  if (code >= 0) return;
  printf("\nAn error is one line on stderr that begins with kith: and names the file, the\n"
         "line or the key.  All ranks end with the same code.  docs/errors.md has more.\n");
}

/* The code of an error; -1 if the topic is none. */
static int help_code(const char *topic) {
  const char *end = topic;
  int64_t code = 0;
  if (!kith_text_number(&end, &code) || *end) return -1;
  for (int i = 0; i < cli_n_error; i++)
    if (code == (int64_t)cli_errors[i].code) return (int)code;
  return -1;
}

static const char *help_of_model(const char *name) {
  for (size_t i = 0; i < sizeof help_models / sizeof *help_models; i++)
    if (strcmp(help_models[i].name, name) == 0) return help_models[i].help;
  return "";
}

/* A word that is a value of keys: what a model is, the keys, and the page of docs that has more. */
static bool help_value(const char *word) {
  static const char *const measure[] = {"recall", "ndcg", "hit_rate", "precision", "mrr"};
  kith_job_key_help k;
  bool found = false;
  for (size_t i = 0; i < sizeof measure / sizeof *measure; i++)
    found = found || strcmp(measure[i], word) == 0;
  if (found) printf("%s is a measure of kith evaluate; docs/metrics.md has its formula.\n", word);
  if (help_of_model(word)[0])
    printf("%s: %s.\ndocs/models.md has its formulas.\n", word, help_of_model(word));
  for (int i = 0; kith_job_key_help_at(i, &k); i++) {
    char *rest = NULL;
    for (char *one = strtok_r(k.words, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
      if (strcmp(one, word) != 0) continue;
      printf("%s is a value of %s: see kith help %s\n", word, k.name, k.name);
      found = true;
    }
  }
  return found;
}

/* Each name of model.name, with a star if it classifies. */
static void help_all_models(void) {
  char names[] = KITH_MODEL_NAMES, *rest = NULL;
  int n = 0;
  for (char *name = strtok_r(names, " |", &rest); name; name = strtok_r(NULL, " |", &rest), n++) {
    const kith_model_options o = {.name = (kith_model_name)n, .dim = 1, .layers = 1};
    printf("  %-9s %c %s\n", name, kith_model_can_classify(&o) ? '*' : ' ', help_of_model(name));
  }
  printf("\nmodel.name: NAME chooses one; * can classify nodes, too (task: classify; han\n"
         "does nothing else).  model.sequence adds the order of a user's items to any\n"
         "that recommends (recent, sasrec), and stream.model learns a stream of events\n"
         "(tgn).  kith help model lists their keys, docs/models.md their formulas.\n");
}

static void help_verbs(void) {
  for (int t = 0; t < cli_n_task; t++) help_task_verbs(stdout, t);
}

static const struct {
  const char *name;
  void (*print)(void);
} help_pages[] = {{"models", help_all_models},
                  {"sections", kith_job_print_sections},
                  {"verbs", help_verbs},
                  {"renamed", kith_job_print_renamed},
                  {"keys", NULL},
                  {"errors", NULL}};
enum { HELP_PAGES = sizeof help_pages / sizeof *help_pages };

const char *cli_help_page(int i) { return i < HELP_PAGES ? help_pages[i].name : NULL; }

/* The topic of help nearest to an unknown one: near [KITH_JOB_KEY_SIZE]. */
static bool help_nearest(const char *topic, char *near) {
  const char *name = cli_verb_nearest(topic);
  for (int i = 0; i < HELP_PAGES; i++)
    if (kith_edit_distance_is_small(topic, kith_edit_distance(topic, help_pages[i].name)))
      name = help_pages[i].name;
  if (!name) return kith_job_nearest(topic, near);
  snprintf(near, KITH_JOB_KEY_SIZE, "%s", name);
  return true;
}

static kith_status help_fail(const char *topic) {
  char now[4 * KITH_JOB_KEY_SIZE];
  if (kith_job_foreign(topic, sizeof now, now))
    return kith_fail(KITH_EUSAGE, "no key \"%s\": %s", topic, now);
  if (kith_job_renamed(topic, now))
    return kith_fail(KITH_EUSAGE, "%s is now called %s; see kith help %s", topic, now, now);
  if (topic[0] && help_nearest(topic, now))
    return kith_fail(KITH_EUSAGE, "no help on \"%s\"; did you mean \"%s\"? see kith help %s", topic, now,
                     now);
  return kith_fail(KITH_EUSAGE, "no help on \"%s\"; kith help lists the verbs, and kith help keys all keys",
                   topic);
}

/* A verb, and the section that has its name, if there is one. */
static void help_verb(const cli_verb *v) {
  cli_print_verb_help(v);
  if (!kith_job_is_section(v->name)) return;
  printf("\nKeys of the section %s:\n", v->name);
  kith_job_print_section(v->name);
}

/* A section in one line for each key; a key in full. */
static bool help_keys(const char *topic) {
  if (!topic[0]) return false;
  if (kith_job_is_key(topic)) return kith_job_print_keys(topic);
  if (!kith_job_print_section(topic)) return false;
  printf("\nkith help KEY explains a key: its values and its whole meaning.\n");
  return true;
}

kith_status cli_help_topic(const char *topic) {
  const cli_verb *v = cli_verb_find(topic);
  const int code = help_code(topic);
  for (int i = 0; i < HELP_PAGES; i++)
    if (help_pages[i].print && strcmp(help_pages[i].name, topic) == 0) {
      help_pages[i].print();
      return KITH_OK;
    }
  if (strcmp(topic, "--markdown") == 0) kith_job_print_reference();
  else if (strcmp(topic, "keys") == 0) kith_job_print_keys("");
  else if (strcmp(topic, "errors") == 0) help_errors(-1);
  else if (code >= 0) help_errors(code);
  else if (v) help_verb(v);
  else if (!help_keys(topic) && !help_value(topic)) return help_fail(topic);
  return KITH_OK;
}
