/* The settings in which runs differ (compare.h): the keys that affect training, and their values in each job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/compare.h"

enum { SETTINGS_KEYS = 200 };

typedef struct settings {
  kith_job *job[KITH_REPORT_RUNS]; /* null: the run stores none */
  int n;
  char key[SETTINGS_KEYS][KITH_JOB_KEY_SIZE];
} settings;

/* The value of a key: text [KITH_SWEEP_VALUES]; "–" where it has no effect, or is not known. */
static void settings_value(const settings *s, int run, const char *key, char *text) {
  const char *needs = NULL;
  text[0] = '\0';
  if (!s->job[run] || !kith_job_effect(s->job[run], key, text, &needs) || !text[0])
    snprintf(text, KITH_SWEEP_VALUES, "–");
}

/* Whether all runs have the same value of a key. */
static bool settings_same(const settings *s, int n_run, const char *key) {
  char first[KITH_SWEEP_VALUES], other[KITH_SWEEP_VALUES];
  settings_value(s, 0, key, first);
  for (int i = 1; i < n_run; i++) {
    settings_value(s, i, key, other);
    if (strcmp(first, other) != 0) return false;
  }
  return true;
}

/* Add the keys of a run's configuration that the runs do not agree on. */
static kith_status settings_add(settings *s, int n_run, int run) {
  kith_status st = KITH_OK;
  char text[KITH_CONFIG_KEY_SIZE];
  KITH_TRY(kith_job_config_key(s->job[run], sizeof text, text));
  for (const char *w = text; *w; w += strcspn(w, " "), w += *w == ' ') {
    bool seen = false;
    if (s->n == SETTINGS_KEYS || strncmp(w, "config=", 7) == 0) continue;
    snprintf(s->key[s->n], sizeof s->key[0], "%.*s", (int)strcspn(w, "= "), w);
    for (int k = 0; k < s->n; k++) seen |= strcmp(s->key[k], s->key[s->n]) == 0;
    s->n += !seen && !settings_same(s, n_run, s->key[s->n]);
  }
done:
  return st;
}

static int settings_compare(const void *a, const void *b) { return strcmp(a, b); }

static kith_status settings_read(const compare *c, settings *s) {
  kith_status st = KITH_OK;
  for (int i = 0; i < c->n; i++) {
    if (!c->run[i]->job_text) continue;
    KITH_TRY(KITH_NEW(s->job[i], 1));
    *s->job[i] = kith_job_defaults();
    KITH_TRY(kith_job_read_stored(c->run[i]->folder, c->run[i]->job_text, s->job[i]));
  }
  for (int i = 0; i < c->n; i++)
    if (s->job[i]) KITH_TRY(settings_add(s, c->n, i));
  qsort(s->key, (size_t)s->n, sizeof *s->key, settings_compare);
done:
  return st;
}

static void settings_put(const compare *c, const settings *s, report_page *p) {
  char value[KITH_SWEEP_VALUES];
  kith__page_html(p, "<div class=\"scroll\"><table><caption>Settings that differ</caption><thead><tr><th "
                     "scope=\"col\">key</th>");
  for (int i = 0; i < c->n; i++) kith__page_put(p, "<th scope=\"col\">%s</th>", c->letter[i]);
  kith__page_html(p, "</tr></thead><tbody>\n");
  for (int k = 0; k < s->n; k++) {
    kith__page_put(p, "<tr><th scope=\"row\">%s</th>", s->key[k]);
    for (int i = 0; i < c->n; i++) {
      settings_value(s, i, s->key[k], value);
      kith__page_put(p, "<td>%s</td>", value);
    }
    kith__page_html(p, "</tr>\n");
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

kith_status kith__compare_settings(const compare *c, report_page *p) {
  kith_status st = KITH_OK;
  settings *s = NULL;
  KITH_TRY(KITH_NEW(s, 1));
  KITH_TRY(settings_read(c, s));
  if (s->n > 0) settings_put(c, s, p);
  else kith__page_html(p, "<p class=\"note\">The runs have the same settings of training.</p>\n");
done:
  for (int i = 0; s && i < c->n; i++) KITH_FREE(s->job[i]);
  KITH_FREE(s);
  return st;
}
