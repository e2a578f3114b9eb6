/* ranks: 1 */
/* Jobs with every key at random: a printed job is read as the same job, and settings win over the file. */
#include "support/job_file.h"
#include "support/mpi_main.h"

/* What YAML has a use for, and what is more than one byte. */
static const char *const piece[] = {"a",  "Z",  "7",   " ",   "\t",  "\"", "\\", "'",    ":",  ": ", " #",
                                    "- ", "{",  "}",   "[",   "]",   ",",  "&",  "*",    "!",  "|",  ">",
                                    "%",  "@",  "`",   "?",   "~",   "$",  "${", "null", "<<", "=",  "/",
                                    "..", "./", "\\n", "\\t", "tab", "é",  "…",  "日",   "😀"};

static bool is_path(const job_key *k) { return k->kind == JOB_PATH || k->kind == JOB_PATHS; }

static void draw_text(const job_key *k, const uint64_t *bits, char *text) {
  size_t most = is_path(k) ? 100 : k->size - 1, wanted = bits[0] % (most + 1);
  bool inside = is_path(k) &&
                bits[1] % 8 < 2; /* an absolute path that could, or seems as if it could, be a relative one */
  int n = inside ? sprintf(text, "%s%s", test_job_folder, bits[1] % 8 ? "/" : "//") : 0;
  text[n] = '\0';
  for (uint64_t i = 0, end = (uint64_t)n + wanted;; i++) {
    const char *p = piece[kith_random_below(kith_random(bits[2], KITH_RNG_INIT, i, 0, 0).bits[0],
                                            sizeof piece / sizeof *piece)];
    if (strlen(text) + strlen(p) > end) break;
    strcat(text, p);
  }
  if (!text[0] && strcmp(k->key, "work") == 0) strcpy(text, "w");
  if (is_path(k) && strchr("~$[", text[0]) && text[0])
    text[0] = 'x'; /* there they stand for something else */
}

/* A whole number within the bounds: one of them, or of any magnitude. */
static long long draw_whole(const job_key *k, const uint64_t *bits) {
  uint64_t range = (uint64_t)k->high - (uint64_t)k->low, x = bits[0] >> bits[1] % 64;
  return (long long)k->low + (long long)(bits[2] % 8 == 0 ? 0 : bits[2] % 8 == 1 ? range : x % (range + 1));
}

static double draw_real(const job_key *k, const uint64_t *bits) {
  double u = pow(kith_random_unit(bits[0]), 1 + 20 * kith_random_unit(bits[1])),
         x = k->low + (k->high - k->low) * u;
  return bits[2] % 8 == 0 ? k->low : bits[2] % 8 == 1 || x > k->high ? k->high : x;
}

static void draw(const job_key *k, uint64_t seed, char *text) {
  kith_draw r = kith_random(seed, KITH_RNG_INIT, k->offset, (uint64_t)k->kind, 1);
  int n = 0;
  switch (k->kind) {
  case JOB_TEXT:
  case JOB_PATH:
  case JOB_PATHS:
  case JOB_DELIMITER:
  case JOB_COLUMN: draw_text(k, r.bits, text); break;
  case JOB_INT:
  case JOB_INT64: sprintf(text, "%lld", draw_whole(k, r.bits)); break;
  case JOB_NODE_TYPE:
  case JOB_AGE:
  case JOB_STEPS:
  case JOB_WEIGHT: fail_msg("%s is a key of a pattern", k->key); break;
  case JOB_REAL: sprintf(text, "%.17g", draw_real(k, r.bits)); break;
  case JOB_BOOL: test_job_choose("true | false", r.bits[0], text); break;
  case JOB_ENUM:
  case JOB_IDS: test_job_choose(k->unit, r.bits[0], text); break;
  case JOB_INTERVAL:
    if (r.bits[3] % 2) sprintf(text, "auto");
    else sprintf(text, "%lld", draw_whole(k, r.bits));
    break;
  case JOB_HALF_LIFE: test_job_choose("none | auto | 2y | 0.1d | 90s | 1e3h", r.bits[0], text); break;
  case JOB_CHOICE:
    if (r.bits[3] % 2) sprintf(text, "auto");
    else sprintf(text, "%.17g", draw_real(k, r.bits));
    break;
  case JOB_DURATION: test_job_choose("none | 2y | 0.1d | 90s | 1e3h", r.bits[0], text); break;
  case JOB_KNOTS:
    test_job_choose(k->low < 0 ? "[] | [1, 0.5] | [-0.25, 3, 1e-3] | 2" : "[] | [1, 0.5] | 2", r.bits[0],
                    text);
    break;
  case JOB_RELATIONS:
    test_job_choose(strcmp(k->key, "model.cascade.order") == 0 /* the relations are those of data */
                        ? "[] | [interactions]"
                        : "[] | [interactions] | [view, interactions] | cart_2",
                    r.bits[0], text);
    break;
  case JOB_PROTOCOL:
    if (r.bits[3] % 2) sprintf(text, "full");
    else sprintf(text, "sampled-%lld", draw_whole(k, r.bits));
    break;
  case JOB_FANOUTS:
  case JOB_CUTOFFS:
    for (uint64_t i = 0; i <= r.bits[3] % KITH_MAX_CUTOFFS; i++)
      n += sprintf(text + n, "%s%lld", i ? ", " : "",
                   draw_whole(k, kith_random(r.bits[0], KITH_RNG_INIT, i, 0, 0).bits));
  }
}

/* Settings for every key at random; draws that contradict each other are drawn again, from the next seed on.
 */
typedef struct settings {
  char text[KITH_JOB_MAX_KEYS][JOB_VALUE_SIZE];
  const char *set[KITH_JOB_MAX_KEYS];
} settings;

enum { JOBS = 60, DRAWS = 200 };

static settings *draw_settings(uint64_t *seed) {
  settings *s = malloc(sizeof *s);
  kith_job job;
  assert_non_null(s);
  for (int tries = 0; tries < DRAWS; tries++) {
    for (int i = 0; i < test_job_table.n; i++) {
      int n = sprintf(s->text[i], "%s=", test_job_table.key[i].key);
      draw(&test_job_table.key[i], *seed, s->text[i] + n);
      s->set[i] = s->text[i];
    }
    ++*seed;
    if (!kith_is_bad(test_job_read("", test_job_table.n, s->set, &job))) return s;
    if (strstr(kith_error_text(), "--set"))
      fail_msg("a value within its bounds was refused: %s", kith_error_text());
  }
  fail_msg("%d draws in a row contradict themselves, the last one: %s", DRAWS, kith_error_text());
  return s;
}

/* What files store is the printed job; its paths are not resolved again. */
static void assert_stored_as(const kith_job *job, const char *text) {
  kith_job stored = kith_job_defaults();
  assert_int_equal(kith_job_read_stored("graph.h5", text, &stored), KITH_OK);
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    if (is_path(k)) memcpy((char *)&stored + k->offset, (const char *)job + k->offset, k->size);
  }
  assert_same_job(job, &stored);
}

static void a_printed_job_is_read_as_the_same_job(void **state) {
  (void)state;
  uint64_t seed = 100;
  for (int n = 0; n < JOBS; n++) {
    test_job_folder = test_job_folders[n % 3];
    settings *s = draw_settings(&seed);
    kith_job job, again;
    char *text = NULL;
    assert_job_read("", test_job_table.n, s->set, &job);
    assert_int_equal(kith_job_print(&job, &text), KITH_OK);
    assert_job_read(text, 0, NULL, &again);
    assert_same_job(&job, &again);
    assert_stored_as(&job, text);
    KITH_FREE(text);
    free(s);
  }
  test_job_folder = test_job_home;
}

static void settings_win_over_the_file_and_later_ones_over_earlier(void **state) {
  (void)state;
  uint64_t seed = 100;
  for (int n = 0; n < JOBS; n++) {
    settings *s = draw_settings(&seed), *other = draw_settings(&seed);
    const char *both[2 * KITH_JOB_MAX_KEYS];
    kith_job alone, job;
    char *text = NULL;
    assert_job_read("", test_job_table.n, other->set, &job);
    assert_int_equal(kith_job_print(&job, &text), KITH_OK);
    assert_job_read("", test_job_table.n, s->set, &alone);
    assert_job_read(text, test_job_table.n, s->set, &job);
    assert_same_job(&job, &alone);
    memcpy(both, other->set, sizeof(char *) * (size_t)test_job_table.n);
    memcpy(both + test_job_table.n, s->set, sizeof(char *) * (size_t)test_job_table.n);
    assert_job_read("", 2 * test_job_table.n, both, &job);
    assert_same_job(&job, &alone);
    KITH_FREE(text);
    free(s);
    free(other);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_printed_job_is_read_as_the_same_job),
      cmocka_unit_test(settings_win_over_the_file_and_later_ones_over_earlier),
  };
  test_begin(&argc, &argv);
  test_job_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_job_end();
  return test_end(failures);
}
