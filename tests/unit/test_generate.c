/* ranks: 1 */
/* The invented graph: as many as asked, the same for the same seed, in little memory, with something to learn
 * in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "generate/generate.h"
#include "generate/world.h"
#include "support/folder.h"

static char folder[KITH_PATH];

/* A generated list, read back without Kith's own reader. */
typedef struct list {
  int n;
  int *user, *item;
  long long *time;
} list;

static list read_list(const char *path, const char *format, int most) {
  char line[256];
  FILE *f = fopen(path, "r");
  list l = {.user = calloc((size_t)most, sizeof(int)),
            .item = calloc((size_t)most, sizeof(int)),
            .time = calloc((size_t)most, sizeof(long long))};
  assert_non_null(f);
  while (fgets(line, sizeof line, f)) {
    if (line[0] == '#') continue;
    assert_true(l.n < most);
    assert_true(sscanf(line, format, &l.user[l.n], &l.item[l.n], &l.time[l.n]) >= 2);
    l.n++;
  }
  fclose(f);
  return l;
}

static void list_free(list *l) {
  free(l->user);
  free(l->item);
  free(l->time);
}

static kith_status generate_interactions(const kith_generate_options *o, const char *path) {
  return kith_generate(o, &(kith_generate_lists){.interactions = path}, NULL);
}

static kith_generate_options small_world(void) {
  kith_generate_options o = kith_generate_defaults();
  o.users = 300;
  o.items = 500;
  o.interactions = 6000;
  o.friends = 900;
  o.communities = 8;
  return o;
}

static void the_counts_are_as_asked_and_no_pair_comes_twice(void **state) {
  (void)state;
  char pairs[KITH_PATH], social[KITH_PATH];
  kith_generate_options o = small_world();
  test_path(folder, "pairs.tsv", pairs);
  test_path(folder, "social.tsv", social);
  assert_int_equal(kith_generate(&o, &(kith_generate_lists){.interactions = pairs, .friends = social}, NULL),
                   KITH_OK);
  list p = read_list(pairs, "user-%3d\titem-%3d\t%lld", 7000),
       s = read_list(social, "user-%3d\tuser-%3d", 7000);
  static bool met[300][500], know[300][300];
  assert_int_equal(p.n, 6000);
  assert_int_equal(s.n, 900);
  for (int i = 0; i < p.n; i++) {
    assert_true(p.user[i] < 300 && p.item[i] < 500 && !met[p.user[i]][p.item[i]]);
    met[p.user[i]][p.item[i]] = true;
    if (i > 0 && p.user[i] == p.user[i - 1]) assert_true(p.time[i] >= p.time[i - 1]);
  }
  for (int i = 0; i < s.n; i++) {
    assert_true(s.user[i] != s.item[i] && !know[s.user[i]][s.item[i]] && !know[s.item[i]][s.user[i]]);
    know[s.user[i]][s.item[i]] = true;
  }
  list_free(&p);
  list_free(&s);
}

static void the_seed_decides_everything(void **state) {
  (void)state;
  char path[3][KITH_PATH], name[16], *bytes[3];
  size_t size[3];
  kith_generate_options o = small_world();
  for (int i = 0; i < 3; i++) {
    o.seed = i < 2 ? 1 : 2;
    snprintf(name, sizeof name, "seed-%d", i);
    assert_int_equal(generate_interactions(&o, test_path(folder, name, path[i])), KITH_OK);
    bytes[i] = test_file_read(path[i], &size[i]);
  }
  assert_int_equal(size[0], size[1]);
  assert_memory_equal(bytes[0], bytes[1], size[0]);
  assert_true(size[0] != size[2] || memcmp(bytes[0], bytes[2], size[0]) != 0);
  for (int i = 0; i < 3; i++) KITH_FREE(bytes[i]);
}

static void the_seed_decides_how_many_tastes_a_user_has(void **state) {
  (void)state;
  kith_generate_options o = small_world();
  world w[2];
  world_taste taste[WORLD_TASTES];
  int other = 0;
  for (int i = 0; i < 2; i++) {
    o.seed = (uint64_t)i + 1;
    assert_int_equal(kith__world_create(&o, &w[i]), KITH_OK);
  }
  for (int64_t u = 0; u < o.users; u++) {
    int n[2];
    for (uint64_t i = 0; i < 2; i++) {
      o.seed = i + 1; /* worlds read the options as they go */
      n[i] = kith__world_tastes(&w[i], u, taste);
    }
    other += n[0] != n[1];
  }
  assert_true(other > o.users / 4);
  for (int i = 0; i < 2; i++) kith__world_free(&w[i]);
}

static void ids_are_integers_when_asked(void **state) {
  (void)state;
  char path[KITH_PATH];
  kith_generate_options o = small_world();
  o.names = false;
  assert_int_equal(generate_interactions(&o, test_path(folder, "integers", path)), KITH_OK);
  list p = read_list(path, "%d\t%d\t%lld", 7000);
  assert_int_equal(p.n, 6000);
  list_free(&p);
}

static void crowded_worlds_are_filled_too(void **state) {
  (void)state;
  char path[KITH_PATH];
  const kith_generate_options crowded[] = {
      {.users = 10, .items = 20, .interactions = 100, .communities = 2, .noise = 0.1, .seed = 1},
      {.users = 1, .items = 8, .interactions = 4, .communities = 1, .noise = 0, .seed = 1},
      {.users = 50,
       .items = 64,
       .interactions = 1600,
       .friends = 150,
       .communities = 8,
       .noise = 1,
       .seed = 3},
      {.users = 3, .items = 4000, .interactions = 1, .communities = 1, .noise = 0.5, .seed = 4}};
  for (size_t i = 0; i < sizeof crowded / sizeof crowded[0]; i++) {
    assert_int_equal(generate_interactions(&crowded[i], test_path(folder, "crowded", path)), KITH_OK);
    list p = read_list(path, "%d\t%d\t%lld", 2000);
    assert_int_equal(p.n, crowded[i].interactions);
    list_free(&p);
  }
}

/* ---- memory ---- */

static long peak_kib(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss;
}

static void memory_does_not_grow_with_the_interactions(void **state) {
  (void)state;
  char path[KITH_PATH];
  const long most = 12 << 10; /* KiB; the pairs themselves would take 23 MiB at 8 bytes each */
  kith_generate_options o = kith_generate_defaults();
  o.names = false;
  o.users = 10000;
  o.interactions = 30000;
  assert_int_equal(generate_interactions(&o, test_path(folder, "grows", path)), KITH_OK);
  long before = peak_kib();
  o.interactions = 3000000;
  assert_int_equal(generate_interactions(&o, path), KITH_OK);
  assert_true(peak_kib() - before < most);
}

/* ---- something to learn ---- */

enum { TOP = 20, HOLD = 10 };

/* Recall@20 over users, when every HOLD-th of a user's pairs is hidden and unseen items are ranked by
 * score[item]. */
static double recall_of(const list *p, int n_item,
                        void (*rank)(const list *p, int begin, int end, double *score)) {
  double sum = 0, *score = calloc((size_t)n_item, sizeof *score);
  int users = 0;
  for (int begin = 0, end; begin < p->n; begin = end) {
    int hits = 0, hidden = 0;
    for (end = begin; end < p->n && p->user[end] == p->user[begin];) end++;
    rank(p, begin, end, score);
    for (int i = begin; i < end; i++)
      if (i % HOLD != 0) score[p->item[i]] = -1;
    for (int i = begin; i < end; i++) {
      if (i % HOLD != 0) continue;
      int above = 0;
      for (int k = 0; k < n_item; k++)
        above += score[k] > score[p->item[i]] || (score[k] == score[p->item[i]] && k < p->item[i]);
      hits += above < TOP;
      hidden++;
    }
    if (hidden) sum += (double)hits / hidden, users++;
  }
  free(score);
  return sum / users;
}

static double *popularity; /* [n_item] training interactions of each */
static float *together;    /* [n_item, n_item] users who have both */
static int items;

static void rank_by_popularity(const list *p, int begin, int end, double *score) {
  (void)p, (void)begin, (void)end;
  memcpy(score, popularity, (size_t)items * sizeof *score);
}

static void rank_by_company(const list *p, int begin, int end, double *score) {
  memset(score, 0, (size_t)items * sizeof *score);
  for (int i = begin; i < end; i++) {
    if (i % HOLD == 0) continue;
    for (int k = 0; k < items; k++)
      score[k] +=
          (double)together[(size_t)p->item[i] * (size_t)items + (size_t)k] / (1 + popularity[p->item[i]]);
  }
}

static void count_together(const list *p) {
  for (int begin = 0, end; begin < p->n; begin = end) {
    for (end = begin; end < p->n && p->user[end] == p->user[begin];) end++;
    for (int i = begin; i < end; i++) {
      if (i % HOLD == 0) continue;
      popularity[p->item[i]]++;
      for (int k = begin; k < end; k++)
        if (k % HOLD != 0) together[(size_t)p->item[i] * (size_t)items + (size_t)p->item[k]]++;
    }
  }
}

static void tastes_can_be_learned_and_popularity_is_not_enough(void **state) {
  (void)state;
  const double times_better = 3, popularity_at_most = 0.12;
  char path[KITH_PATH];
  kith_generate_options o = kith_generate_defaults();
  o.users = 1000;
  o.items = 1500;
  o.interactions = 30000;
  o.names = false;
  assert_int_equal(generate_interactions(&o, test_path(folder, "learn", path)), KITH_OK);
  list p = read_list(path, "%d\t%d\t%lld", 30000);
  items = 1500;
  popularity = calloc((size_t)items, sizeof *popularity);
  together = calloc((size_t)items * (size_t)items, sizeof *together);
  count_together(&p);
  double popular = recall_of(&p, items, rank_by_popularity), company = recall_of(&p, items, rank_by_company);
  assert_true(popular < popularity_at_most);
  assert_true(company > times_better * popular);
  free(popularity);
  free(together);
  list_free(&p);
}

/* ---- features ---- */

enum { TAGS = 8 * 5 + 16 };

static int take_number(char **at) {
  char *end = NULL;
  long x = strtol(*at, &end, 10);
  assert_true(end > *at);
  *at = end;
  return (int)x;
}

/* has[i][tag] of n nodes, from lines of integers; every node has one line, and at least one tag, none twice.
 */
static void read_tags(const char *path, int n, bool has[][TAGS]) {
  size_t size;
  char *text = test_file_read(path, &size);
  int lines = 0;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    char *at = line;
    if (line[0] == '#') continue;
    int id = take_number(&at);
    assert_int_equal(id, lines++);
    do {
      int tag = take_number(&at);
      assert_true(tag >= 0 && tag < TAGS && !has[id][tag]);
      has[id][tag] = true;
    } while (*at);
  }
  assert_int_equal(lines, n);
  KITH_FREE(text);
}

static void tags_tell_who_likes_what(void **state) {
  (void)state;
  const double times_more = 2;
  static bool user[300][TAGS], item[500][TAGS];
  char pairs[KITH_PATH], users[KITH_PATH], items_path[KITH_PATH];
  kith_generate_options o = small_world();
  double met = 0, all = 0;
  o.names = false;
  assert_int_equal(generate_interactions(&o, test_path(folder, "tagged", pairs)), KITH_OK);
  assert_int_equal(kith_generate_features(&o, false, test_path(folder, "users", users)), KITH_OK);
  assert_int_equal(kith_generate_features(&o, true, test_path(folder, "items", items_path)), KITH_OK);
  read_tags(users, 300, user);
  read_tags(items_path, 500, item);
  list p = read_list(pairs, "%d\t%d\t%lld", 7000);
  for (int tag = 0; tag < TAGS; tag++) {
    for (int i = 0; i < p.n; i++) met += user[p.user[i]][tag] && item[p.item[i]][tag];
    for (int u = 0; u < 300; u++)
      for (int i = 0; i < 500; i++) all += user[u][tag] && item[i][tag];
  }
  assert_true(met / p.n > times_more * all / (300 * 500));
  list_free(&p);
}

/* ---- refusals ---- */

static void impossible_worlds_are_refused_by_name(void **state) {
  (void)state;
  char path[KITH_PATH];
  static const char *const name[] = {"generate.users",        "generate.items",   "generate.communities",
                                     "generate.interactions", "generate.friends", "generate.noise"};
  kith_generate_options o[6];
  for (int i = 0; i < 6; i++) o[i] = small_world();
  o[0].users = 0;
  o[1].items = INT64_C(1) << 31;
  o[2].communities = 100;
  o[3].interactions = 300 * 250 + 1;
  o[4].friends = -1;
  o[5].noise = 1.5;
  test_path(folder, "impossible", path);
  for (int i = 0; i < 6; i++) {
    assert_int_equal(generate_interactions(&o[i], path), KITH_ECONFIG);
    assert_non_null(strstr(kith_error_text(), name[i]));
  }
}

static void a_list_that_was_not_generated_is_left_alone(void **state) {
  (void)state;
  char path[KITH_PATH];
  size_t size;
  kith_generate_options o = small_world();
  test_file_write(folder, "real.tsv", "1\t2\t3\n", 6, path);
  int before = test_folder_count(folder);
  assert_int_equal(generate_interactions(&o, path), KITH_EOUTPUT);
  assert_non_null(strstr(kith_error_text(), path));
  char *bytes = test_file_read(path, &size);
  assert_string_equal(bytes, "1\t2\t3\n");
  assert_int_equal(test_folder_count(folder), before);
  KITH_FREE(bytes);
}

static void without_memory_nothing_is_left_behind(void **state) {
  (void)state;
  char path[KITH_PATH], social[KITH_PATH];
  kith_generate_options o = small_world();
  int64_t live = kith_alloc_live(), k = 0;
  kith_status st;
  test_path(folder, "starved", path);
  test_path(folder, "starved-social", social);
  do {
    kith_alloc_refuse(++k);
    st = kith_generate(&o, &(kith_generate_lists){.interactions = path, .friends = social}, NULL);
    if (kith_is_bad(st)) assert_int_equal(st, KITH_ENOMEM);
    assert_int_equal(kith_alloc_live(), live);
  } while (kith_is_bad(st) && k < 100);
  kith_alloc_refuse(0);
  assert_int_equal(st, KITH_OK);
  assert_true(k > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          memory_does_not_grow_with_the_interactions), /* first: the peak has not been raised by others */
      cmocka_unit_test(the_counts_are_as_asked_and_no_pair_comes_twice),
      cmocka_unit_test(the_seed_decides_everything),
      cmocka_unit_test(the_seed_decides_how_many_tastes_a_user_has),
      cmocka_unit_test(ids_are_integers_when_asked),
      cmocka_unit_test(crowded_worlds_are_filled_too),
      cmocka_unit_test(tastes_can_be_learned_and_popularity_is_not_enough),
      cmocka_unit_test(tags_tell_who_likes_what),
      cmocka_unit_test(impossible_worlds_are_refused_by_name),
      cmocka_unit_test(a_list_that_was_not_generated_is_left_alone),
      cmocka_unit_test(without_memory_nothing_is_left_behind),
  };
  kith_log_set(KITH_LOG_NOTHING);
  test_folder_make(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_remove(folder);
  return failed;
}
