/*
 * The table of evidence: each kind lists pairs of the owned users, or has a number of each item, and the
 * lists are merged by item.  docs/models.md has the formulas.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blend/evidence_impl.h"
#include "graph/schema.h"

static const struct {
  const char *name; /* of the key, after "blend." */
  kith__evidence_maker make;
  bool users;   /* of a relation between users */
  bool items;   /* of a relation between items */
  bool content; /* of a relation of items with any nodes, or of features; else of users with items */
  bool chosen;  /* also of interactions */
  bool timed;   /* edges need times; popular: with a half-life */
} evidence_kinds[KITH_EVIDENCE_KINDS] = {
    [KITH_EVIDENCE_SEEN] = {"seen", kith__evidence_seen},
    [KITH_EVIDENCE_RATE] = {"rate", kith__evidence_seen},
    [KITH_EVIDENCE_FRIENDS] = {"friends", kith__evidence_friends, .users = true},
    [KITH_EVIDENCE_RECENT] = {"recent", kith__evidence_recent, .timed = true},
    [KITH_EVIDENCE_ORDER] = {"order", kith__evidence_order, .chosen = true, .timed = true},
    [KITH_EVIDENCE_POPULAR] = {"popular", kith__evidence_popular, .chosen = true},
    [KITH_EVIDENCE_ALIKE] = {"alike", kith__evidence_alike, .content = true},
    [KITH_EVIDENCE_NEAR] = {"near", kith__evidence_near, .items = true},
    [KITH_EVIDENCE_NEAR2] = {"near2", kith__evidence_near, .items = true},
};

const char *kith_evidence_kind_name(kith_evidence_kind kind) { return evidence_kinds[kind].name; }

void kith_evidence_print(const kith_evidence *e, char *text) {
  char more[64] = "";
  if (e->half_life > 0) snprintf(more, sizeof more, " %.15gs", e->half_life);
  if (e->kind == KITH_EVIDENCE_ALIKE) snprintf(more, sizeof more, " idf=%.8g length=%.8g", e->idf, e->length);
  snprintf(text, 2 * KITH_NAME, "%s %s%s", evidence_kinds[e->kind].name, e->relation, more);
}

/* A number from 0 on behind `name`; the text advances behind it. */
static bool evidence_parse_number(const char **text, const char *name, double *x) {
  const size_t n = strlen(name);
  char *end = NULL;
  if (strncmp(*text, name, n) != 0) return false;
  *x = strtod(*text + n, &end);
  const bool found = end > *text + n && isfinite(*x) && *x >= 0;
  *text = end;
  return found;
}

/* What follows the relation's name: "2592000s" of popular, perhaps; "idf=2 length=0.5" of alike. */
static bool evidence_parse_more(const char *text, kith_evidence *e) {
  if (e->kind == KITH_EVIDENCE_ALIKE)
    return evidence_parse_number(&text, "idf=", &e->idf) && *text++ == ' ' &&
           evidence_parse_number(&text, "length=", &e->length) && !*text;
  if (!*text) return true;
  return e->kind == KITH_EVIDENCE_POPULAR && evidence_parse_number(&text, "", &e->half_life) &&
         strcmp(text, "s") == 0 && e->half_life > 0;
}

bool kith_evidence_parse(const char *text, kith_evidence *out) {
  char kind[2 * KITH_NAME] = "", relation[2 * KITH_NAME] = "", more[2 * KITH_NAME] = "";
  if (sscanf(text, "%63s %63s %63[^\n]", kind, relation, more) < 2 || !kith_schema_is_name(relation))
    return false;
  for (int k = 0; k < KITH_EVIDENCE_KINDS; k++) {
    if (strcmp(evidence_kinds[k].name, kind) != 0) continue;
    *out = (kith_evidence){.kind = (kith_evidence_kind)k};
    return evidence_parse_more(more, out) &&
           kith_text_copy("evidence", relation, sizeof out->relation, out->relation) == KITH_OK;
  }
  return false;
}

/* ---- what it needs ---- */

static bool evidence_is_of_interactions(const kith_evidence *e) {
  return strcmp(e->relation, KITH_INTERACTIONS) == 0;
}

static bool evidence_is_timed(const kith_evidence *e) {
  return evidence_kinds[e->kind].timed || (e->kind == KITH_EVIDENCE_POPULAR && e->half_life > 0);
}

bool kith_evidence_reads_times(int n, const kith_evidence *e) {
  for (int k = 0; k < n; k++)
    if (evidence_is_timed(&e[k]) && evidence_is_of_interactions(&e[k])) return true;
  return false;
}

static kith_status evidence_check_interactions(const kith_graph *g, const kith_evidence *e) {
  kith_status st = KITH_OK;
  const char *name = evidence_kinds[e->kind].name;
  KITH_CHECK(evidence_kinds[e->kind].chosen, KITH_ECONFIG,
             "blend.%s: a pair of %s is in one split alone, so no item is held out that the user has; "
             "expected a relation of data.relations, such as a list of visits",
             name, e->relation);
  KITH_CHECK(
      e->kind != KITH_EVIDENCE_POPULAR || e->half_life <= 0 || g->time_is == KITH_TIME_SECONDS, KITH_ECONFIG,
      "blend.half_life: ages need times in seconds, and data.interactions.columns.time: line is an order "
      "alone; expected none");
  KITH_CHECK(!evidence_is_timed(e) || g->timed, KITH_ECONFIG,
             "blend.%s: the interactions have no times; name data.interactions.columns.time, and run kith "
             "ingest and kith partition again",
             name);
done:
  return st;
}

/* Whether it is of the items' features, which no relation is called like. */
static bool evidence_is_of_features(const kith_graph *g, const kith_evidence *e) {
  return evidence_kinds[e->kind].content && strcmp(e->relation, KITH_EVIDENCE_FEATURES) == 0 &&
         kith_schema_find_relation(&g->schema, e->relation) < 0;
}

static kith_status evidence_check_features(const kith_graph *g, const kith_evidence *e) {
  kith_status st = KITH_OK;
  KITH_CHECK(g->n_feature_of[KITH_ITEM] > 0, KITH_ECONFIG,
             "blend.%s: items have no features; name data.item_features, and run kith ingest and kith "
             "partition again",
             evidence_kinds[e->kind].name);
done:
  return st;
}

/* Which nodes a relation joins. */
static kith_status evidence_check_ends(const kith_schema *schema, const kith_relation_type *type,
                                       const kith_evidence *e) {
  kith_status st = KITH_OK;
  const char *name = evidence_kinds[e->kind].name;
  bool users = evidence_kinds[e->kind].users, items = evidence_kinds[e->kind].items;
  bool content = evidence_kinds[e->kind].content;
  bool from = kith_schema_side(schema, type->from) == KITH_ITEM;
  bool to = kith_schema_side(schema, type->to) == KITH_ITEM;
  KITH_CHECK(users || items || content || kith_schema_joins_sides(schema, type), KITH_ECONFIG,
             "blend.%s: %s is no relation of users with items", name, e->relation);
  KITH_CHECK(!users || (type->from == KITH_USER && type->to == KITH_USER), KITH_ECONFIG,
             "blend.%s: %s is no relation between users", name, e->relation);
  KITH_CHECK(!items || (from && to), KITH_ECONFIG, "blend.%s: %s is no relation between items", name,
             e->relation);
  KITH_CHECK(!content || from || to, KITH_ECONFIG, "blend.%s: %s is no relation of items", name, e->relation);
done:
  return st;
}

static kith_status evidence_check_relation(const kith_graph *g, const kith_evidence *e, int r) {
  kith_status st = KITH_OK;
  const char *name = evidence_kinds[e->kind].name;
  KITH_CHECK(r >= 0, KITH_ECONFIG, "blend.%s: the graph has no relation %s", name, e->relation);
  const kith_relation_type *type = &g->schema.relation[r];
  KITH_TRY(evidence_check_ends(&g->schema, type, e));
  KITH_CHECK(!evidence_is_timed(e) || type->timed, KITH_ECONFIG,
             "blend.%s: the edges of %s have no times; name data.relations.%s.columns.time, and run kith "
             "ingest and kith partition again",
             name, e->relation, e->relation);
done:
  return st;
}

kith_status kith_evidence_check(const kith_graph *g, int n, const kith_evidence *e) {
  kith_status st = KITH_OK;
  for (int k = 0; k < n; k++) {
    if (evidence_is_of_features(g, &e[k])) KITH_TRY(evidence_check_features(g, &e[k]));
    else if (evidence_is_of_interactions(&e[k])) KITH_TRY(evidence_check_interactions(g, &e[k]));
    else KITH_TRY(evidence_check_relation(g, &e[k], kith_schema_find_relation(&g->schema, e[k].relation)));
  }
done:
  return st;
}

/* ---- the table ---- */

kith_status kith__evidence_add(kith__evidence_work *w, kith_lid user, int32_t item, int of, double value) {
  kith_status st = KITH_OK;
  if (w->n == w->capacity) {
    KITH_TRY(KITH_GROW(w->pair, w->capacity, 2 * w->capacity + 1024));
    w->capacity = 2 * w->capacity + 1024;
  }
  w->pair[w->n++] = (kith__evidence_pair){user, item, of, value};
done:
  return st;
}

static int evidence_compare(const void *a, const void *b) {
  const kith__evidence_pair *x = a, *y = b;
  if (x->user != y->user) return x->user < y->user ? -1 : 1;
  if (x->item != y->item) return x->item < y->item ? -1 : 1;
  return (x->of > y->of) - (x->of < y->of);
}

static bool evidence_begins(const kith__evidence_pair *p, int64_t i) {
  return i == 0 || p[i].user != p[i - 1].user || p[i].item != p[i - 1].item;
}

/* Merge the pairs. */
static kith_status evidence_merge(kith__evidence_work *w, int n, kith_evidence_table *out) {
  kith_status st = KITH_OK;
  int64_t n_pair = 0, at = -1;
  if (w->n > 0) qsort(w->pair, (size_t)w->n, sizeof *w->pair, evidence_compare);
  for (int64_t i = 0; i < w->n; i++) n_pair += evidence_begins(w->pair, i);
  out->item.n_row = w->g->n_own_of[KITH_USER];
  KITH_TRY(KITH_NEW(out->item.start, out->item.n_row + 1));
  KITH_TRY(KITH_NEW(out->item.value, n_pair));
  KITH_TRY(KITH_NEW(out->value, n_pair * n));
  for (int64_t i = 0; i < w->n; i++) {
    const kith__evidence_pair *p = &w->pair[i];
    at += evidence_begins(w->pair, i);
    out->item.value[at] = p->item;
    out->item.start[p->user + 1] = at + 1;
    out->value[at * n + p->of] = p->value;
  }
  for (int64_t u = 0; u < out->item.n_row; u++) /* users without a pair */
    if (out->item.start[u + 1] == 0) out->item.start[u + 1] = out->item.start[u];
done:
  return st;
}

void kith_evidence_free(kith_evidence_table *t) {
  for (int k = 0; k < KITH_BLEND_EVIDENCE; k++) KITH_FREE(t->column[k]);
  kith_ragged_free(&t->item);
  KITH_FREE(t->value);
}

kith_agreed kith_evidence_make(const kith_comm *comm, const kith_graph *g, kith_candidates candidates, int n,
                               const kith_evidence *e, kith_evidence_table *out) {
  kith_agreed st = {KITH_OK};
  kith__evidence_work w = {.comm = comm, .g = g};
  *out = (kith_evidence_table){.n = n};
  KITH_TRY(kith_agreed_same(kith_evidence_check(g, n, e)));
  if (candidates == KITH_CANDIDATES_COLD) KITH_TRY(kith_trained_items(comm, g, &w.trained));
  for (int k = 0; k < n; k++)
    KITH_TRY(evidence_kinds[e[k].kind].make(&w, &e[k], k,
                                            kith_schema_find_relation(&g->schema, e[k].relation),
                                            &out->column[k]));
  KITH_TRY(kith_agree(comm, evidence_merge(&w, n, out)));
done:
  KITH_FREE(w.pair);
  KITH_FREE(w.trained);
  if (kith_is_bad(st)) kith_evidence_free(out);
  return st;
}

/* ---- what is made of it ---- */

double kith_evidence_value(const kith_evidence_table *t, kith_lid user, int64_t item, int k) {
  kith_eid low = t->item.start[user], high = t->item.start[user + 1];
  if (t->column[k]) return t->column[k][item];
  while (low < high) {
    kith_eid middle = low + (high - low) / 2;
    if (t->item.value[middle] < item) low = middle + 1;
    else high = middle;
  }
  bool listed = low < t->item.start[user + 1] && t->item.value[low] == item;
  return listed ? t->value[low * t->n + k] : 0;
}

bool kith_evidence_has_columns(const kith_evidence_table *t) {
  for (int k = 0; k < t->n; k++)
    if (t->column[k]) return true;
  return false;
}

double kith_evidence_of_item(const kith_evidence_table *t, const kith_evidence *e, int64_t item) {
  double sum = 0;
  for (int k = 0; k < t->n; k++)
    if (t->column[k]) sum += e[k].weight * t->column[k][item];
  return sum;
}

void kith_pair_terms_free(kith_pair_terms *terms) {
  kith_ragged_free(&terms->item);
  KITH_FREE(terms->value);
}

kith_status kith_evidence_terms(const kith_evidence_table *t, const kith_evidence *e, kith_pair_terms *out) {
  kith_status st = KITH_OK;
  kith_pair_terms terms = {.item = {.n_row = t->item.n_row}};
  int64_t n = t->item.start[t->item.n_row];
  *out = (kith_pair_terms){.value = NULL};
  KITH_TRY(KITH_NEW(terms.item.start, t->item.n_row + 1));
  KITH_TRY(KITH_NEW(terms.item.value, n));
  KITH_TRY(KITH_NEW(terms.value, n));
  memcpy(terms.item.start, t->item.start, (size_t)(t->item.n_row + 1) * sizeof *terms.item.start);
  memcpy(terms.item.value, t->item.value, (size_t)n * sizeof *terms.item.value);
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int k = 0; k < t->n; k++) sum += e[k].weight * t->value[i * t->n + k];
    terms.value[i] = (float)sum;
  }
  *out = terms;
  terms = (kith_pair_terms){.value = NULL};
done:
  kith_pair_terms_free(&terms);
  return st;
}
