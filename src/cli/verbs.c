/* The verbs, and the help that is made from their table. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

const cli_verb cli_verbs[] = {
    {"generate", true, cli_generate, "JOB", "write a synthetic social network as the job's text lists", ""},
    {"ingest", true, cli_ingest, "JOB", "text lists → WORK/graph.h5", ""},
    {"partition", true, cli_partition, "JOB", "graph.h5 → WORK/parts.h5, with a report on the partition",
     "  --compare            compare all methods; write nothing\n"
     "  --refit              the graph of kith train --refit, ahead of it\n"},
    {"plan", true, cli_plan, "JOB", "before an allocation: memory, messages and time by number of ranks",
     "  --nodes N            nodes of the allocation (default: as many as needed)\n"
     "  --tasks-per-node M   ranks of a node (default: one for each core)\n"
     "  --users N            with the next two: a graph of these sizes, which is not\n"
     "                       there yet, instead of graph.h5\n"
     "  --items N            its items\n"
     "  --interactions N     its interactions\n"
     "  --machine NAME       typical, or a profile by kith bench --profile\n"
     "  --cores N            of a node; overrides the machine's\n"
     "  --memory BYTES       of a node, such as 256GB; overrides the machine's\n"
     "  --network RATE       of a node, such as 100Gb (per second); overrides the\n"
     "                       machine's\n"
     "  --latency TIME       between nodes, such as 2us; overrides the machine's\n"},
    {"train", true, cli_train, "JOB", "parts.h5 → checkpoints, metrics.jsonl, embeddings.h5",
     "  --fresh              remove earlier checkpoints and start again; without\n"
     "                       it, training continues from the newest checkpoint\n"
     "  --refit              after a run that validation has judged: train its\n"
     "                       settings and its number of epochs in WORK/refit, on\n"
     "                       validation interactions as well; read test once\n"},
    {"update", true, cli_update, "JOB", "new lists behind the old → the trained model learns them",
     "  --fresh              drop what an update that is not complete has made;\n"
     "                       without it, that one goes on\n"},
    {"evaluate", true, cli_evaluate, "JOB", "embeddings.h5 → Recall, NDCG, …, MRR, or accuracy, macro-F1",
     "  --split SPLIT        valid or test; overrides evaluate.split.  Of classes:\n"
     "                       train, valid or test alone (default: all)\n"
     "  --protocol PROTOCOL  full or sampled-N; overrides evaluate.protocol\n"
     "  --k LIST             cutoffs such as 5,10; overrides evaluate.k\n"
     "  --groups             also by activity of users and popularity of items;\n"
     "                       WORK/evaluate-SPLIT.json has these in any case\n"
     "  --baseline LIST      beside the model: of popular, itemknn and ease, or none\n"
     "                       (default: popular); ease:200 sets its lambda.  Of\n"
     "                       classes: of majority and propagation (default:\n"
     "                       majority)\n"
     "  --rolling S          instead: train to the beginning of each of S slices of\n"
     "                       time, measure in it, print mean and spread; in\n"
     "                       WORK/rolling-S, continued there if interrupted\n"
     "  --fresh              with --rolling: train all slices anew\n"
     "  --refit              of the model of kith train --refit\n"},
    {"report", true, cli_report, "JOB", "everything about a run → WORK/report.html, one page",
     "  --output FILE        write FILE instead, relative to the current folder\n"
     "  --compare RUN        another run beside it: its work folder or its job file;\n"
     "                       several may follow\n"
     "  --refit              the run of kith train --refit → WORK/refit/report.html\n"},
    {"tune", true, cli_tune, "JOB", "choose settings of the spectral filter on validation items",
     "  --users N            validation users that are taken, about (default 10000):\n"
     "                       half to search on, half to check\n"
     "  --candidates N       items of each that are ranked again (default 500)\n"
     "  --trials N           trials of the search (default 250)\n"
     "  --knots N            knots of the filter (default 7)\n"
     "  --direct             search for model.spectral.direct, too\n"},
    {"blend", true, cli_blend, "JOB", "several models → one score, weights chosen on validation",
     "  --users N            validation users, about; overrides blend.users\n"
     "  --refit              the same weights for the models of kith train --refit\n"},
    {"recommend", true, cli_recommend, "JOB", "embeddings.h5 → top items of some users, or of all",
     "  --user ID            user id of the lists, or of new.h5; repeatable\n"
     "  --new FILE           embeddings of new users (default: new.h5 in the work\n"
     "                       folder)\n"
     "  --similar-to ID      instead: items of the highest cosine similarity to\n"
     "                       this item; repeatable\n"
     "  --similar-to-user ID instead: the most similar users\n"
     "  --k K                number of items (default: the largest of evaluate.k)\n"
     "  --all                all users, to a file\n"
     "  --output FILE        with --all: FILE.tsv or FILE.h5, relative to the\n"
     "                       current folder\n"
     "  --refit              by the model of kith train --refit\n"},
    {"explain", true, cli_explain, "JOB", "why a user gets an item: what its score is a sum of",
     "  --user ID            user id of the lists, or of new.h5\n"
     "  --new FILE           embeddings of new users and items (default: new.h5 in\n"
     "                       the work folder), of the lists below embed\n"
     "  --item ID            the item (default: the top items of the user)\n"
     "  --against ID         with --item: why that item rather than this one\n"
     "  --k K                without --item: number of items (default 5)\n"
     "  --top N              terms of a score to list (default 10; without --item 3)\n"
     "  --paths N            paths of the highest contributions (default 5; without\n"
     "                       --item none)\n"
     "  --connections N      strongest paths from the user to the item (default 3;\n"
     "                       without --item 1)\n"
     "  --all                the top items of all users, to a file\n"
     "  --output FILE        with --all: FILE.tsv, relative to the current folder\n"
     "  --refit              by the model of kith train --refit\n"},
    {"embed", true, cli_embed, "JOB", "list of new users or items → WORK/new.h5, their embeddings",
     "  --output FILE        write FILE instead, relative to the current folder\n"
     "  --refit              by the model of kith train --refit → WORK/refit/new.h5\n"},
    {"inspect", false, cli_inspect, "FILE", "describe any Kith file and verify its checksums",
     "  --show NAME          print a stored text, such as job or metrics\n"},
    {"bench", true, cli_bench, "JOB", "time kernels and a step against this machine's limits",
     "  --repeat N           repetitions (default 7); medians are printed\n"
     "  --rows N             time checkpoints of N rows against plain writes\n"
     "                       instead; no graph is read\n"
     "  --profile FILE       write the rates of this machine to FILE, for kith plan;\n"
     "                       those of other numbers of ranks stay in it\n"},
    {"doctor", false, cli_doctor, "[JOB]", "check the installation, the ranks, the disk and the memory",
     "  --folder DIR         check DIR instead of the job's work folder (without a\n"
     "                       job: the current folder)\n"},
    {"version", false, cli_version, "", "the version, and what it was built and runs with", ""},
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
    "  --quiet              no progress and no log on stderr; results, warnings and\n"
    "                       errors remain\n"
    "  --strict             warnings are errors (code 78): those on the job before\n"
    "                       anything is done, those on lists before graph.h5 is\n"
    "                       written\n"
    "  --help               print this page\n";

/* Look up an option in a help page.  A line has two spaces, the option, one space and the name of its value,
 * or several spaces for a flag. */
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

/* An option of a help page that is nearer than the nearest so far. */
static void verbs_near(const char *page, const char *word, int *least, char *near) {
  char one[KITH_JOB_KEY_SIZE];
  for (const char *line = page; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    if (strncmp(line, "  --", 4) != 0) continue;
    snprintf(one, sizeof one, "%.*s", (int)strcspn(line + 2, " \n"), line + 2);
    int distance = kith_edit_distance(word, one);
    if (distance >= *least) continue;
    *least = distance;
    snprintf(near, KITH_JOB_KEY_SIZE, "%s", one);
  }
}

bool cli_option_nearest(const char *verb, const char *word, char *near) {
  const cli_verb *v = cli_verb_find(verb);
  char plain[KITH_JOB_KEY_SIZE];
  int least = 1 << 20;
  if (!v) return false;
  snprintf(plain, sizeof plain, "--%.*s", (int)strcspn(word + strspn(word, "-"), "="),
           word + strspn(word, "-"));
  verbs_near(v->options, plain, &least, near);
  if (cli_verb_takes_job(v)) verbs_near(verbs_of_jobs, plain, &least, near);
  verbs_near(verbs_common, plain, &least, near);
  return kith_edit_distance_is_small(plain + 2, least);
}

void cli_print_help(FILE *to) {
  fprintf(to,
          "kith %s: distributed training of graph neural networks for recommendation\n\n"
          "  kith VERB JOB.yaml [options]            mpirun -n 4 kith train JOB.yaml\n\n"
          "Verbs, in the order of a job:\n",
          KITH_VERSION);
  for (int i = 0; i < cli_n_verb; i++)
    fprintf(to, "  %-10s %-5s %s\n", cli_verbs[i].name, cli_verbs[i].usage, cli_verbs[i].help);
  fprintf(to,
          "\nOptions of every verb:\n%s%s\n"
          "kith VERB --help      options of a verb\n"
          "kith help keys        every key of the job file\n"
          "kith help KEY         a key or a section, such as train.lr or model\n"
          "kith help renamed     keys that earlier versions had under other names\n"
          "kith --version        the version; kith version: what it was built with, too\n\n"
          "Exit codes: 0 ok, 64 usage, 65 bad data, 66 no input, 70 loss not finite,\n"
          "71 no memory, 73 cannot write, 74 input/output error, 75 stopped by a signal\n"
          "or by the watchdog (run again to continue), 78 bad job file.  docs/errors.md\n"
          "explains them.\n",
          verbs_of_jobs, verbs_common);
}

void cli_print_verb_help(const cli_verb *v) {
  printf("kith %s%s%s [options]\n  %s\n\nOptions:\n%s%s%s", v->name, v->usage[0] ? " " : "", v->usage,
         v->help, v->options, cli_verb_takes_job(v) ? verbs_of_jobs : "", verbs_common);
  if (cli_verb_takes_job(v)) printf("\nkith help keys lists every key of the job file.\n");
}
