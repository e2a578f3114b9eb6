/* The table of a sweep. */
#include <stdio.h>
#include <string.h>

#include "cli/sweep.h"

enum { PRINT_COLUMNS = 80, PRINT_ROWS = 40, PRINT_CELL = 64 };

/* How settings stand in the table: in columns under their keys, under the last parts of them, or in lines of
 * their own. */
typedef struct print_form {
  bool columns, brief;
  int width[KITH_SWEEP_AXES];
} print_form;

static const char *print_key(const kith_sweep *s, int i, bool brief) {
  const char *key = s->base->sweep.axis[i].key, *last = strrchr(key, '.');
  return brief && last ? last + 1 : key;
}

static print_form print_choose_form(const kith_sweep *s) {
  print_form f = {.columns = true};
  char value[KITH_SWEEP_VALUES];
  for (int brief = 0; brief < 2; brief++) {
    int all = 5 + 12 + 6 + 8 + 9;
    f.brief = brief;
    for (int i = 0; i < s->base->sweep.n_axis; i++) {
      f.width[i] = (int)strlen(print_key(s, i, f.brief));
      for (int t = 0; t < s->n; t++) {
        kith_sweep_value(s, t, i, value);
        if ((int)strlen(value) > f.width[i]) f.width[i] = (int)strlen(value);
      }
      all += 2 + f.width[i];
      f.columns = f.width[i] < PRINT_CELL && (i == 0 || f.columns);
    }
    if (f.columns && all <= PRINT_COLUMNS) return f;
  }
  f.columns = false;
  return f;
}

static void print_head(cli *c, const kith_sweep *s, const print_form *f) {
  char line[1024];
  int at = snprintf(line, sizeof line, "%5s  %10s  %4s  %6s  %7s", "trial", s->metric, "best", "epochs",
                    "seconds");
  for (int i = 0; f->columns && i < s->base->sweep.n_axis; i++)
    at += snprintf(line + at, sizeof line - (size_t)at, "  %-*s", f->width[i], print_key(s, i, f->brief));
  while (at > 0 && line[at - 1] == ' ') line[--at] = '\0';
  cli_print(c, "%s", line);
}

static void print_settings(cli *c, const kith_sweep *s, int t) {
  char value[KITH_SWEEP_VALUES], line[2 * KITH_SWEEP_VALUES] = "";
  size_t at = 0;
  for (int i = 0; i < s->base->sweep.n_axis && at < sizeof line; i++) {
    kith_sweep_value(s, t, i, value);
    at += (size_t)snprintf(line + at, sizeof line - at, "%s%s=%s", i > 0 ? " " : "",
                           s->base->sweep.axis[i].key, value);
  }
  cli_print_wrapped(c, 7, "       %s", line);
}

static void print_row(cli *c, const kith_sweep *s, const print_form *f, int t) {
  static const char *const word[] = {"waiting", "running", "", "", "failed"};
  const kith_trial *x = &s->trial[t];
  char line[1024], value[KITH_SWEEP_VALUES], score[32] = "", best[24] = "", epochs[24] = "";
  const bool shown = x->has_score && x->status != KITH_TRIAL_FAILED;
  if (shown) snprintf(score, sizeof score, "%.6f", x->score);
  else snprintf(score, sizeof score, "%s", word[x->status]);
  if (x->has_score && x->best_epoch > 0) snprintf(best, sizeof best, "%lld", (long long)x->best_epoch);
  if (x->has_score) snprintf(epochs, sizeof epochs, "%lld", (long long)x->epochs);
  int at = snprintf(line, sizeof line, "%5d  %10s  %4s  %6s  %7.1f", t + 1, score, best, epochs, x->seconds);
  for (int i = 0; f->columns && i < s->base->sweep.n_axis; i++) {
    kith_sweep_value(s, t, i, value);
    at += snprintf(line + at, sizeof line - (size_t)at, "  %-*s", f->width[i], value);
  }
  while (at > 0 && line[at - 1] == ' ') line[--at] = '\0';
  cli_print(c, "%s", line);
  if (!f->columns) print_settings(c, s, t);
}

static int print_count(const kith_sweep *s, kith_trial_status status) {
  int n = 0;
  for (int t = 0; t < s->n; t++) n += s->trial[t].status == status;
  return n;
}

static void print_failures(cli *c, const kith_sweep *s) {
  char path[KITH_PATH];
  int n = 0;
  for (int t = 0; t < s->n && n < PRINT_ROWS; t++) {
    const kith_trial *x = &s->trial[t];
    if (x->status != KITH_TRIAL_FAILED || kith_is_bad(kith_sweep_path(s, t, "log.txt", path))) continue;
    cli_print_wrapped(c, 2, "trial %d failed with code %d: %s (%s)", t + 1, x->code, x->error, path);
    n++;
  }
}

/* What to do with the best one. */
static void print_best(cli *c, const kith_sweep *s) {
  const int best = kith_sweep_best(s);
  char path[KITH_PATH], command[CLI_JOB_ARGS];
  if (best < 0 || kith_is_bad(kith_path_join(s->base->work, "sweep/best.yaml", path))) return;
  const bool refits = s->base->task == KITH_TASK_RECOMMEND && !kith_sweep_of_stream(s);
  command[0] = '\0';
  cli_append_quoted(command, "", path);
  cli_print_wrapped(
      c, 0,
      "%s chosen on the same validation data: the best %s is better than it will be on other data. "
      "Test was not read.",
      KITH_COUNT(s->n, "trial(s) (was|were)"), s->metric);
  cli_print(c, "%s:",
            refits ? "To refit the best one on validation as well, and read test once" : "To read test once");
  cli_print(c, refits ? "  kith train %s --refit" : "  kith evaluate %s --split test", command);
}

static void print_json(cli *c, const kith_sweep *s) {
  const int best = kith_sweep_best(s);
  char value[KITH_SWEEP_VALUES];
  cli_json(c, "trials", "%d", s->n);
  cli_json(c, "done", "%d", print_count(s, KITH_TRIAL_DONE));
  cli_json(c, "stopped", "%d", print_count(s, KITH_TRIAL_STOPPED));
  cli_json(c, "waiting", "%d", print_count(s, KITH_TRIAL_WAITING));
  cli_json(c, "failed", "%d", print_count(s, KITH_TRIAL_FAILED));
  cli_json(c, "metric", "\"%s\"", s->metric);
  if (best < 0) return;
  cli_json(c, "best", "%d", best + 1);
  cli_json(c, "score", "%.10g", s->trial[best].score);
  cli_json(c, "settings", "{");
  for (int i = 0; i < s->base->sweep.n_axis; i++) {
    kith_sweep_value(s, best, i, value);
    cli_json_more(c, "%s\"%s\": ", i > 0 ? ", " : "", s->base->sweep.axis[i].key);
    cli_json_string(c, value);
  }
  cli_json_more(c, "}");
}

kith_status cli_sweep_print(cli *c, const kith_sweep *s) {
  kith_status st = KITH_OK;
  int *order = NULL;
  const print_form form = print_choose_form(s);
  char of[64] = "";
  KITH_TRY(KITH_NEW(order, s->n + 1));
  kith_sweep_order(s, order);
  if (s->n_grid > 0) snprintf(of, sizeof of, " of a grid of %lld", (long long)s->n_grid);
  cli_print(c, "%s%s, best first by %s on validation", KITH_COUNT(s->n, "trial(s)"), of, s->metric);
  print_head(c, s, &form);
  for (int i = 0; i < s->n && i < PRINT_ROWS; i++) print_row(c, s, &form, order[i]);
  if (s->n > PRINT_ROWS) cli_print(c, "and %d more: %s/trials.jsonl", s->n - PRINT_ROWS, s->folder);
  if (print_count(s, KITH_TRIAL_STOPPED) > 0)
    cli_print(c, "%s by halving, after fewer epochs",
              KITH_COUNT(print_count(s, KITH_TRIAL_STOPPED), "trial(s) (was|were) stopped"));
  print_failures(c, s);
  print_best(c, s);
  print_json(c, s);
done:
  KITH_FREE(order);
  return st;
}
