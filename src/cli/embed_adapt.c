/* embed.adapt within kith embed. */
#include <stdio.h>

#include "cli/embed.h"
#include "train/embed_adapt.h"

kith_agreed cli_embed_adapt(const cli *c, const kith_graph *g, const kith_run *run, const kith_new_nodes *new,
                            const char *embeddings, const char *checkpoint, kith_new_embeddings *e) {
  kith_agreed st = {KITH_OK};
  const kith_embed_options *how = &c->job.embed.how;
  float *x = NULL;
  int d = 0;
  if (how->adapt == 0) return st;
  KITH_TRY(kith_embeddings_read(c->comm, g, embeddings, &d, &x));
  if (d != e->d)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: has rows of %d numbers, and the checkpoint of %d", embeddings, d, e->d)));
  KITH_TRY(kith_embed_adapt(c->comm, g, run, new, how, checkpoint, x, e));
done:
  KITH_FREE(x);
  return st;
}

static void adapt_print_class(cli *c, int k, const kith_adapt_class *a) {
  cli_print(c, "  %s: NDCG@%d %.4f -> %.4f on %s%s", KITH_COUNT(a->pairs, "interaction(s)"), k, a->plain,
            a->adapted, KITH_COUNT(a->n_user, "known user(s) as if (it was|they were) new"),
            a->steps > 0 ? "" : "; rows stay");
  cli_json_more(c, "%s{\"pairs\": %d, \"steps\": %d, \"own\": %.10g, \"likely\": %.10g, \"shared\": %.10g, ",
                c->members[c->n_members - 1] == '[' ? "" : ", ", a->pairs, a->steps, a->own, a->likely,
                a->shared);
  cli_json_more(c, "\"users\": %lld, \"plain\": %.10g, \"adapted\": %.10g}", (long long)a->n_user, a->plain,
                a->adapted);
}

/* Rows that are made by steps alone. */
static void adapt_print_empty(cli *c, const kith_adaptation *a) {
  if (a->n_other > 0)
    cli_print(c, "  %s zeros, and no number of embed.adapt_pairs fits: they take the rates of another",
              KITH_COUNT(a->n_other, "of these rows (was|were)"));
  if (a->n_empty > 0)
    cli_print(c,
              "  %s known items and a row of zeros: no rates were learned that move it; try other "
              "embed.adapt_pairs, or more steps",
              KITH_COUNT(a->n_empty, "new user(s) (has|have)"));
}

void cli_embed_adapt_print(cli *c, const kith_new_nodes *new, const kith_adaptation *a) {
  if (a->n_class == 0) return;
  cli_print(c, "%s of %s moved by at most %s on the user's own interactions",
            KITH_COUNT(a->n_moved, "row(s)"), KITH_COUNT(new->n[KITH_USER], "new user(s)"),
            KITH_COUNT(a->steps, "step(s)"));
  adapt_print_empty(c, a);
  cli_json(c, "adapted_users", "%lld", (long long)a->n_moved);
  cli_json(c, "other_rates_users", "%lld", (long long)a->n_other);
  cli_json(c, "empty_users", "%lld", (long long)a->n_empty);
  cli_json(c, "adapt", "[");
  for (int i = 0; i < a->n_class; i++) adapt_print_class(c, a->k, &a->of[i]);
  cli_json_more(c, "]");
}

/* ---- in the file ---- */

static void adapt_write_rates(const kith_adaptation *a, size_t size, char *text) {
  size_t n = (size_t)snprintf(text, size, "{\"length\": %.17g, \"rates\": [", a->length);
  for (int i = 0; i < a->n_class; i++)
    n += (size_t)snprintf(
        text + n, size - n,
        "%s{\"pairs\": %d, \"steps\": %d, \"own\": %.10g, \"likely\": %.10g, \"shared\": %.10g}",
        i > 0 ? ", " : "", a->of[i].pairs, a->of[i].steps, a->of[i].own, a->of[i].likely, a->of[i].shared);
  snprintf(text + n, size - n, "]}");
}

static void adapt_write_row(const kith_adaptation *a, size_t size, char *text) {
  size_t n = (size_t)snprintf(text, size, "[");
  for (int j = 0; j < a->d; j++)
    n += (size_t)snprintf(text + n, size - n, "%s%.9g", j > 0 ? ", " : "", (double)a->shared[j]);
  snprintf(text + n, size - n, "]");
}

kith_status cli_embed_adapt_text(const kith_adaptation *a, char **rates, char **row) {
  kith_status st = KITH_OK;
  enum { CLASS = 144, NUMBER = 20 }; /* most characters of each */
  const int64_t size = 64 + (int64_t)CLASS * a->n_class, row_size = 8 + (int64_t)NUMBER * a->d;
  *rates = *row = NULL;
  if (a->n_class == 0) return st;
  KITH_TRY(KITH_NEW(*rates, size));
  KITH_TRY(KITH_NEW(*row, row_size));
  adapt_write_rates(a, (size_t)size, *rates);
  adapt_write_row(a, (size_t)row_size, *row);
done:
  return st;
}
