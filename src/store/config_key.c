/* Comparison of configuration keys: texts of "key=value" words, in any order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

/* A word of a text; n = 0: there is none. */
typedef struct config_word {
  const char *at;
  int n, n_key; /* bytes of the word, and of its key */
} config_word;

/* The first word of a text. */
static config_word config_key_word(const char *text) {
  config_word w = {.at = text + strspn(text, " ")};
  w.n = (int)strcspn(w.at, " ");
  w.n_key = (int)strcspn(w.at, "= ");
  return w;
}

/* The word of a text with the key of `w`. */
static config_word config_key_find(const char *text, config_word w) {
  config_word found = config_key_word(text);
  while (found.n > 0 && !(found.n_key == w.n_key && memcmp(found.at, w.at, (size_t)w.n_key) == 0))
    found = config_key_word(found.at + found.n);
  return found;
}

/* A piece of a word with the fewest digits, if it is a number with a decimal point.  Whole numbers have few,
 * and a hash may look like one. */
static void config_key_print_piece(int n, const char *at, size_t size, char *text) {
  char *end = NULL;
  double x = strtod(at, &end);
  bool is_real = n > 0 && end == at + n && memchr(at, '.', (size_t)n);
  if (is_real) kith_real_print(x, size, text);
  else snprintf(text, size, "%.*s", n, at);
}

/* A word for a message, or, where there is none, the default of the key of `other`. */
static void config_key_print(config_word w, config_word other, char *text) {
  size_t size = KITH_CONFIG_WORD_SIZE;
  text[0] = '\0';
  for (int at = 0; at < w.n;) {
    int n = (int)strcspn(w.at + at, "=:, ");
    size_t done = strlen(text);
    config_key_print_piece(n, w.at + at, size - done, text + done);
    done = strlen(text);
    at += n;
    if (at < w.n && done + 1 < size) memcpy(text + done, (char[2]){w.at[at]}, 2);
    at++;
  }
  if (w.n == 0) snprintf(text, size, "%.*s" KITH_CONFIG_USUAL, other.n_key, other.at);
}

void kith_config_key_usual(const char *usual, char *word) {
  char *end = strstr(word, KITH_CONFIG_USUAL);
  if (!usual || !end || end[sizeof KITH_CONFIG_USUAL - 1]) return;
  const config_word key = {.at = word, .n_key = (int)(end - word)}, found = config_key_find(usual, key);
  if (found.n == 0) return;
  config_key_print(found, found, word);
  char setting[KITH_CONFIG_WORD_SIZE] = "", today[KITH_CONFIG_WORD_SIZE] = "";
  char *now = strstr(word, KITH_CONFIG_FORMER);
  if (now) {
    snprintf(today, sizeof today, "%s", now + 1);
    *now = '\0';
    snprintf(setting, sizeof setting, "%s", word);
  }
  const size_t n = strlen(word);
  if (now)
    snprintf(word + n, KITH_CONFIG_WORD_SIZE - n,
             " (the default of older versions, %s now; --set %s goes on with it)", today, setting);
  else snprintf(word + n, KITH_CONFIG_WORD_SIZE - n, " (the default)");
}

/* The first word of `a` that `b` lacks, or has with another value. */
static bool config_key_compare(const char *a, const char *b, config_word *in_a, config_word *in_b) {
  for (*in_a = config_key_word(a); in_a->n > 0; *in_a = config_key_word(in_a->at + in_a->n)) {
    *in_b = config_key_find(b, *in_a);
    if (in_b->n != in_a->n || memcmp(in_a->at, in_b->at, (size_t)in_a->n) != 0) return true;
  }
  return false;
}

bool kith_config_key_differs(const char *wanted, const char *legacy, const char *found, char *wanted_word,
                             char *found_word) {
  bool is_legacy = strncmp(found, KITH_CONFIG_KEY_BEGIN, strlen(KITH_CONFIG_KEY_BEGIN)) != 0;
  const char *want = is_legacy && legacy ? legacy : wanted;
  config_word a, b;
  bool differs = config_key_compare(found, want, &b, &a) || config_key_compare(want, found, &a, &b);
  if (!differs) return false;
  config_key_print(a, b, wanted_word);
  config_key_print(b, a, found_word);
  return true;
}
