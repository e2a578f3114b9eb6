/* ranks: 1 */
/*
 * Keys that are set and that nothing reads.  The oracle is the recipe of a checkpoint, which holds what
 * decides the next bit: where a key changes it, the job reads the key; and a key that the job is said to read
 * changes it.
 */
#include "job/table.h"
#include "support/mpi_main.h"
#include "kith/train.h"

/* A key of the recipe and a value that is no default. */
typedef struct pair {
  const char *key, *value;
  bool cautious; /* the recipe holds it although this job does not read it */
} pair;

static const pair pairs[] = {
    {"model.heads", "2", false},
    {"model.heads_last", "4", false},
    {"model.gat_last", "average", false},
    {"model.attention_dropout", "0.5", false},
    {"model.dropout", "0.5", true},
    {"model.edge_dropout", "0.5", false},
    {"model.layer_weights", "learned", false},
    {"model.aggregator", "pool", false},
    {"model.walks", "7", false},
    {"model.walk_length", "5", false},
    {"model.neighbours", "9", false},
    {"model.restart", "0.25", false},
    {"model.score", "cosine", false},
    {"train.fanouts", "3", false},
    {"train.draw", "importance", false},
    {"train.budget", "77", false},
    {"train.walk", "6", true},
    {"train.coverage", "9", false},
    {"train.clusters", "3", false},
    {"train.cut", "drop", false},
    {"train.exclude", "false", false},
    {"train.loss", "nce", false},
    {"train.l2", "0.5", false},
    {"train.temperature", "0.5", false},
    {"train.logq", "0.5", false},
    {"train.mask", "false", false},
    {"train.negatives.count", "5", false},
    {"train.negatives.inbatch", "0.5", false},
    {"train.lr", "0.5", false},
    {"train.decay", "0.5", false},
    {"train.beta1", "0.5", false},
    {"train.beta2", "0.5", false},
    {"train.epsilon", "0.5", false},
    {"train.seed", "5", false},
    {"train.weight_decay", "0.5", true},
    {"train.batch", "5", true},
};

static void recipe_of(const kith_job *job, char *text) {
  kith_graph g = {.task = job->task, .n_part = 4};
  kith_run run = {.model = job->model, .train = job->train, .evaluate = job->evaluate};
  kith_config_key(&g, &run, KITH_CONFIG_KEY_SIZE, text);
}

static void assert_agrees(const kith_job *job, const pair *p, const char *what) {
  char before[KITH_CONFIG_KEY_SIZE], after[KITH_CONFIG_KEY_SIZE];
  const char *who = NULL;
  kith_job other = *job;
  assert_int_equal(kith_job_set(&other, p->key, p->value), KITH_OK);
  recipe_of(job, before);
  recipe_of(&other, after);
  bool decides = strcmp(before, after) != 0, read = kith__job_is_read(&other, p->key, &who);
  if (read && !decides) fail_msg("%s: %s is said to be read, and decides nothing", what, p->key);
  if (decides && !read && !p->cautious)
    fail_msg("%s: %s decides bits, and is said not to be read", what, p->key);
}

static void a_key_is_read_where_it_decides_bits(void **state) {
  static const char *const models[] = {"mf", "lightgcn", "ngcf", "gcn", "gat", "sage", "pinsage"};
  static const char *const losses[] = {"bpr", "softmax", "nce"};
  static const char *const modes[] = {"full",       "neighbor",   "layerwise", "cluster",
                                      "saint-node", "saint-edge", "saint-walk"};
  char what[128];
  (void)state;
  for (int task = 0; task < 2; task++)
    for (size_t m = 0; m < 7; m++)
      for (size_t l = 0; l < (task ? 1 : 3); l++)
        for (size_t s = 0; s < 7; s++) {
          kith_job job = kith_job_defaults();
          job.task = task ? KITH_CLASSIFY : KITH_RECOMMEND;
          assert_int_equal(kith_job_set(&job, "model.name", models[m]), KITH_OK);
          if (task && !kith_model_can_classify(&job.model)) continue;
          assert_int_equal(kith_job_set(&job, "train.loss", losses[l]), KITH_OK);
          assert_int_equal(kith_job_set(&job, "train.mode", modes[s]), KITH_OK);
          snprintf(what, sizeof what, "%s, %s, %s, %s", task ? "classify" : "recommend", models[m], losses[l],
                   modes[s]);
          for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            if (strcmp(pairs[i].key, "train.loss") != 0 || l != 2) assert_agrees(&job, &pairs[i], what);
        }
}

/* A new key must say who reads it, under some condition that some job meets. */
static void every_key_has_a_reader(void **state) {
  (void)state;
  kith_job job = kith_job_defaults();
  for (int i = 0; i < kith__job_n_key; i++) {
    const char *who = NULL;
    kith__job_is_read(&job, kith__job_table[i].key, &who);
    if (!who) fail_msg("%s: no rule of readers.c says who reads it", kith__job_table[i].key);
  }
}

/* Of the keys that the recipe does not hold: where they are read, and where not. */
static void keys_beside_the_recipe_are_read_where_they_should_be(void **state) {
  static const struct {
    const char *key, *with, *value, *without;
  } rule[] = {
      {"train.inbatch", "train.loss", "softmax", "bpr"},
      {"train.shared", "train.loss", "softmax", "nce"},
      {"train.negatives.hard", "train.loss", "bpr", "nce"},
      {"train.negatives.pool", "train.negatives.hard", "0.5", "0"},
      {"train.negatives.alpha", "train.negatives.popularity", "0.5", "0"},
      {"train.negatives.popularity", "train.loss", "nce", "softmax"},
      {"train.weight_decay_on", "model.name", "gcn", "mf"},
      {"data.split.valid", "data.split.method", "ratio", "none"},
      {"data.split.test", "data.split.method", "time", "none"},
      {"data.split.seed", "data.split.method", "leave-last-out", "time"},
      {"data.labels.path", "task", "classify", "recommend"},
      {"data.edges.path", "task", "classify", "recommend"},
      {"data.splits.train", "task", "classify", "recommend"},
      {"data.features.path", "task", "classify", "recommend"},
      {"data.interactions.path", "task", "recommend", "classify"},
      {"data.test.path", "task", "recommend", "classify"},
      {"data.ids", "task", "recommend", "classify"},
      {"data.item_names.path", "task", "recommend", "classify"},
      {"data.interactions.columns.time", "data.split.method", "time", "ratio"},
      {"data.interactions.columns.time", "data.split.method", "leave-last-out", "none"},
      {"data.interactions.columns.weight", "data.interactions.least_weight", "2", "0"},
      {"data.test.header", "data.test.format", "edges", "adjacency"},
      {"embed.interactions.columns.weight", "embed.interactions.format", "edges", "adjacency"},
      {"data.user_features.path", "model.input", "both", "embedding"},
      {"data.item_features.format", "model.input", "features", "embedding"},
      {"partition.tolerance", "partition.method", "metis", "hash"},
      {"partition.seed", "partition.method", "hash", "contiguous"},
      {"model.input", "task", "recommend", "classify"},
      {"train.loss", "task", "recommend", "classify"},
      {"evaluate.k", "task", "recommend", "classify"},
      {"evaluate.pick", "task", "classify", "recommend"},
      {"evaluate.protocol", "task", "recommend", "classify"},
      {"evaluate.seed", "evaluate.protocol", "sampled-50", "full"},
      {"evaluate.smoothness", "evaluate.every", "2", "0"},
      {"embed.new", "task", "recommend", "classify"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) {
    const char *who = NULL;
    kith_job job = kith_job_defaults();
    job.train.weight_decay = 0.5;
    assert_int_equal(kith_job_set(&job, rule[i].with, rule[i].value), KITH_OK);
    if (!kith__job_is_read(&job, rule[i].key, &who))
      fail_msg("%s is not read with %s: %s", rule[i].key, rule[i].with, rule[i].value);
    assert_int_equal(kith_job_set(&job, rule[i].with, rule[i].without), KITH_OK);
    if (kith__job_is_read(&job, rule[i].key, &who))
      fail_msg("%s is read with %s: %s", rule[i].key, rule[i].with, rule[i].without);
    assert_true(who && who[0]);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_key_is_read_where_it_decides_bits),
      cmocka_unit_test(every_key_has_a_reader),
      cmocka_unit_test(keys_beside_the_recipe_are_read_where_they_should_be),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
