/* ranks: 1 */
/* The section sweep of a job: which trials it makes, what is refused, and who goes on by halving. */
#include "support/job_file.h"
#include "support/mpi_main.h"
#include "sweep/sweep.h"

#define HEAD                                                                                                 \
  "data: {interactions: {path: list.tsv}, split: {method: ratio, valid: .1}}\n"                              \
  "train: {epochs: 27}\n"

static kith_job *test_job;

static void make(const char *sweep, kith_sweep *s) {
  char text[JOB_TEXT_SIZE];
  snprintf(text, sizeof text, HEAD "%s", sweep);
  assert_job_read(text, 0, NULL, test_job);
  if (kith_is_bad(kith_sweep_create(test_job, s))) fail_msg("%s: %s", sweep, kith_error_text());
}

static void refused(const char *sweep, int line, const char *words) {
  char text[JOB_TEXT_SIZE];
  snprintf(text, sizeof text, HEAD "%s", sweep);
  assert_job_refused(text, line, words);
}

/* Read, but no trials can be made of it. */
static void makes_none(const char *sweep, const char *words) {
  char text[JOB_TEXT_SIZE];
  kith_sweep s;
  snprintf(text, sizeof text, HEAD "%s", sweep);
  assert_job_read(text, 0, NULL, test_job);
  assert_int_equal(kith_sweep_create(test_job, &s), KITH_ECONFIG);
  assert_error_says(words);
}

/* All values of a trial, as "a b c". */
static const char *values(const kith_sweep *s, int t, char *text) {
  char value[KITH_SWEEP_VALUES];
  text[0] = '\0';
  for (int i = 0; i < s->base->sweep.n_axis; i++) {
    kith_sweep_value(s, t, i, value);
    strcat(strcat(text, i > 0 ? " " : ""), value);
  }
  return text;
}

static void lists_are_a_grid(void **state) {
  (void)state;
  static const char *const expected[] = {"0.001 2", "0.001 3", "0.01 2", "0.01 3", "0.1 2", "0.1 3"};
  static const char *const form[] = {
      "sweep: {train.lr: [0.001, 0.01, 0.1], model.layers: [2, 3]}\n",
      "sweep:\n  train: {lr: [0.001, 0.01, 0.1]}\n  model:\n    layers: [2, 3]\n"};
  char text[KITH_SWEEP_VALUES];
  for (int f = 0; f < 2; f++) {
    kith_sweep s;
    make(form[f], &s);
    assert_int_equal(s.n, 6);
    assert_int_equal(s.n_grid, 6);
    for (int t = 0; t < s.n; t++) assert_string_equal(values(&s, t, text), expected[t]);
    kith_sweep_free(&s);
  }
}

/* A trial is a job of its own: its settings, its folder, the graph of the job; and no sweep. */
static void a_trial_is_a_job(void **state) {
  (void)state;
  kith_sweep s;
  kith_job *job = NULL, *again = NULL;
  char *text = NULL, path[KITH_PATH], here[2 * KITH_PATH];
  make("work: w\nsweep:\n  sampler.fanouts: [[5, 3], [4]]\nsampler: {mode: neighbor}\n", &s);
  assert_int_equal(KITH_NEW(job, 1), KITH_OK);
  assert_int_equal(KITH_NEW(again, 1), KITH_OK);
  assert_int_equal(kith_sweep_job(&s, 0, job), KITH_OK);
  assert_int_equal(job->train.sampler.fanouts.n, 2);
  assert_int_equal(job->train.sampler.fanouts.of[1], 3);
  assert_int_equal(job->evaluate.split, KITH_EVAL_VALID);
  assert_int_equal(job->sweep.n_axis, 0);
  assert_int_equal(kith_sweep_path(&s, 0, "", path), KITH_OK);
  assert_string_equal(job->work, path);
  snprintf(here, sizeof here, "%s/w/graph.h5", test_job_home);
  assert_string_equal(job->graph, here);
  assert_int_equal(kith_job_print_set(job, &text), KITH_OK);
  assert_null(strstr(text, "sweep:"));
  assert_null(strstr(text, "gat"));
  assert_job_read(text, 0, NULL, again);
  assert_string_equal(again->graph, job->graph);
  assert_int_equal(again->train.epochs, 27);
  assert_int_equal(again->train.sampler.fanouts.n, 2);
  KITH_FREE(text);
  KITH_FREE(job);
  KITH_FREE(again);
  kith_sweep_free(&s);
}

static void a_printed_sweep_is_read_again(void **state) {
  (void)state;
  kith_job *again = NULL;
  kith_sweep s;
  char *text = NULL;
  make("sweep:\n  loss.name: [bpr, softmax]\n  train.lr: {from: 1e-4, to: 0.01, scale: log}\n  trials: 3\n"
       "  sampler.fanouts: [[5, 3], [4]]\nsampler: {mode: neighbor}\n",
       &s);
  assert_int_equal(KITH_NEW(again, 1), KITH_OK);
  for (int form = 0; form < 2; form++) {
    assert_int_equal(form ? kith_job_print(test_job, &text) : kith_job_print_set(test_job, &text), KITH_OK);
    assert_job_read(text, 0, NULL, again);
    assert_int_equal(again->sweep.n_axis, 3);
    assert_int_equal(again->sweep.trials, 3);
    for (int i = 0; i < 3; i++) {
      assert_string_equal(again->sweep.axis[i].key, test_job->sweep.axis[i].key);
      assert_string_equal(again->sweep.axis[i].values, test_job->sweep.axis[i].values);
    }
    assert_true(again->sweep.axis[1].is_log);
    KITH_FREE(text);
  }
  KITH_FREE(again);
  kith_sweep_free(&s);
}

/* Draws of a grid: no two alike, the same again, the first ones of more; another seed draws others. */
static void a_sample_of_the_grid_repeats_nothing(void **state) {
  (void)state;
  static const char grid[] =
      "  train.lr: [0.001, 0.002, 0.003, 0.004, 0.005]\n  model.layers: [1, 2, 3, 4]\n";
  char text[512], a[KITH_SWEEP_VALUES], b[KITH_SWEEP_VALUES];
  kith_sweep few, many;
  int same = 0;
  snprintf(text, sizeof text, "sweep:\n  trials: 7\n%s", grid);
  make(text, &few);
  kith_job first = *test_job;
  few.base = &first;
  snprintf(text, sizeof text, "sweep:\n  trials: 100\n%s", grid);
  make(text, &many);
  assert_int_equal(few.n, 7);
  assert_int_equal(many.n, 20);
  for (int t = 0; t < 7; t++) assert_string_equal(values(&few, t, a), values(&many, t, b));
  for (int t = 0; t < 20; t++)
    for (int u = 0; u < t; u++) assert_string_not_equal(values(&many, t, a), values(&many, u, b));
  kith_job second = *test_job;
  many.base = &second;
  kith_sweep_free(&few);
  snprintf(text, sizeof text, "sweep:\n  trials: 20\n  seed: 2\n%s", grid);
  make(text, &few);
  for (int t = 0; t < 20; t++) same += strcmp(values(&few, t, a), values(&many, t, b)) == 0;
  assert_true(same < 10);
  kith_sweep_free(&few);
  kith_sweep_free(&many);
}

/* Half of the draws on a log scale lie below the geometric mean, on a linear scale below the mean; whole
 * numbers reach both ends. */
static void ranges_are_drawn_on_their_scale(void **state) {
  (void)state;
  kith_sweep s;
  char value[KITH_SWEEP_VALUES];
  int below[2] = {0}, ends[2] = {0};
  make("sweep:\n  trials: 400\n  train.lr: {from: 1e-4, to: 1e-2, scale: log}\n  loss.l2: {from: 0, to: 1}\n"
       "  model.dim: {from: 4, to: 9}\n",
       &s);
  assert_int_equal(s.n, 400);
  assert_int_equal(s.n_grid, 0);
  for (int t = 0; t < s.n; t++) {
    kith_sweep_value(&s, t, 0, value);
    const double lr = strtod(value, NULL);
    assert_true(lr >= 1e-4 && lr <= 1e-2);
    below[0] += lr < 1e-3;
    kith_sweep_value(&s, t, 1, value);
    const double l2 = strtod(value, NULL);
    assert_true(l2 >= 0 && l2 <= 1);
    below[1] += l2 < .5;
    kith_sweep_value(&s, t, 2, value);
    assert_null(strchr(value, '.'));
    const int dim = (int)strtol(value, NULL, 10);
    assert_true(dim >= 4 && dim <= 9);
    ends[0] += dim == 4;
    ends[1] += dim == 9;
  }
  for (int i = 0; i < 2; i++) assert_true(below[i] > 150 && below[i] < 250 && ends[i] > 30);
  kith_sweep_free(&s);
}

/* loss.temperature says nothing to bpr: of its three values one is a trial. */
static void combinations_of_one_run_are_one_trial(void **state) {
  (void)state;
  kith_sweep s;
  char text[KITH_SWEEP_VALUES];
  make("sweep: {loss.name: [bpr, softmax], loss.temperature: [0.1, 0.2, 0.20]}\n", &s);
  assert_int_equal(s.n, 3);
  assert_int_equal(s.n_same, 3);
  assert_string_equal(values(&s, 0, text), "bpr 0.1");
  assert_string_equal(values(&s, 2, text), "softmax 0.2");
  kith_sweep_free(&s);
  make("sweep: {trials: 50, model.dim: {from: 4, to: 6}}\n", &s);
  assert_int_equal(s.n, 3);
  kith_sweep_free(&s);
  makes_none("sweep: {model.gat.heads: [1, 2]}\n",
             "job.yaml:3: sweep.model.gat.heads has no effect in any trial: it needs model.name: gat");
}

static void what_cannot_vary_is_refused(void **state) {
  (void)state;
  refused("sweep: {data.split.seed: [1, 2]}\n", 3, "makes another graph");
  refused("sweep:\n  partition.parts: [1, 2]\n", 4, "changes no result");
  refused("sweep:\n  evaluate.k: [[1, 2]]\n", 4, "must be the same for all trials");
  refused("sweep:\n  blend.users: [1, 2]\n", 4, "kith train does not read the key");
  refused("sweep:\n  train.lr: [0.1, -1]\n", 4, "sweep: train.lr: expected 1e-12 to");
  refused("sweep:\n  train.lr: [0.1, fast]\n", 4, "expected a number, found \"fast\"");
  refused("sweep:\n  train.lrs: [0.1]\n", 4,
          "unknown key \"train.lrs\"; the nearest known key is \"train.lr\"");
  refused("sweep:\n  train.decay: [0.1]\n", 4, "train.lr_decay");
  refused("sweep:\n  trails: 3\n", 4, "the nearest known key is \"sweep.trials\"");
  refused("sweep:\n  train.lr: [0.1]\n  train: {lr: [0.2]}\n", 5, "given twice, the first time in line 4");
  refused("sweep:\n  train.lr: []\n", 4, "found none");
  refused("sweep:\n  train.lr:\n", 4, "expected a list of values");
  refused("sweep:\n  train.lr: [{a: 1}]\n", 4, "found keys");
  refused("sweep:\n  train.lr: {from: 1e-3, to: 1}\n", 4, "set sweep.trials");
  refused("sweep:\n  trials: 2\n  train.lr: {from: 1e-3}\n", 5, "both from and to");
  refused("sweep:\n  trials: 2\n  train.lr: {from: 1, to: 0.1}\n", 5, "from below to");
  refused("sweep:\n  trials: 2\n  loss.l2: {from: 0, to: 0.1, scale: log}\n", 5, "from above 0");
  refused("sweep:\n  trials: 2\n  train.lr: {from: 1e-3, to: 1, scale: lg}\n", 5, "linear or log");
  refused("sweep:\n  trials: 2\n  loss.name: {from: 1, to: 2}\n", 5, "loss.name");
  makes_none("sweep: {trials: 3}\n", "names no key that varies");
  makes_none("sweep: {train.lr: [0.1]}\nevaluate: {split: test}\n", "chooses on validation");
  makes_none("sweep: {train.lr: [0.1]}\nevaluate: {every: 0}\n", "evaluate.every: 0");
}

/* Eight trials of which the fifth fails: factor 2, rungs of 4, 8, 16 and 27 epochs. */
static void halving_keeps_the_best(void **state) {
  (void)state;
  kith_sweep s;
  int rung = 0, order[8];
  bool todo[8];
  make("evaluate: {every: 4}\n"
       "sweep: {halving: {factor: 2, epochs: 4}, train.lr: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}\n",
       &s);
  assert_int_equal(s.n_rung, 4);
  assert_int_equal(s.rung_epochs[2], 16);
  assert_int_equal(s.rung_epochs[3], 27);
  assert_int_equal(kith_sweep_settle(&s, &rung, todo), KITH_OK);
  assert_int_equal(rung, 1);
  for (int t = 0; t < 8; t++) {
    assert_true(todo[t]);
    s.trial[t].has_score = true;
    s.trial[t].epochs = 4;
    s.trial[t].score = t == 6 ? 3 : t; /* as high as the fourth, with the same tie: the first goes on */
  }
  s.trial[4].has_score = false;
  s.trial[4].status = KITH_TRIAL_FAILED;
  assert_int_equal(kith_sweep_settle(&s, &rung, todo), KITH_OK);
  assert_int_equal(rung, 2);
  for (int t = 0; t < 8; t++) assert_int_equal(todo[t], t == 3 || t == 5 || t == 6 || t == 7);
  assert_int_equal(s.trial[0].status, KITH_TRIAL_STOPPED);
  assert_int_equal(s.trial[4].status, KITH_TRIAL_FAILED);
  for (int t = 0; t < 8; t++)
    if (todo[t]) s.trial[t].epochs = 8;
  assert_int_equal(kith_sweep_settle(&s, &rung, todo), KITH_OK);
  assert_int_equal(rung, 3);
  for (int t = 0; t < 8; t++) assert_int_equal(todo[t], t == 5 || t == 7);
  s.trial[5].ended = true; /* by train.patience: it has no more to do in any rung */
  s.trial[7].epochs = 27;
  assert_int_equal(kith_sweep_settle(&s, &rung, todo), KITH_OK);
  assert_int_equal(rung, 5);
  assert_int_equal(s.trial[7].status, KITH_TRIAL_DONE);
  assert_int_equal(s.trial[5].status, KITH_TRIAL_STOPPED);
  assert_int_equal(kith_sweep_best(&s), 7);
  s.trial[2].score = 100; /* of a rung before: it had fewer epochs, and is behind those that went on */
  kith_sweep_order(&s, order);
  assert_int_equal(order[0], 7);
  assert_int_equal(order[1], 5);
  assert_int_equal(order[7], 4);
  kith_sweep_free(&s);
  makes_none("sweep: {halving: {epochs: 5}, train.lr: [0.1, 0.2]}\nevaluate: {every: 2}\n",
             "a multiple of it");
  makes_none("sweep: {halving: {epochs: 27}, train.lr: [0.1, 0.2]}\n", "expected fewer");
  makes_none("sweep: {halving: {epochs: 3}, train.epochs: [5, 9]}\n", "the same number of epochs");
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_are_a_grid),
      cmocka_unit_test(a_trial_is_a_job),
      cmocka_unit_test(a_printed_sweep_is_read_again),
      cmocka_unit_test(a_sample_of_the_grid_repeats_nothing),
      cmocka_unit_test(ranges_are_drawn_on_their_scale),
      cmocka_unit_test(combinations_of_one_run_are_one_trial),
      cmocka_unit_test(what_cannot_vary_is_refused),
      cmocka_unit_test(halving_keeps_the_best),
  };
  test_begin(&argc, &argv);
  test_job_begin();
  if (KITH_NEW(test_job, 1) != KITH_OK) abort();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  KITH_FREE(test_job);
  test_job_end();
  return test_end(failures);
}
