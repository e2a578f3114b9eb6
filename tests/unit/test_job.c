/* ranks: 1 */
/* The job file: its keys, documents and paths, what is refused and with which words; every property is held
 * for every key of the table.  Values: test_job_values.c. */
#include "support/job_file.h"
#include "support/mpi_main.h"

/* ---- keys ---- */

/* Every part of every key in turn is spelled with a letter too many: what is named instead begins with the
 * right part. */
static void an_unknown_key_is_told_the_nearest_at_every_depth(void **state) {
  (void)state;
  for (int i = 0; i < test_job_table.n; i++) {
    const char *key = test_job_table.key[i].key;
    int line = 2;
    for (size_t end = strcspn(key, "."), begin = 0;;
         begin = end + 1, end = begin + strcspn(key + begin, "."), line++) {
      char wrong[256], words[512], text[JOB_TEXT_SIZE];
      snprintf(wrong, sizeof wrong, "%.*sx%s", (int)end, key, key + end);
      snprintf(words, sizeof words, "unknown key \"%.*sx\"; the nearest known %s is \"%.*s\"", (int)end, key,
               key[end] ? "section" : "key", (int)end, key);
      test_job_spell(wrong, "1", text);
      assert_job_refused(text, line, words);
      if (!key[end]) break;
    }
  }
}

static void an_unknown_setting_is_told_the_nearest_key(void **state) {
  (void)state;
  kith_job job = kith_job_defaults();
  char wrong[256], words[256];
  for (int i = 0; i < test_job_table.n; i++) {
    snprintf(wrong, sizeof wrong, "%sx", test_job_table.key[i].key);
    snprintf(words, sizeof words, "\"%s\"", test_job_table.key[i].key);
    assert_int_equal(kith_job_set(&job, wrong, "1"), KITH_ECONFIG);
    assert_error_says(words);
  }
  assert_int_equal(kith_job_set(&job, "lr", "1"), KITH_ECONFIG); /* the last part alone finds its key, too */
  assert_error_says("\"train.lr\"");
  assert_int_equal(kith_job_set(&job, "train", "1"), KITH_ECONFIG);
  assert_error_says("\"train\" is a section of keys, such as \"train.");
  assert_int_equal(kith_job_set(&job, "trian", "1"), KITH_ECONFIG);
  assert_error_says("the nearest known section is \"train\"");
  assert_int_equal(kith_job_set(&job, "train.lr", "0,005"), KITH_ECONFIG);
  assert_error_says("; write 0.005");
  assert_int_equal(kith_job_set(&job, "train.005", "1"), KITH_ECONFIG); /* of {lr: 0,005} */
  assert_error_says("0.005 in place of 0,005");
}

static void what_is_near_to_no_key_is_told_none(void **state) {
  (void)state;
  static const char *const far[] = {"zzz", "x", "frobnicate", "train.frobnicate", "colour"};
  kith_job job = kith_job_defaults();
  for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
    assert_int_equal(kith_job_set(&job, far[i], "1"), KITH_ECONFIG);
    assert_error_says("unknown key");
    assert_error_says("kith help keys");
    assert_null(strstr(kith_error_text(), "nearest"));
  }
}

static void a_key_is_given_once(void **state) {
  (void)state;
  for (int i = 0; i < test_job_table.n; i++) {
    const char *key = test_job_table.key[i].key, *leaf = strrchr(key, '.') ? strrchr(key, '.') + 1 : key;
    char text[JOB_TEXT_SIZE], words[256];
    int line = test_job_spell(key, "1", text), depth = line - 2;
    snprintf(words, sizeof words, "%.99s is given twice, the first time in line %d", key, line);
    sprintf(text + strlen(text), "\n%*s%.99s: 2\n", 2 * depth, "", leaf);
    assert_job_refused(text, line + 2, words);
    test_job_spell(key, "1", text);
    test_job_spell(key, "1",
                   text +
                       strlen(text)); /* all of it twice: the outermost mapping is the first to come again */
    snprintf(words, sizeof words, "%.*s is given twice, the first time in line 2", (int)strcspn(key, "."),
             key);
    assert_job_refused(text, line + 2, words);
  }
}

static void a_value_is_no_list_and_no_mapping(void **state) {
  (void)state;
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    if (kith__job_is_list(k)) continue;
    assert_value_refused(k, "[1, 2]", "expected a single value, found a list");
    assert_value_refused(k, "[]", "expected a single value, found a list");
    assert_value_refused(k, "{a: 1}", "expected a single value, found keys");
  }
}

static void a_group_is_a_mapping(void **state) {
  (void)state;
  static const char *const bad[] = {"1", "[1]", "[{a: 1}]", "", "~", "\"\""};
  for (int i = 0; i < test_job_table.n; i++)
    for (const char *key = test_job_table.key[i].key, *dot = strchr(key, '.'); dot;
         dot = strchr(dot + 1, '.'))
      for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        char group[256], words[1024], text[JOB_TEXT_SIZE];
        snprintf(group, sizeof group, "%.*s", (int)(dot - key), key);
        if (b == 0 && kith__job_find(&test_job_table, group)) continue; /* a path may stand for its section */
        snprintf(words, sizeof words, "%s: expected keys below it, such as %s.", group, group);
        assert_job_refused(text, test_job_spell(group, bad[b], text), words);
      }
}

/* data.test: list is data.test: {path: list}, in the file and as a setting; both together are one key given
 * twice. */
static void a_path_may_stand_for_its_section(void **state) {
  (void)state;
  int n = 0;
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    char section[128], text[JOB_TEXT_SIZE], setting[256], words[512], expected[JOB_VALUE_SIZE];
    const char *end = strrchr(k->key, '.'), *set = setting;
    kith_job job;
    if (!end || strcmp(end, ".path") != 0) continue;
    snprintf(section, sizeof section, "%.*s", (int)(end - k->key), k->key);
    snprintf(setting, sizeof setting, "%s=a/list", section);
    snprintf(expected, sizeof expected, "%s/a/list", test_job_home);
    int line = test_job_spell(section, "a/list", text);
    assert_job_read(text, 0, NULL, &job);
    assert_string_equal((char *)&job + k->offset, expected);
    assert_job_read("", 1, &set, &job);
    assert_string_equal((char *)&job + k->offset, expected);
    const char *leaf = strrchr(section, '.') + 1;
    snprintf(words, sizeof words, "%s is given twice, the first time in line %d", section, line);
    sprintf(text + strlen(text), "\n%*s%s: {path: b}\n", 2 * (line - 2), "", leaf);
    assert_job_refused(text, line + 2, words);
    n++;
  }
  assert_true(n >= 10);
}

static void a_text_that_is_no_job_is_refused(void **state) {
  (void)state;
  assert_job_refused("- a\n", 1, "expected keys");
  assert_job_refused("hello\n", 1, "expected keys");
  assert_job_refused("name: a\n---\nname: b\n", 2, "a second document");
  assert_job_refused("\nname: [a\n", 2, "");
  assert_job_refused("name: a\nwork: {\n", 2, "");
  assert_job_refused("name: a\n\twork: b\n", 2, "");
  assert_job_refused("name: a\nwork: \xff\n", 2, "");
  assert_job_refused("train.lr: 1\n", 1, "nest");
  assert_job_refused("train:\n  [lr]: 1\n", 2, "expected a key, found a list");
  assert_job_refused("<<: {name: a}\n", 1, "unknown key");
  assert_job_refused("\"a\\nb\": 1\n", 1, "unknown key"); /* and still one line */
}

static void no_keys_are_the_defaults(void **state) {
  (void)state;
  static const char *const none[] = {"", "\n", "# nothing\n", "---\n", "{}\n", "\xef\xbb\xbf"};
  kith_job first, job;
  assert_job_read(none[0], 0, NULL, &first);
  for (size_t i = 1; i < sizeof none / sizeof *none; i++) {
    assert_job_read(none[i], 0, NULL, &job);
    assert_same_job(&job, &first);
  }
}

static void an_alias_stands_for_its_value(void **state) {
  (void)state;
  kith_job job;
  assert_job_read("name: &n a\nmodel: {dim: &w 7}\nevaluate: {k: [3, *w]}\npartition: {parts: *w}\n", 0, NULL,
                  &job);
  assert_true(job.model.dim == 7 && job.partition.parts == 7 && job.evaluate.k[1] == 7);
}

/* ---- paths, and keys that must agree ---- */

static void assert_path(const job_key *k, const char *given) {
  char text[JOB_TEXT_SIZE], setting[JOB_VALUE_SIZE], value[JOB_VALUE_SIZE], expected[JOB_VALUE_SIZE];
  const char *set = setting;
  bool whole = given[0] == '/' || strcmp(test_job_folder, ".") == 0;
  kith_job job;
  snprintf(value, sizeof value, "\"%s\"", given);
  snprintf(setting, sizeof setting, "%s=%s", k->key, given);
  snprintf(expected, sizeof expected, "%s%s%s", whole ? "" : test_job_folder, whole ? "" : "/", given);
  test_job_spell(k->key, value, text);
  assert_job_read(text, 0, NULL, &job);
  assert_string_equal((char *)&job + k->offset, expected);
  assert_job_read("", 1, &set, &job);
  assert_string_equal((char *)&job + k->offset, expected);
}

static void paths_begin_at_the_folder_of_the_job_file(void **state) {
  (void)state;
  static const char *const given[] = {"a", "a/b.tsv", "../a", "/a/b", "./~", "a/$HOME", "below/a"};
  for (size_t f = 0; f < sizeof test_job_folders / sizeof *test_job_folders; f++)
    for (int i = 0; i < test_job_table.n; i++)
      for (size_t g = 0; g < sizeof given / sizeof *given; g++) {
        test_job_folder = test_job_folders[f];
        const job_kind kind = test_job_table.key[i].kind;
        if (kind == JOB_PATH || kind == JOB_PATHS) assert_path(&test_job_table.key[i], given[g]);
      }
  test_job_folder = test_job_home;
}

static void a_path_that_is_not_given_stays_empty(void **state) {
  (void)state;
  kith_job job;
  assert_job_read("", 0, NULL, &job);
  assert_string_equal(job.data.interactions.path, "");
  assert_string_equal(job.data.test.path, "");
  assert_string_equal(job.data.social.path, "");
}

static void keys_that_contradict_each_other_are_refused(void **state) {
  (void)state;
  static const char *const bad[][2] = {{"data: {split: {method: ratio, valid: 0.5, test: 0.5}}",
                                        "data.split"},
                                       {"data: {split: {method: ratio, valid: 0, test: 0}}", "data.split"},
                                       {"data: {split: {method: ratio, valid: 0}, test: {path: t}}",
                                        "data.split"},
                                       {"evaluate: {split: valid}", "evaluate.split"},
                                       {"train: {patience: 1}\nevaluate: {every: 0}", "train.patience"},
                                       {"work: \"\"", "work"}};
  kith_job job;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(test_job_read(bad[i][0], 0, NULL, &job), KITH_ECONFIG);
    assert_error_says("/job.yaml: ");
    assert_error_says(bad[i][1]);
  }
}

/* The list of names that a job knows, and the table of models. */
static void models_have_the_names_of_the_list(void **state) {
  (void)state;
  char names[KITH_PATH] = KITH_MODEL_NAMES, *rest = NULL;
  kith_job job = kith_job_defaults();
  for (char *word = strtok_r(names, " |", &rest); word; word = strtok_r(NULL, " |", &rest)) {
    assert_int_equal(KITH_OK, kith_job_set(&job, "model.name", word));
    assert_string_equal(word, kith_model_text(job.model.name));
  }
}

static void a_setting_is_a_key_and_a_value(void **state) {
  (void)state;
  static const char *const bad[] = {"train.lr", "", "=", "=1", "train.lr=", "train.lr=1\n2", "train.lr =1"};
  kith_job job;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(test_job_read("", 1, &bad[i], &job), KITH_ECONFIG);
    assert_error_says("--set");
    assert_null(strchr(kith_error_text(), '\n'));
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_unknown_key_is_told_the_nearest_at_every_depth),
      cmocka_unit_test(an_unknown_setting_is_told_the_nearest_key),
      cmocka_unit_test(what_is_near_to_no_key_is_told_none),
      cmocka_unit_test(a_key_is_given_once),
      cmocka_unit_test(a_value_is_no_list_and_no_mapping),
      cmocka_unit_test(a_group_is_a_mapping),
      cmocka_unit_test(a_path_may_stand_for_its_section),
      cmocka_unit_test(a_text_that_is_no_job_is_refused),
      cmocka_unit_test(no_keys_are_the_defaults),
      cmocka_unit_test(an_alias_stands_for_its_value),
      cmocka_unit_test(paths_begin_at_the_folder_of_the_job_file),
      cmocka_unit_test(a_path_that_is_not_given_stays_empty),
      cmocka_unit_test(keys_that_contradict_each_other_are_refused),
      cmocka_unit_test(models_have_the_names_of_the_list),
      cmocka_unit_test(a_setting_is_a_key_and_a_value),
  };
  test_begin(&argc, &argv);
  test_job_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_job_end();
  return test_end(failures);
}
