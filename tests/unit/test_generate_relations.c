/* ranks: 1 */
/* The further lists of the synthetic graph: friends by homophily, carts and views, tags, triples, and drift.
 */
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

enum { USERS = 400, ITEMS = 600, INTERACTIONS = 12000, FRIENDS = 1200, MOST = 60000 };

static char folder[KITH_PATH];

static kith_generate_options small_world(void) {
  kith_generate_options o = kith_generate_defaults();
  o.users = USERS;
  o.items = ITEMS;
  o.interactions = INTERACTIONS;
  o.friends = FRIENDS;
  o.communities = 4;
  o.names = false;
  return o;
}

/* A list of integers, read back without Kith's own reader. */
typedef struct list {
  int n;
  long long a[MOST], b[MOST], time[MOST]; /* time: 0 where there is no third column */
} list;

static list *read_list(const char *path) {
  char line[256];
  list *l = calloc(1, sizeof *l);
  FILE *f = fopen(path, "r");
  assert_non_null(l);
  assert_non_null(f);
  while (fgets(line, sizeof line, f)) {
    if (line[0] == '#') continue;
    assert_true(l->n < MOST);
    /* NOLINTNEXTLINE(cert-err34-c): numbers written by kith generate */
    assert_true(sscanf(line, "%lld\t%lld\t%lld", &l->a[l->n], &l->b[l->n], &l->time[l->n]) >= 2);
    l->n++;
  }
  fclose(f);
  return l;
}

/* One list of a world, of the kind that `where` sets the path of. */
static list *make(const kith_generate_options *o, kith_generate_lists *lists, const char **where) {
  char path[KITH_PATH];
  *where = test_path(folder, "list.tsv", path);
  assert_int_equal(kith_generate(o, lists, NULL), KITH_OK);
  *where = NULL;
  return read_list(path);
}

#define MAKE(o, kind, to)                                                                                    \
  do {                                                                                                       \
    kith_generate_lists lists_ = {0};                                                                        \
    *(to) = make((o), &lists_, &lists_.kind);                                                                \
  } while (0)

/* ---- friends ---- */

static bool likes[USERS][ITEMS];

static double overlap(int64_t u, int64_t v) {
  int both = 0;
  for (int i = 0; i < ITEMS; i++) both += likes[u][i] && likes[v][i];
  return both;
}

/* Mean number of common items of the two ends of ties, ends[i] being the place of the second end. */
static double overlap_of(const list *ties, const kith_permutation *ends) {
  double sum = 0;
  int n = 0;
  for (int i = 0; i < ties->n; i++) {
    long long other = ties->b[ends ? (int)kith_permutation_apply(ends, (uint64_t)i) : i];
    if (other == ties->a[i]) continue;
    sum += overlap(ties->a[i], other);
    n++;
  }
  return sum / n;
}

/* Overlap of friends, divided by that of ties whose second ends are shuffled, which keeps every degree. */
static double homophily_of(const list *ties) {
  enum { ROUNDS = 10 };
  double shuffled = 0;
  for (uint64_t round = 0; round < ROUNDS; round++) {
    kith_permutation p = kith_permutation_make(7, KITH_RNG_GENERATE, round, (uint64_t)ties->n);
    shuffled += overlap_of(ties, &p) / ROUNDS;
  }
  return overlap_of(ties, NULL) / shuffled;
}

static void friends_share_tastes_as_the_dial_says(void **state) {
  (void)state;
  const double dial[] = {0, 0.3, 0.55, 0.8, 1}, none = 0.07, all_at_least = 1.9, step_at_least = 0.07;
  double measured[5];
  kith_generate_options o = small_world();
  list *l;
  MAKE(&o, interactions, &l);
  memset(likes, 0, sizeof likes);
  for (int i = 0; i < l->n; i++) likes[l->a[i]][l->b[i]] = true;
  free(l);
  for (int k = 0; k < 5; k++) {
    o.homophily = dial[k];
    MAKE(&o, friends, &l);
    assert_int_equal(l->n, FRIENDS);
    measured[k] = homophily_of(l);
    free(l);
    if (k > 0) assert_true(measured[k] > measured[k - 1] + step_at_least);
  }
  assert_true(measured[0] > 1 - none && measured[0] < 1 + none);
  assert_true(measured[4] > all_at_least);
}

/* The community and niche of a user's main taste. */
static int home(const world *w, int64_t user) {
  world_taste taste[WORLD_TASTES];
  kith__world_tastes(w, user, taste);
  return taste[0].community * WORLD_NICHES + taste[0].niche;
}

static void at_the_end_of_the_dial_all_friends_are_of_one_niche(void **state) {
  (void)state;
  const double nearly = 0.97; /* a user may know everybody in the niche already */
  kith_generate_options o = small_world();
  world w;
  list *l;
  int same = 0;
  o.users = 10 * USERS;
  o.friends = 10 * USERS;
  o.homophily = 1;
  MAKE(&o, friends, &l);
  assert_int_equal(kith__world_create(&o, &w), KITH_OK);
  for (int i = 0; i < l->n; i++) same += home(&w, l->a[i]) == home(&w, l->b[i]);
  assert_true(same > nearly * l->n);
  kith__world_free(&w);
  free(l);
}

/* ---- carts and views ---- */

static long long when[3][USERS][ITEMS]; /* time of each action; 0: none */

static void fill(int action, list *l) {
  for (int i = 0; i < l->n; i++) {
    assert_int_equal(when[action][l->a[i]][l->b[i]], 0);
    assert_true(i == 0 || l->a[i] != l->a[i - 1] || l->time[i] >= l->time[i - 1]);
    when[action][l->a[i]][l->b[i]] = l->time[i];
  }
  free(l);
}

static void what_is_bought_was_in_the_cart_and_what_is_in_a_cart_was_viewed(void **state) {
  (void)state;
  const int hour = 3600, day = 86400;
  kith_generate_options o = small_world();
  list *l[3];
  MAKE(&o, interactions, &l[0]);
  MAKE(&o, carts, &l[1]);
  MAKE(&o, views, &l[2]);
  assert_int_equal(l[0]->n, INTERACTIONS);
  assert_in_range(l[1]->n, INTERACTIONS * 1.95, INTERACTIONS * 2);
  assert_in_range(l[2]->n, INTERACTIONS * 3.9, INTERACTIONS * 4);
  memset(when, 0, sizeof when);
  for (int a = 0; a < 3; a++) fill(a, l[a]);
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++)
      for (int a = 0; a < 2; a++) {
        if (!when[a][u][i]) continue;
        long long lead = when[a][u][i] - when[a + 1][u][i];
        assert_true(when[a + 1][u][i] && lead >= 60 && lead < 60 + (a == 0 ? hour : day));
      }
}

static void behaviors_are_the_same_in_one_call_and_in_three(void **state) {
  (void)state;
  static const char *const name[] = {"buy.tsv", "cart.tsv", "view.tsv"};
  char path[3][KITH_PATH];
  kith_generate_options o = small_world();
  kith_generate_lists lists = {0};
  const char **where[] = {&lists.interactions, &lists.carts, &lists.views};
  kith_generate_report report;
  for (int i = 0; i < 3; i++) *where[i] = test_path(folder, name[i], path[i]);
  assert_int_equal(kith_generate(&o, &lists, &report), KITH_OK);
  const int64_t n[] = {report.interactions, report.carts, report.views};
  for (int i = 0; i < 3; i++) {
    size_t size[2];
    char *bytes[2], alone[KITH_PATH];
    kith_generate_lists one = {0};
    const char **of[] = {&one.interactions, &one.carts, &one.views};
    *of[i] = test_path(folder, "alone.tsv", alone);
    assert_int_equal(kith_generate(&o, &one, NULL), KITH_OK);
    bytes[0] = test_file_read(path[i], &size[0]);
    bytes[1] = test_file_read(alone, &size[1]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    KITH_FREE(bytes[0]);
    KITH_FREE(bytes[1]);
    list *l = read_list(path[i]);
    assert_int_equal(l->n, n[i]);
    free(l);
  }
}

static void users_with_few_items_left_are_counted(void **state) {
  (void)state;
  char path[KITH_PATH];
  kith_generate_options o = {
      .users = 10, .items = 40, .interactions = 100, .communities = 2, .carts = 1, .views = 2, .seed = 1};
  kith_generate_lists lists = {.views = test_path(folder, "few.tsv", path)};
  kith_generate_report report;
  assert_int_equal(kith_generate(&o, &lists, &report), KITH_OK);
  assert_true(report.capped > 0 && report.views < 200 && report.views > 150);
  list *l = read_list(path);
  assert_int_equal(l->n, report.views);
  free(l);
}

/* ---- tags and triples ---- */

static void items_have_up_to_five_tags_most_of_them_of_their_own_community(void **state) {
  (void)state;
  const double own_at_least = 0.8, niche_at_least = 0.55;
  enum { TAGS = 96 };
  static bool has[ITEMS][TAGS];
  int count[ITEMS] = {0}, by_count[6] = {0}, community = 0, niche = 0;
  kith_generate_options o = small_world();
  world w;
  list *l;
  o.tags = TAGS;
  MAKE(&o, tags, &l);
  assert_int_equal(kith__world_create(&o, &w), KITH_OK);
  for (int i = 0; i < l->n; i++) {
    world_taste of_item = kith__world_of_item(&w, l->a[i]), of_tag = kith__world_of_label(&w, TAGS, l->b[i]);
    assert_true(l->b[i] < TAGS && !has[l->a[i]][l->b[i]]);
    has[l->a[i]][l->b[i]] = true;
    count[l->a[i]]++;
    community += of_item.community == of_tag.community;
    niche += of_item.community == of_tag.community && of_item.niche == of_tag.niche;
  }
  for (int i = 0; i < ITEMS; i++) {
    assert_in_range(count[i], 1, 5);
    by_count[count[i]]++;
  }
  for (int n = 1; n <= 5; n++) assert_in_range(by_count[n], ITEMS / 10, ITEMS * 3 / 10);
  assert_true(community > own_at_least * l->n && community < l->n);
  assert_true(niche > niche_at_least * l->n && niche < community);
  kith__world_free(&w);
  free(l);
}

static void few_tags_are_shared_by_all_communities(void **state) {
  (void)state;
  kith_generate_options o = small_world();
  for (o.tags = 1; o.tags <= 12; o.tags++) {
    list *l;
    bool seen[12] = {false};
    MAKE(&o, tags, &l);
    for (int i = 0; i < l->n; i++) seen[l->b[i]] = true;
    for (int64_t t = 0; t < o.tags; t++) assert_true(seen[t]);
    free(l);
  }
}

/* Triples as text: number of lines with each kind and first letter. */
static void count_triples(const char *path, int n[2][3]) {
  static const char *const kind[] = {"made_by", "part_of", "about"};
  size_t size;
  char *text = test_file_read(path, &size);
  memset(n, 0, 6 * sizeof(int));
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    char head[32], what[32], tail[32];
    int k = 0;
    if (line[0] == '#') continue;
    assert_int_equal(sscanf(line, "%31[^\t]\t%31[^\t]\t%31s", head, what, tail), 3);
    while (k < 3 && strcmp(what, kind[k]) != 0) k++;
    assert_true(k < 3);
    assert_int_equal(strncmp(tail, "entity-", 7), 0);
    bool item = strncmp(head, "item-", 5) == 0;
    assert_true(item || strncmp(head, "entity-", 7) == 0);
    int role = (int)strtol(tail + 7, NULL, 10) / 30; /* of 90 entities */
    assert_int_equal(role, k);
    n[item ? 0 : 1][k]++;
  }
  KITH_FREE(text);
}

static void triples_link_items_to_makers_series_and_subjects(void **state) {
  (void)state;
  char path[KITH_PATH];
  int n[2][3];
  kith_generate_options o = small_world();
  kith_generate_report report;
  kith_generate_lists lists = {.triples = test_path(folder, "triples.tsv", path)};
  o.names = true;
  o.entities = 90;
  assert_int_equal(kith_generate(&o, &lists, &report), KITH_OK);
  count_triples(path, n);
  assert_int_equal(n[0][0], ITEMS);
  assert_in_range(n[0][1], ITEMS * 0.42, ITEMS * 0.58);
  assert_int_equal(n[0][2], ITEMS);
  assert_int_equal(n[1][0] + n[1][1], 0);
  assert_int_equal(n[1][2], 60);
  assert_int_equal(report.triples, 2 * ITEMS + n[0][1] + 60);
  lists.item_triples = true;
  assert_int_equal(kith_generate(&o, &lists, NULL), KITH_OK);
  count_triples(path, n);
  assert_int_equal(n[0][0], ITEMS);
  assert_int_equal(n[1][2], 0);
}

/* ---- drift ---- */

static const long long begin = 1577836800, span = 3 * 365 * 86400LL;

/* Cosine of the popularity of items in the first and the last third of the calendar. */
static double popularity_persists(const list *l) {
  static double n[2][ITEMS];
  double both = 0, one[2] = {0};
  memset(n, 0, sizeof n);
  for (int i = 0; i < l->n; i++) {
    double at = (double)(l->time[i] - begin) / (double)span;
    if (at < 1 / 3.) n[0][l->b[i]]++;
    if (at > 2 / 3.) n[1][l->b[i]]++;
  }
  for (int i = 0; i < ITEMS; i++) {
    both += n[0][i] * n[1][i];
    for (int t = 0; t < 2; t++) one[t] += n[t][i] * n[t][i];
  }
  return both * both / (one[0] * one[1]);
}

/* Share of pairs of a user's purchases of one niche, one from each half of the list, among all such pairs. */
static double tastes_persist(const kith_generate_options *o, const list *l) {
  double same = 0, all = 0;
  world w;
  assert_int_equal(kith__world_create(o, &w), KITH_OK);
  for (int from = 0, to; from < l->n; from = to) {
    for (to = from; to < l->n && l->a[to] == l->a[from];) to++;
    for (int i = from; i < (from + to) / 2; i++)
      for (int k = (from + to) / 2; k < to; k++, all++) {
        world_taste x = kith__world_of_item(&w, l->b[i]), y = kith__world_of_item(&w, l->b[k]);
        same += x.community == y.community && x.niche == y.niche;
      }
  }
  kith__world_free(&w);
  return same / all;
}

static void early_and_late_lists_differ_as_the_drift_says(void **state) {
  (void)state;
  const double dial[] = {0, 0.5, 1}, popularity_falls = 0.85, tastes_fall = 0.9;
  double popularity[3], tastes[3];
  kith_generate_options o = small_world();
  for (int k = 0; k < 3; k++) {
    list *l;
    o.drift = dial[k];
    MAKE(&o, interactions, &l);
    assert_int_equal(l->n, INTERACTIONS);
    popularity[k] = popularity_persists(l);
    tastes[k] = tastes_persist(&o, l);
    for (int i = 1; i < l->n; i++) assert_true(l->a[i] != l->a[i - 1] || l->time[i] >= l->time[i - 1]);
    free(l);
    if (k == 0) continue;
    assert_true(popularity[k] < popularity_falls * popularity[k - 1]);
    assert_true(tastes[k] < tastes_fall * tastes[k - 1]);
  }
}

/* ---- bits, memory, refusals ---- */

static uint64_t hash_of(const char *path) {
  size_t size;
  char *bytes = test_file_read(path, &size);
  uint64_t h = 14695981039346656037u; /* FNV-1a */
  for (size_t i = 0; i < size; i++) h = (h ^ (uint8_t)bytes[i]) * 1099511628211u;
  KITH_FREE(bytes);
  return h;
}

/* Lists that jobs and results were made with stay what they were, to the byte. */
static void the_default_lists_are_those_of_earlier_versions(void **state) {
  (void)state;
  char pairs[KITH_PATH], ties[KITH_PATH], tags[2][KITH_PATH];
  const kith_generate_options o = kith_generate_defaults();
  kith_generate_lists lists = {.interactions = test_path(folder, "pairs.tsv", pairs),
                               .friends = test_path(folder, "ties.tsv", ties)};
  assert_int_equal(kith_generate(&o, &lists, NULL), KITH_OK);
  assert_int_equal(kith_generate_features(&o, false, test_path(folder, "users.tsv", tags[0])), KITH_OK);
  assert_int_equal(kith_generate_features(&o, true, test_path(folder, "items.tsv", tags[1])), KITH_OK);
  assert_true(hash_of(pairs) == UINT64_C(0x3b0def4cb3ce09cc));
  assert_true(hash_of(ties) == UINT64_C(0x71827becab9aae4c));
  assert_true(hash_of(tags[0]) == UINT64_C(0xf287d1a78b800acd));
  assert_true(hash_of(tags[1]) == UINT64_C(0x5fb574e580f6cd81));
}

static long peak_kib(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss;
}

static void memory_does_not_grow_with_the_views(void **state) {
  (void)state;
#ifdef __SANITIZE_ADDRESS__
  skip(); /* the sanitizer keeps what is freed */
#endif
  char path[KITH_PATH];
  const long most = 12 << 10; /* KiB; the views themselves would take 23 MiB at 8 bytes each */
  kith_generate_options o = small_world();
  kith_generate_lists lists = {.views = test_path(folder, "views.tsv", path)};
  o.users = 10000;
  o.items = 3000;
  o.interactions = 30000;
  o.views = 2;
  assert_int_equal(kith_generate(&o, &lists, NULL), KITH_OK);
  long before = peak_kib();
  o.views = 100;
  o.drift = 1;
  assert_int_equal(kith_generate(&o, &lists, NULL), KITH_OK);
  assert_true(peak_kib() - before < most);
}

static void impossible_lists_are_refused_by_name(void **state) {
  (void)state;
  enum { N = 7 };
  static const char *const name[N] = {"generate.homophily", "generate.drift", "generate.carts",
                                      "generate.carts",     "generate.views", "generate.tags",
                                      "generate.entities"};
  char path[KITH_PATH];
  kith_generate_options o[N];
  for (int i = 0; i < N; i++) o[i] = small_world();
  o[0].homophily = 1.1;
  o[1].drift = -0.1;
  o[2].carts = 5; /* more than views */
  o[3].carts = 0.5;
  o[4].views = 11; /* of 600 items, 30 interactions a user: 10 is half of all pairs */
  o[5].tags = 0;
  o[6].entities = 2;
  test_path(folder, "impossible.tsv", path);
  const kith_generate_lists all = {.carts = path, .views = path, .tags = path, .triples = path},
                            few = {.friends = path};
  for (int i = 0; i < N; i++) {
    assert_int_equal(kith_generate(&o[i], &all, NULL), KITH_ECONFIG);
    assert_non_null(strstr(kith_error_text(), name[i]));
    if (i >= 2) assert_int_equal(kith_generate(&o[i], &few, NULL), KITH_OK); /* no such list */
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          memory_does_not_grow_with_the_views), /* first: the peak has not been raised by others */
      cmocka_unit_test(friends_share_tastes_as_the_dial_says),
      cmocka_unit_test(at_the_end_of_the_dial_all_friends_are_of_one_niche),
      cmocka_unit_test(what_is_bought_was_in_the_cart_and_what_is_in_a_cart_was_viewed),
      cmocka_unit_test(behaviors_are_the_same_in_one_call_and_in_three),
      cmocka_unit_test(users_with_few_items_left_are_counted),
      cmocka_unit_test(items_have_up_to_five_tags_most_of_them_of_their_own_community),
      cmocka_unit_test(few_tags_are_shared_by_all_communities),
      cmocka_unit_test(triples_link_items_to_makers_series_and_subjects),
      cmocka_unit_test(early_and_late_lists_differ_as_the_drift_says),
      cmocka_unit_test(the_default_lists_are_those_of_earlier_versions),
      cmocka_unit_test(impossible_lists_are_refused_by_name),
  };
  kith_log_set(KITH_LOG_NOTHING);
  test_folder_make(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_remove(folder);
  return failed;
}
