/* ranks: 1 */
/*
 * Keys that are set and that nothing reads.  The oracle is the configuration key that earlier versions wrote
 * by hand: where a key changes it, the job reads the key; and a key that the job is said to read changes it.
 * The configuration key derived from the table must hold just the keys that are read.
 */
#include "job/table.h"
#include "support/mpi_main.h"
#include "train/train.h"

static job_table table; /* of a job without relations */

/* A key in the configuration key and a value that is no default. */
typedef struct pair {
  const char *key, *value;
  bool cautious; /* the configuration key holds it although this job does not read it */
} pair;

static const pair pairs[] = {
    {"model.gat.heads", "2", false},
    {"model.gat.last_heads", "4", false},
    {"model.gat.last_merge", "average", false},
    {"model.gat.attention_dropout", "0.5", false},
    {"model.dropout", "0.5", true},
    {"model.edge_dropout", "0.5", false},
    {"model.layer_weights", "learned", false},
    {"model.aggregator", "pool", false},
    {"model.pinsage.walks", "7", false},
    {"model.pinsage.walk_length", "5", false},
    {"model.pinsage.neighbors", "9", false},
    {"model.pinsage.restart", "0.25", false},
    {"model.score", "cosine", false},
    {"sampler.fanouts", "3", false},
    {"sampler.weighting", "importance", false},
    {"sampler.budget", "77", false},
    {"sampler.walk_length", "6", true},
    {"sampler.coverage", "9", false},
    {"sampler.clusters", "3", false},
    {"sampler.cluster_edges", "drop", false},
    {"sampler.exclude_targets", "false", false},
    {"loss.name", "nce", false},
    {"loss.l2", "0.5", false},
    {"loss.temperature", "0.5", false},
    {"loss.l2_on", "layers", false},
    {"loss.positive", "left-out", false},
    {"loss.log_sum_weight", "0.5", false},
    {"loss.logq", "0.5", false},
    {"loss.mask_known", "false", false},
    {"negatives.count", "5", false},
    {"negatives.inbatch", "0.5", false},
    {"train.lr", "0.5", false},
    {"train.lr_decay", "0.5", false},
    {"train.beta1", "0.5", false},
    {"train.beta2", "0.5", false},
    {"train.epsilon", "0.5", false},
    {"train.seed", "5", false},
    {"train.weight_decay", "0.5", true},
    {"train.batch", "5", true},
};

static void config_key_of(const kith_job *job, char *text) {
  kith_graph g = {.n_class = job->task == KITH_TASK_CLASSIFY ? 3 : 0, .n_part = 4};
  kith_run run = {.model = job->model, .train = job->train, .evaluate = job->evaluate};
  kith_config_key_legacy(&g, &run, KITH_CONFIG_KEY_SIZE, text);
}

/* The key derived from the table changes with a key that is read, and with no other. */
static void assert_derived(const kith_job *job, const kith_job *other, const char *key, const char *what) {
  char before[KITH_CONFIG_KEY_SIZE], after[KITH_CONFIG_KEY_SIZE], a[KITH_CONFIG_WORD_SIZE],
      b[KITH_CONFIG_WORD_SIZE];
  const char *needs = NULL;
  assert_int_equal(kith_job_config_key(job, sizeof before, before), KITH_OK);
  assert_int_equal(kith_job_config_key(other, sizeof after, after), KITH_OK);
  if (kith_config_key_differs(before, NULL, after, a, b) != kith__job_is_used(other, key, &needs))
    fail_msg("%s: with %s, \"%s\" became \"%s\"", what, key, before, after);
}

static void assert_agrees(const kith_job *job, const pair *p, const char *what) {
  char before[KITH_CONFIG_KEY_SIZE], after[KITH_CONFIG_KEY_SIZE];
  const char *needs = NULL;
  kith_job other = *job;
  assert_int_equal(kith_job_set(&other, p->key, p->value), KITH_OK);
  config_key_of(job, before);
  config_key_of(&other, after);
  assert_derived(job, &other, p->key, what);
  bool decides = strcmp(before, after) != 0, read = kith__job_is_used(&other, p->key, &needs);
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
          job.task = task ? KITH_TASK_CLASSIFY : KITH_TASK_RECOMMEND;
          assert_int_equal(kith_job_set(&job, "model.name", models[m]), KITH_OK);
          if (task && !kith_model_can_classify(&job.model)) continue;
          assert_int_equal(kith_job_set(&job, "loss.name", losses[l]), KITH_OK);
          assert_int_equal(kith_job_set(&job, "sampler.mode", modes[s]), KITH_OK);
          snprintf(what, sizeof what, "%s, %s, %s, %s", task ? "classify" : "recommend", models[m], losses[l],
                   modes[s]);
          for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            if (strcmp(pairs[i].key, "loss.name") != 0 || l != 2) assert_agrees(&job, &pairs[i], what);
        }
}

/* A new key must have a rule with a condition that some job meets. */
static void every_key_has_a_reader(void **state) {
  (void)state;
  kith_job job = kith_job_defaults();
  for (int i = 0; i < table.n; i++) {
    const char *needs = NULL;
    kith__job_is_used(&job, table.key[i].key, &needs);
    if (!needs) fail_msg("%s: no rule of usage.c matches it", table.key[i].key);
  }
}

/* A new key that training reads belongs to the configuration key, unless its rule says why not. */
static void a_key_of_training_may_change_only_for_a_reason(void **state) {
  static const char *const fixed[] = {"task",     "model.dim",      "model.layers",      "model.init",
                                      "train.lr", "train.seed",     "sampler.mode",      "loss.name",
                                      "loss.l2",  "negatives.hard", "evaluate.select_by"};
  static const char *const free[] = {
      "name",     "train.epochs",    "train.patience", "evaluate.k",           "checkpoint.keep",
      "data.ids", "partition.parts", "embed.types",    "model.length_discount"};
  (void)state;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) assert_null(kith__job_may_change(fixed[i]));
  for (size_t i = 0; i < sizeof free / sizeof *free; i++) assert_non_null(kith__job_may_change(free[i]));
  for (int i = 0; i < table.n; i++) {
    const char *why = kith__job_may_change(table.key[i].key);
    if (why && !why[0]) fail_msg("%s: no reason is given why it may change", table.key[i].key);
  }
}

/* Default values are left out; a difference is found in any order and named. */
static void the_config_key_names_the_difference(void **state) {
  kith_job job = kith_job_defaults();
  char key[KITH_CONFIG_KEY_SIZE], a[KITH_CONFIG_WORD_SIZE], b[KITH_CONFIG_WORD_SIZE],
      usual[KITH_CONFIG_KEY_SIZE];
  (void)state;
  assert_int_equal(kith_job_config_key(&job, sizeof key, key), KITH_OK);
  assert_string_equal(key, KITH_CONFIG_KEY_BEGIN);
  assert_int_equal(kith_job_set(&job, "sampler.mode", "neighbor"), KITH_OK);
  assert_int_equal(kith_job_set(&job, "sampler.fanouts", "5,3"), KITH_OK);
  assert_int_equal(kith_job_set(&job, "train.lr", "0.5"), KITH_OK);
  assert_int_equal(kith_job_set(&job, "train.epochs", "7"), KITH_OK);
  assert_int_equal(kith_job_config_key(&job, sizeof key, key), KITH_OK);
  assert_false(kith_config_key_differs(key, NULL,
                                       "config=2 train.lr=0.5 sampler.mode=neighbor sampler.fanouts=[5,3]", a,
                                       b));
  assert_true(
      kith_config_key_differs(key, NULL, "config=2 sampler.mode=neighbor sampler.fanouts=[5,3]", a, b));
  assert_string_equal(a, "train.lr=0.5");
  assert_string_equal(b, "train.lr at its default");
  kith_config_key_usual("train.lrs=2 train.l=3", b);
  assert_string_equal(b, "train.lr at its default");
  kith_job_config_usual(&job, sizeof usual, usual);
  kith_config_key_usual(usual, a);
  assert_string_equal(a, "train.lr=0.5");
  kith_config_key_usual(usual, b);
  assert_string_equal(
      b, "train.lr=0.001 (the default of older versions, 0.01 now; --set train.lr=0.001 goes on with it)");
  assert_null(strstr(usual, "model.gat.heads")); /* the job does not use it, whatever its value */
  assert_true(kith_config_key_differs("config=2 x=1", "lr=2", "lr=3", a, b));
  assert_string_equal(a, "lr=2");
  assert_string_equal(b, "lr=3");
  assert_false(kith_config_key_differs("config=2 x=1", "lr=2", "lr=2", a, b));
  assert_true(kith_config_key_differs("x=knots:1,0.29999999999999999,2e3 y=12345678901234567e1", NULL,
                                      "x=ratio:0.10000000000000001", a, b));
  assert_string_equal(a, "x=knots:1,0.3,2e3"); /* the fewest digits of a number that has a point */
  assert_string_equal(b, "x=ratio:0.1");
  for (int i = 0; i < KITH_MAX_KNOTS; i++)
    sprintf(key + strlen(key), "%s-0.12345678901234567", i == 0 ? " filter=knots:" : ",");
  assert_true(kith_config_key_differs(key, NULL,
                                      "config=2 train.lr=0.5 sampler.mode=neighbor sampler.fanouts=[5,3]", a,
                                      b));
  assert_int_equal(strlen(a), strlen("filter=knots:") + KITH_MAX_KNOTS * strlen("-0.12345678901234568,") -
                                  1); /* not cut */
  assert_int_equal(kith_job_config_key(&job, 30, key), KITH_ECONFIG);
}

/* Of the keys that the configuration key does not hold: where they are read, and where not. */
static void other_keys_are_read_where_they_should_be(void **state) {
  static const struct {
    const char *key, *with, *value, *without;
  } rule[] = {
      {"loss.inbatch", "loss.name", "softmax", "bpr"},
      {"loss.l2_on", "loss.l2", "0.1", "0"},
      {"negatives.shared", "loss.name", "softmax", "nce"},
      {"negatives.hard", "loss.name", "bpr", "nce"},
      {"negatives.pool", "negatives.hard", "0.5", "0"},
      {"negatives.alpha", "negatives.popularity", "0.5", "0"},
      {"negatives.popularity", "loss.name", "nce", "softmax"},
      {"train.weight_decay_on", "model.name", "gcn", "mf"},
      {"model.residual", "model.name", "gcn", "sage"},
      {"model.rgcn.bases", "model.name", "rgcn", "gcn"},
      {"model.diffnet.time_dim", "model.name", "diffnet", "gat"},
      {"model.kgin.intents", "model.name", "kgin", "rgcn"},
      {"model.cascade.residual", "model.name", "cascade", "lightgcn"},
      {"model.gcnii.alpha", "model.name", "gcnii", "gcn"},
      {"train.weight_decay_dense", "model.name", "gcnii", "gcn"},
      {"data.split.valid", "data.split.method", "ratio", "none"},
      {"data.split.test", "data.split.method", "time", "none"},
      {"data.split.seed", "data.split.method", "leave-last-out", "time"},
      {"data.split.seed", "data.split.method", "core", "none"},
      {"data.split.core", "data.split.method", "core", "ratio"},
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
      {"data.interactions.columns.weight", "data.interactions.min_weight", "2", "0"},
      {"data.test.header", "data.test.format", "edges", "adjacency"},
      {"embed.interactions.columns.weight", "embed.interactions.format", "edges", "adjacency"},
      {"data.user_features.path", "model.input", "both", "embedding"},
      {"data.item_features.format", "model.input", "features", "embedding"},
      {"partition.imbalance", "partition.method", "metis", "hash"},
      {"partition.balance", "task", "recommend", "classify"},
      {"partition.seed", "partition.method", "hash", "contiguous"},
      {"model.input", "task", "recommend", "classify"},
      {"loss.name", "task", "recommend", "classify"},
      {"evaluate.k", "task", "recommend", "classify"},
      {"evaluate.select_by", "task", "classify", "recommend"},
      {"evaluate.protocol", "task", "recommend", "classify"},
      {"evaluate.seed", "evaluate.protocol", "sampled-50", "full"},
      {"evaluate.oversmoothing", "evaluate.every", "2", "0"},
      {"embed.types", "task", "recommend", "classify"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) {
    const char *needs = NULL;
    kith_job job = kith_job_defaults();
    job.train.weight_decay = 0.5;
    assert_int_equal(kith_job_set(&job, rule[i].with, rule[i].value), KITH_OK);
    if (!kith__job_is_used(&job, rule[i].key, &needs))
      fail_msg("%s is not read with %s: %s", rule[i].key, rule[i].with, rule[i].value);
    assert_int_equal(kith_job_set(&job, rule[i].with, rule[i].without), KITH_OK);
    if (kith__job_is_used(&job, rule[i].key, &needs))
      fail_msg("%s is read with %s: %s", rule[i].key, rule[i].with, rule[i].without);
    assert_true(needs && needs[0]);
  }
}

/* What earlier versions wrote into checkpoints, to the byte: their runs can be continued. */
/* What a run and its export add to a key can be told from the words of the job. */
static void the_words_of_the_job_are_found_in_every_key(void **state) {
  kith_job job = kith_job_defaults();
  char of_job[KITH_CONFIG_KEY_SIZE], of_run[KITH_CONFIG_KEY_SIZE + 40], of_export[KITH_CONFIG_KEY_SIZE],
      found[KITH_CONFIG_KEY_SIZE];
  (void)state;
  assert_int_equal(kith_job_set(&job, "model.spectral.user_power", "0.3"), KITH_OK);
  assert_int_equal(kith_job_set(&job, "model.spectral.coefficients", "1,2"), KITH_OK);
  assert_int_equal(kith_job_set(&job, "model.length_discount", "0.3"), KITH_OK);
  assert_int_equal(kith_job_set(&job, "model.dim", "40"), KITH_OK);
  for (int spectral = 0; spectral < 2; spectral++) {
    assert_int_equal(kith_job_set(&job, "model.name", spectral ? "spectral" : "lightgcn"), KITH_OK);
    assert_int_equal(kith_job_config_key(&job, sizeof of_job, of_job), KITH_OK);
    assert_non_null(strstr(of_job, "model.dim=40"));
    const kith_run run = {.model = job.model};
    snprintf(of_run, sizeof of_run, "%s refit=1 parts=4 partition=4d", of_job);
    assert_int_equal(kith_export_key(&run, of_run, sizeof of_export, of_export), KITH_OK);
    assert_true(strlen(of_export) > strlen(of_run));
    kith_config_key_of_job(of_export, sizeof found, found);
    assert_string_equal(found, of_job);
  }
}

static void the_config_key_is_that_of_earlier_versions(void **state) {
  static const struct {
    const char *set[10], *config_key;
  } run[] = {
      {{"model.dim=16", "model.layers=2"},
       "model=lightgcn score=dot width=16 layers=2 init=0.1 loss=bpr l2=0.0001 temperature=0 logq=0 "
       "batch=2048 "
       "lr=0.001 decay=1 beta1=0.9 beta2=0.999 epsilon=1e-08 seed=1"},
      {{"loss.name=softmax", "negatives.shared=32", "loss.mask_known=false", "sampler.mode=cluster",
        "sampler.clusters=2", "sampler.cluster_edges=reweight", "sampler.exclude_targets=false",
        "train.lr_decay=0.9"},
       "model=lightgcn score=dot width=64 layers=3 init=0.1 loss=softmax l2=0.0001 temperature=0.1 logq=0 "
       "batch=2048 lr=0.001 decay=0.9 beta1=0.9 beta2=0.999 epsilon=1e-08 seed=1 inbatch=true shared=32 "
       "mode=cluster exclude=false parts=4 clusters=2 cut=weigh"},
      {{"model.name=pinsage", "model.pinsage.walks=20", "model.pinsage.walk_length=3",
        "model.pinsage.neighbors=7", "model.pinsage.restart=0.2", "sampler.mode=neighbor",
        "sampler.fanouts=5,3", "sampler.weighting=importance", "loss.name=nce", "negatives.count=3"},
       "model=pinsage score=dot width=64 layers=3 init=0.1 loss=nce l2=0.0001 temperature=0 logq=0 "
       "batch=2048 "
       "lr=0.001 decay=1 beta1=0.9 beta2=0.999 epsilon=1e-08 seed=1 walks=20 walk_length=3 neighbours=7 "
       "restart=0.2 negatives=3 mode=neighbor exclude=true fanouts=5,3 draw=importance"},
      {{"task=classify", "model.name=gat", "model.gat.heads=2", "model.gat.last_heads=4",
        "model.gat.last_merge=average", "model.gat.attention_dropout=0.1", "evaluate.select_by=loss",
        "sampler.mode=saint-walk", "sampler.walk_length=3", "sampler.coverage=10"},
       "task=classify model=gat width=64 layers=3 init=0.1 batch=2048 lr=0.001 decay=1 beta1=0.9 beta2=0.999 "
       "epsilon=1e-08 seed=1 heads=2 heads_last=4 gat_last=average attention_dropout=0.1 pick=loss "
       "mode=saint-walk budget=8000 walk=3 coverage=10"},
      {{"model.dim=16", "model.relations.tag=learned", "model.relations.friend=0.3"},
       "model=lightgcn score=dot width=16 layers=3 init=0.1 loss=bpr l2=0.0001 temperature=0 logq=0 "
       "batch=2048 lr=0.001 decay=1 beta1=0.9 beta2=0.999 epsilon=1e-08 seed=1 relations.friend=0.3 "
       "relations.tag=learned"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof run / sizeof *run; i++) {
    kith_job job = kith_job_defaults();
    char config_key[KITH_CONFIG_KEY_SIZE], key[128];
    for (int s = 0; s < 10 && run[i].set[s]; s++) {
      const char *value = strchr(run[i].set[s], '=');
      snprintf(key, sizeof key, "%.*s", (int)(value - run[i].set[s]), run[i].set[s]);
      assert_int_equal(kith_job_set(&job, key, value + 1), KITH_OK);
    }
    config_key_of(&job, config_key);
    assert_string_equal(config_key, run[i].config_key);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_key_is_read_where_it_decides_bits),
      cmocka_unit_test(every_key_has_a_reader),
      cmocka_unit_test(other_keys_are_read_where_they_should_be),
      cmocka_unit_test(a_key_of_training_may_change_only_for_a_reason),
      cmocka_unit_test(the_config_key_names_the_difference),
      cmocka_unit_test(the_words_of_the_job_are_found_in_every_key),
      cmocka_unit_test(the_config_key_is_that_of_earlier_versions),
  };
  test_begin(&argc, &argv);
  const kith_job defaults = kith_job_defaults();
  kith__job_table_of(&defaults, &table);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
