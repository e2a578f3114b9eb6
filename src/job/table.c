/* Every key that a job file may have: name, kind, place, bounds, unit, help.  Defaults stand in the rooms'
 * options. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

enum { TABLE_KEY = 2 * KITH_NAME }; /* room for any key of the table */

#define AT(member) offsetof(kith_job, member), sizeof(((kith_job *)0)->member)
#define NONE 0, 0, ""
#define COUNT 0, 9e18

/* Members are designators, which offsetof() takes without parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses) */
#define FEATURES(name, member, what)                                                                         \
  {name ".path", JOB_PATH, AT(member.path), NONE, what},                                                     \
      {name ".format",                                                                                       \
       JOB_NAME,                                                                                             \
       AT(member.format),                                                                                    \
       0,                                                                                                    \
       0,                                                                                                    \
       "sparse | dense | long | auto",                                                                       \
       "sparse: behind the id the features that are not zero, drama or drama:0.5; dense: a number for "      \
       "each; long: one feature a line, and perhaps its weight, so that ids come again; auto: long where "   \
       "the first lines are so, else sparse"},                                                               \
      {name ".header", JOB_BOOL, AT(member.header), NONE, "the first line names the columns"}, {             \
    name ".normalize", JOB_BOOL, AT(member.normalize), NONE, "divide every node's features by their sum"     \
  }

#define NAMES(key, member, what)                                                                             \
  {key ".path", JOB_PATH, AT(member.path), NONE, what},                                                      \
      {key ".delimiter", JOB_DELIMITER, AT(member.delimiter), NONE,                                          \
       "what stands between columns; empty: the one that finds known ids in the first lines"},               \
      {key ".header", JOB_BOOL, AT(member.header), NONE, "the first line names the columns"},                \
      {key ".columns.id", JOB_COLUMN, AT(member.id), NONE, "column of the id; empty: 1"}, {                  \
    key ".columns.name", JOB_COLUMN, AT(member.name), NONE,                                                  \
        "column of the name; empty: everything behind the id"                                                \
  }

#define SOURCE(name, member, what)                                                                           \
  {name ".path", JOB_PATH, AT(member.path), NONE, what},                                                     \
      {name ".format",                                                                                       \
       JOB_NAME,                                                                                             \
       AT(member.format),                                                                                    \
       0,                                                                                                    \
       0,                                                                                                    \
       "auto | adjacency | edges",                                                                           \
       "adjacency: a line is a node and its neighbours; edges: a line is one pair, in columns; auto: as "    \
       "the first lines say, if all agree"},                                                                 \
      {name ".delimiter", JOB_DELIMITER, AT(member.delimiter), NONE,                                         \
       "what stands between columns: \",\", \"::\", tab, space …; empty: white space (adjacency), or as "  \
       "the first lines say (edges)"},                                                                       \
      {name ".header",                                                                                       \
       JOB_NAME,                                                                                             \
       AT(member.header),                                                                                    \
       0,                                                                                                    \
       0,                                                                                                    \
       "auto | true | false",                                                                                \
       "the first line names the columns; auto: it does not, and one that looks as if it did is refused"},   \
      {name ".comment",                                                                                      \
       JOB_NAME,                                                                                             \
       AT(member.comment),                                                                                   \
       0,                                                                                                    \
       0,                                                                                                    \
       "auto | hash | none",                                                                                 \
       "lines that begin with #; hash: are passed over; none: are data; auto: are passed over, and ones "    \
       "that look like data are refused"},                                                                   \
      {name ".quoting",                                                                                      \
       JOB_NAME,                                                                                             \
       AT(member.quoting),                                                                                   \
       0,                                                                                                    \
       0,                                                                                                    \
       "csv | none",                                                                                         \
       "csv: a column in double quotes may hold delimiters, and quotes written twice; none: quotes are "     \
       "characters like any other"},                                                                         \
      {name ".columns.user", JOB_COLUMN, AT(member.user), NONE, "edges: column of the user; empty: 1"},      \
      {name ".columns.item", JOB_COLUMN, AT(member.item), NONE,                                              \
       "edges: column of the item (for social: the friend); empty: 2"},                                      \
      {name ".columns.time", JOB_COLUMN, AT(member.time), NONE, "edges: column of the time; empty: none"},   \
      {name ".columns.weight", JOB_COLUMN, AT(member.weight), NONE,                                          \
       "edges: column of the weight; empty: none"},                                                          \
  {                                                                                                          \
    name ".min_weight", JOB_REAL, AT(member.min_weight), 0, 1e30, "",                                        \
        "lines of a smaller weight are passed over, as if they were not there; 0: none is"                   \
  }
/* NOLINTEND(bugprone-macro-parentheses) */

const job_key kith__job_table[] = {
    {"name", JOB_TEXT, AT(name), NONE, "what the job is called"},
    {"task", JOB_NAME, AT(task), 0, 0, "recommend | classify",
     "recommend: items for users, from who interacted with what; classify: a class for every node of a "
     "graph"},
    {"work", JOB_PATH, AT(work), NONE, "folder of everything Kith writes for this job"},
    {"graph", JOB_PATH, AT(graph), NONE,
     "the file that kith ingest writes and other verbs read, so that several work folders share one; empty: "
     "graph.h5 in work"},
    {"parts", JOB_PATH, AT(parts), NONE,
     "the file that kith partition writes, likewise; empty: parts.h5 in work"},
    SOURCE("data.interactions", data.interactions, "who interacted with what"),
    SOURCE("data.test", data.test,
           "interactions held out for testing; data.split then only takes the validation share"),
    SOURCE("data.social", data.social, "who knows whom; stored as a relation"),
    FEATURES("data.user_features", data.features[KITH_USER],
             "what users are like: a line is an id and features; read where model.input says so"),
    FEATURES("data.item_features", data.features[KITH_ITEM],
             "what items are like: a line is an id and features; read where model.input says so"),
    NAMES("data.user_names", data.names[KITH_USER],
          "what users are called: a line is an id and a name; kith recommend shows it"),
    NAMES("data.item_names", data.names[KITH_ITEM],
          "what items are called: a line is an id and a name; kith recommend shows it"),
    {"data.ids", JOB_NAME, AT(data.interactions.ids), 0, 0, "auto | text",
     "auto: the first id of users, and of items, says whether they are integers or text; text: both are "
     "text, even \"0017\""},
    {"data.split.method", JOB_NAME, AT(data.split.method), 0, 0, "none | ratio | leave-last-out | time",
     "how interactions are held out: a share of each user's, each user's last ones, or the latest of all"},
    {"data.split.valid", JOB_REAL, AT(data.split.valid), 0, 0.9, "share", "held out for choosing the epoch"},
    {"data.split.test", JOB_REAL, AT(data.split.test), 0, 0.9, "share", "held out for the final figures"},
    {"data.split.seed", JOB_LONG, AT(data.split.seed), COUNT, "", "key of the draws of a ratio split"},
    {"data.edges.path", JOB_PATH, AT(data.nodes.edges), NONE,
     "classify: a pair of nodes a line, each edge in either direction or in both"},
    {"data.labels.path", JOB_PATH, AT(data.nodes.labels), NONE,
     "classify: line i, from 0, is the label of node i: an integer or a word; empty: none"},
    {"data.features.path", JOB_PATH, AT(data.nodes.features), NONE,
     "classify: line i has the features of node i; without, embeddings are learnt"},
    {"data.features.format", JOB_NAME, AT(data.nodes.format), 0, 0, "sparse | dense",
     "sparse: a line names the features that are not zero, 7 or 7:0.5; dense: a number for each"},
    {"data.features.normalize", JOB_BOOL, AT(data.nodes.normalize), NONE,
     "divide every node's features by their sum"},
    {"data.splits.train", JOB_PATH, AT(data.nodes.train), NONE,
     "classify: numbers of the nodes whose labels are learnt from"},
    {"data.splits.valid", JOB_PATH, AT(data.nodes.valid), NONE,
     "classify: numbers of the nodes that choose the epoch"},
    {"data.splits.test", JOB_PATH, AT(data.nodes.test), NONE,
     "classify: numbers of the nodes of the final figures"},
    {"generate.users", JOB_LONG, AT(generate.users), 1, 2e9, "users", "synthetic graph: users"},
    {"generate.items", JOB_LONG, AT(generate.items), 1, 2e9, "items", "synthetic graph: items"},
    {"generate.interactions", JOB_LONG, AT(generate.interactions), 1, 9e18, "pairs",
     "synthetic graph: interactions"},
    {"generate.friends", JOB_LONG, AT(generate.friends), COUNT, "pairs", "synthetic graph: friendships"},
    {"generate.communities", JOB_INT, AT(generate.communities), 1, 1e6, "communities",
     "synthetic graph: communities of taste"},
    {"generate.noise", JOB_REAL, AT(generate.noise), 0, 1, "share",
     "synthetic graph: interactions outside the user's tastes"},
    {"generate.ids", JOB_IDS, AT(generate.names), 0, 0, "names | integers",
     "synthetic graph: readable names, or integers from 0"},
    {"generate.seed", JOB_LONG, AT(generate.seed), COUNT, "", "synthetic graph: key of all draws"},
    {"partition.parts", JOB_INT, AT(partition.parts), 1, 1e6, "parts",
     "K: the most ranks that can train on the cut"},
    {"partition.method", JOB_NAME, AT(partition.method), 0, 0, "metis | hash | contiguous",
     "how the graph is cut"},
    {"partition.seed", JOB_LONG, AT(partition.seed), COUNT, "", "key of the cut"},
    {"partition.imbalance", JOB_REAL, AT(partition.tolerance), 1.001, 10, "heaviest part / mean",
     "how uneven the parts' work may be"},
    {"model.name", JOB_NAME, AT(model.name), 0, 0, KITH_MODEL_NAMES, "the model"},
    {"model.dim", JOB_INT, AT(model.width), 1, 1024, "columns", "width of the embeddings"},
    {"model.layers", JOB_INT, AT(model.layers), 0, 16, "layers", "propagations; 0 for mf"},
    {"model.input", JOB_NAME, AT(model.input), 0, 0, "embedding | features | both",
     "recommend: what a node's first row is made of: an embedding of its own; what its features weigh, for "
     "types that have any; or both together"},
    {"model.init", JOB_REAL, AT(model.init), 1e-9, 1e3, "standard deviation", "of the initial embeddings"},
    {"model.score", JOB_NAME, AT(model.score), 0, 0, "dot | cosine",
     "what ranks items: products of the final embeddings, or their cosines"},
    {"model.dropout", JOB_REAL, AT(model.dropout), 0, 0.95, "probability",
     "of dropping a number of a layer's input in training (ngcf: of its output)"},
    {"model.edge_dropout", JOB_REAL, AT(model.edge_dropout), 0, 0.95, "probability",
     "of leaving an edge out of a training step, in every layer and both directions"},
    {"model.layer_weights", JOB_NAME, AT(model.layer_weights), 0, 0, "fixed | learned",
     "lightgcn: the final embedding is the mean of all layers, or weighs them as is learnt"},
    {"model.aggregator", JOB_NAME, AT(model.aggregator), 0, 0, "mean | pool | lstm",
     "sage: how a row is made of many"},
    {"model.gat.heads", JOB_INT, AT(model.heads), 1, 64, "heads",
     "gat: attention heads, side by side; a divisor of model.dim"},
    {"model.gat.last_heads", JOB_INT, AT(model.heads_last), 0, 64, "heads",
     "gat: heads of the last layer; 0: model.gat.heads"},
    {"model.gat.last_merge", JOB_NAME, AT(model.gat_last), 0, 0, "concat | average",
     "gat: heads of the last layer side by side, or the mean of heads that have all columns"},
    {"model.gat.attention_dropout", JOB_REAL, AT(model.attention_dropout), 0, 0.95, "probability",
     "gat: of dropping an attention weight in training"},
    {"model.pinsage.walks", JOB_INT, AT(model.near.walks), 1, 1e5, "a node",
     "pinsage: random walks, whose visits say which nodes matter to a node"},
    {"model.pinsage.walk_length", JOB_INT, AT(model.near.length), 1, 100, "hops", "pinsage: of a walk"},
    {"model.pinsage.neighbors", JOB_INT, AT(model.near.neighbors), 1, 1e5, "nodes",
     "pinsage: the most visited ones, which a node reads"},
    {"model.pinsage.restart", JOB_REAL, AT(model.near.restart), 0, 0.95, "probability",
     "pinsage: of going back to the node at every hop of a walk"},
    {"sampler.mode", JOB_NAME, AT(train.sampler.mode), 0, 0,
     "full | neighbor | layerwise | cluster | saint-node | saint-edge | saint-walk",
     "what a step propagates over: full: the whole graph; neighbor: drawn neighbours of the batch's nodes; "
     "layerwise: nodes drawn for each layer; cluster: parts of the cut; saint-node: one drawn set of nodes; "
     "saint-edge, saint-walk: the ends of drawn edges, the nodes of random walks"},
    {"sampler.fanouts", JOB_FANOUTS, AT(train.sampler.fanouts), 0, 1e6, "neighbours",
     "neighbor: kept at each hop, the batch's own first; the last number counts for further hops; 0: all"},
    {"sampler.weighting", JOB_NAME, AT(train.sampler.draw), 0, 0, "uniform | importance | weight",
     "neighbor: draws are uniform without replacement; or with replacement in proportion to one over the "
     "neighbours' degrees (pinsage: to their visits), or to the interactions' weights"},
    {"sampler.budget", JOB_LONG, AT(train.sampler.budget), 1, 1e9, "nodes",
     "layerwise: expected in each layer's set; saint-node: in a step's; saint-edge, saint-walk: edges, or "
     "walks, expected in a step"},
    {"sampler.walk_length", JOB_INT, AT(train.sampler.walk), 1, 1000, "hops", "saint-walk: length of a walk"},
    {"sampler.coverage", JOB_INT, AT(train.sampler.coverage), 1, 1e6, "times",
     "saint-edge, saint-walk: a node is met on average while chances are counted, before training"},
    {"sampler.clusters", JOB_INT, AT(train.sampler.clusters), 1, 1e6, "parts",
     "cluster: of the cut (partition.parts) in a step, whose pairs are those of their users"},
    {"sampler.cluster_edges", JOB_NAME, AT(train.sampler.cut), 0, 0, "keep | drop | reweight",
     "cluster: what becomes of edges between the parts of a step: kept, dropped, or kept and counted for "
     "those whose other part is not there"},
    {"sampler.exclude_targets", JOB_BOOL, AT(train.exclude_targets), NONE,
     "sampled modes: the pairs that a step learns from are no neighbours in its hops"},
    {"loss.name", JOB_NAME, AT(train.loss.name), 0, 0, "bpr | softmax | nce",
     "bpr: a pair against its negatives; softmax: of cosines, against the candidates that the pairs of a "
     "step share; nce: a pair's item against noise, which its negatives are"},
    {"loss.l2", JOB_REAL, AT(train.loss.l2), 0, 1e3, "",
     "weight of half the squared norm of the batch's initial embeddings, per pair"},
    {"loss.temperature", JOB_REAL, AT(train.loss.temperature), 1e-3, 1e3, "",
     "softmax: what cosines are divided by"},
    {"loss.logq", JOB_REAL, AT(train.loss.logq), 0, 1, "",
     "softmax: share of the log of a candidate's frequency in a step taken off its logit in training; 1 "
     "undoes that some items are candidates more often"},
    {"loss.inbatch", JOB_BOOL, AT(train.loss.inbatch), NONE,
     "softmax: the items of the step's other pairs are candidates"},
    {"loss.mask_known", JOB_BOOL, AT(train.loss.mask), NONE,
     "softmax: of the other pairs' items those are no candidates that the user has a training interaction "
     "with"},
    {"negatives.count", JOB_INT, AT(train.negatives.count), 1, 1000, "a pair",
     "bpr, nce: negatives, drawn among the items that the user has no training interaction with"},
    {"negatives.popularity", JOB_REAL, AT(train.negatives.popularity), 0, 1, "share",
     "of draws in proportion to interactions^alpha; what neither this nor inbatch takes is uniform"},
    {"negatives.alpha", JOB_REAL, AT(train.negatives.alpha), 0, 1, "",
     "exponent of an item's interactions in draws by popularity"},
    {"negatives.inbatch", JOB_REAL, AT(train.negatives.inbatch), 0, 1, "share",
     "bpr, nce: of draws among the items of the step's other pairs"},
    {"negatives.hard", JOB_REAL, AT(train.negatives.hard), 0, 1, "share",
     "bpr: of negatives that are, of a pool of draws, the one that the model scores highest"},
    {"negatives.pool", JOB_INT, AT(train.negatives.pool), 2, 1000, "draws",
     "bpr: size of a hard negative's pool"},
    {"negatives.shared", JOB_INT, AT(train.loss.shared), 0, 1e6, "a step",
     "softmax: negatives that all pairs of a step share as candidates, drawn as negatives.popularity "
     "says"},
    {"train.batch", JOB_INT, AT(train.batch), 1, 1e7, "pairs",
     "training pairs in a step, over all ranks; classify: training nodes, but mode full takes all"},
    {"train.epochs", JOB_INT, AT(train.epochs), 0, 1e9, "epochs", "in all, those of earlier runs included"},
    {"train.lr", JOB_REAL, AT(train.adam.lr), 1e-12, 1e3, "per step", "learning rate of Adam"},
    {"train.lr_decay", JOB_REAL, AT(train.lr_decay), 0.01, 1, "per epoch",
     "factor of the learning rate from one epoch to the next"},
    {"train.weight_decay", JOB_REAL, AT(train.weight_decay), 0, 1e3, "",
     "weight of half the squared norm of the model's dense weights; its gradient is added, the loss told is "
     "without it"},
    {"train.weight_decay_on", JOB_NAME, AT(train.weight_decay_on), 0, 0, "all | first",
     "the layers whose weights decay"},
    {"train.beta1", JOB_REAL, AT(train.adam.beta1), 0, 0.999999, "", "Adam's decay of the first moment"},
    {"train.beta2", JOB_REAL, AT(train.adam.beta2), 0, 0.9999999, "", "Adam's decay of the second moment"},
    {"train.epsilon", JOB_REAL, AT(train.adam.epsilon), 1e-30, 1, "",
     "Adam's guard against division by zero"},
    {"train.seed", JOB_LONG, AT(train.seed), COUNT, "", "key of initial embeddings, order and negatives"},
    {"train.patience", JOB_INT, AT(train.patience), 0, 1e9, "evaluations",
     "without a better score before stopping; 0: never"},
    {"evaluate.k", JOB_CUTOFFS, AT(evaluate.k), 1, 10000, "items", "cut-offs of the metrics, at most 8"},
    {"evaluate.every", JOB_EVERY, AT(evaluate.every), 0, 1e9, "epochs",
     "between evaluations while training; auto: after each of the first ten epochs, then after every fifth, "
     "and after the last; 0: none"},
    {"evaluate.split", JOB_NAME, AT(evaluate.split), 0, 0, "auto | valid | test",
     "held-out interactions that are the truth; auto: while training validation, which then picks the epoch, "
     "or test where there is none; for kith evaluate without --split test, or validation where there is "
     "none"},
    {"evaluate.select_by", JOB_NAME, AT(evaluate.select_by), 0, 0, "accuracy | loss",
     "classify: what picks the epoch on the validation nodes: the most right answers, of equals the smaller "
     "loss; or the smallest loss"},
    {"evaluate.protocol", JOB_PROTOCOL, AT(evaluate.sampled), 1, 1e6, "full | sampled-N",
     "rank all items, or N items the user never met"},
    {"evaluate.seed", JOB_LONG, AT(evaluate.seed), COUNT, "", "key of the sampled protocol's draws"},
    {"evaluate.oversmoothing", JOB_BOOL, AT(evaluate.oversmoothing), NONE,
     "while training, tell how alike the nodes' rows are after each layer, as docs/metrics.md has it"},
    {"embed.types", JOB_NAME, AT(embed.what), 0, 0, "users | items | both",
     "kith embed: whose ids the list brings that the graph does not know; with users items should be known, "
     "with items users; embed.unknown says what becomes of others"},
    {"embed.unknown", JOB_NAME, AT(embed.unknown), 0, 0, "skip | error",
     "kith embed: interactions with a partner that the graph does not know, and that embed.types does not "
     "let "
     "be new, are left out and counted, or end the verb"},
    {"embed.user_features.path", JOB_PATH, AT(embed.features[KITH_USER]), NONE,
     "kith embed: what new users are like, written as data.user_features are; known users are passed over"},
    {"embed.item_features.path", JOB_PATH, AT(embed.features[KITH_ITEM]), NONE,
     "kith embed: what new items are like, written as data.item_features are; known items are passed over"},
    SOURCE("embed.interactions", embed.interactions,
           "kith embed: who interacted with what among the new nodes; ids are those of the graph's lists"),
    {"checkpoint.every", JOB_INT, AT(checkpoint.every_epochs), 0, 1e9, "epochs",
     "between checkpoints; 0: none because of epochs; one is always written at the end"},
    {"checkpoint.steps", JOB_INT, AT(checkpoint.every_steps), 0, 1e9, "steps",
     "between checkpoints, counted over epochs; 0: none because of steps"},
    {"checkpoint.minutes", JOB_REAL, AT(checkpoint.every_minutes), 0, 1e6, "minutes",
     "between checkpoints, which is what a crash can cost; 0: none because of time"},
    {"checkpoint.keep", JOB_INT, AT(checkpoint.keep), 1, 1e6, "files",
     "how many of the newest checkpoints stay"},
    {"checkpoint.best", JOB_BOOL, AT(checkpoint.keep_best), NONE,
     "where evaluations pick the epoch: write a checkpoint of the picked one, and keep it beside the newest, "
     "so that kith embed can use it"},
    {"checkpoint.async_above_mb", JOB_INT, AT(checkpoint.async_above_mb), 0, 1e9, "megabytes",
     "from which on a checkpoint is written while training goes on, which takes memory for a copy of rows "
     "and moments; for smaller ones training waits"},
    {"watch.minutes", JOB_REAL, AT(watch.minutes), 0, 1e6, "minutes",
     "several ranks: how long one may wait for others that do nothing before the job ends with code 75, "
     "naming them; 0: for ever"},
};
const int kith__job_n_key = (int)(sizeof kith__job_table / sizeof *kith__job_table);
_Static_assert(sizeof kith__job_table / sizeof *kith__job_table <= JOB_KEYS_MOST,
               "room for the values of all keys");

const job_key *kith__job_find(const char *key) {
  for (int i = 0; i < kith__job_n_key; i++)
    if (strcmp(kith__job_table[i].key, key) == 0) return &kith__job_table[i];
  for (int i = 0; i < kith__job_n_key; i++)
    if (strncmp(kith__job_table[i].key, key, strlen(key)) == 0 && kith__job_is_brief(i, strlen(key)))
      return &kith__job_table[i];
  return NULL;
}

/* The first parts of a key, as many as a word has. */
static void table_first_parts(const char *word, const char *key, char *parts) {
  size_t n = strcspn(key, ".");
  for (const char *dot = strchr(word, '.'); dot && key[n]; dot = strchr(dot + 1, '.'))
    n += 1 + strcspn(key + n + 1, ".");
  snprintf(parts, TABLE_KEY, "%.*s", (int)n, key);
}

/* What was meant by an unknown key: a key, or a section of keys, so many letters away. */
typedef struct table_guess {
  int distance;
  bool section;
  const char *key;
} table_guess;

static void table_take(table_guess *g, int distance, bool section, const char *key) {
  if (!g->key || distance < g->distance) *g = (table_guess){distance, section, key};
}

/*
 * How far a word is from a key: from all of it; from the section that it lies in, as "trian" is from that of
 * "train.lr"; or from its last part when the word has only one ("lr").
 */
static void table_compare(const char *word, const char *key, table_guess *g) {
  char parts[TABLE_KEY];
  const char *last = strrchr(key, '.');
  table_first_parts(word, key, parts);
  table_take(g, kith_edit_distance(word, key), false, key);
  if (strlen(parts) < strlen(key)) table_take(g, kith_edit_distance(word, parts), true, key);
  if (last && !strchr(word, '.')) table_take(g, kith_edit_distance(word, last + 1) + 1, false, key);
}

kith_status kith__job_fail_unknown(const char *key) {
  table_guess g = {.key = NULL};
  char section[TABLE_KEY], now[KITH_JOB_KEY];
  if (kith_job_renamed(key, now))
    return kith_fail(KITH_ECONFIG, "%s is now called %s; kith help renamed lists all renamed keys", key, now);
  for (int i = 0; i < kith__job_n_key; i++) table_compare(key, kith__job_table[i].key, &g);
  if (!kith_edit_distance_is_small(key, g.distance))
    return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; kith help keys lists them all", key);
  if (!g.section)
    return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; the nearest known key is \"%s\"", key, g.key);
  if (g.distance == 0)
    return kith_fail(KITH_ECONFIG, "\"%s\" is a section of keys, such as \"%s\"", key, g.key);
  table_first_parts(key, g.key, section);
  return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; the nearest known section is \"%s\"", key, section);
}
