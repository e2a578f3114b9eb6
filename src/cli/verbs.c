/* The verbs and their options. */
#include <sys/stat.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

const cli_verb cli_verbs[] = {
    {"generate", true, cli_generate, "JOB", "write a synthetic social network as the job's text lists", ""},
    {"ingest", true, cli_ingest, "JOB", "text lists → WORK/graph.h5", ""},
    {"partition", true, cli_partition, "JOB", "graph.h5 → WORK/parts.h5, with a report on the partition",
     "  --compare            compare all methods; write nothing\n"
     "  --refit              the graph of kith train --refit, ahead of it\n"},
    {"plan", true, cli_plan, "JOB", "before an allocation: memory, messages and time by ranks",
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
     "                       validation interactions as well; read test once\n"
     "  --no-test            do not read the test split at the end, as while settings\n"
     "                       are chosen\n"},
    {"sweep", true, cli_sweep, "JOB", "trials of other settings, and the best of them on validation",
     "  --parallel N         trials at once on this machine (default 1)\n"
     "  --ranks R            ranks of each trial (default 1), by mpirun\n"
     "  --slurm              submit the trials to Slurm, as an array of jobs\n"
     "  --sbatch OPTIONS     with --slurm: options of sbatch, in one word of the shell\n"
     "  --status             the table of what is there; run nothing\n"
     "  --fresh              forget the trials that are there; without it, those\n"
     "                       that are not done go on\n"},
    {"update", true, cli_update, "JOB", "new lists behind the old → the trained model learns them",
     "  --fresh              drop what an update that is not complete has made;\n"
     "                       without it, that one goes on\n"
     "  --no-test            do not read the test split at the end\n"},
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
    {"evaluate", true, cli_evaluate, "JOB", "embeddings.h5 → Recall, NDCG, …, MRR, or accuracy, macro-F1",
     "  --split SPLIT        valid or test; overrides evaluate.split.  Of classes:\n"
     "                       train, valid or test alone (default: all)\n"
     "  --protocol PROTOCOL  full or sampled-N; overrides evaluate.protocol\n"
     "  --k LIST             cutoffs such as 5,10; overrides evaluate.k\n"
     "  --groups             also by activity of users and popularity of items;\n"
     "                       WORK/evaluate-SPLIT.json has these in any case.  Of\n"
     "                       streams: by earlier events of user and item\n"
     "  --baseline LIST      beside the model: of popular, itemknn, ease and ease-low,\n"
     "                       or none (default: popular); ease:200 sets lambda,\n"
     "                       ease:choose tries some, ease-low:256 sets columns,\n"
     "                       itemknn:100 neighbors of the centered form.  Of\n"
     "                       classes: of majority and propagation (default:\n"
     "                       majority)\n"
     "  --rolling S          instead: train to the beginning of each of S slices of\n"
     "                       time, measure in it, print mean and spread; in\n"
     "                       WORK/rolling-S, continued there if interrupted\n"
     "  --updated            with --rolling: train to the first slice, update to the\n"
     "                       others; in WORK/rolling-S-updated\n"
     "  --fresh              with --rolling: train all slices anew\n"
     "  --refit              of the model of kith train --refit\n"},
    {"report", true, cli_report, "JOB", "everything about a run → WORK/report.html, one page",
     "  --output FILE        write FILE instead, relative to the current folder\n"
     "  --compare RUN        another run beside it: its work folder or its job file;\n"
     "                       several may follow\n"
     "  --refit              the run of kith train --refit → WORK/refit/report.html\n"},
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
     "  --at SECONDS         of a stream: by the events before this time (default: at\n"
     "                       the time of the last event, by all of them)\n"
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
    {"export", false, cli_export, "JOB|FILE", "embeddings, graph, metrics → the formats of other programs",
     "  --format NAME        of rows: npy, csv, tsv, word2vec, word2vec-binary,\n"
     "                       projector, neighbors-tsv, neighbors-h5; of the graph:\n"
     "                       edges; of the metrics: tensorboard.  FILE is one of\n"
     "                       Kith's own: embeddings.h5, new.h5, graph.h5,\n"
     "                       metrics.jsonl, or of kith recommend --all\n"
     "  --output FOLDER      write the files into FOLDER, which is made if need be\n"
     "  --nodes TYPE         only these: user, item, or a further type (neighbors:\n"
     "                       whose neighbors are wanted, default item)\n"
     "  --among TYPE         neighbors: of this type (default: items of users, else of\n"
     "                       the type of --nodes)\n"
     "  --k N                neighbors: so many of each node (default 20)\n"
     "  --score NAME         neighbors: cosine or dot, the inner product (default: dot\n"
     "                       between two types, else cosine)\n"
     "  --new FILE           neighbors: of the nodes of FILE, of kith embed\n"
     "  --refit              of the model of kith train --refit\n"},
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

bool cli_verb_takes_job(const cli_verb *v) { return v->needs_job || strstr(v->usage, "JOB") != NULL; }

bool cli_verb_takes_file(const cli_verb *v, const char *word) {
  static const char *const ends[] = {".h5", ".jsonl", ".json"};
  const char *end = strrchr(word, '.');
  struct stat is;
  bool file = stat(word, &is) == 0 && S_ISDIR(is.st_mode); /* which is refused as one */
  for (int i = 0; end && i < 3; i++) file = file || strcmp(end, ends[i]) == 0;
  return file && strcmp(v->usage, "JOB|FILE") == 0;
}

const cli_verb *cli_verb_find(const char *name) {
  for (int i = 0; i < cli_n_verb; i++)
    if (strcmp(cli_verbs[i].name, name) == 0) return &cli_verbs[i];
  return NULL;
}

const char *cli_verb_nearest(const char *name) {
  static const struct {
    const char *name, *verb;
  } elsewhere[] = {{"fit", "train"},         {"run", "train"},     {"predict", "recommend"},
                   {"infer", "recommend"},   {"test", "evaluate"}, {"validate", "evaluate"},
                   {"preprocess", "ingest"}, {"serve", "export"}};
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (strcmp(elsewhere[i].name, name) == 0) return elsewhere[i].verb;
  const char *best = cli_verbs[0].name;
  for (int i = 1; i < cli_n_verb; i++)
    if (kith_edit_distance(name, cli_verbs[i].name) < kith_edit_distance(name, best))
      best = cli_verbs[i].name;
  return kith_edit_distance_is_small(name, kith_edit_distance(name, best)) ? best : NULL;
}

const char cli_options_of_jobs[] = "  --set KEY=VALUE      override a key of the job file; repeatable\n";
const char cli_options_common[] =
    "  --json               print one JSON object as the last line of stdout, also of\n"
    "                       a failure; with --quiet it is all that stdout has\n"
    "  --quiet              no progress and no log on stderr, no explanations below\n"
    "                       tables, and no drift of kith ingest, which kith inspect\n"
    "                       tells; results, warnings and errors remain\n"
    "  --strict             warnings are errors (code 78): those on the job before\n"
    "                       anything is done, those on lists before graph.h5 is\n"
    "                       written\n"
    "  --color WHEN         auto, always or never; auto is where stderr is a\n"
    "                       terminal, unless NO_COLOR or CLICOLOR_FORCE is set\n"
    "  --help               print this page\n";
