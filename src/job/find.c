/* Find a key of the table; for an unknown key, its present name or the nearest known key. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

const job_key *kith__job_find(const job_table *t, const char *key) {
  for (int i = 0; i < t->n; i++)
    if (strcmp(t->key[i].key, key) == 0) return &t->key[i];
  for (int i = 0; i < t->n; i++)
    if (strncmp(t->key[i].key, key, strlen(key)) == 0 && kith__job_begins_with_path(&t->key[i], strlen(key)))
      return &t->key[i];
  return NULL;
}

int kith__job_find_first(int n, const job_key *k, const char *key, bool *leaf) {
  const size_t size = strlen(key);
  for (int i = 0; i < n; i++) {
    if (!kith__job_holds(key, k[i].key)) continue;
    *leaf = k[i].key[size] == '\0';
    return i;
  }
  return -1;
}

bool kith__job_is_known(const char *key, bool *leaf) {
  char generic[KITH_JOB_KEY_SIZE];
  kith__job_generic(key, generic);
  return kith__job_find_first(kith__job_n_row, kith__job_row, generic, leaf) >= 0;
}

/* The first parts of a key, as many as the word has. */
static void find_prefix(const char *word, const char *key, char *prefix) {
  size_t n = strcspn(key, ".");
  for (const char *dot = strchr(word, '.'); dot && key[n]; dot = strchr(dot + 1, '.'))
    n += 1 + strcspn(key + n + 1, ".");
  snprintf(prefix, KITH_JOB_KEY_SIZE, "%.*s", (int)n, key);
}

/* The nearest known key or section of an unknown key, and its edit distance. */
typedef struct find_guess {
  int distance;
  bool section;
  const char *key;
} find_guess;

static int find_depth(const char *key) {
  int n = 0;
  for (; *key; key++) n += *key == '.';
  return n;
}

/* Of two keys at the same distance the one of fewer parts: train.epochs, not model.sasrec.epochs. */
static void find_update(find_guess *g, int distance, bool section, const char *key) {
  bool nearer = !g->key || distance < g->distance, shorter = g->key && distance == g->distance && !section &&
                                                             !g->section &&
                                                             find_depth(key) < find_depth(g->key);
  if (nearer || shorter) *g = (find_guess){distance, section, key};
}

/*
 * Compare an unknown key with a known one by edit distance: with all of it; with the section that it lies in,
 * as "trian" and "train" of train.lr; or with its last part if the word has one part ("lr").
 */
static void find_compare(const char *word, const char *key, find_guess *g) {
  char prefix[KITH_JOB_KEY_SIZE];
  const char *last = strrchr(key, '.');
  find_prefix(word, key, prefix);
  find_update(g, kith_edit_distance(word, key), false, key);
  if (strlen(prefix) < strlen(key)) find_update(g, kith_edit_distance(word, prefix), true, key);
  if (last && !strchr(word, '.')) find_update(g, kith_edit_distance(word, last + 1) + 1, false, key);
}

bool kith_job_nearest(const char *key, char *near) {
  find_guess g = {.key = NULL};
  char generic[KITH_JOB_KEY_SIZE];
  kith__job_generic(key, generic);
  for (int i = 0; i < kith__job_n_row; i++) find_compare(generic, kith__job_row[i].key, &g);
  if (g.section) find_prefix(generic, g.key, near);
  else snprintf(near, KITH_JOB_KEY_SIZE, "%s", g.key);
  return kith_edit_distance_is_small(generic, g.distance);
}

bool kith_job_is_key(const char *word) {
  bool leaf = false;
  return kith__job_is_known(word, &leaf) && leaf;
}

bool kith_job_is_section(const char *word) {
  const size_t n = strlen(word);
  for (int i = 0; i < kith__job_n_row && n > 0; i++)
    if (strncmp(kith__job_row[i].key, word, n) == 0 && kith__job_row[i].key[n] == '.') return true;
  return false;
}

/* The known keys of other sections that end as an unknown one does, those of the fewest parts, at most three,
 * as "a", "b" and "c"; returns their number. */
static int find_elsewhere(const char *word, size_t size, char *text) {
  const char *last = strrchr(word, '.'), *found[3] = {NULL};
  int n = 0, least = 0;
  text[0] = '\0';
  for (int i = 0; last && i < kith__job_n_row; i++) {
    const char *key = kith__job_row[i].key, *end = strrchr(key, '.');
    if (!end || strcmp(end, last) != 0 || strstr(key, "NAME")) continue;
    if (n == 0 || find_depth(key) < least) n = 0, least = find_depth(key);
    if (find_depth(key) > least) continue;
    if (n < 3) found[n] = key;
    n++;
  }
  if (n > 3) return 0;
  for (int i = 0; i < n; i++)
    snprintf(text + strlen(text), size - strlen(text), "%s\"%s\"",
             i == 0      ? ""
             : i + 1 < n ? ", "
                         : " and ",
             found[i]);
  return n;
}

/* Whether two keys have the same last part. */
static bool find_same_end(const char *a, const char *b) {
  const char *x = strrchr(a, '.'), *y = strrchr(b, '.');
  return strcmp(x ? x + 1 : a, y ? y + 1 : b) == 0;
}

kith_status kith__job_fail_unknown(const job_table *t, const char *key) {
  find_guess g = {.key = NULL};
  const char *last = strrchr(key, '.');
  if (last && last[1] && last[strspn(last, ".0123456789")] == '\0')
    return kith_fail(KITH_ECONFIG,
                     "unknown key \"%s\"; decimals stand behind a point, not a comma: 0.%s in place of 0,%s",
                     key, last + 1, last + 1);
  char section[KITH_JOB_KEY_SIZE], elsewhere[4 * KITH_JOB_KEY_SIZE];
  for (int i = 0; i < t->n; i++) find_compare(key, t->key[i].key, &g);
  for (int i = 0; i < kith__job_n_row; i++) find_compare(key, kith__job_row[i].key, &g);
  const bool near = kith_edit_distance_is_small(key, g.distance);
  const int n = g.distance > 1 ? find_elsewhere(key, sizeof elsewhere, elsewhere) : 0;
  if (n > 0 && (!near || g.section || !find_same_end(g.key, key)))
    return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; known %s %s", key, n > 1 ? "are" : "is", elsewhere);
  if (!near) return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; kith help keys lists them all", key);
  snprintf(section, sizeof section, "%.*s", last ? (int)(last - key) : 0, key);
  if (!g.section && g.distance > 2 && kith_job_is_section(section) &&
      strncmp(g.key, section, strlen(section)) != 0)
    return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; kith help %s lists those of its section", key,
                     section);
  if (!g.section)
    return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; the nearest known key is \"%s\"", key, g.key);
  if (g.distance == 0)
    return kith_fail(KITH_ECONFIG, "\"%s\" is a section of keys, such as \"%s\"", key, g.key);
  find_prefix(key, g.key, section);
  return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; the nearest known section is \"%s\"", key, section);
}
