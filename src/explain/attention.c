/*
 * Models with attention: gat and diffnet.  With alpha as the model has computed it, a layer is a sum over
 * neighbors: the last one of gat has no activation, so that with F_u = sum over j of alpha_uj z_j
 *   <F_u, F_i> = sum over j of alpha_uj <z_j, F_i>,
 * the user itself among the j.  Layers of diffnet only add to the row before, E_m = E_(m - 1) + sum over j of
 * gamma alpha^m_uj E_(m - 1),j, and its final row is all of them side by side, so that every layer divides:
 *   <F_u, F_i> = <E_0,u, G_0> + sum over m and j of gamma alpha^m_uj <E_(m - 1),j, G_m>,
 * where G_m is the sum of the parts of F_i that belong to E_m and later rows.
 */
#include <math.h>

#include "explain/explain_impl.h"

bool kith_explain_attends(const kith_model_options *o) {
  return (o->name == KITH_GAT || o->name == KITH_DIFFNET) && o->layers > 0;
}

/* ---- alpha ---- */

static double attention_score(const kith_attended *a, kith_lid row, kith_lid col, int head) {
  const size_t heads = (size_t)a->left->d, h = (size_t)head;
  double s = (double)a->left->value[(size_t)row * heads + h] +
             (double)kith_row_at(kith_tensor_rows(a->right), (int)heads, col)[h];
  return s > 0 ? s : (double)a->slope * s;
}

static double attention_share(const kith_attended *a, kith_lid row) {
  return a->share ? (double)a->share->value[(size_t)row * (size_t)a->share->d + (size_t)a->column] : 1;
}

/* The softmax of a head over the row at position p: largest score and sum of exponentials. */
typedef struct attention_norm {
  double most, sum;
} attention_norm;

static attention_norm attention_norm_of(const kith_attended *a, kith_lid p, int head) {
  const kith_csr *csr = a->block->csr;
  attention_norm n = {.most = -INFINITY};
  for (kith_eid i = csr->start[p]; i < csr->start[p + 1]; i++)
    n.most = fmax(n.most, attention_score(a, csr->perm[p], csr->col[i], head));
  for (kith_eid i = csr->start[p]; i < csr->start[p + 1]; i++)
    n.sum += exp(attention_score(a, csr->perm[p], csr->col[i], head) - n.most);
  return n;
}

/* Of entry i of the row at position p, times the product of the head's columns of z and of `target`; null:
 * alpha itself. */
static double attention_of(const kith_attended *a, kith_lid p, kith_eid i, int head, attention_norm n,
                           const float *target) {
  const kith_csr *csr = a->block->csr;
  const int heads = a->left->d, d = a->z->d / heads;
  const double alpha = a->alpha ? (double)a->alpha->value[i * heads + head]
                                : exp(attention_score(a, csr->perm[p], csr->col[i], head) - n.most) / n.sum;
  const float *z = kith_row_at(kith_tensor_rows(a->z), a->z->d, csr->col[i]) + head * d;
  if (!target) return alpha / heads;
  return alpha * kith__explain_dot(d, z, target + (a->averages ? 0 : head * d)) / (a->averages ? heads : 1);
}

/* ---- the explainer ---- */

static kith_status attention_alloc(kith_explainer *e) {
  kith_status st = KITH_OK;
  e->d = kith_model_output_dim(&e->run->model);
  e->layers = e->run->model.layers;
  KITH_TRY(KITH_NEW(e->all, (int64_t)e->g->n_own * e->d));
  KITH_TRY(KITH_NEW(e->rest, e->d)); /* work memory */
  KITH_TRY(kith_halo_reserve(e->a->halo, BATCH));
done:
  return st;
}

/* Connections follow the matrix: its weights become share times alpha of the last layer, the mean of heads.
 */
static void attention_set_weights(kith_explainer *e, const kith_attended *a) {
  const kith_csr *own = &e->a->csr;
  const kith_csr *csr = a->block->csr;
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < own->n_row; p++) {
    const double share = attention_share(a, own->perm[p]);
    kith_eid from = csr->start[p];
    if (from == csr->start[p + 1]) continue;
    if (kith_model_has_self_loops(&e->run->model)) from++; /* the row itself comes first */
    for (kith_eid i = own->start[p]; i < own->start[p + 1]; i++)
      if (kith__explain_term(e, i) == a->relation) own->weight[i] = 0;
    for (int h = 0; h < a->left->d; h++) {
      const attention_norm n = attention_norm_of(a, p, h);
      kith_eid at = from;
      for (kith_eid i = own->start[p]; i < own->start[p + 1]; i++)
        if (kith__explain_term(e, i) == a->relation)
          own->weight[i] += (float)(share * attention_of(a, p, at++, h, n, NULL));
    }
  }
}

kith_agreed kith__explain_attention(kith_explainer *e, const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH];
  const kith_attended *a = NULL;
  KITH_TRY(kith__explain_read(e, from, checkpoint));
  KITH_TRY(kith_agree(e->comm, attention_alloc(e)));
  kith_tape_forward(e->inference.tape);
  kith_output_rows(&e->inference.recording.output, 0, e->g->n_own, e->d, e->all);
  KITH_TRY(kith__explain_compare(e, checkpoint));
  e->attended = e->inference.recording.attended;
  for (a = e->attended; a && a->layer == e->attended->layer; a = a->next) attention_set_weights(e, a);
done:
  return st;
}

/* ---- the terms of a query ---- */

/* Whether the score is a sum over an attention's entries: of gat the last layer's alone. */
static bool attention_divides(const kith_explainer *e, const kith_attended *a) {
  return e->run->model.name == KITH_DIFFNET || a->layer + 1 == e->layers;
}

/* G_m of diffnet, in e->rest: the parts of the item's row that belong to layers after `layer`; of gat all. */
static const float *attention_target(const kith_explainer *e, int layer, const float *target) {
  const int d = e->run->model.dim;
  if (e->run->model.name == KITH_GAT) return target;
  for (int k = 0; k < d; k++) {
    double sum = 0;
    for (int l = layer + 1; l <= e->layers; l++) sum += (double)target[l * d + k];
    e->rest[k] = (float)sum;
  }
  return e->rest;
}

/* Add an attention's terms to those of the user's row; returns the term of the row itself. */
static double attention_add(const kith_explainer *e, const kith_attended *a, kith_lid row,
                            const float *target, double scale, kith__found *list) {
  const kith_csr *own = &e->a->csr, *csr = a->block->csr;
  const kith_lid p = e->a->iperm[row];
  const double share = attention_share(a, row);
  const bool last = a->layer + 1 == e->layers;
  double self = 0;
  for (int h = 0; h < a->left->d && csr->start[p] < csr->start[p + 1]; h++) {
    const attention_norm n = attention_norm_of(a, p, h);
    kith_eid at = csr->start[p];
    if (kith_model_has_self_loops(&e->run->model))
      self += scale * share * attention_of(a, p, at++, h, n, target);
    for (kith_eid i = own->start[p]; i < own->start[p + 1]; i++) {
      kith__found *f = &list[i - own->start[p]];
      if (kith__explain_term(e, i) != a->relation) continue;
      f->value += scale * share * attention_of(a, p, at, h, n, target);
      if (last) f->attention += attention_of(a, p, at, h, n, NULL);
      if (last) f->share = share;
      at++;
    }
  }
  return self;
}

kith__found *kith__explain_attended(const kith__part *part, int m, kith_lid row, int q, double scale,
                                    kith_explain_sums *sums, kith__found *list) {
  const kith_explainer *e = part->e;
  const kith_csr *csr = &e->a->csr;
  const float *target = part->batch.target + (size_t)q * (size_t)e->d;
  const kith_tensor *x = e->inference.recording.rows;
  const kith_lid p = e->a->iperm[row];
  kith_eid seen[1 + KITH_MAX_RELATIONS] = {0};
  kith__found *first = list;
  for (kith_eid i = csr->start[p]; i < csr->start[p + 1]; i++) {
    int term = kith__explain_term(e, i);
    *list++ = (kith__found){.part = m, .relation = e->term[term], .entry = i, .nth = seen[term]++};
  }
  for (const kith_attended *a = e->attended; a; a = a->next)
    if (attention_divides(e, a))
      sums->own += attention_add(e, a, row, attention_target(e, a->layer, target), scale, first);
  if (!kith_model_has_self_loops(&e->run->model))
    sums->own += scale * kith__explain_dot(x->d, x->value + (size_t)row * (size_t)x->d,
                                           attention_target(e, -1, target));
  return list;
}
