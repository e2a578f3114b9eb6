/* The verbs, and the help that is made from their table. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

const cli_verb cli_verbs[] = {
    {"generate", true, cli_generate, "JOB",
     "make a synthetic social recommendation graph: text lists, as the job names them", ""},
    {"ingest", true, cli_ingest, "JOB", "text lists → WORK/graph.h5", ""},
    {"partition", true, cli_partition, "JOB",
     "graph.h5 → WORK/parts.h5: cut for any number of ranks, with a report",
     "  --compare            judge metis, hash and contiguous side by side; write nothing\n"},
    {"train", true, cli_train, "JOB",
     "graph.h5 and parts.h5 → checkpoints, metrics.jsonl, embeddings.h5; goes on from the newest checkpoint",
     "  --fresh              remove earlier checkpoints and start anew\n"},
    {"evaluate", true, cli_evaluate, "JOB", "embeddings.h5 → Recall, NDCG, HitRate, Precision, MRR",
     "  --split SPLIT        valid or test, instead of the job's\n  --protocol PROTOCOL  full or sampled-N, "
     "instead of the job's\n  --k LIST             cut-offs such as 5,10, instead of the job's\n"},
    {"recommend", true, cli_recommend, "JOB", "embeddings.h5 → the best items of some users, or of all",
     "  --user ID            a user, by the id of the lists; repeatable; also one whom kith embed made a row "
     "for\n"
     "  --new FILE           where such users are (default: new.h5 in the work folder)\n"
     "  --similar-to ID      instead: the items most alike to an item, by the cosine of their embeddings; "
     "repeatable\n"
     "  --similar-to-user ID instead: the users most alike to a user\n"
     "  --k K                how many items (default: the largest of evaluate.k)\n"
     "  --all                all users, to a file\n  --output FILE        with --all: FILE.tsv or FILE.h5, "
     "from the current folder on\n"},
    {"embed", true, cli_embed, "JOB",
     "a list of new users or items → WORK/new.h5: their embeddings, by the trained model and their "
     "neighbors",
     "  --output FILE        write FILE instead, from the current folder on\n"},
    {"inspect", false, cli_inspect, "FILE", "any Kith file, in words, with its checksums compared",
     "  --show NAME          print a text that the file carries, such as job or metrics\n"},
    {"bench", true, cli_bench, "JOB",
     "measure this machine, then every kernel and a step as a fraction of what it allows",
     "  --repeat N           how often each is timed (default 7); medians are printed\n"
     "  --rows N             measure checkpoints of N rows instead, against plain writes; no graph is "
     "read\n"},
    {"doctor", false, cli_doctor, "[JOB]",
     "check the installation and these ranks before hours are spent: a line each, with the remedy",
     "  --folder DIR         examine DIR instead of the job's work folder (without a job: the current "
     "folder)\n"},
};
const int cli_n_verb = (int)(sizeof cli_verbs / sizeof *cli_verbs);

bool cli_verb_takes_job(const cli_verb *v) { return v->needs_job || strcmp(v->usage, "[JOB]") == 0; }

const cli_verb *cli_verb_find(const char *name) {
  for (int i = 0; i < cli_n_verb; i++)
    if (strcmp(cli_verbs[i].name, name) == 0) return &cli_verbs[i];
  return NULL;
}

const char *cli_verb_nearest(const char *name) {
  const char *best = cli_verbs[0].name;
  for (int i = 1; i < cli_n_verb; i++)
    if (kith_edit_distance(name, cli_verbs[i].name) < kith_edit_distance(name, best))
      best = cli_verbs[i].name;
  return kith_edit_distance_is_small(name, kith_edit_distance(name, best)) ? best : NULL;
}

static const char *verbs_of_jobs = "  --set KEY=VALUE      override a key of the job file; repeatable\n";
static const char *verbs_common =
    "  --json               print one JSON object as the last line of stdout\n"
    "  --quiet              no progress and no log on stderr; results, warnings and errors are still told\n"
    "  --strict             a warning is an error (code 78): of the job before anything is done, of lists "
    "before graph.h5 is written\n"
    "  --help               this page\n";

/* Where a page of options explains one: two spaces before it; behind the name a space and a value, or more
 * spaces. */
static cli_option_kind verbs_look_up(const char *page, const char *word) {
  size_t n = strcspn(word, "=");
  for (const char *line = page; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    if (strncmp(line + 2, word, n) != 0 || line[2 + n] != ' ') continue;
    return line[3 + n] == ' ' ? CLI_OPTION_FLAG : CLI_OPTION_VALUE;
  }
  return CLI_OPTION_UNKNOWN;
}

cli_option_kind cli_option_find(const char *verb, const char *word) {
  const cli_verb *v = cli_verb_find(verb);
  if (!v || strncmp(word, "--", 2) != 0) return CLI_OPTION_UNKNOWN;
  cli_option_kind kind = verbs_look_up(v->options, word);
  if (kind == CLI_OPTION_UNKNOWN && cli_verb_takes_job(v)) kind = verbs_look_up(verbs_of_jobs, word);
  return kind == CLI_OPTION_UNKNOWN ? verbs_look_up(verbs_common, word) : kind;
}

void cli_print_help(FILE *to) {
  fprintf(to,
          "kith %s: graph neural networks for recommendation, on any number of ranks\n\n"
          "  kith VERB JOB.yaml [options]            mpirun -n 4 kith train JOB.yaml\n\nVerbs, in the order "
          "of a job:\n",
          KITH_VERSION);
  for (int i = 0; i < cli_n_verb; i++)
    fprintf(to, "  %-10s %-5s %s\n", cli_verbs[i].name, cli_verbs[i].usage, cli_verbs[i].help);
  fprintf(to,
          "\nOptions of every verb:\n%s%s\n"
          "kith VERB --help explains a verb; kith help keys lists every key of the job file, kith help KEY "
          "explains one; kith --version.\n"
          "Exit codes: 0 ok, 64 usage, 65 bad data, 66 no input, 70 loss not finite, 71 no memory, 73 cannot "
          "write,\n"
          "74 input/output error, 75 stopped by a signal, or ranks that hang (run again to continue), 78 bad "
          "job file.  See docs/errors.md.\n",
          verbs_of_jobs, verbs_common);
}

void cli_print_verb_help(const cli_verb *v) {
  printf("kith %s %s [options]\n  %s\n\nOptions:\n%s%s%s", v->name, v->usage, v->help, v->options,
         cli_verb_takes_job(v) ? verbs_of_jobs : "", verbs_common);
  if (cli_verb_takes_job(v)) printf("\nkith help keys lists every key of the job file.\n");
}
