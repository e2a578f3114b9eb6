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

kith_status kith__job_fail_unknown(const job_table *t, const char *key) {
  find_guess g = {.key = NULL};
  char section[KITH_JOB_KEY_SIZE];
  for (int i = 0; i < t->n; i++) find_compare(key, t->key[i].key, &g);
  for (int i = 0; i < kith__job_n_row; i++) find_compare(key, kith__job_row[i].key, &g);
  if (!kith_edit_distance_is_small(key, g.distance))
    return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; kith help keys lists them all", key);
  if (!g.section)
    return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; the nearest known key is \"%s\"", key, g.key);
  if (g.distance == 0)
    return kith_fail(KITH_ECONFIG, "\"%s\" is a section of keys, such as \"%s\"", key, g.key);
  find_prefix(key, g.key, section);
  return kith_fail(KITH_ECONFIG, "unknown key \"%s\"; the nearest known section is \"%s\"", key, section);
}
