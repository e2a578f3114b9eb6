/* Explanations for people: shares with bars, paths in words, lines of at most 80 columns. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/explain.h"

enum { BAR = 12, REASON = 25 /* columns before the text of a reason */ };

#define PRINT_NO_NEIGHBORS                                                                                   \
  "(the model reads no neighbors: what it knows of the user is in the user's row, learned from all that "    \
  "the "                                                                                                     \
  "user chose, and is not divided further)"

#define PRINT_GRADIENT                                                                                       \
  "(gradient x input: not additive; what each neighbor's rows add to the user's to first order, and a "      \
  "remainder)"

#define PRINT_REMAINDER                                                                                      \
  "(the remainder is more than half of the score: these terms say little of what made it)"

#define PRINT_ORDER "reasons: the largest first, sums last (━ for it, ╌ against)"

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

/* A time in seconds, milliseconds or finer units is a date, a number such as 2019 a year; others, such as
 * places in a list, tell people nothing. */
static void print_time(int64_t when, words *to) {
  char text[32] = "";
  struct tm day;
  int64_t least = 100000000, seconds = when;
  while (seconds >= least * 1000) seconds /= 1000;
  time_t t = (time_t)seconds;
  if (when >= least && gmtime_r(&t, &day)) strftime(text, sizeof text, "%Y-%m-%d", &day);
  if (text[0]) words_add(to, ", %s", text);
  else if (when >= 1900 && when <= 2100) words_add(to, ", %lld", (long long)when);
}

/* One explanation as it is shown. */
typedef struct view {
  const explain_data *a;
  const kith_explain_sums *s;
  const kith_explain_reason *reason; /* [n] those that are listed */
  int n;                             /* … of [n_known] */
  int n_known;
  bool shares;   /* of the score; else contributions: the score is no whole that has shares */
  bool gradient; /* terms are gradient x input */
  bool attends;  /* neighbors are weighted by attention */
  double most;   /* length of the longest bar */
} view;

/* "37.2 %  ━━━━━━", or the contribution. */
static void print_line(const view *v, double value, const char *text) {
  words lead = {.n = 0};
  const double least = v->shares ? 0.0005 * fabs(v->s->score) : 0.000005; /* what is shown as 0 has no sign */
  if (fabs(value) < least) value = 0;
  int full = v->most > 0 ? (int)lround(BAR * fabs(value) / v->most) : 0;
  if (v->shares) words_add(&lead, "%8.1f %%  ", 100 * value / v->s->score);
  else words_add(&lead, "%10.5f  ", value);
  for (int k = 0; k < BAR; k++) words_add(&lead, "%s", k >= full ? " " : value > 0 ? "━" : "╌");
  words_add(&lead, " ");
  cli_wrap(lead.text, REASON, text);
}

/* Evidence in words, which its relation follows; of a kind without words its name in the job. */
static void print_evidence(const kith_evidence *e, words *to) {
  static const char *const said[KITH_EVIDENCE_KINDS] = {
      [KITH_EVIDENCE_SEEN] = "you have it in",
      [KITH_EVIDENCE_RATE] = "how often it is chosen after",
      [KITH_EVIDENCE_FRIENDS] = "chosen by those next to you in",
      [KITH_EVIDENCE_RECENT] = "how recent it is in your",
      [KITH_EVIDENCE_ORDER] = "often comes soon after your latest",
      [KITH_EVIDENCE_POPULAR] = "popular in",
      [KITH_EVIDENCE_ALIKE] = "like your items by",
      [KITH_EVIDENCE_NEAR] = "next to your items in",
      [KITH_EVIDENCE_NEAR2] = "two edges from your items in",
  };
  char text[2 * KITH_NAME];
  kith_evidence_print(e, text);
  if (said[e->kind]) words_add(to, "evidence: %s %s", said[e->kind], e->relation);
  else words_add(to, "evidence: %s", text);
}

static void print_reason(const view *v, const kith_explain_reason *r) {
  char word[EXPLAIN_TEXT], label[EXPLAIN_TEXT];
  words text = {.n = 0};
  if (r->edge.relation == KITH_EXPLAIN_EVIDENCE) {
    print_evidence(&v->a->evidence[r->edge.original], &text);
    print_line(v, r->value, text.text);
    return;
  }
  words_add(&text, "%s %s", cli_explain_word(v->a, KITH_USER, &r->edge, word),
            cli_explain_label(v->a, &r->edge, label));
  if (r->edge.timed) print_time(r->edge.time, &text);
  if (r->share > 0) words_add(&text, ", attention %.3f", r->attention);
  if (r->share > 0 && r->share < 1) words_add(&text, " of %.3f", r->share);
  print_line(v, r->value, text.text);
}

/* The sums of the terms that are not listed. */
static kith_explain_sums print_rest(const view *v) {
  kith_explain_sums rest = *v->s;
  for (int i = 0; i < v->n; i++) {
    double value = v->reason[i].value;
    *(value > 0 ? &rest.positive : &rest.negative) -= value;
    rest.n_positive -= value > 0;
    rest.n_negative -= value < 0;
  }
  return rest;
}

/* Terms of one sign that are not listed, in sum; if it is one, its name takes no more room. */
static void print_others_of(const view *v, int64_t n, double sum, bool positive) {
  if (n == 0) return;
  for (int i = v->n; n == 1 && i < v->n_known; i++) {
    if (v->reason[i].value == 0 || (v->reason[i].value > 0) != positive) continue;
    print_reason(v, &v->reason[i]);
    return;
  }
  print_line(v, sum,
             positive ? KITH_COUNT(n, "further reason(s) for it, in sum")
                      : KITH_COUNT(n, "further reason(s) against it, in sum"));
}

static void print_others(const view *v, const kith_explain_sums *rest) {
  print_others_of(v, rest->n_positive, rest->positive, true);
  print_others_of(v, rest->n_negative, rest->negative, false);
}

/* The longest bar. */
static void print_scale(view *v, const kith_explain_sums *rest) {
  v->most = fmax(fabs(rest->own), fmax(rest->positive, -rest->negative));
  for (int i = 0; i < v->n; i++) v->most = fmax(v->most, fabs(v->reason[i].value));
}

/* The listed reasons, and among them, by its size, the own row; 0: there is none. */
static void print_listed(const view *v, double own, const char *whose) {
  bool waits = own != 0;
  for (int i = 0; i < v->n; i++) {
    if (waits && fabs(own) >= fabs(v->reason[i].value)) print_line(v, own, whose);
    waits = waits && fabs(own) < fabs(v->reason[i].value);
    print_reason(v, &v->reason[i]);
  }
  if (waits) print_line(v, own, whose);
}

static void print_reasons(view *v) {
  const kith_explain_sums rest = print_rest(v);
  print_scale(v, &rest);
  if (v->gradient) {
    v->most = fmax(v->most, fabs(v->s->rounding));
    cli_wrap("    ", 4, PRINT_GRADIENT);
    if (cli_explain_is_remainder(v->s)) cli_wrap("    ", 4, PRINT_REMAINDER);
  }
  print_listed(v, v->s->own, "the user's own row");
  print_others(v, &rest);
  if (v->gradient) print_line(v, v->s->rounding, "remainder: what gradient x input misses");
  else if (fabs(v->s->rounding) > 0.0005 * fabs(v->s->score)) print_line(v, v->s->rounding, "rounding");
}

/* The same score by the features of the item. */
static void print_item_end(view v, const explain_data *a, const kith_explain_item *item) {
  kith_explain_sums sums = {.score = v.s->score,
                            .own = item->own,
                            .positive = item->positive,
                            .negative = item->negative,
                            .n_positive = item->n_positive,
                            .n_negative = item->n_negative};
  v.s = &sums;
  const kith_explain_sums rest = print_rest(&v);
  printf("    the same score by features of the item\n");
  print_scale(&v, &rest);
  v.most = fmax(v.most, fabs(item->rest));
  print_listed(&v, fabs(item->own) > 1e-6 * fabs(v.s->score) ? item->own : 0, "the item's own row");
  print_others(&v, &rest);
  if (fabs(item->rest) > 0.0005 * fabs(v.s->score))
    print_line(&v, item->rest,
               a->n_member > 1 || a->table.n > 0 ? "all else: the item's neighbors, other models, evidence"
               : v.gradient                      ? "all else: the item's neighbors, and a remainder"
                                                 : "the item's neighbors");
}

/* "you – chose – film A – director – D – director – film B" */
static void print_walk(const view *v, const char *lead, int indent, const kith_explain_walk *walk) {
  char word[EXPLAIN_TEXT], label[EXPLAIN_TEXT];
  words text = {.n = 0};
  if (v->a->n_member > 1) words_add(&text, "%s: ", cli_explain_member(v->a, walk->member));
  words_add(&text, "you");
  for (int h = 0, from = KITH_USER; h < walk->n; from = walk->hop[h++].type)
    words_add(&text, " – %s – %s", cli_explain_word(v->a, from, &walk->hop[h], word),
              cli_explain_label(v->a, &walk->hop[h], label));
  cli_wrap(lead, indent, text.text);
}

static void print_paths(const view *v, const kith_explain_walk *path, int n) {
  char lead[32];
  if (n > 0 && path[0].n > 0) printf("    paths with the highest contributions\n");
  for (int i = 0; i < n && path[i].n > 0; i++) {
    if (v->shares) snprintf(lead, sizeof lead, "%8.2f %%  ", 100 * path[i].value / v->s->score);
    else snprintf(lead, sizeof lead, "%10.5f  ", path[i].value);
    print_walk(v, lead, 12, &path[i]);
  }
}

/* The id of an item, with its name if there is one. */
static void print_item(const explain_data *a, int64_t item, words *to) {
  char id[KITH_PATH], name[KITH_PATH];
  kith_ids_print(&a->base.item, item, sizeof id, id);
  cli_recommend_name(&a->base, KITH_ITEM, item, name);
  words_add(to, "%s%s%s", id, name[0] ? "  " : "", name);
}

/* With `against`, those of the first item. */
static void print_connections(const view *v, const kith_explain_query *query, const kith_explain_walk *walk,
                              int n) {
  words title = {.n = 0};
  words_add(&title, "connections");
  if (query->against >= 0) {
    words_add(&title, " of ");
    print_item(v->a, query->item, &title);
  }
  words_add(&title, v->attends ? " by attention of the last layer, whatever the score"
                               : ": how both are related, whatever the score");
  if (n > 0 && walk[0].n > 0) cli_wrap("    ", 4, title.text);
  for (int i = 0; i < n && walk[i].n > 0; i++) print_walk(v, "      ", 6, &walk[i]);
}

static void print_heading(const explain_data *a, const kith_explain_query *query,
                          const kith_explain_sums *s) {
  char lead[64];
  words text = {.n = 0};
  print_item(a, query->item, &text);
  if (query->against >= 0) {
    words_add(&text, " rather than ");
    print_item(a, query->against, &text);
  }
  snprintf(lead, sizeof lead, "  %s %.5f  ", query->against >= 0 ? "difference" : "score", s->score);
  cli_wrap(lead, (int)strlen(lead), text.text);
}

/* An item that kith recommend never lists. */
static void print_unranked(const explain_data *a, int64_t item, const char *why) {
  words text = {.n = 0};
  if (!why[0]) return;
  words_add(&text, "(");
  print_item(a, item, &text);
  words_add(&text, " is not ranked for this user: %s)", why);
  cli_wrap("    ", 4, text.text);
}

bool cli_explain_is_remainder(const kith_explain_sums *s) { return fabs(s->rounding) > fabs(s->score) / 2; }

static int print_count(int most, const kith_explain_reason *reason) {
  int n = 0;
  while (n < most && reason[n].edge.type >= 0) n++;
  return n;
}

void cli_explain_print(const explain_request *w, const explain_data *a, const kith_explain_query *query,
                       const kith_explanations *e) {
  char name[KITH_PATH];
  words user = {.n = 0};
  cli_recommend_name(&a->base, KITH_USER, query[0].user, name);
  words_add(&user, "%s%s%s", w->user, name[0] ? "  " : "", name);
  cli_wrap("", 0, user.text);
  if (cli_explains() && e->n > 0 && print_count(e->n_reason, e->reason) > 0) cli_wrap("  ", 2, PRINT_ORDER);
  for (int q = 0; q < e->n; q++) {
    const size_t at = (size_t)q * (size_t)e->n_reason;
    view v = {.a = a, .s = &e->sums[q], .reason = e->reason + at};
    v.n_known = print_count(e->n_reason, v.reason);
    v.n = (int)kith_min(w->n_reason, v.n_known);
    v.gradient = e->method == KITH_EXPLAIN_GRADIENT;
    v.attends = e->method == KITH_EXPLAIN_ATTENTION;
    v.shares = v.s->score > 0 && query[q].against < 0;
    print_heading(a, &query[q], v.s);
    print_unranked(a, query[q].item, a->unranked[0]);
    if (query[q].against >= 0) print_unranked(a, query[q].against, a->unranked[1]);
    print_reasons(&v);
    if (!e->reads_neighbors) cli_wrap("    ", 4, PRINT_NO_NEIGHBORS);
    if (e->item[q].has_features) {
      view end = {
          .a = a, .s = v.s, .reason = e->item_reason + at, .shares = v.shares, .gradient = v.gradient};
      end.n_known = print_count(e->n_reason, end.reason);
      end.n = (int)kith_min(w->n_reason, end.n_known);
      print_item_end(end, a, &e->item[q]);
    }
    print_paths(&v, e->path + (size_t)q * (size_t)e->n_path, e->n_path);
    print_connections(&v, &query[q], e->connection + (size_t)q * (size_t)e->n_connection, e->n_connection);
  }
}
