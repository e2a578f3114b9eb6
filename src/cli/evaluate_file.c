/* WORK/evaluate-SPLIT.json: the JSON object of the latest kith evaluate, for kith report and for programs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/evaluate.h"

/* ---- baselines of the file that is replaced ---- */

static bool evaluation_same_value(const kith_json_value *a, const kith_json_value *b) {
  if (!a || !b) return a == b;
  bool same = a->kind == b->kind && a->number == b->number && a->integer == b->integer && a->n == b->n &&
              strcmp(a->text ? a->text : "", b->text ? b->text : "") == 0;
  const kith_json_value *x = a->first, *y = b->first;
  for (; same && x && y; x = x->next, y = y->next) same = evaluation_same_value(x, y);
  return same;
}

/* Whether figures of both may stand in one table: of one run, graph, protocol and cutoffs. */
static bool evaluation_same(const kith_json_value *a, const kith_json_value *b) {
  static const char *const of[] = {"run",   "epoch", "fingerprint", "model",
                                   "split", "refit", "protocol",    "candidates",
                                   "mask",  "users", "dim",         "users_with_fewer"};
  int64_t k[2] = {0, 0};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++)
    if (!evaluation_same_value(kith_json_get(a, of[i]), kith_json_get(b, of[i]))) return false;
  for (const kith_json_value *m = a->first; m; m = m->next)
    if (strncmp(m->name, "recall@", 7) == 0) {
      if (!kith_json_get(b, m->name)) return false;
      k[0]++;
    }
  for (const kith_json_value *m = b->first; m; m = m->next) k[1] += strncmp(m->name, "recall@", 7) == 0;
  return k[0] == k[1];
}

/* Whether a list of baselines lacks a name. */
static bool evaluation_lacks(const kith_json_value *list, const char *name) {
  for (const kith_json_value *b = list ? list->first : NULL; b; b = b->next) {
    const char *its = kith_json_text(b, "name");
    if (its && strcmp(its, name) == 0) return false;
  }
  return true;
}

/* A value as JSON: of baselines, whose texts are words. */
static void evaluation_print_value(cli *out, const kith_json_value *v) {
  char real[32];
  if (v->name) cli_json_more(out, "\"%s\": ", v->name);
  if (v->kind == KITH_JSON_NULL) cli_json_more(out, "null");
  else if (v->kind == KITH_JSON_BOOL) cli_json_more(out, "%s", v->number != 0 ? "true" : "false");
  else if (v->kind == KITH_JSON_TEXT) cli_json_more(out, "\"%s\"", v->text);
  else if (v->kind == KITH_JSON_NUMBER && v->integer != 0) cli_json_more(out, "%lld", (long long)v->integer);
  else if (v->kind == KITH_JSON_NUMBER) {
    kith_real_print(v->number, sizeof real, real);
    cli_json_more(out, "%s", real);
  } else {
    cli_json_more(out, "%c", v->kind == KITH_JSON_LIST ? '[' : '{');
    for (const kith_json_value *of = v->first; of; of = of->next) {
      evaluation_print_value(out, of);
      if (of->next) cli_json_more(out, ", ");
    }
    cli_json_more(out, "%c", v->kind == KITH_JSON_LIST ? ']' : '}');
  }
}

/* Add to `kept` the baselines of the old file that were not measured now, and say so; or that they go. */
static void evaluation_keep(const cli *c, const char *file, const kith_json_value *before,
                            const kith_json_value *now, cli *kept) {
  const kith_json_value *old = kith_json_get(before, "baselines"), *ours = kith_json_get(now, "baselines");
  const bool same = evaluation_same(before, now);
  char names[KITH_NAME] = "";
  for (const kith_json_value *b = old ? old->first : NULL; b; b = b->next) {
    const char *name = kith_json_text(b, "name");
    if (!name || !evaluation_lacks(ours, name)) continue;
    const size_t n = strlen(names);
    snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ", " : "", name);
    if (!same) continue;
    if (kept->members || ours->n > 0) cli_json_more(kept, ", ");
    evaluation_print_value(kept, b);
  }
  if (names[0] && same) cli_print(c, "%s keeps the baselines measured before: %s", file, names);
  else if (names[0])
    cli_print_wrapped(
        c, 2,
        "%s had baselines of another run, protocol or cutoffs, which are dropped: %s; --baseline "
        "with their names measures them again",
        file, names);
}

/* The figures of another version's file, or of a damaged one, are replaced without a word. */
static void evaluation_read_kept(const cli *c, const char *file, const char *path, const char *text,
                                 cli *kept) {
  kith_json before = {.value = NULL}, now = {.value = NULL};
  if (access(path, F_OK) == 0 && !kith_is_bad(kith_json_read_file(path, false, &before)) &&
      !kith_is_bad(kith_json_read(file, text, (int64_t)strlen(text), &now)) &&
      kith_json_get(now.value, "baselines"))
    evaluation_keep(c, file, before.value, now.value, kept);
  kith_json_free(&before);
  kith_json_free(&now);
}

/* ---- the file ---- */

/* The object of --json, and of baselines those that are kept; its members are there whether --json is given
 * or not.  at: where in them the list of baselines ends; null: there is none. */
static void evaluation_print(const cli *c, const char *at, const char *kept, cli *line) {
  const char *end = at ? at : c->members;
  cli_json_more(line, "{\"verb\": \"%s\"", c->verb);
  cli_json(line, "status", "\"ok\"");
  cli_json(line, "code", "%d", (int)KITH_OK);
  cli_json(line, "ranks", "%d", c->comm->size);
  cli_json_more(line, "%.*s%s%s}\n", (int)(end - c->members), c->members, kept, end);
}

static kith_status evaluation_write(const cli *c, const char *file, const char *path, int64_t list_end) {
  cli line = {.comm = c->comm}, all = {.comm = c->comm}, kept = {.comm = c->comm};
  evaluation_print(c, NULL, "", &line);
  if (list_end > 0) evaluation_read_kept(c, file, path, line.members, &kept);
  evaluation_print(c, list_end > 0 ? c->members + list_end : NULL, kept.members ? kept.members : "", &all);
  kith_status st = kith_text_write(path, all.members);
  KITH_FREE(line.members);
  KITH_FREE(all.members);
  KITH_FREE(kept.members);
  return st;
}

kith_agreed cli_write_evaluation(cli *c, const kith_graph *g, const char *split) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH], name[KITH_NAME];
  /* a list of baselines is the last member so far */
  const bool lists = c->n_members > 0 && c->members[c->n_members - 1] == ']';
  const int64_t list_end = lists ? c->n_members - 1 : 0;
  cli_json(c, "fingerprint", "%lld", (long long)(int64_t)g->fingerprint);
  snprintf(name, sizeof name, "evaluate-%s.json", split);
  KITH_TRY(kith_agreed_same(kith_path_join(c->job.work, name, path)));
  if (c->comm->rank == 0 && kith_is_bad(evaluation_write(c, name, path, list_end)))
    kith_warn("%s; the figures above are not in a file for kith report", kith_error_text());
done:
  return st;
}
