/* ranks: 1 */
/* Keys and values of earlier versions: refused in a job with their present names, and understood in the jobs
 * that files store. */
#include "support/job_file.h"
#include "support/mpi_main.h"

#include <ctype.h>

static bool is_section(const char *key) { return !kith__job_find(&test_job_table, key); }

/* A value of a key that is not its default: another choice, or an upper bound. */
static void other_value(const job_key *k, char *value) {
  const kith_job job = kith_job_defaults();
  const char *choices = k->kind == JOB_BOOL ? "true | false" : k->unit, *last = strrchr(choices, ' ');
  char usual[JOB_VALUE_SIZE];
  kith__job_get(&job, k, sizeof usual, usual);
  if (k->kind == JOB_BOOL || k->kind == JOB_ENUM) {
    sprintf(value, "%.*s", (int)strcspn(choices, " "), choices);
    if (strcmp(value, usual) == 0) strcpy(value, last + 1);
    return;
  }
  sprintf(value, k->kind == JOB_FANOUTS ? "[%.15g]" : "%.15g", k->high);
  if (strcmp(value, usual) == 0) sprintf(value, "%.15g", k->low);
}

static void a_retired_key_is_refused_with_its_present_name(void **state) {
  (void)state;
  for (int i = 0; i < kith__job_n_retired; i++) {
    const job_retired *r = &kith__job_retired[i];
    char text[JOB_TEXT_SIZE], words[512], place[64], setting[256];
    const char *set = setting;
    kith_job job = kith_job_defaults();
    snprintf(words, sizeof words, "%s is now called %s%s", r->old, r->now,
             is_section(r->now) ? ", a section of keys such as " : "; kith help renamed");
    snprintf(place, sizeof place,
             "/job.yaml:%d: ", test_job_spell(r->old, is_section(r->now) ? "{count: 1}" : "1", text));
    assert_int_equal(test_job_read(text, 0, NULL, &job), KITH_ECONFIG);
    assert_error_says(words);
    assert_error_says(place);
    snprintf(setting, sizeof setting, "%s=1", r->old);
    assert_int_equal(test_job_read("", 1, &set, &job), KITH_ECONFIG);
    assert_error_says(words);
    assert_error_says("--set");
    assert_int_equal(kith_job_set(&job, r->old, "1"), KITH_ECONFIG);
    assert_error_says(words);
  }
}

/* With their lines; what they hold is passed over, and settings are told of, too. */
static void all_retired_keys_are_told_at_once(void **state) {
  (void)state;
  kith_job job;
  static const char *const set[] = {"train.shared=3", "train.lr=1", "sampler.exclude=true"};
  static const char text[] = "model: {width: 3, dim: 7}\n"
                             "train:\n"
                             "  negatives: {count: 3, hard: {a: [1, {b: 2}]}}\n"
                             "  lr: 0.5\n"
                             "  mode: [a, [b]]\n";
  static const char *const told[] = {
      "job.yaml:1: model.width is now called model.dim; ",
      "job.yaml:3: train.negatives is now called negatives, a section of keys",
      "job.yaml:5: train.mode is now called sampler.mode; ",
      "; --set: train.shared is now called negatives.shared; ",
      "--set: sampler.exclude is now called sampler.exclude_targets; kith help renamed lists"};
  assert_int_equal(test_job_read(text, 3, set, &job), KITH_ECONFIG);
  for (size_t i = 0; i < sizeof told / sizeof *told; i++) assert_error_says(told[i]);
  const char *many[KITH_JOB_MAX_KEYS];
  char setting[KITH_JOB_MAX_KEYS][KITH_JOB_KEY_SIZE];
  for (int i = 0; i < kith__job_n_retired; i++) {
    snprintf(setting[i], sizeof setting[i], "%s=1", kith__job_retired[i].old);
    many[i] = setting[i];
  }
  assert_int_equal(test_job_read(text, kith__job_n_retired, many, &job), KITH_ECONFIG);
  assert_error_says("and ");
  assert_error_says(" more; kith help renamed");
}

static void a_retired_name_is_free_and_its_successor_is_known(void **state) {
  (void)state;
  for (int i = 0; i < kith__job_n_retired; i++) {
    const job_retired *r = &kith__job_retired[i];
    size_t n = strlen(r->now);
    bool known = false;
    if (kith__job_find(&test_job_table, r->old)) fail_msg("%s is a key, and retired", r->old);
    for (int k = 0; k < test_job_table.n; k++) {
      const char *key = test_job_table.key[k].key;
      known |= strncmp(key, r->now, n) == 0 && (key[n] == '\0' || key[n] == '.');
    }
    if (!known) fail_msg("%s, formerly %s, is no key", r->now, r->old);
  }
}

/* The keys of a section that moved, and present sections with former last parts. */
static void a_present_key_is_not_retired(void **state) {
  (void)state;
  char now[KITH_JOB_KEY_SIZE];
  for (int i = 0; i < test_job_table.n; i++) {
    if (kith_job_renamed(test_job_table.key[i].key, now)) print_error("%s\n", test_job_table.key[i].key);
    assert_false(kith_job_renamed(test_job_table.key[i].key, now));
  }
}

static void what_is_near_to_a_retired_key_is_told_the_present_one(void **state) {
  (void)state;
  static const char *const pair[][2] = {{"train.negatives.hard", "negatives.hard"},
                                        {"train.negatives.count", "negatives.count"},
                                        {"sampler.exclude", "sampler.exclude_targets"},
                                        {"sampler.draw", "sampler.weighting"},
                                        {"loss.mask", "loss.mask_known"},
                                        {"model.gat.heads_last", "model.gat.last_heads"},
                                        {"model.pinsage.neighbours", "model.pinsage.neighbors"}};
  static const char *const none[] = {"train.negatives.nothing", "model.width.x", "model.widths", "train",
                                     "loss"};
  char now[KITH_JOB_KEY_SIZE], words[256];
  kith_job job = kith_job_defaults();
  for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
    assert_true(kith_job_renamed(pair[i][0], now));
    assert_string_equal(now, pair[i][1]);
    snprintf(words, sizeof words, "is now called %s;", now);
    assert_int_equal(kith_job_set(&job, pair[i][0], "1"), KITH_ECONFIG);
    assert_error_says(words);
  }
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_false(kith_job_renamed(none[i], now));
}

static void a_retired_value_is_refused_with_its_present_name(void **state) {
  (void)state;
  kith_job job;
  const char *set = "sampler.cluster_edges=weigh";
  assert_int_equal(test_job_read("sampler: {cluster_edges: weigh}\n", 0, NULL, &job), KITH_ECONFIG);
  assert_error_says("/job.yaml:1: sampler.cluster_edges: weigh is now called reweight");
  assert_int_equal(test_job_read("", 1, &set, &job), KITH_ECONFIG);
  assert_error_says("--set: sampler.cluster_edges: weigh is now called reweight");
}

/* In the file at the top and below every section, with its line, and as a setting; however it is spelled. */
static void a_key_of_another_library_is_refused_with_ours(void **state) {
  (void)state;
  static const char *const section[] = {"", "train.", "model.", "config.", "train.optimizer."};
  for (int i = 0; i < kith__job_n_foreign; i++)
    for (size_t s = 0; s < sizeof section / sizeof *section; s++) {
      const job_foreign *f = &kith__job_foreign[i];
      char key[256], setting[512], place[300];
      const char *set = setting;
      kith_job job = kith_job_defaults();
      snprintf(key, sizeof key, "%s%s", section[s], f->word);
      if (kith__job_find(&test_job_table, key)) continue;
      snprintf(setting, sizeof setting, "%s=1", key);
      assert_int_equal(test_job_read("", 1, &set, &job), KITH_ECONFIG);
      snprintf(place, sizeof place, "--set: %s: ", key);
      assert_error_says(place);
      assert_error_says(f->key ? "Kith " : "leave it out; kith help KEY");
      if (s == 0 && f->key) assert_error_says(f->key);
      if (s == 0 && f->other) assert_error_says(f->other);
      assert_null(strstr(kith_error_text(), "renamed"));
    }
  for (int i = 0; i < kith__job_n_foreign; i++) {
    const job_foreign *f = &kith__job_foreign[i];
    if (kith__job_find(&test_job_table, f->word)) fail_msg("%s is a key of Kith", f->word);
    if (f->key && !kith__job_find(&test_job_table, f->key)) fail_msg("%s is no key", f->key);
    if (f->other && !kith__job_find(&test_job_table, f->other)) fail_msg("%s is no key", f->other);
    assert_true((f->key != NULL) == (f->note == NULL) && (f->key || !f->other));
    assert_ptr_equal(kith__job_find_foreign(f->word), f); /* no word is there twice */
  }
}

/* All of a job that was written for another library, at once; of the same section if that has such a key. */
static void the_keys_of_a_foreign_job_are_told_at_once(void **state) {
  (void)state;
  kith_job job;
  static const char text[] = "learning_rate: 0.001\n"
                             "model: {name: lightgcn, embedding-size: 64, nLayers: 3}\n"
                             "regs:\n"
                             "  any: [a, {b: c}]\n"
                             "update: {learning_rate: 1}\n"
                             "device: cuda\n"
                             "data: {test: {sep: 1}}\n"
                             "stream: {num_heads: 2}\n"
                             "train: {mode: full}\n";
  static const char *const told[] = {
      "job.yaml:1: learning_rate: Kith calls it train.lr; ",
      "job.yaml:2: model.embedding-size: Kith calls it model.dim; ",
      "job.yaml:2: model.nLayers: Kith calls it model.layers; ",
      "job.yaml:3: regs: Kith calls it loss.l2; ",
      "job.yaml:5: update.learning_rate: Kith calls it update.lr; ",
      "job.yaml:6: device: there is no such key: Kith runs on CPUs; leave it out; ",
      "job.yaml:7: data.test.sep: Kith calls it data.test.delimiter; ",
      "job.yaml:8: stream.num_heads: Kith calls it stream.heads; ",
      "job.yaml:9: train.mode is now called sampler.mode; kith help renamed lists the renamed keys"};
  assert_int_equal(test_job_read(text, 0, NULL, &job), KITH_ECONFIG);
  for (size_t i = 0; i < sizeof told / sizeof *told; i++) assert_error_says(told[i]);
  job = kith_job_defaults();
  assert_int_equal(kith_job_set(&job, "model.weight_decay", "1"), KITH_ECONFIG);
  assert_error_says("model.weight_decay: in Kith it is loss.l2 or train.weight_decay; kith help KEY");
  assert_int_equal(kith_job_set(&job, "train.weight_decay", "1"), KITH_OK);
}

static void a_key_of_another_section_is_told(void **state) {
  (void)state;
  kith_job job = kith_job_defaults();
  static const char *const moved[][2] = {{"train.dim", "known are \"model.dim\" and \"stream.dim\""},
                                         {"model.patience", "known is \"train.patience\""},
                                         {"data.item_features.delimiter",
                                          "kith help data.item_features lists"},
                                         {"trian.momentum", "the nearest known key is \"train.momentum\""}};
  for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
    assert_int_equal(kith_job_set(&job, moved[i][0], "1"), KITH_ECONFIG);
    assert_error_says(moved[i][1]);
  }
}

/* Each name of each key in capitals, with other lines between its words, and with a letter too many. */
static void a_value_that_is_nearly_known_is_refused_with_the_known_one(void **state) {
  (void)state;
  int n = 0;
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    char names[512], *rest = NULL;
    if (k->kind != JOB_ENUM && k->kind != JOB_IDS) continue;
    if (strstr(k->unit, "true | false")) continue; /* in any case */
    snprintf(names, sizeof names, "%s", k->unit);
    for (char *name = strtok_r(names, " |", &rest); name; name = strtok_r(NULL, " |", &rest), n++) {
      char wrong[128], more[256], words[640];
      kith_job job = kith_job_defaults();
      for (size_t c = 0; c <= strlen(name); c++)
        wrong[c] = (char)(name[c] == '-' ? '_' : toupper((unsigned char)name[c]));
      snprintf(words, sizeof words, ", found \"%s\"; did you mean %s?", wrong, name);
      assert_int_equal(kith_job_set(&job, k->key, wrong), KITH_ECONFIG);
      assert_error_says(words);
      snprintf(more, sizeof more, "%sx", name);
      snprintf(words, sizeof words, "; did you mean %s?", name);
      assert_int_equal(kith_job_set(&job, k->key, more), KITH_ECONFIG);
      if (strlen(name) > 2) assert_error_says(words);
    }
  }
  assert_true(n > 100);
  static const char *const pair[][3] = {{"model.name", "LightGCN", "lightgcn"},
                                        {"model.name", "GraphSAGE", "sage"},
                                        {"train.optimizer", "Adam", "adam"},
                                        {"data.split.method", "leave-one-out", "leave-last-out"},
                                        {"evaluate.protocol", "Full", "full"}};
  for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
    char words[128];
    kith_job job = kith_job_defaults();
    snprintf(words, sizeof words, "did you mean %s?", pair[i][2]);
    assert_int_equal(kith_job_set(&job, pair[i][0], pair[i][1]), KITH_ECONFIG);
    assert_error_says(words);
  }
  kith_job job = kith_job_defaults();
  assert_int_equal(kith_job_set(&job, "model.name", "zebra"), KITH_ECONFIG);
  assert_null(strstr(kith_error_text(), "did you mean"));
}

/* One former key with a value that is not the default, in a stored job. */
static void assert_stored(const char *old, const char *now) {
  const job_key *k = kith__job_find(&test_job_table, now);
  char text[JOB_TEXT_SIZE], value[JOB_VALUE_SIZE], got[JOB_VALUE_SIZE];
  kith_job job = kith_job_defaults();
  other_value(k, value);
  kith__job_get(&job, k, sizeof got, got);
  assert_string_not_equal(got, value);
  test_job_spell(old, value, text);
  assert_int_equal(kith_job_read_stored("graph.h5", strchr(text, '\n') + 1, &job),
                   KITH_OK); /* stored without a comment */
  kith__job_get(&job, k, sizeof got, got);
  assert_string_equal(got, value);
}

static void a_stored_job_of_an_earlier_version_is_read_by_its_keys(void **state) {
  (void)state;
  for (int i = 0; i < kith__job_n_retired; i++) {
    const job_retired *r = &kith__job_retired[i];
    size_t n = strlen(r->now);
    if (!is_section(r->now)) assert_stored(r->old, r->now);
    for (int k = 0; k < test_job_table.n && is_section(r->now); k++) {
      const char *key = test_job_table.key[k].key;
      char old[256];
      snprintf(old, sizeof old, "%s%s", r->old, key + (strncmp(key, r->now, n) == 0 ? n : 0));
      if (strncmp(key, r->now, n) == 0 && key[n] == '.') assert_stored(old, key);
    }
  }
}

/* What the version before stored, abridged: values of all kinds, in its order. */
static void a_stored_job_is_read_as_a_whole(void **state) {
  (void)state;
  static const char text[] = "name: \"a \\\"quoted\\\" \\\\ name\\x09, and: more\"\n"
                             "task: recommend\n"
                             "work: \"work\"\n"
                             "data:\n"
                             "  interactions:\n"
                             "    path: [\"list.tsv\", \"a, \\\"b\\\".tsv\"]\n"
                             "    columns:\n"
                             "      user: \"1\"\n"
                             "    least_weight: 2.5\n"
                             "  user_features:\n"
                             "    normalise: true\n"
                             "  split:\n"
                             "    method: ratio\n"
                             "model:\n"
                             "  width: 16\n"
                             "  no_key_of_any_version: 3\n"
                             "train:\n"
                             "  fanouts: [10, 5]\n"
                             "  cut: weigh\n"
                             "  negatives:\n"
                             "    count: 7\n"
                             "evaluate:\n"
                             "  k: [3, 30]\n"
                             "  every: auto\n"
                             "  protocol: sampled-9\n";
  kith_job job = kith_job_defaults();
  job.train.sampler.cluster_edges = KITH_CLUSTER_EDGES_DROP;
  job.evaluate.every = 3;
  assert_int_equal(kith_job_read_stored("graph.h5", text, &job), KITH_OK);
  assert_string_equal(job.name, "a \"quoted\" \\ name\t, and: more");
  assert_string_equal(job.data.interactions.path, "list.tsv\na, \"b\".tsv");
  assert_string_equal(job.data.interactions.user, "1");
  assert_true(job.data.interactions.min_weight == 2.5 && job.data.features[KITH_USER].normalize);
  assert_true(job.data.split.method == KITH_SPLIT_RATIO && job.model.dim == 16);
  assert_true(job.train.sampler.fanouts.n == 2 && job.train.sampler.fanouts.of[1] == 5);
  assert_true(job.train.sampler.cluster_edges == KITH_CLUSTER_EDGES_REWEIGHT &&
              job.train.negatives.count == 7);
  assert_true(job.evaluate.n_k == 2 && job.evaluate.k[1] == 30 && job.evaluate.sampled == 9);
  assert_int_equal(job.evaluate.every, KITH_EVERY_AUTO);
}

static void what_is_no_stored_job_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "name\n",
      ": a\n",
      "  name: a\n",
      "data:\n    ids: auto\n",
      "data:\n ids: auto\n",
      "name: \"a\n",
      "name: \"\n",
      "name: \"a\\n\"\n",
      "name: \"\\x4\"\n",
      "data:\n  interactions:\n    path: [\"a\", b]\n",
      "data:\n  interactions:\n    path: [\"a\", \"b\"\n",
      "data:\n  interactions:\n    path: [\"a\\\"]\n",
      "model:\n  dim: x\n",
      "model:\n  dim: 0\n",
      "model:\n  dim: \n",
      "a:\n b:\n  c:\n   d:\n    e:\n     f:\n      g:\n       h:\n        i: 1\n"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    kith_job job = kith_job_defaults();
    if (!kith_is_bad(kith_job_read_stored("graph.h5", bad[i], &job))) fail_msg("\"%s\" was taken", bad[i]);
    assert_null(strchr(kith_error_text(), '\n'));
  }
  kith_job job = kith_job_defaults();
  char longer[3 * JOB_VALUE_SIZE];
  memset(longer, 'a', sizeof longer);
  memcpy(longer, "name: ", 6);
  longer[sizeof longer - 1] = '\0';
  assert_int_equal(kith_job_read_stored("graph.h5", longer, &job), KITH_EDATA);
  memset(longer, 'a', 300);
  memcpy(longer + 300, ": 1", 4);
  assert_int_equal(kith_job_read_stored("graph.h5", longer, &job), KITH_EDATA);
  assert_int_equal(kith_job_read_stored("graph.h5", "", &job), KITH_OK);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_retired_key_is_refused_with_its_present_name),
      cmocka_unit_test(all_retired_keys_are_told_at_once),
      cmocka_unit_test(a_retired_name_is_free_and_its_successor_is_known),
      cmocka_unit_test(a_present_key_is_not_retired),
      cmocka_unit_test(what_is_near_to_a_retired_key_is_told_the_present_one),
      cmocka_unit_test(a_retired_value_is_refused_with_its_present_name),
      cmocka_unit_test(a_key_of_another_library_is_refused_with_ours),
      cmocka_unit_test(the_keys_of_a_foreign_job_are_told_at_once),
      cmocka_unit_test(a_key_of_another_section_is_told),
      cmocka_unit_test(a_value_that_is_nearly_known_is_refused_with_the_known_one),
      cmocka_unit_test(a_stored_job_of_an_earlier_version_is_read_by_its_keys),
      cmocka_unit_test(a_stored_job_is_read_as_a_whole),
      cmocka_unit_test(what_is_no_stored_job_is_refused),
  };
  test_begin(&argc, &argv);
  test_job_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_job_end();
  return test_end(failures);
}
