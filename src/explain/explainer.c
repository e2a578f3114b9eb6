/* The explainer: what is common to all models. */
#include <string.h>

#include "explain/explain_impl.h"
#include "graph/schema.h"

bool kith_explain_is_exact(const kith_model_options *o) {
  if (kith_model_reads_kinds(o)) return false; /* linear, but not by one number for an edge */
  return o->name == KITH_LIGHTGCN || o->name == KITH_MF || o->name == KITH_SPECTRAL ||
         kith_explain_attends(o);
}

const char *kith_explain_model_text(const kith_model_options *o) {
  bool rows = o->name == KITH_LIGHTGCN && kith_model_reads_kinds(o);
  return rows ? "lightgcn with model.kinds: learned" : kith_model_text(o->name);
}

static kith_status explainer_check(const kith_run *run) {
  kith_status st = KITH_OK;
  const kith_model_options *o = &run->model;
  KITH_CHECK(!kith_explain_is_exact(o) || o->layers <= KITH_EXPLAIN_HOPS, KITH_ECONFIG,
             "model.layers: kith explain reads at most %d", KITH_EXPLAIN_HOPS);
done:
  return st;
}

/* Where this rank has the users and items of the graph. */
static kith_status explainer_index(kith_explainer *e) {
  kith_status st = KITH_OK;
  for (int t = 0; t < KITH_SIDES; t++) {
    KITH_TRY(KITH_NEW(e->row_of[t], e->g->n[t]));
    for (int64_t i = 0; i < e->g->n[t]; i++) e->row_of[t][i] = -1;
    for (kith_lid i = 0; i < e->g->n_own; i++)
      if (e->g->type[i] == t) e->row_of[t][e->g->original[i]] = i;
  }
  if (!e->run) goto done;
  const kith_relation_weights *w = kith_model_relations(&e->run->model);
  e->term[0] = KITH_EXPLAIN_CHOICE;
  for (int k = 0; k < w->n; k++) e->term[k + 1] = kith_schema_find_relation(&e->g->schema, w->of[k].name);
done:
  return st;
}

static bool explainer_any_negative(const kith_csr *csr) {
  for (kith_eid i = 0; i < csr->start[csr->n_row]; i++)
    if (csr->weight[i] < 0) return true;
  return false;
}

kith_status kith__explain_add_rows(kith_explainer *e, const float *scored) {
  kith_status st = KITH_OK;
  const size_t d = (size_t)e->d, n_known = (size_t)e->known->n_own, n = (size_t)e->augmented.n;
  KITH_TRY(KITH_NEW(e->final_rows, (int64_t)((n_known + n) * d)));
  memcpy(e->final_rows, e->final, n_known * d * sizeof *e->final_rows);
  memcpy(e->final_rows + n_known * d, scored, n * d * sizeof *e->final_rows);
  e->final = e->final_rows;
done:
  return st;
}

const float *kith_explainer_new_rows(const kith_explainer *e, int64_t *first, int64_t *n) {
  *first = e->augmented.first;
  *n = e->augmented.n;
  return e->final + (size_t)e->known->n_own * (size_t)e->d;
}

kith_agreed kith_explainer_create(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                  const kith_embeddings_origin *from, const float *x,
                                  const kith_new_nodes *new, kith_explainer **out) {
  kith_agreed st = {KITH_OK};
  kith_explainer *e = NULL;
  *out = NULL;
  KITH_TRY(kith_agreed_same(explainer_check(run)));
  KITH_TRY(kith_agree(comm, KITH_NEW(e, 1)));
  *e = (kith_explainer){.comm = comm, .g = g, .known = g, .run = run, .final = x, .direct = from->direct};
  if (new) {
    KITH_TRY(kith__augment_graph(comm, g, run->parts, new, &e->augmented));
    e->g = e->augmented.g;
  }
  KITH_TRY(kith_agree(comm, explainer_index(e)));
  KITH_TRY(kith__explain_latest(e, from));
  if (!kith_explain_is_exact(&run->model)) KITH_TRY(kith__explain_gradient(e, from));
  else if (kith_explain_attends(&run->model)) KITH_TRY(kith__explain_attention(e, from));
  else if (kith_model_has_steps(&run->model)) KITH_TRY(kith__explain_linear(e, from));
  else KITH_TRY(kith__explain_spectral(e, from));
  e->has_negative = kith_comm_max(comm, explainer_any_negative(&e->a->csr)) > 0;
  *out = e;
  e = NULL;
done:
  kith_explainer_free(&e);
  return st;
}

/* What stands for the models where none has weight: it has no terms. */
static kith_status explainer_create_none(const kith_comm *comm, const kith_graph *g, kith_explainer **out) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*out, 1));
  **out = (kith_explainer){.comm = comm, .g = g, .known = g};
  KITH_TRY(explainer_index(*out));
done:
  return st;
}

kith_agreed kith_explainer_join(const kith_comm *comm, const kith_graph *g, int n, kith_explainer **member,
                                const double *factor, const kith_evidence_table *table,
                                const kith_evidence *evidence, kith_explainer **out) {
  kith_agreed st = {KITH_OK};
  kith_explainer *e = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(e, 1)));
  e->comm = comm;
  e->n_member = n;
  for (int m = 0; m < n; m++) {
    e->member[m] = member[m];
    e->factor[m] = factor[m];
    member[m] = NULL;
  }
  if (n == 0) {
    e->n_member = 1;
    KITH_TRY(kith_agree(comm, explainer_create_none(comm, g, &e->member[0])));
  }
  e->evidence = table->n > 0 ? table : NULL;
  for (int k = 0; k < table->n; k++) e->evidence_weight[k] = evidence[k].weight;
  *out = e;
  e = NULL;
done:
  kith_explainer_free(&e);
  return st;
}

void kith_explainer_free(kith_explainer **explainer) {
  kith_explainer *e = *explainer;
  if (!e) return;
  for (int m = 0; m < e->n_member; m++) kith_explainer_free(&e->member[m]);
  for (int t = 0; t < KITH_SIDES; t++) KITH_FREE(e->row_of[t]);
  for (int i = 0; i < 2; i++) KITH_FREE(e->reach[i]);
  KITH_FREE(e->gradient.value);
  KITH_FREE(e->gradient.own);
  KITH_FREE(e->all);
  KITH_FREE(e->rest);
  kith_dist_csr_destroy(&e->own);
  kith_inference_free(&e->inference);
  KITH_FREE(e->final_rows);
  kith_recent_destroy(&e->latest);
  kith_ragged_free(&e->latest_items);
  kith__augmented_graph_free(&e->augmented);
  KITH_FREE(*explainer);
}
