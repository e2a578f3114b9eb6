/* Evidence of blends: that of a job, and that of a file. */
#include <string.h>

#include "cli/evidence.h"

/* ---- of a job ---- */

static bool evidence_is_masked(const cli *c, const char *relation) {
  const kith_relation_names *mask = &c->job.evaluate.scope.mask;
  if (strcmp(relation, KITH_INTERACTIONS) == 0) return false; /* kith_evidence_check() says more */
  for (int i = 0; i < mask->n; i++)
    if (strcmp(mask->of[i], relation) == 0) return true;
  return false;
}

/* Evidence of a user's own items needs them to be ranked. */
static bool evidence_is_of_own_items(kith_evidence_kind kind) {
  return kind == KITH_EVIDENCE_SEEN || kind == KITH_EVIDENCE_RATE || kind == KITH_EVIDENCE_RECENT;
}

static kith_status evidence_list_one(const cli *c, kith_evidence_kind kind, const char *relation, int *n,
                                     kith_evidence *out) {
  kith_status st = KITH_OK;
  KITH_CHECK(*n < KITH_BLEND_EVIDENCE, KITH_ECONFIG,
             "%s: blend: expected at most %d relations in all evidence together", c->job.path,
             KITH_BLEND_EVIDENCE);
  KITH_CHECK(!evidence_is_of_own_items(kind) || !evidence_is_masked(c, relation), KITH_ECONFIG,
             "%s: blend.%s: items of %s are not ranked (evaluate.mask), so they need no evidence",
             c->job.path, kith_evidence_kind_name(kind), relation);
  kith_evidence *e = &out[(*n)++];
  *e = (kith_evidence){.kind = kind};
  if (kind == KITH_EVIDENCE_POPULAR) e->half_life = c->job.blend.half_life;
  if (kind == KITH_EVIDENCE_ALIKE) {
    e->idf = c->job.blend.alike_idf;
    e->length = c->job.blend.alike_length;
  }
  KITH_TRY(kith_text_copy("blend", relation, sizeof e->relation, e->relation));
done:
  return st;
}

kith_status cli_evidence_list(const cli *c, int *n, kith_evidence *out) {
  kith_status st = KITH_OK;
  *n = 0;
  for (int k = 0; k < KITH_EVIDENCE_KINDS; k++) {
    const kith_relation_names *names = &c->job.blend.evidence[k];
    for (int i = 0; i < names->n; i++)
      KITH_TRY(evidence_list_one(c, (kith_evidence_kind)k, names->of[i], n, out));
  }
done:
  return st;
}

bool cli_evidence_is_same(const cli *c, const kith_blend_origin *of) {
  kith_evidence e[KITH_BLEND_EVIDENCE];
  char text[2 * KITH_NAME];
  int n = 0;
  bool same = cli_evidence_list(c, &n, e) == KITH_OK && n == of->n_evidence;
  for (int k = 0; k < n && same; k++) {
    kith_evidence_print(&e[k], text);
    same = strcmp(text, of->evidence[k].text) == 0;
  }
  return same;
}

/* ---- of a file ---- */

kith_status cli_evidence_take(const char *path, const kith_blend_origin *of, kith_evidence *out) {
  kith_status st = KITH_OK;
  for (int k = 0; k < of->n_evidence; k++) {
    KITH_CHECK(kith_evidence_parse(of->evidence[k].text, &out[k]), KITH_EDATA,
               "%s: evidence \"%s\" is unknown to this version; run kith blend again", path,
               of->evidence[k].text);
    out[k].weight = of->evidence[k].weight;
  }
done:
  return st;
}

/* ---- numbers ---- */

kith_agreed cli_evidence_make(const cli *c, const char *parts, kith_graph *g, bool all, int n,
                              const kith_evidence *e, kith_evidence_table *out) {
  kith_agreed st = {KITH_OK};
  kith_candidates candidates = all ? KITH_CANDIDATES_ALL : c->job.evaluate.scope.candidates;
  KITH_TRY(kith_agreed_same(kith_evidence_check(g, n, e)));
  if (kith_evidence_reads_times(n, e)) KITH_TRY(kith_graph_times_read(c->comm, parts, g));
  KITH_TRY(kith_evidence_make(c->comm, g, candidates, n, e, out));
done:
  return st;
}

/* ---- weights ---- */

void cli_evidence_warn_flat(const cli *c, const kith_blend_origin *of, const bool *flat) {
  static const char why[] =
      "the same for all items that the validation items of a user are chosen among; its weight is 0";
  if (c->comm->rank != 0) return;
  for (int m = 0; m < of->n; m++)
    if (flat[m]) kith_warn("blend.models.%s: the score is %s", of->model[m].name, why);
  for (int k = 0; k < of->n_evidence; k++)
    if (flat[of->n + k]) kith_warn("blend: evidence %s is %s", of->evidence[k].text, why);
}

kith_status cli_evidence_check_weights(const kith_blend_origin *of) {
  kith_status st = KITH_OK;
  bool some = false;
  for (int m = 0; m < of->n; m++) some = some || of->model[m].gamma > 0;
  for (int k = 0; k < of->n_evidence; k++) some = some || of->evidence[k].weight != 0;
  KITH_CHECK(some, KITH_ECONFIG,
             "kith blend: none of the %d models%s makes the validation items any likelier than other items",
             of->n, of->n_evidence > 0 ? ", and no evidence," : "");
done:
  return st;
}
