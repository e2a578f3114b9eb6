/* Rows of meta-paths fused by attention, of each row or of all rows together. */
#include "tape/tape.h"

typedef struct semantic {
  const kith_comm *comm; /* null: each row has its own weights */
  int n;
  kith_tensor *score[KITH_MAX_SEMANTIC], *z[KITH_MAX_SEMANTIC], *y;
  float *beta;   /* [rows, n], or [n] with comm */
  float *dbeta;  /* [rows, n] */
  int64_t n_all; /* rows of all ranks */
} semantic;

static int semantic_stride(const semantic *o) { return o->comm ? 0 : o->n; }

/* The mean of each score over all rows, the same on every rank. */
static void semantic_mean(semantic *o, double *mean) {
  kith_exact_sum sum[KITH_MAX_SEMANTIC] = {{0}};
  int64_t n = kith_tensor_n(o->y);
  for (int p = 0; p < o->n; p++)
    for (int64_t i = 0; i < n; i++) kith_exact_sum_add(&sum[p], (double)o->score[p]->value[i]);
  o->n_all = n;
  kith_comm_sum(o->comm, o->n, sum);
  kith_comm_sum_int(o->comm, 1, &o->n_all);
  for (int p = 0; p < o->n; p++)
    mean[p] = o->n_all > 0 ? kith_exact_sum_value(&sum[p]) / (double)o->n_all : 0;
}

static void semantic_forward(void *self) {
  semantic *o = self;
  const float *z[KITH_MAX_SEMANTIC];
  double score[KITH_MAX_SEMANTIC];
  int64_t n = kith_tensor_n(o->y);
  for (int p = 0; p < o->n; p++) z[p] = o->z[p]->value;
  if (o->comm) {
    semantic_mean(o, score);
    kith_softmax_weights(o->n, score, o->beta);
  }
  for (int64_t i = 0; i < n && !o->comm; i++) {
    for (int p = 0; p < o->n; p++) score[p] = (double)o->score[p]->value[i];
    kith_softmax_weights(o->n, score, o->beta + i * o->n);
  }
  kith_semantic_forward(n, o->n, o->y->d, semantic_stride(o), o->beta, z, o->y->value);
}

/* Gradients of the scores of each row. */
static void semantic_backward_rows(semantic *o) {
  double dbeta[KITH_MAX_SEMANTIC], dscore[KITH_MAX_SEMANTIC];
  float *ds[KITH_MAX_SEMANTIC];
  for (int p = 0; p < o->n; p++) ds[p] = kith_tensor_grad(o->score[p]);
  for (int64_t i = 0; i < kith_tensor_n(o->y); i++) {
    for (int p = 0; p < o->n; p++) dbeta[p] = (double)o->dbeta[i * o->n + p];
    kith_softmax_weights_backward(o->n, o->beta + i * o->n, dbeta, dscore);
    for (int p = 0; p < o->n; p++) ds[p][i] += (float)dscore[p];
  }
}

/* Gradients of scores through their mean over the rows of all ranks. */
static void semantic_backward_mean(semantic *o) {
  kith_exact_sum sum[KITH_MAX_SEMANTIC] = {{0}};
  double dbeta[KITH_MAX_SEMANTIC], dscore[KITH_MAX_SEMANTIC];
  int64_t n = kith_tensor_n(o->y);
  for (int64_t i = 0; i < n; i++)
    for (int p = 0; p < o->n; p++)
      kith_exact_sum_add(&sum[p], (double)o->dbeta[i * o->n + p] * KITH_RELATION_UNIT);
  kith_comm_sum(o->comm, o->n, sum);
  for (int p = 0; p < o->n; p++) dbeta[p] = kith_exact_sum_value(&sum[p]) / KITH_RELATION_UNIT;
  kith_softmax_weights_backward(o->n, o->beta, dbeta, dscore);
  for (int p = 0; p < o->n; p++) {
    float *ds = kith_tensor_grad(o->score[p]), each = (float)(dscore[p] / (double)o->n_all);
    for (int64_t i = 0; i < n; i++) ds[i] += each;
  }
}

static void semantic_backward(void *self) {
  semantic *o = self;
  const float *z[KITH_MAX_SEMANTIC], *dy = kith_tensor_grad(o->y);
  float *dz[KITH_MAX_SEMANTIC];
  for (int p = 0; p < o->n; p++) {
    z[p] = o->z[p]->value;
    dz[p] = kith_tensor_grad(o->z[p]);
  }
  kith_semantic_backward(kith_tensor_n(o->y), o->n, o->y->d, semantic_stride(o), o->beta, z, dy, dz,
                         o->dbeta);
  if (o->comm) semantic_backward_mean(o);
  else semantic_backward_rows(o);
}

kith_tensor *kith_semantic_op(kith_tape *t, const kith_comm *comm, int n, kith_tensor *const *score,
                              kith_tensor *const *z) {
  semantic made = {.comm = comm, .n = n};
  for (int p = 0; p < n; p++) {
    if (!score[p] || !z[p]) return NULL;
    made.score[p] = score[p];
    made.z[p] = z[p];
  }
  made.y = kith_tape_node_tensor(t, z[0]->node_map, z[0]->d);
  made.beta = kith_tape_workspace(t, comm ? n : z[0]->n_row * n, sizeof *made.beta);
  made.dbeta = kith_tape_workspace(t, z[0]->n_row * n, sizeof *made.dbeta);
  return kith_tape_record(t, "semantic attention", comm != NULL, semantic_forward, semantic_backward, &made,
                          sizeof made, made.y);
}
