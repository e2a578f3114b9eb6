/* ranks: 1 */
/* The job file: what is read, what is refused and with which words; every property is held for every key of
 * the table. */
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/table.h"
#include "support/folder.h"
#include "support/mpi_main.h"

static job_table table; /* of a job without relations: tests/unit/test_relations.c has those of relations */

enum { TEXT = 4 * JOB_VALUE_SIZE };

static char home[KITH_PATH]; /* the folder we are in */
static const char *folder =
    home; /* where the job file lies: there by its whole path, in a folder below, or just there */
static const char *const folders[] = {home, "below", "."};

static kith_status read_job(const char *text, int n_set, const char *const *set, kith_job *out) {
  char path[KITH_PATH];
  test_file_write(folder, "job.yaml", text, strlen(text), path);
  return kith_job_read(test_comm, path, n_set, set, out).status;
}

static void assert_read(const char *text, int n_set, const char *const *set, kith_job *out) {
  if (kith_is_bad(read_job(text, n_set, set, out))) fail_msg("%s\nwas refused: %s", text, kith_error_text());
}

static void assert_says(const char *words) {
  if (!strstr(kith_error_text(), words)) fail_msg("\"%s\" does not say \"%s\"", kith_error_text(), words);
}

/* The text is refused in one line that names the file, this line of it, and the words; what was in `out`
 * stays. */
static void assert_refused(const char *text, int line, const char *words) {
  kith_job before, out;
  char place[64];
  memset(&before, 0x5a, sizeof before);
  memcpy(&out, &before, sizeof out);
  if (read_job(text, 0, NULL, &out) != KITH_ECONFIG) fail_msg("%s\nwas not refused as a bad job", text);
  snprintf(place, sizeof place, "/job.yaml:%d: ", line);
  assert_says(place);
  assert_says(words);
  assert_null(strchr(kith_error_text(), '\n'));
  assert_memory_equal(&out, &before, sizeof out);
}

/* A YAML text in which a key has a value, after a comment; returns the line in which it has it. */
static int spell(const char *key, const char *value, char *text) {
  char *end = text + sprintf(text, "# a job\n");
  int line = 2;
  for (const char *dot = strchr(key, '.'); dot; key = dot + 1, dot = strchr(key, '.'), line++)
    end += sprintf(end, "%*s%.*s:\n", 2 * (line - 2), "", (int)(dot - key), key);
  sprintf(end, "%*s%s: %s\n", 2 * (line - 2), "", key, value);
  return line;
}

static void assert_value_refused(const job_key *k, const char *value, const char *words) {
  char text[TEXT], said[TEXT];
  int line = spell(k->key, value, text);
  snprintf(said, sizeof said, "%s: %s", k->key, words);
  assert_refused(text, line, said);
}

static bool is_text(const job_key *k) {
  return k->kind == JOB_TEXT || k->kind == JOB_PATH || k->kind == JOB_DELIMITER || k->kind == JOB_COLUMN;
}
static bool is_number(const job_key *k) {
  bool list = kith__job_is_list(k) && k->kind != JOB_RELATIONS;
  return k->kind == JOB_INT || k->kind == JOB_INT64 || k->kind == JOB_REAL || list || k->kind == JOB_PROTOCOL;
}

static void assert_same_job(const kith_job *a, const kith_job *b) {
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    const char *x = (const char *)a + k->offset, *y = (const char *)b + k->offset;
    size_t size = k->kind == JOB_CUTOFFS ? sizeof(int) * (size_t)a->evaluate.n_k : k->size;
    bool same = is_text(k) ? strcmp(x, y) == 0 : memcmp(x, y, size) == 0;
    if (!same) fail_msg("%s differs: \"%s\", \"%s\"", k->key, is_text(k) ? x : "", is_text(k) ? y : "");
  }
  assert_int_equal(a->evaluate.n_k, b->evaluate.n_k);
}

/* ---- values at random ---- */

/* What YAML has a use for, and what is more than one byte. */
static const char *const piece[] = {"a",  "Z",  "7",   " ",   "\t",  "\"", "\\", "'",    ":",  ": ", " #",
                                    "- ", "{",  "}",   "[",   "]",   ",",  "&",  "*",    "!",  "|",  ">",
                                    "%",  "@",  "`",   "?",   "~",   "$",  "${", "null", "<<", "=",  "/",
                                    "..", "./", "\\n", "\\t", "tab", "é",  "…",  "日",   "😀"};

static void draw_text(const job_key *k, const uint64_t *bits, char *text) {
  size_t most = k->kind == JOB_PATH ? 100 : k->size - 1, wanted = bits[0] % (most + 1);
  bool inside = k->kind == JOB_PATH &&
                bits[1] % 8 < 2; /* an absolute path that could, or seems as if it could, be a relative one */
  int n = inside ? sprintf(text, "%s%s", folder, bits[1] % 8 ? "/" : "//") : 0;
  text[n] = '\0';
  for (uint64_t i = 0, end = (uint64_t)n + wanted;; i++) {
    const char *p = piece[kith_random_below(kith_random(bits[2], KITH_RNG_INIT, i, 0, 0).bits[0],
                                            sizeof piece / sizeof *piece)];
    if (strlen(text) + strlen(p) > end) break;
    strcat(text, p);
  }
  if (!text[0] && strcmp(k->key, "work") == 0) strcpy(text, "w");
  if (k->kind == JOB_PATH && strchr("~$", text[0]) && text[0])
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

/* The i-th of words separated by " | ", counted around; returns how many there are. */
static int choose(const char *words, uint64_t i, char *text) {
  int n = 1;
  for (const char *p = strstr(words, " | "); p; p = strstr(p + 3, " | ")) n++;
  for (i %= (uint64_t)n; i > 0; i--) words = strstr(words, " | ") + 3;
  const char *end = strstr(words, " | ");
  sprintf(text, "%.*s", end ? (int)(end - words) : (int)strlen(words), words);
  return n;
}

static void draw(const job_key *k, uint64_t seed, char *text) {
  kith_draw r = kith_random(seed, KITH_RNG_INIT, k->offset, (uint64_t)k->kind, 1);
  int n = 0;
  switch (k->kind) {
  case JOB_TEXT:
  case JOB_PATH:
  case JOB_DELIMITER:
  case JOB_COLUMN: draw_text(k, r.bits, text); break;
  case JOB_INT:
  case JOB_INT64: sprintf(text, "%lld", draw_whole(k, r.bits)); break;
  case JOB_NODE_TYPE:
  case JOB_AGE:
  case JOB_WEIGHT: fail_msg("%s is a key of a pattern", k->key); break;
  case JOB_REAL: sprintf(text, "%.17g", draw_real(k, r.bits)); break;
  case JOB_BOOL: choose("true | false", r.bits[0], text); break;
  case JOB_ENUM:
  case JOB_IDS: choose(k->unit, r.bits[0], text); break;
  case JOB_INTERVAL:
    if (r.bits[3] % 2) sprintf(text, "auto");
    else sprintf(text, "%lld", draw_whole(k, r.bits));
    break;
  case JOB_HALF_LIFE: choose("none | auto | 2y | 0.1d | 90s | 1e3h", r.bits[0], text); break;
  case JOB_RELATIONS: choose("[] | [interactions] | [view, interactions] | cart_2", r.bits[0], text); break;
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
    for (int i = 0; i < table.n; i++) {
      int n = sprintf(s->text[i], "%s=", table.key[i].key);
      draw(&table.key[i], *seed, s->text[i] + n);
      s->set[i] = s->text[i];
    }
    ++*seed;
    if (!kith_is_bad(read_job("", table.n, s->set, &job))) return s;
    if (strstr(kith_error_text(), "--set"))
      fail_msg("a value within its bounds was refused: %s", kith_error_text());
  }
  fail_msg("%d draws in a row contradict themselves, the last one: %s", DRAWS, kith_error_text());
  return s;
}

/* What files store is the printed job; its paths are not resolved again. */
static void assert_stored_as(const kith_job *job, const char *text) {
  kith_job stored = kith_job_defaults();
  assert_int_equal(kith__job_read_stored("graph.h5", text, &stored), KITH_OK);
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    if (k->kind == JOB_PATH) memcpy((char *)&stored + k->offset, (const char *)job + k->offset, k->size);
  }
  assert_same_job(job, &stored);
}

static void a_printed_job_is_read_as_the_same_job(void **state) {
  (void)state;
  uint64_t seed = 100;
  for (int n = 0; n < JOBS; n++) {
    folder = folders[n % 3];
    settings *s = draw_settings(&seed);
    kith_job job, again;
    char *text = NULL;
    assert_read("", table.n, s->set, &job);
    assert_int_equal(kith_job_print(&job, &text), KITH_OK);
    assert_read(text, 0, NULL, &again);
    assert_same_job(&job, &again);
    assert_stored_as(&job, text);
    KITH_FREE(text);
    free(s);
  }
  folder = home;
}

static void settings_win_over_the_file_and_later_ones_over_earlier(void **state) {
  (void)state;
  uint64_t seed = 100;
  for (int n = 0; n < JOBS; n++) {
    settings *s = draw_settings(&seed), *other = draw_settings(&seed);
    const char *both[2 * KITH_JOB_MAX_KEYS];
    kith_job alone, job;
    char *text = NULL;
    assert_read("", table.n, other->set, &job);
    assert_int_equal(kith_job_print(&job, &text), KITH_OK);
    assert_read("", table.n, s->set, &alone);
    assert_read(text, table.n, s->set, &job);
    assert_same_job(&job, &alone);
    memcpy(both, other->set, sizeof(char *) * (size_t)table.n);
    memcpy(both + table.n, s->set, sizeof(char *) * (size_t)table.n);
    assert_read("", 2 * table.n, both, &job);
    assert_same_job(&job, &alone);
    KITH_FREE(text);
    free(s);
    free(other);
  }
}

/* ---- the table ---- */

static void every_key_fits_its_place_and_its_default_its_bounds(void **state) {
  (void)state;
  static const size_t size[] = {[JOB_INT] = sizeof(int),
                                [JOB_INT64] = 8,
                                [JOB_REAL] = sizeof(double),
                                [JOB_BOOL] = sizeof(bool),
                                [JOB_ENUM] = sizeof(int),
                                [JOB_PATH] = KITH_PATH,
                                [JOB_PROTOCOL] = sizeof(int),
                                [JOB_INTERVAL] = sizeof(int),
                                [JOB_IDS] = sizeof(bool),
                                [JOB_CUTOFFS] = KITH_MAX_CUTOFFS * sizeof(int),
                                [JOB_FANOUTS] = sizeof(kith_fanouts),
                                [JOB_HALF_LIFE] = sizeof(double),
                                [JOB_RELATIONS] = sizeof(kith_relation_names),
                                [JOB_TEXT] = 0,
                                [JOB_DELIMITER] = 0,
                                [JOB_COLUMN] = 0};
  kith_job job = kith_job_defaults(), again = job;
  char value[JOB_VALUE_SIZE];
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    if (size[k->kind]) assert_int_equal(k->size, size[k->kind]);
    if (is_number(k)) assert_true(k->low < k->high);
    if (is_number(k) && k->kind != JOB_REAL)
      assert_true(k->low == floor(k->low) && k->high == floor(k->high));
    if (is_number(k) && k->kind != JOB_REAL && k->kind != JOB_INT64)
      assert_true(k->low >= INT_MIN && k->high <= INT_MAX);
    if (k->kind == JOB_INT64) assert_true(k->low >= 0 && k->high < 0x1p63); /* signed and unsigned places */
    kith__job_get(&job, k, sizeof value, value);
    assert_int_equal(kith_job_set(&again, k->key, value), KITH_OK);
  }
  assert_same_job(&job, &again);
}

/* ---- numbers and words ---- */

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
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    char text[TEXT], value[JOB_VALUE_SIZE], number[64];
    for (int where = 0; where < 4 && is_number(k); where++) {
      kith_job job;
      number_at(k, where, number);
      if (where == 0 || where == 3) {
        assert_value_refused(k, number, "expected ");
        assert_says(number + (k->kind == JOB_PROTOCOL ? strlen("sampled-") : 0));
        continue;
      }
      spell(k->key, number, text);
      assert_read(text, 0, NULL, &job);
      kith__job_get(&job, k, sizeof value, value);
      assert_true(strtod(strpbrk(value, "0123456789"), NULL) == (where == 1 ? k->low : k->high));
    }
  }
}

static void what_is_no_number_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"nan", "inf", "1e999", "-1e999", "12abc", " 0x10", "0x10", "1_000", "1,5",
                                    "1e",  ".",   "-",     "--1",    "e5",    "٣",     "true", "1\\n2"};
  static const char *const no_whole[] = {"1.5", "1e1", "99999999999999999999"};
  char value[64];
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    const char *before = k->kind == JOB_PROTOCOL ? "sampled-" : "";
    if (!is_number(k)) continue;
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
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    const char *words = k->kind == JOB_BOOL ? "true | false" : k->unit;
    char word[JOB_VALUE_SIZE], value[JOB_VALUE_SIZE], longer[JOB_VALUE_SIZE + 1];
    if (k->kind != JOB_ENUM && k->kind != JOB_IDS && k->kind != JOB_BOOL) continue;
    for (int w = 0, n = choose(words, 0, word); w < n; w++) {
      kith_job job = kith_job_defaults();
      choose(words, (uint64_t)w, word);
      assert_int_equal(kith_job_set(&job, k->key, word), KITH_OK);
      kith__job_get(&job, k, sizeof value, value);
      assert_string_equal(value, word);
      snprintf(longer, sizeof longer, "%sx", word);
      assert_value_refused(k, longer, "expected ");
      for (int c = 0; c < n; c++) { /* all choices are named, and what was found */
        choose(words, (uint64_t)c, value);
        assert_says(value);
      }
      assert_says(longer);
    }
  }
}

static void a_protocol_is_full_or_sampled(void **state) {
  (void)state;
  static const char *const bad[] = {"sampled", "sampled-", "sampledly-5", "sample-5", "5", "Full"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_value_refused(kith__job_find(&table, "evaluate.protocol"), bad[i], "expected ");
}

static void an_empty_value_is_refused_unless_it_is_text(void **state) {
  (void)state;
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    if (is_text(k)) continue;
    assert_value_refused(k, "", "expected ");
    assert_value_refused(k, "\"\"", "expected ");
  }
}

static void text_is_printable_and_fits(void **state) {
  (void)state;
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    char value[JOB_VALUE_SIZE], set[JOB_VALUE_SIZE];
    kith_job job = kith_job_defaults();
    if (!is_text(k)) continue;
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

/* ---- keys ---- */

/* Every part of every key in turn is spelled with a letter too many: what is named instead begins with the
 * right part. */
static void an_unknown_key_is_told_the_nearest_at_every_depth(void **state) {
  (void)state;
  for (int i = 0; i < table.n; i++) {
    const char *key = table.key[i].key;
    int line = 2;
    for (size_t end = strcspn(key, "."), begin = 0;;
         begin = end + 1, end = begin + strcspn(key + begin, "."), line++) {
      char wrong[256], words[512], text[TEXT];
      snprintf(wrong, sizeof wrong, "%.*sx%s", (int)end, key, key + end);
      snprintf(words, sizeof words, "unknown key \"%.*sx\"; the nearest known %s is \"%.*s\"", (int)end, key,
               key[end] ? "section" : "key", (int)end, key);
      spell(wrong, "1", text);
      assert_refused(text, line, words);
      if (!key[end]) break;
    }
  }
}

static void an_unknown_setting_is_told_the_nearest_key(void **state) {
  (void)state;
  kith_job job = kith_job_defaults();
  char wrong[256], words[256];
  for (int i = 0; i < table.n; i++) {
    snprintf(wrong, sizeof wrong, "%sx", table.key[i].key);
    snprintf(words, sizeof words, "\"%s\"", table.key[i].key);
    assert_int_equal(kith_job_set(&job, wrong, "1"), KITH_ECONFIG);
    assert_says(words);
  }
  assert_int_equal(kith_job_set(&job, "lr", "1"), KITH_ECONFIG); /* the last part alone finds its key, too */
  assert_says("\"train.lr\"");
  assert_int_equal(kith_job_set(&job, "train", "1"), KITH_ECONFIG);
  assert_says("\"train\" is a section of keys, such as \"train.");
  assert_int_equal(kith_job_set(&job, "trian", "1"), KITH_ECONFIG);
  assert_says("the nearest known section is \"train\"");
}

static void what_is_near_to_no_key_is_told_none(void **state) {
  (void)state;
  static const char *const far[] = {"zzz", "x", "frobnicate", "train.frobnicate", "colour"};
  kith_job job = kith_job_defaults();
  for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
    assert_int_equal(kith_job_set(&job, far[i], "1"), KITH_ECONFIG);
    assert_says("unknown key");
    assert_says("kith help keys");
    assert_null(strstr(kith_error_text(), "nearest"));
  }
}

static void a_key_is_given_once(void **state) {
  (void)state;
  for (int i = 0; i < table.n; i++) {
    const char *key = table.key[i].key, *leaf = strrchr(key, '.') ? strrchr(key, '.') + 1 : key;
    char text[TEXT], words[256];
    int line = spell(key, "1", text), depth = line - 2;
    snprintf(words, sizeof words, "%s is given twice, the first time in line %d", key, line);
    sprintf(text + strlen(text), "\n%*s%s: 2\n", 2 * depth, "", leaf);
    assert_refused(text, line + 2, words);
    spell(key, "1", text);
    spell(key, "1",
          text + strlen(text)); /* all of it twice: the outermost mapping is the first to come again */
    snprintf(words, sizeof words, "%.*s is given twice, the first time in line 2", (int)strcspn(key, "."),
             key);
    assert_refused(text, line + 2, words);
  }
}

static void a_value_is_no_list_and_no_mapping(void **state) {
  (void)state;
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    if (kith__job_is_list(k)) continue;
    assert_value_refused(k, "[1, 2]", "expected a single value, found a list");
    assert_value_refused(k, "[]", "expected a single value, found a list");
    assert_value_refused(k, "{a: 1}", "expected a single value, found keys");
  }
}

static void a_group_is_a_mapping(void **state) {
  (void)state;
  static const char *const bad[] = {"1", "[1]", "[{a: 1}]", "", "~", "\"\""};
  for (int i = 0; i < table.n; i++)
    for (const char *key = table.key[i].key, *dot = strchr(key, '.'); dot; dot = strchr(dot + 1, '.'))
      for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        char group[256], words[1024], text[TEXT];
        snprintf(group, sizeof group, "%.*s", (int)(dot - key), key);
        if (b == 0 && kith__job_find(&table, group)) continue; /* a path may stand for its section */
        snprintf(words, sizeof words, "%s: expected keys below it, such as %s.", group, group);
        assert_refused(text, spell(group, bad[b], text), words);
      }
}

/* data.test: list is data.test: {path: list}, in the file and as a setting; both together are one key given
 * twice. */
static void a_path_may_stand_for_its_section(void **state) {
  (void)state;
  int n = 0;
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    char section[128], text[TEXT], setting[256], words[512], expected[JOB_VALUE_SIZE];
    const char *end = strrchr(k->key, '.'), *set = setting;
    kith_job job;
    if (!end || strcmp(end, ".path") != 0) continue;
    snprintf(section, sizeof section, "%.*s", (int)(end - k->key), k->key);
    snprintf(setting, sizeof setting, "%s=a/list", section);
    snprintf(expected, sizeof expected, "%s/a/list", home);
    int line = spell(section, "a/list", text);
    assert_read(text, 0, NULL, &job);
    assert_string_equal((char *)&job + k->offset, expected);
    assert_read("", 1, &set, &job);
    assert_string_equal((char *)&job + k->offset, expected);
    const char *leaf = strrchr(section, '.') + 1;
    snprintf(words, sizeof words, "%s is given twice, the first time in line %d", section, line);
    sprintf(text + strlen(text), "\n%*s%s: {path: b}\n", 2 * (line - 2), "", leaf);
    assert_refused(text, line + 2, words);
    n++;
  }
  assert_true(n >= 10);
}

static void cut_offs_are_a_list_of_single_numbers(void **state) {
  (void)state;
  const job_key *k = kith__job_find(&table, "evaluate.k");
  static const char *const bad[] = {
      "[]", "[[1], 2]", "[{a: 1}]", "{a: 1}", "[1, x]", "[1, 0]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]"};
  static const char *const good[] = {"[20, 10]", "20, 10", "[10, 20, 10]", "[\"20\", 10]"};
  char text[TEXT];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_value_refused(k, bad[i], "expected ");
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    kith_job job;
    spell(k->key, good[i], text);
    assert_read(text, 0, NULL, &job);
    assert_int_equal(job.evaluate.n_k, 2);
    assert_true(job.evaluate.k[0] == 10 && job.evaluate.k[1] == 20);
  }
}

static void a_text_that_is_no_job_is_refused(void **state) {
  (void)state;
  assert_refused("- a\n", 1, "expected keys");
  assert_refused("hello\n", 1, "expected keys");
  assert_refused("name: a\n---\nname: b\n", 2, "a second document");
  assert_refused("\nname: [a\n", 2, "");
  assert_refused("name: a\nwork: {\n", 2, "");
  assert_refused("name: a\n\twork: b\n", 2, "");
  assert_refused("name: a\nwork: \xff\n", 2, "");
  assert_refused("train.lr: 1\n", 1, "nest");
  assert_refused("train:\n  [lr]: 1\n", 2, "expected a key, found a list");
  assert_refused("<<: {name: a}\n", 1, "unknown key");
  assert_refused("\"a\\nb\": 1\n", 1, "unknown key"); /* and still one line */
}

static void no_keys_are_the_defaults(void **state) {
  (void)state;
  static const char *const none[] = {"", "\n", "# nothing\n", "---\n", "{}\n", "\xef\xbb\xbf"};
  kith_job first, job;
  assert_read(none[0], 0, NULL, &first);
  for (size_t i = 1; i < sizeof none / sizeof *none; i++) {
    assert_read(none[i], 0, NULL, &job);
    assert_same_job(&job, &first);
  }
}

static void an_alias_stands_for_its_value(void **state) {
  (void)state;
  kith_job job;
  assert_read("name: &n a\nmodel: {dim: &w 7}\nevaluate: {k: [3, *w]}\npartition: {parts: *w}\n", 0, NULL,
              &job);
  assert_true(job.model.dim == 7 && job.partition.parts == 7 && job.evaluate.k[1] == 7);
}

/* ---- paths, and keys that must agree ---- */

static void assert_path(const job_key *k, const char *given) {
  char text[TEXT], setting[JOB_VALUE_SIZE], value[JOB_VALUE_SIZE], expected[JOB_VALUE_SIZE];
  const char *set = setting;
  bool whole = given[0] == '/' || strcmp(folder, ".") == 0;
  kith_job job;
  snprintf(value, sizeof value, "\"%s\"", given);
  snprintf(setting, sizeof setting, "%s=%s", k->key, given);
  snprintf(expected, sizeof expected, "%s%s%s", whole ? "" : folder, whole ? "" : "/", given);
  spell(k->key, value, text);
  assert_read(text, 0, NULL, &job);
  assert_string_equal((char *)&job + k->offset, expected);
  assert_read("", 1, &set, &job);
  assert_string_equal((char *)&job + k->offset, expected);
}

static void paths_begin_at_the_folder_of_the_job_file(void **state) {
  (void)state;
  static const char *const given[] = {"a", "a/b.tsv", "../a", "/a/b", "./~", "a/$HOME", "below/a"};
  for (size_t f = 0; f < sizeof folders / sizeof *folders; f++)
    for (int i = 0; i < table.n; i++)
      for (size_t g = 0; g < sizeof given / sizeof *given; g++) {
        folder = folders[f];
        if (table.key[i].kind == JOB_PATH) assert_path(&table.key[i], given[g]);
      }
  folder = home;
}

static void a_path_that_is_not_given_stays_empty(void **state) {
  (void)state;
  kith_job job;
  assert_read("", 0, NULL, &job);
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
    assert_int_equal(read_job(bad[i][0], 0, NULL, &job), KITH_ECONFIG);
    assert_says("/job.yaml: ");
    assert_says(bad[i][1]);
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
    assert_int_equal(read_job("", 1, &bad[i], &job), KITH_ECONFIG);
    assert_says("--set");
    assert_null(strchr(kith_error_text(), '\n'));
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_printed_job_is_read_as_the_same_job),
      cmocka_unit_test(settings_win_over_the_file_and_later_ones_over_earlier),
      cmocka_unit_test(every_key_fits_its_place_and_its_default_its_bounds),
      cmocka_unit_test(a_number_reaches_its_bounds_and_goes_no_further),
      cmocka_unit_test(what_is_no_number_is_refused),
      cmocka_unit_test(a_choice_is_one_of_its_words),
      cmocka_unit_test(a_protocol_is_full_or_sampled),
      cmocka_unit_test(an_empty_value_is_refused_unless_it_is_text),
      cmocka_unit_test(text_is_printable_and_fits),
      cmocka_unit_test(an_unknown_key_is_told_the_nearest_at_every_depth),
      cmocka_unit_test(an_unknown_setting_is_told_the_nearest_key),
      cmocka_unit_test(what_is_near_to_no_key_is_told_none),
      cmocka_unit_test(a_key_is_given_once),
      cmocka_unit_test(a_value_is_no_list_and_no_mapping),
      cmocka_unit_test(a_group_is_a_mapping),
      cmocka_unit_test(a_path_may_stand_for_its_section),
      cmocka_unit_test(cut_offs_are_a_list_of_single_numbers),
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
  const kith_job defaults = kith_job_defaults();
  kith__job_table_of(&defaults, &table);
  test_folder_make(home);
  if (chdir(home) != 0 || mkdir("below", 0700) != 0) abort();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_remove(home);
  return test_end(failures);
}
