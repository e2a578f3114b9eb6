/* Explanations for people: shares with bars, paths in words, lines of at most 80 columns. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/explain.h"

enum { COLUMNS = 80, BAR = 12, REASON = 25 /* columns before the text of a reason */ };

/* A text that grows; what does not fit is cut. */
typedef struct words {
  size_t n;
  char text[16 * 2 * EXPLAIN_TEXT];
} words;

static void words_add(words *w, const char *format, ...) KITH_FORMAT(2, 3);
static void words_add(words *w, const char *format, ...) {
  va_list rest;
  va_start(rest, format);
  int n = vsnprintf(w->text + w->n, sizeof w->text - w->n, format, rest);
  va_end(rest);
  if (n > 0) w->n = w->n + (size_t)n < sizeof w->text ? w->n + (size_t)n : sizeof w->text - 1;
}

/* Bytes of at most `columns` characters. */
static size_t print_bytes(const char *text, int columns) {
  size_t n = 0;
  for (int k = 0; k < columns && text[n]; k++) {
    int one = kith_utf8_length(text + n);
    n += one > 0 ? (size_t)one : 1;
  }
  return n;
}

/* Print the text behind `lead`, which has `indent` columns, and go on below at the same column. */
static void print_wrapped(const char *lead, int indent, const char *text) {
  for (bool first = true; first || *text; first = false) {
    size_t n = print_bytes(text, COLUMNS - indent), all = strlen(text), at = n;
    if (n < all)
      while (at > 0 && text[at] != ' ') at--;
    if (at > 0) n = at;
    if (first) printf("%s%.*s\n", lead, (int)n, text);
    else printf("%*s%.*s\n", indent, "", (int)n, text);
    text += n;
    while (*text == ' ') text++;
  }
}

/* A time in seconds, milliseconds or finer units is a date; a small number stays one. */
static void print_time(int64_t when, words *to) {
  char text[32] = "";
  struct tm day;
  int64_t least = 100000000, seconds = when;
  while (seconds >= least * 1000) seconds /= 1000;
  time_t t = (time_t)seconds;
  if (when >= least && gmtime_r(&t, &day)) strftime(text, sizeof text, "%Y-%m-%d", &day);
  if (text[0]) words_add(to, ", %s", text);
  else words_add(to, ", time %lld", (long long)when);
}

/* "37.2 %  ━━━━━━" or, where the score is no whole to have a share of, the contribution. */
static void print_share(const kith_explain_sums *s, double value, double most, words *lead) {
  int full = most > 0 ? (int)lround(BAR * fabs(value) / most) : 0;
  if (s->score > 0) words_add(lead, "%8.1f %%  ", 100 * value / s->score);
  else words_add(lead, "%10.4f  ", value);
  for (int k = 0; k < BAR; k++) words_add(lead, "%s", k >= full ? " " : value > 0 ? "━" : "╌");
  words_add(lead, " ");
}

static void print_line(const kith_explain_sums *s, double value, double most, const char *text) {
  words lead = {.n = 0};
  print_share(s, value, most, &lead);
  print_wrapped(lead.text, REASON, text);
}

static void print_reason(const explain_data *a, const kith_explain_sums *s, const kith_explain_reason *r,
                         double most) {
  char word[EXPLAIN_TEXT], label[EXPLAIN_TEXT];
  words text = {.n = 0};
  words_add(&text, "%s %s", cli_explain_word(a, KITH_USER, &r->edge, word),
            cli_explain_label(a, r->edge.type, r->edge.original, label));
  if (r->edge.timed) print_time(r->edge.time, &text);
  print_line(s, r->value, most, text.text);
}

/* The sums of the neighbors that are not listed. */
static kith_explain_sums print_rest(const kith_explain_sums *s, const kith_explain_reason *r, int n) {
  kith_explain_sums rest = *s;
  for (int i = 0; i < n && r[i].edge.type >= 0; i++) {
    *(r[i].value > 0 ? &rest.positive : &rest.negative) -= r[i].value;
    rest.n_positive -= r[i].value > 0;
    rest.n_negative -= r[i].value < 0;
  }
  return rest;
}

static void print_others(const kith_explain_sums *rest, double most) {
  char text[96];
  snprintf(text, sizeof text, "%lld other%s for it", (long long)rest->n_positive,
           kith_plural(rest->n_positive));
  if (rest->n_positive > 0) print_line(rest, rest->positive, most, text);
  snprintf(text, sizeof text, "%lld other%s against it", (long long)rest->n_negative,
           kith_plural(rest->n_negative));
  if (rest->n_negative > 0) print_line(rest, rest->negative, most, text);
}

/* The longest bar. */
static double print_most(const kith_explain_sums *rest, const kith_explain_reason *r, int n) {
  double most = fmax(fabs(rest->own), fmax(rest->positive, -rest->negative));
  for (int i = 0; i < n && r[i].edge.type >= 0; i++) most = fmax(most, fabs(r[i].value));
  return most;
}

static void print_reasons(const explain_data *a, const kith_explain_sums *s, const kith_explain_reason *r,
                          int n) {
  const kith_explain_sums rest = print_rest(s, r, n);
  double most = print_most(&rest, r, n);
  for (int i = 0; i < n && r[i].edge.type >= 0; i++) print_reason(a, s, &r[i], most);
  print_others(&rest, most);
  print_line(s, s->own, most, "the user's own row");
  if (fabs(s->rounding) > 0.0005 * fabs(s->score)) print_line(s, s->rounding, most, "rounding");
}

/* "you – chose – film A – director – D – director – film B" */
static void print_walk(const explain_data *a, const char *lead, int indent, const kith_explain_walk *walk) {
  char word[EXPLAIN_TEXT], label[EXPLAIN_TEXT];
  words text = {.n = 0};
  words_add(&text, "you");
  for (int h = 0, from = KITH_USER; h < walk->n; from = walk->hop[h++].type)
    words_add(&text, " – %s – %s", cli_explain_word(a, from, &walk->hop[h], word),
              cli_explain_label(a, walk->hop[h].type, walk->hop[h].original, label));
  print_wrapped(lead, indent, text.text);
}

static void print_paths(const explain_data *a, const kith_explain_sums *s, const kith_explain_walk *path,
                        int n) {
  char lead[32];
  if (n > 0 && path[0].n > 0) printf("    paths with the highest contributions\n");
  for (int i = 0; i < n && path[i].n > 0; i++) {
    if (s->score > 0) snprintf(lead, sizeof lead, "%8.2f %%  ", 100 * path[i].value / s->score);
    else snprintf(lead, sizeof lead, "%10.5f  ", path[i].value);
    print_walk(a, lead, 12, &path[i]);
  }
}

static void print_connections(const explain_data *a, const kith_explain_walk *walk, int n) {
  if (n > 0 && walk[0].n > 0) printf("    connections\n");
  for (int i = 0; i < n && walk[i].n > 0; i++) print_walk(a, "      ", 6, &walk[i]);
}

/* An id with its name, if there is one. */
static void print_heading(const char *id, const char *name, const char *lead) {
  words text = {.n = 0};
  words_add(&text, "%s%s%s", id, name[0] ? "  " : "", name);
  print_wrapped(lead, (int)strlen(lead), text.text);
}

void cli_explain_print(cli *c, const explain_request *w, const explain_data *a,
                       const kith_explain_query *query, const kith_explanations *e) {
  char id[KITH_PATH], name[KITH_PATH], lead[64];
  (void)c;
  print_heading(w->user, cli_recommend_name(&a->base, KITH_USER, query[0].user, name), "");
  for (int q = 0; q < e->n; q++) {
    const kith_explain_sums *s = &e->sums[q];
    kith_ids_print(&a->base.item, query[q].item, sizeof id, id);
    snprintf(lead, sizeof lead, "%10.5f  ", s->score);
    print_heading(id, cli_recommend_name(&a->base, KITH_ITEM, query[q].item, name), lead);
    print_reasons(a, s, e->reason + (size_t)q * (size_t)e->n_reason, e->n_reason);
    print_paths(a, s, e->path + (size_t)q * (size_t)e->n_path, e->n_path);
    print_connections(a, e->connection + (size_t)q * (size_t)e->n_connection, e->n_connection);
  }
}
