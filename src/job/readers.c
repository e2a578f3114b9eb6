/*
 * Who reads a key.
 *
 * A key that is set and that nothing in this job reads is a mistake that would otherwise pass in silence:
 * model.gat.heads with model.name: mf, loss.temperature with loss.name: bpr.  Each rule says which verb reads
 * the keys of a section, under which condition, and how to meet it; of the rules that fit a key the longest
 * counts.  Every key has one (a test).
 */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* ---- conditions ---- */

static bool always(const kith_job *j) { return j != NULL; }
static bool never(const kith_job *j) { return j == NULL; }
static bool recommends(const kith_job *j) { return j->task == KITH_RECOMMEND; }
static bool classifies(const kith_job *j) { return j->task == KITH_CLASSIFY; }

static bool splits(const kith_job *j) { return recommends(j) && j->data.split.method != KITH_SPLIT_NONE; }
static bool draws_split(const kith_job *j) { return splits(j) && j->data.split.method != KITH_SPLIT_TIME; }
static bool holds_out_test(const kith_job *j) { return splits(j) && !j->data.test.path[0]; }

static bool has_columns(const kith_job *j) {
  return recommends(j) && j->data.interactions.format != KITH_ADJACENCY;
}
static bool reads_times(const kith_job *j) {
  kith_split_method method = j->data.split.method;
  return has_columns(j) && (method == KITH_SPLIT_TIME || method == KITH_SPLIT_LEAVE_LAST_OUT);
}
static bool reads_weights(const kith_job *j) {
  bool draws = j->train.sampler.mode == KITH_NEIGHBOR && j->train.sampler.weighting == KITH_EDGE_WEIGHT;
  return has_columns(j) && (draws || j->data.interactions.min_weight > 0);
}
static bool test_has_columns(const kith_job *j) {
  return recommends(j) && j->data.test.format != KITH_ADJACENCY;
}
static bool new_has_columns(const kith_job *j) {
  return recommends(j) && j->embed.interactions.format != KITH_ADJACENCY;
}

static bool reads_features(const kith_job *j) { return recommends(j) && j->model.input != KITH_EMBEDDING; }

static bool cuts_by_metis(const kith_job *j) { return j->partition.method == KITH_PARTITION_METIS; }
static bool cuts_by_key(const kith_job *j) { return j->partition.method != KITH_PARTITION_CONTIGUOUS; }

static bool is_model(const kith_job *j, kith_model_name name) { return j->model.name == name; }
static bool is_gat(const kith_job *j) { return is_model(j, KITH_GAT); }
static bool is_sage(const kith_job *j) { return is_model(j, KITH_SAGE); }
static bool is_lightgcn(const kith_job *j) { return is_model(j, KITH_LIGHTGCN); }
static bool reads_friends(const kith_job *j) { return kith_model_reads_friends(&j->model); }
static bool propagates_linearly(const kith_job *j) { return is_lightgcn(j) && j->model.layers > 0; }
static bool is_pinsage(const kith_job *j) { return is_model(j, KITH_PINSAGE); }
static bool drops_columns(const kith_job *j) { return !is_model(j, KITH_MF) && !is_lightgcn(j); }
static bool propagates(const kith_job *j) { return kith_model_n_layer(&j->model) > 0; }
static bool has_weights(const kith_job *j) {
  bool mixes = is_lightgcn(j) && j->model.lightgcn.layer_weights == KITH_LAYER_WEIGHTS_LEARNED;
  return drops_columns(j) || mixes || reads_features(j);
}
static bool decays(const kith_job *j) { return has_weights(j) && j->train.weight_decay > 0; }

static bool is_sgd(const kith_job *j) { return j->train.optimizer.name == KITH_SGD; }
static bool has_epsilon(const kith_job *j) { return !is_sgd(j); }
static bool has_moments(const kith_job *j) {
  return has_epsilon(j) && j->train.optimizer.name != KITH_ADAGRAD;
}

static bool in_mode(const kith_job *j, kith_sampler_mode mode) { return j->train.sampler.mode == mode; }
static bool samples(const kith_job *j) { return !in_mode(j, KITH_FULL); }
static bool samples_pairs(const kith_job *j) { return samples(j) && recommends(j); }
static bool samples_neighbors(const kith_job *j) { return in_mode(j, KITH_NEIGHBOR); }
static bool samples_clusters(const kith_job *j) { return in_mode(j, KITH_CLUSTER); }
static bool samples_walks(const kith_job *j) { return in_mode(j, KITH_SAINT_WALK); }
static bool counts_chances(const kith_job *j) { return in_mode(j, KITH_SAINT_EDGE) || samples_walks(j); }
static bool has_budget(const kith_job *j) {
  return in_mode(j, KITH_LAYERWISE) || in_mode(j, KITH_SAINT_NODE) || counts_chances(j);
}
static bool has_batches(const kith_job *j) { return recommends(j) || samples(j); }

static bool is_loss(const kith_job *j, kith_loss_name name) {
  return recommends(j) && j->train.loss.name == name;
}
static bool is_bpr(const kith_job *j) { return is_loss(j, KITH_BPR); }
static bool is_softmax(const kith_job *j) { return is_loss(j, KITH_SOFTMAX); }
static bool is_nce(const kith_job *j) { return is_loss(j, KITH_NCE); }
static bool masks(const kith_job *j) { return is_softmax(j) && j->train.loss.inbatch; }
static bool draws_for_pairs(const kith_job *j) { return is_bpr(j) || is_nce(j); }
static bool draws_negatives(const kith_job *j) {
  return draws_for_pairs(j) || (is_softmax(j) && j->train.loss.shared > 0);
}
static bool draws_by_popularity(const kith_job *j) {
  return draws_negatives(j) && j->train.negatives.popularity > 0;
}
static bool draws_pools(const kith_job *j) { return is_bpr(j) && j->train.negatives.hard > 0; }

static bool evaluates(const kith_job *j) { return j->evaluate.every != 0; }
static bool samples_items(const kith_job *j) { return recommends(j) && j->evaluate.sampled > 0; }

/* ---- the rules ---- */

typedef struct reader {
  const char *key;  /* a key, or a section of keys */
  const char *verb; /* that reads it */
  bool (*reads)(const kith_job *);
  const char *who; /* what would read it, for the message; "" where always */
} reader;

static const reader reader_table[] = {
    {"name", "", always, ""},
    {"task", "", always, ""},
    {"work", "", always, ""},
    {"graph", "", always, ""},
    {"parts", "", always, ""},
    {"data", "ingest", recommends, "task: recommend reads it"},
    {"data.interactions.columns", "ingest", has_columns,
     "lists of edges have columns (data.interactions.format)"},
    {"data.interactions.columns.time", "ingest", reads_times,
     "times are stored in graph.h5; data.split.method: time or leave-last-out reads them, and no model yet"},
    {"data.interactions.columns.weight", "ingest", reads_weights,
     "weights are stored in graph.h5; data.interactions.min_weight reads them, or sampler.weighting: weight "
     "with "
     "sampler.mode: neighbor"},
    {"data.interactions.header", "ingest", has_columns,
     "lists of edges have a header (data.interactions.format)"},
    {"data.test.columns", "ingest", test_has_columns, "lists of edges have columns (data.test.format)"},
    {"data.test.columns.time", "ingest", never,
     "times of a test list are stored in graph.h5, and nothing reads them"},
    {"data.test.header", "ingest", test_has_columns, "lists of edges have a header (data.test.format)"},
    {"data.social", "ingest", reads_friends, "model.relations.friend above 0 reads it"},
    {"data.user_features", "train", reads_features, "model.input: features or both reads it"},
    {"data.item_features", "train", reads_features, "model.input: features or both reads it"},
    {"data.split.method", "ingest", recommends, "task: recommend reads it"},
    {"data.split.valid", "ingest", splits, "a data.split.method other than none reads it"},
    {"data.split.test", "ingest", holds_out_test,
     "a data.split.method other than none reads it, where data.test is no list of its own"},
    {"data.split.seed", "ingest", draws_split, "data.split.method: ratio or leave-last-out reads it"},
    {"data.edges", "ingest", classifies, "task: classify reads it"},
    {"data.labels", "ingest", classifies, "task: classify reads it"},
    {"data.features", "ingest", classifies, "task: classify reads it"},
    {"data.splits", "ingest", classifies, "task: classify reads it"},
    {"generate", "generate", always, ""},
    {"partition", "partition", always, ""},
    {"partition.seed", "partition", cuts_by_key, "partition.method: metis or hash reads it"},
    {"partition.imbalance", "partition", cuts_by_metis, "partition.method: metis reads it"},
    {"model", "train", always, ""},
    {"model.input", "train", recommends, "task: recommend reads it"},
    {"model.score", "train", recommends, "task: recommend reads it"},
    {"model.gat", "train", is_gat, "model.name: gat reads it"},
    {"model.dropout", "train", drops_columns,
     "models with dense weights read it (ngcf, gcn, gat, sage, pinsage)"},
    {"model.edge_dropout", "train", propagates, "models with layers read it"},
    {"model.layer_weights", "train", is_lightgcn, "model.name: lightgcn reads it"},
    {"model.relations", "train", propagates_linearly, "model.name: lightgcn with layers reads it"},
    {"model.aggregator", "train", is_sage, "model.name: sage reads it"},
    {"model.pinsage", "train", is_pinsage, "model.name: pinsage reads it"},
    {"sampler", "train", always, ""},
    {"sampler.fanouts", "train", samples_neighbors, "sampler.mode: neighbor reads it"},
    {"sampler.weighting", "train", samples_neighbors, "sampler.mode: neighbor reads it"},
    {"sampler.budget", "train", has_budget,
     "sampler.mode: layerwise, saint-node, saint-edge or saint-walk reads it"},
    {"sampler.walk_length", "train", samples_walks, "sampler.mode: saint-walk reads it"},
    {"sampler.coverage", "train", counts_chances, "sampler.mode: saint-edge or saint-walk reads it"},
    {"sampler.clusters", "train", samples_clusters, "sampler.mode: cluster reads it"},
    {"sampler.cluster_edges", "train", samples_clusters, "sampler.mode: cluster reads it"},
    {"sampler.exclude_targets", "train", samples_pairs,
     "a sampler.mode other than full reads it, with task: recommend"},
    {"loss", "train", recommends, "task: recommend reads it"},
    {"loss.temperature", "train", is_softmax, "loss.name: softmax reads it"},
    {"loss.logq", "train", is_softmax, "loss.name: softmax reads it"},
    {"loss.inbatch", "train", is_softmax, "loss.name: softmax reads it"},
    {"loss.mask_known", "train", masks, "loss.name: softmax reads it, with loss.inbatch"},
    {"negatives", "train", draws_for_pairs, "loss.name: bpr or nce reads it"},
    {"negatives.alpha", "train", draws_by_popularity, "a negatives.popularity above 0 reads it"},
    {"negatives.hard", "train", is_bpr, "loss.name: bpr reads it"},
    {"negatives.pool", "train", draws_pools, "loss.name: bpr reads it, with negatives.hard above 0"},
    {"negatives.shared", "train", is_softmax, "loss.name: softmax reads it"},
    {"negatives.popularity", "train", draws_negatives,
     "loss.name: bpr or nce reads it, and softmax with negatives.shared"},
    {"train", "train", always, ""},
    {"train.batch", "train", has_batches, "task: classify reads it in a sampler.mode other than full"},
    {"train.momentum", "train", is_sgd, "train.optimizer: sgd reads it"},
    {"train.beta1", "train", has_moments, "train.optimizer: adam or adamw reads it"},
    {"train.beta2", "train", has_moments, "train.optimizer: adam or adamw reads it"},
    {"train.epsilon", "train", has_epsilon, "train.optimizer: adam, adamw or adagrad reads it"},
    {"train.weight_decay", "train", has_weights, "models with dense weights read it"},
    {"train.weight_decay_on", "train", decays,
     "models with dense weights and a train.weight_decay above 0 read it"},
    {"evaluate", "train", always, ""},
    {"evaluate.k", "train", recommends, "task: recommend reads it"},
    {"evaluate.select_by", "train", classifies, "task: classify reads it"},
    {"evaluate.protocol", "train", recommends, "task: recommend reads it"},
    {"evaluate.seed", "train", samples_items, "evaluate.protocol: sampled-N reads it"},
    {"evaluate.oversmoothing", "train", evaluates, "evaluations while training read it (evaluate.every)"},
    {"embed", "embed", recommends, "task: recommend reads it"},
    {"embed.interactions.columns", "embed", new_has_columns,
     "lists of edges have columns (embed.interactions.format)"},
    {"embed.interactions.columns.time", "embed", never, "no model reads times yet"},
    {"embed.interactions.header", "embed", new_has_columns,
     "lists of edges have a header (embed.interactions.format)"},
    {"checkpoint", "train", always, ""},
    {"watch", "", always, ""},
};

/* Whether a rule is about a key: it is the key, or a section that holds it. */
static bool reader_fits(const reader *r, const char *key) {
  size_t n = strlen(r->key);
  return strncmp(r->key, key, n) == 0 && (key[n] == '\0' || key[n] == '.');
}

static const reader *reader_find(const char *key) {
  const reader *best = NULL;
  for (size_t i = 0; i < sizeof reader_table / sizeof *reader_table; i++)
    if (reader_fits(&reader_table[i], key) && (!best || strlen(reader_table[i].key) > strlen(best->key)))
      best = &reader_table[i];
  return best;
}

bool kith__job_is_read(const kith_job *job, const char *key, const char **who) {
  const reader *r = reader_find(key);
  *who = r ? r->who : NULL;
  return r && r->reads(job);
}

const char *kith__job_reader(const char *key) {
  const reader *r = reader_find(key);
  return r ? r->verb : "";
}

/* "job.yaml:12: model.gat.heads", or "--set model.gat.heads". */
static void reader_place(const kith_job *job, int i, const char *name, size_t size, char *text) {
  if (job->line[i] < 0) snprintf(text, size, "--set %s", name);
  else snprintf(text, size, "%s:%d: %s", job->path, job->line[i], name);
}

/* What a warning is about: all of a section that one rule is about, if the file has it, or one key. */
static const char *reader_name(const reader *r, const char *key, int line) {
  return line > 0 && strchr(r->key, '.') ? r->key : key;
}

/* Values that cannot all take effect. */
static void reader_warn_excess(const kith_job *job) {
  const kith_sampler_options *s = &job->train.sampler;
  int layers = kith_model_n_layer(&job->model);
  if (samples_neighbors(job) && s->fanouts.n > layers)
    kith_warn("%s: sampler.fanouts has %d numbers, but the model has %d layer%s: the others are not read",
              job->path, s->fanouts.n, layers, kith_plural(layers));
  if (samples_clusters(job) && s->clusters > job->partition.parts)
    kith_warn("%s: sampler.clusters is %d, but partition.parts is %d: every step takes all of them",
              job->path, s->clusters, job->partition.parts);
}

void kith_job_warn_unread(const kith_job *job, const char *verb) {
  char place[KITH_PATH + 2 * KITH_NAME];
  const char *warned = "";
  for (int i = 0; i < kith__job_n_key; i++) {
    const reader *r = reader_find(kith__job_table[i].key);
    if (job->line[i] == 0 || !r || strcmp(r->verb, verb) != 0 || r->reads(job)) continue;
    const char *name = reader_name(r, kith__job_table[i].key, job->line[i]);
    if (strcmp(name, warned) == 0) continue;
    warned = name;
    reader_place(job, i, name, sizeof place, place);
    kith_warn("%s is set and not read: %s", place, r->who);
  }
  if (strcmp(verb, "train") == 0) reader_warn_excess(job);
}
