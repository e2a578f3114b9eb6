/* ranks: 1 */
/* The values of the job's keys: bounds, numbers, words, text and lists; every property is held for every key
 * of the table. */
#include <limits.h>

#include "support/job_file.h"
#include "support/mpi_main.h"

static void every_key_fits_its_place_and_its_default_its_bounds(void **state) {
  (void)state;
  static const size_t size[] = {[JOB_INT] = sizeof(int),
                                [JOB_INT64] = 8,
                                [JOB_REAL] = sizeof(double),
                                [JOB_BOOL] = sizeof(bool),
                                [JOB_ENUM] = sizeof(int),
                                [JOB_PATH] = KITH_PATH,
                                [JOB_PATHS] = KITH_PATH,
                                [JOB_PROTOCOL] = sizeof(int),
                                [JOB_INTERVAL] = sizeof(int),
                                [JOB_IDS] = sizeof(bool),
                                [JOB_CUTOFFS] = KITH_MAX_CUTOFFS * sizeof(int),
                                [JOB_FANOUTS] = sizeof(kith_fanouts),
                                [JOB_HALF_LIFE] = sizeof(double),
                                [JOB_CHOICE] = sizeof(double),
                                [JOB_KNOTS] = sizeof(kith_knots),
                                [JOB_RELATIONS] = sizeof(kith_relation_names),
                                [JOB_TEXT] = 0,
                                [JOB_DELIMITER] = 0,
                                [JOB_COLUMN] = 0};
  kith_job job = kith_job_defaults(), again = job;
  char value[JOB_VALUE_SIZE];
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    if (size[k->kind]) assert_int_equal(k->size, size[k->kind]);
    if (job_key_is_number(k)) assert_true(k->low < k->high);
    if (job_key_is_number(k) && k->kind != JOB_REAL)
      assert_true(k->low == floor(k->low) && k->high == floor(k->high));
    if (job_key_is_number(k) && k->kind != JOB_REAL && k->kind != JOB_INT64)
      assert_true(k->low >= INT_MIN && k->high <= INT_MAX);
    if (k->kind == JOB_INT64) assert_true(k->low >= 0 && k->high < 0x1p63); /* signed and unsigned places */
    kith__job_get(&job, k, sizeof value, value);
    assert_int_equal(kith_job_set(&again, k->key, value), KITH_OK);
  }
  assert_same_job(&job, &again);
}

/* The number one below the least of a key, the least, the greatest and the one above it: where = 0 … 3. */
static void number_at(const job_key *k, int where, char *text) {
  double bound = where < 2 ? k->low : k->high;
  int out = where == 0 ? -1 : where == 3 ? 1 : 0;
  if (k->kind == JOB_REAL)
    sprintf(text, "%.17g", out ? nextafter(bound, out < 0 ? -INFINITY : INFINITY) : bound);
  else sprintf(text, "%s%lld", k->kind == JOB_PROTOCOL ? "sampled-" : "", (long long)bound + out);
}

static void a_number_reaches_its_bounds_and_goes_no_further(void **state) {
  (void)state;
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    char text[JOB_TEXT_SIZE], value[JOB_VALUE_SIZE], number[64];
    for (int where = 0; where < 4 && job_key_is_number(k); where++) {
      kith_job job;
      number_at(k, where, number);
      if (where == 0 || where == 3) {
        assert_value_refused(k, number, "expected ");
        assert_error_says(number + (k->kind == JOB_PROTOCOL ? strlen("sampled-") : 0));
        continue;
      }
      test_job_spell(k->key, number, text);
      assert_job_read(text, 0, NULL, &job);
      kith__job_get(&job, k, sizeof value, value);
      const char *digits = strpbrk(value, k->kind == JOB_PROTOCOL ? "0123456789" : "-0123456789");
      assert_true(strtod(digits, NULL) == (where == 1 ? k->low : k->high));
    }
  }
}

static void what_is_no_number_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"nan", "inf", "1e999", "-1e999", "12abc", " 0x10", "0x10", "1_000", "1,5",
                                    "1e",  ".",   "-",     "--1",    "e5",    "٣",     "true", "1\\n2"};
  static const char *const no_whole[] = {"1.5", "1e1", "99999999999999999999"};
  char value[64];
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    const char *before = k->kind == JOB_PROTOCOL ? "sampled-" : "";
    if (!job_key_is_number(k)) continue;
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
      if (kith__job_is_list(k) && strcmp(bad[b], "1,5") == 0) continue; /* two numbers */
      snprintf(value, sizeof value, "\"%s%s\"", before, bad[b]);
      assert_value_refused(k, value, "expected ");
    }
    for (size_t b = 0; b < sizeof no_whole / sizeof *no_whole && k->kind != JOB_REAL; b++) {
      snprintf(value, sizeof value, "%s%s", before, no_whole[b]);
      assert_value_refused(k, value, "expected ");
    }
  }
}

static void a_choice_is_one_of_its_words(void **state) {
  (void)state;
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    const char *words = k->kind == JOB_BOOL ? "true | false" : k->unit;
    char word[JOB_VALUE_SIZE], value[JOB_VALUE_SIZE], longer[JOB_VALUE_SIZE + 1];
    if (k->kind != JOB_ENUM && k->kind != JOB_IDS && k->kind != JOB_BOOL) continue;
    for (int w = 0, n = test_job_choose(words, 0, word); w < n; w++) {
      kith_job job = kith_job_defaults();
      test_job_choose(words, (uint64_t)w, word);
      assert_int_equal(kith_job_set(&job, k->key, word), KITH_OK);
      kith__job_get(&job, k, sizeof value, value);
      assert_string_equal(value, word);
      snprintf(longer, sizeof longer, "%sx", word);
      assert_value_refused(k, longer, "expected ");
      for (int c = 0; c < n; c++) { /* all choices are named, and what was found */
        test_job_choose(words, (uint64_t)c, value);
        assert_error_says(value);
      }
      assert_error_says(longer);
    }
  }
}

static void a_protocol_is_full_or_sampled(void **state) {
  (void)state;
  static const char *const bad[] = {"sampled", "sampled-", "sampledly-5", "sample-5", "5", "Full"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_value_refused(kith__job_find(&test_job_table, "evaluate.protocol"), bad[i], "expected ");
}

static void an_empty_value_is_refused_unless_it_is_text(void **state) {
  (void)state;
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    if (job_key_is_text(k)) continue;
    assert_value_refused(k, "", "expected ");
    assert_value_refused(k, "\"\"", "expected ");
  }
}

static void text_is_printable_and_fits(void **state) {
  (void)state;
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    char value[JOB_VALUE_SIZE], set[JOB_VALUE_SIZE];
    kith_job job = kith_job_defaults();
    if (!job_key_is_text(k)) continue;
    assert_value_refused(k, "\"a\\nb\"", "expected printable UTF-8");
    assert_value_refused(k, "\"a\\eb\"", "expected printable UTF-8");
    assert_int_equal(kith_job_set(&job, k->key, "a\xff"), KITH_ECONFIG);
    memset(value, 'y', sizeof value);
    value[k->size] = '\0';
    assert_value_refused(k, value, "expected at most ");
    value[k->size - 1] = '\0';
    assert_int_equal(kith_job_set(&job, k->key, value), KITH_OK);
    kith__job_get(&job, k, sizeof set, set);
    assert_string_equal(set, value);
  }
}

static void cut_offs_are_a_list_of_single_numbers(void **state) {
  (void)state;
  const job_key *k = kith__job_find(&test_job_table, "evaluate.k");
  static const char *const bad[] = {
      "[]", "[[1], 2]", "[{a: 1}]", "{a: 1}", "[1, x]", "[1, 0]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]"};
  static const char *const good[] = {"[20, 10]", "20, 10", "[10, 20, 10]", "[\"20\", 10]"};
  char text[JOB_TEXT_SIZE];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_value_refused(k, bad[i], "expected ");
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    kith_job job;
    test_job_spell(k->key, good[i], text);
    assert_job_read(text, 0, NULL, &job);
    assert_int_equal(job.evaluate.n_k, 2);
    assert_true(job.evaluate.k[0] == 10 && job.evaluate.k[1] == 20);
  }
}

/* Where it is not set it is the one of the model; configuration keys say so, since that was 0.001 once. */
static void a_learning_rate_is_that_of_the_model_unless_it_is_set(void **state) {
  (void)state;
  const char *const stream = "data: {split: {method: stream}}\nstream: {model: tgn}\n";
  const char *const set[] = {"train.lr=0.001"};
  char key[KITH_CONFIG_KEY_SIZE];
  kith_job job;
  assert_job_read("train: {epochs: 3}\n", 0, NULL, &job);
  assert_true(job.train.optimizer.lr == 0.01);
  assert_int_equal(kith_job_config_key(&job, sizeof key, key), KITH_OK);
  assert_non_null(strstr(key, " train.lr=0.01"));
  assert_job_read("train: {lr: 0.5}\n", 0, NULL, &job);
  assert_true(job.train.optimizer.lr == 0.5);
  assert_job_read("train: {epochs: 3}\n", 1, set, &job);
  assert_true(job.train.optimizer.lr == 0.001);
  assert_job_read(stream, 0, NULL, &job);
  assert_true(job.train.optimizer.lr == 0.001);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_key_fits_its_place_and_its_default_its_bounds),
      cmocka_unit_test(a_number_reaches_its_bounds_and_goes_no_further),
      cmocka_unit_test(what_is_no_number_is_refused),
      cmocka_unit_test(a_choice_is_one_of_its_words),
      cmocka_unit_test(a_protocol_is_full_or_sampled),
      cmocka_unit_test(an_empty_value_is_refused_unless_it_is_text),
      cmocka_unit_test(text_is_printable_and_fits),
      cmocka_unit_test(cut_offs_are_a_list_of_single_numbers),
      cmocka_unit_test(a_learning_rate_is_that_of_the_model_unless_it_is_set),
  };
  test_begin(&argc, &argv);
  test_job_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_job_end();
  return test_end(failures);
}
