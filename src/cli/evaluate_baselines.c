/* kith evaluate --groups and --baseline: which are taken, and baselines measured and printed below the model.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/evaluate.h"
#include "cli/stream.h"
#include "diagnose/diagnose.h"

/* ---- options ---- */

/* The number behind "ease:"; beyond these bounds the Gram matrix's floats lose the interactions, or lambda.
 */
static kith_status baselines_read_lambda(const char *text, double *lambda) {
  kith_status st = KITH_OK;
  char *end = NULL;
  *lambda = strtod(text, &end);
  const bool is_number = isdigit((unsigned char)text[0]) && !strpbrk(text, "xX") && !*end;
  KITH_CHECK(is_number && *lambda >= 1e-3 && *lambda <= 1e9, KITH_EUSAGE,
             "kith evaluate: --baseline ease:%s: expected a number from 0.001 to 1e9, such as ease:200, or "
             "choose",
             text);
done:
  return st;
}

/* A whole number behind "ease-low:" or "itemknn:". */
static kith_status baselines_read_count(const char *name, const char *text, const char *what, int most,
                                        int *count) {
  kith_status st = KITH_OK;
  char *end = NULL;
  const long n = strtol(text, &end, 10);
  KITH_CHECK(isdigit((unsigned char)text[0]) && !*end && n >= 1 && n <= most, KITH_EUSAGE,
             "kith evaluate: --baseline %s:%s: expected a number of %s from 1 to %d", name, text, what, most);
  *count = (int)n;
done:
  return st;
}

/* What is behind "itemknn:", "ease:" or "ease-low:". */
static kith_status baselines_read_wish(char *name, kith_baseline_wishes *wishes) {
  kith_status st = KITH_OK;
  char *value = strchr(name, ':');
  if (!value) return st;
  *value++ = '\0';
  if (strcmp(name, "ease") == 0 && strcmp(value, "choose") == 0) wishes->choose = true;
  else if (strcmp(name, "ease") == 0) KITH_TRY(baselines_read_lambda(value, &wishes->lambda));
  else if (strcmp(name, "ease-low") == 0)
    KITH_TRY(baselines_read_count(name, value, "columns", KITH_BASELINE_MOST_COLUMNS, &wishes->low_columns));
  else if (strcmp(name, "itemknn") == 0)
    KITH_TRY(
        baselines_read_count(name, value, "neighbors", KITH_BASELINE_MOST_NEIGHBORS, &wishes->neighbors));
  else value[-1] = ':';
done:
  return st;
}

/* "popular,ease", or "none". */
static kith_status baselines_read(const char *list, bool classifies, cli_evaluation *want) {
  kith_status st = KITH_OK;
  char names[KITH_NAME];
  memset(want->baseline, 0, sizeof want->baseline);
  if (strcmp(list, "none") == 0) return st;
  KITH_TRY(kith_text_copy("kith evaluate: --baseline", list, sizeof names, names));
  for (char *at = names, *name; (name = strsep(&at, ","));) {
    int b = 0;
    if (!classifies) KITH_TRY(baselines_read_wish(name, &want->wishes));
    while (b < KITH_BASELINES && (kith_baseline_classifies((kith_baseline)b) != classifies ||
                                  strcmp(name, kith_baseline_text((kith_baseline)b)) != 0))
      b++;
    KITH_CHECK(b < KITH_BASELINES, KITH_EUSAGE,
               "kith evaluate: --baseline %s: \"%s\": expected %s, a list of them, or none%s", list, name,
               classifies ? "majority or propagation" : "popular, itemknn, ease or ease-low",
               classifies ? " (task: classify)" : "");
    KITH_CHECK(!want->baseline[b], KITH_EUSAGE,
               "kith evaluate: --baseline %s: %s is there twice; run kith evaluate for each", list, name);
    want->baseline[b] = true;
  }
done:
  return st;
}

/* --rolling and evaluate.stream have figures of their own. */
kith_status cli_take_evaluation(cli *c, cli_evaluation *want) {
  kith_status st = KITH_OK;
  bool rolls = false, streams = cli_replays(c);
  for (int i = 0; i < c->n_arg; i++) rolls = rolls || strncmp(c->arg[i], "--rolling", 9) == 0;
  bool classifies = c->job.task == KITH_TASK_CLASSIFY;
  *want = (cli_evaluation){.groups = cli_flag(c, "groups")};
  want->baseline[classifies ? KITH_BASELINE_MAJORITY : KITH_BASELINE_POPULAR] = true;
  const char *list = cli_option(c, "baseline");
  want->asked = list != NULL;
  if (list) KITH_TRY(baselines_read(list, classifies, want));
  if (!want->groups && !want->asked) return st;
  KITH_CHECK(!rolls || !want->asked, KITH_EUSAGE,
             "kith evaluate: --baseline: is not measured of the slices of --rolling; leave out one of both");
  KITH_CHECK(!want->groups || !classifies, KITH_EUSAGE,
             "kith evaluate: --groups: is about ranked items; with task: classify nothing is ranked");
  KITH_CHECK(!streams || !want->asked, KITH_EUSAGE,
             "kith evaluate: --baseline: is about lists of items, and evaluate.stream ranks events; leave it "
             "out");
done:
  return st;
}

/* ---- figures ---- */

/* EASE in another form, where the exact one has no room. */
static void baselines_take_low(const cli *c, cli_evaluation *want, const kith_graph *g) {
  want->baseline[KITH_BASELINE_EASE] = false;
  want->baseline[KITH_BASELINE_EASE_LOW] = true;
  const double bytes =
      (double)kith_baseline_bytes(KITH_BASELINE_EASE, g, c->comm->size, &c->job.evaluate, &want->wishes);
  if (c->comm->rank == 0)
    kith_warn("baseline ease: %lld items need %.1f GiB on rank 0, more than its host has left: ease-low, by "
              "eigenvectors, takes its place",
              (long long)g->n[KITH_ITEM], bytes / 0x1p30);
}

kith_agreed cli_check_baselines(const cli *c, cli_evaluation *want, const kith_graph *g) {
  kith_agreed st = {KITH_OK};
  for (int b = 0; b < KITH_BASELINES; b++) {
    if (!want->baseline[b]) continue;
    st = kith_baseline_check(c->comm, g, (kith_baseline)b, &c->job.evaluate, &want->wishes);
    if (b == KITH_BASELINE_EASE && st.status == KITH_ENOMEM && want->wishes.lambda == 0) {
      baselines_take_low(c, want, g);
      continue;
    }
    want->baseline[b] = !kith_is_bad(st);
    if (want->asked) KITH_TRY(st);
    st = (kith_agreed){KITH_OK};
  }
done:
  return st;
}

static void baselines_print_line(const cli *c, const char *name, const kith_metrics *m, double seconds,
                                 int64_t bytes) {
  char memory[32] = "";
  const int last = m->n_k - 1;
  cli_print(c, "%-12s  %11.6f  %11.6f  %10.2f  %12s", name, m->recall[last], m->ndcg[last], seconds,
            bytes > 0 ? kith_bytes_print(bytes, memory) : "");
}

static void baselines_print_settings(const cli *c, kith_baseline b, const kith_baseline_settings *s) {
  const char *chosen = s->chosen ? "chosen on validation" : s->given ? "given" : "defaults";
  char how[64];
  if (s->similarity == KITH_SIMILARITY_CONDITIONAL) snprintf(how, sizeof how, "power %g", s->power);
  else
    snprintf(how, sizeof how, "shrink %g%s%s", s->shrink, s->normalize ? ", normalized" : "",
             s->center ? ", centered" : "");
  if (b == KITH_BASELINE_ITEMKNN)
    cli_print(c, "  %s, %s, %s (%s)", kith_similarity_text(s->similarity),
              KITH_COUNT(s->neighbors, "neighbor(s)"), how, chosen);
  if (b == KITH_BASELINE_EASE) cli_print(c, "  exact, lambda %g (%s)", s->lambda, chosen);
  if (b == KITH_BASELINE_EASE_LOW)
    cli_print(c, "  %s, lambda %g (%s)", KITH_COUNT(s->columns, "eigenvector(s)"), s->lambda, chosen);
}

static void baselines_json(cli *c, kith_baseline b, const kith_baseline_figures *f, bool first) {
  const kith_baseline_settings *s = &f->settings;
  cli_json_more(c, "%s{\"name\": \"%s\"", first ? "" : ", ", kith_baseline_text(b));
  cli_json_figures(c, &f->metrics);
  cli_json(c, "seconds", "%.4f", f->seconds);
  cli_json(c, "memory_bytes", "%lld", (long long)f->memory_bytes);
  cli_json(c, "settings", "{");
  if (b == KITH_BASELINE_ITEMKNN)
    cli_json_more(
        c,
        "\"similarity\": \"%s\", \"neighbors\": %d, \"shrink\": %.10g, \"normalize\": %s, \"power\": "
        "%.10g, \"center\": %s, ",
        kith_similarity_text(s->similarity), s->neighbors, s->shrink, s->normalize ? "true" : "false",
        s->power, s->center ? "true" : "false");
  if (b == KITH_BASELINE_EASE_LOW) cli_json_more(c, "\"columns\": %d, ", s->columns);
  if (b == KITH_BASELINE_EASE || b == KITH_BASELINE_EASE_LOW)
    cli_json_more(c, "\"lambda\": %.10g, ", s->lambda);
  if (b != KITH_BASELINE_POPULAR) cli_json_more(c, "\"chosen\": %s", s->chosen ? "true" : "false");
  cli_json_more(c, "}}");
}

kith_agreed cli_evaluate_baselines(cli *c, const cli_evaluation *want, const kith_graph *g, const char *model,
                                   const kith_metrics *m, double seconds) {
  kith_agreed st = {KITH_OK};
  const int top = m->k[m->n_k - 1];
  bool first = true;
  cli_json(c, "baselines", "[");
  for (int b = 0; b < KITH_BASELINES; b++) {
    kith_baseline_figures f;
    if (!want->baseline[b]) continue;
    KITH_TRY(kith_baseline_evaluate(c->comm, g, (kith_baseline)b, &c->job.evaluate, &want->wishes, &f));
    if (first)
      cli_print(c, "%-12s  Recall@%-4d  NDCG@%-6d  %10s  %12s", "baselines", top, top, "seconds", "memory");
    if (first) baselines_print_line(c, model, m, seconds, 0);
    baselines_print_line(c, kith_baseline_text((kith_baseline)b), &f.metrics, f.seconds, f.memory_bytes);
    baselines_print_settings(c, (kith_baseline)b, &f.settings);
    baselines_json(c, (kith_baseline)b, &f, first);
    first = false;
  }
  if (!first) cli_note(c, 0, "seconds: of the model to rank, of baselines to fit and to rank");
  cli_json_more(c, "]");
done:
  return st;
}
