/* Classification accuracy. Counts and exact sums: the digits do not depend on the number of ranks. */
#include <math.h>
#include <stdio.h>

#include "eval/eval.h"

/* Ties: the first. */
static int accuracy_argmax(int n, const float *x) {
  int best = 0;
  for (int k = 1; k < n; k++)
    if (x[k] > x[best]) best = k;
  return best;
}

static double accuracy_loss(int n, const float *x, int32_t label) {
  double most = (double)x[accuracy_argmax(n, x)], sum = 0;
  for (int k = 0; k < n; k++) sum += exp((double)x[k] - most);
  return most + log(sum) - (double)x[label];
}

kith_accuracy kith_eval_accuracy(const kith_comm *comm, const kith_graph *g, const float *logits,
                                 kith_node_split split) {
  int64_t count[2] = {0, 0};
  kith_exact_sum loss = {0};
  for (kith_lid i = 0; i < g->n_own; i++) {
    const float *x = logits + (size_t)i * (size_t)g->n_class;
    if (g->split[i] != (int8_t)split) continue;
    count[0]++;
    count[1] += accuracy_argmax(g->n_class, x) == g->label[i];
    kith_exact_sum_add(&loss, accuracy_loss(g->n_class, x, g->label[i]));
  }
  kith_comm_sum_int(comm, 2, count);
  kith_comm_sum(comm, 1, &loss);
  return (kith_accuracy){.n = count[0],
                         .correct = count[1],
                         .loss = count[0] > 0 ? kith_exact_sum_value(&loss) / (double)count[0] : 0};
}

/* Of each class: right nodes, and nodes of the class and nodes predicted as of it together. */
typedef struct class_count {
  int64_t right, both;
} class_count;

static void macro_f1_count(const kith_graph *g, const float *logits, kith_node_split split,
                           class_count *count) {
  for (kith_lid i = 0; i < g->n_own; i++) {
    int predicted = accuracy_argmax(g->n_class, logits + (size_t)i * (size_t)g->n_class), label = g->label[i];
    bool counts = g->split[i] == (int8_t)split;
    if (counts) count[predicted].right += predicted == label;
    if (counts) count[predicted].both++;
    if (counts) count[label].both++;
  }
}

kith_agreed kith_eval_macro_f1(const kith_comm *comm, const kith_graph *g, const float *logits,
                               kith_node_split split, double *out) {
  kith_agreed st = {KITH_OK};
  class_count *count = NULL;
  double sum = 0;
  int n = 0;
  KITH_TRY(kith_agree(comm, KITH_NEW(count, g->n_class)));
  macro_f1_count(g, logits, split, count);
  _Static_assert(sizeof *count == 2 * sizeof(int64_t), "counts are summed as integers");
  kith_comm_sum_int(comm, 2 * g->n_class, &count->right);
  for (int c = 0; c < g->n_class; c++) {
    if (count[c].both == 0) continue;
    sum += 2 * (double)count[c].right / (double)count[c].both;
    n++;
  }
  *out = n > 0 ? sum / n : 0;
done:
  KITH_FREE(count);
  return st;
}

double kith_accuracy_ratio(const kith_accuracy *a) {
  return a->n > 0 ? (double)a->correct / (double)a->n : 0;
}

void kith_accuracy_print(const kith_accuracy *a, size_t size, char *buffer) {
  snprintf(buffer, size, "accuracy %.4f (%lld of %lld)  loss %.4f", kith_accuracy_ratio(a),
           (long long)a->correct, (long long)a->n, a->loss);
}
