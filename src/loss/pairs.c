/* Hard negatives: of a pool of draws the one with the largest score is used; the others have no gradient. */
#include <math.h>
#include <string.h>

#include "loss/pairs.h"

double kith__softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
double kith__sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* The hardest of the draws first … first + n_pool - 1, indices in negative_row. */
static int pairs_hardest(const kith_batch *b, const kith_tensor *rows, const float *user, kith_lid first) {
  int best = 0;
  float max = 0;
  for (int c = 0; c < b->shape.n_pool && b->negative_item[first + c] >= 0; c++) {
    float score = kith_dot(rows->d, user, rows->value + (size_t)b->negative_row[first + c] * (size_t)rows->d);
    if (c == 0 || score > max) {
      best = c;
      max = score;
    }
  }
  return best;
}

void kith__hardest_negatives(const kith_batch *b, const kith_tensor *rows, kith_lid *hardest) {
  int k = b->shape.n_negative, m = b->shape.n_pool;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < b->n_pair; i++)
    for (int j = 0; j < k; j++) {
      kith_lid first = (i * k + j) * m;
      hardest[i * k + j] =
          first + (m > 1 ? pairs_hardest(b, rows, rows->value + kith__user_offset(b, i, rows->d), first) : 0);
    }
}

void kith__zero_unused_grad(const kith_batch *b, const kith_lid *hardest, kith_lid i, kith_tensor *rows) {
  int k = b->shape.n_negative, m = b->shape.n_pool;
  for (int j = 0; j < k && m > 1; j++)
    for (kith_lid c = (i * k + j) * m; c < (i * k + j + 1) * m && b->negative_item[c] >= 0; c++)
      if (c != hardest[i * k + j])
        memset(rows->grad + (size_t)b->negative_row[c] * (size_t)rows->d, 0, (size_t)rows->d * sizeof(float));
}
