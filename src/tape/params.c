/* Dense weights: flat blocks that grow while a model is recorded, and tensors that point into them. */
#include <math.h>
#include <string.h>

#include "tape/tape.h"

struct kith_params {
  uint64_t seed;
  int n_tensor;
  kith_tensor tensor[KITH_MAX_PARAMS];
  char name[KITH_MAX_PARAMS][KITH_NAME];
  int64_t offset[KITH_MAX_PARAMS];
  kith_weights all;
  kith_status status;
};

kith_status kith_params_create(uint64_t seed, kith_params **out) {
  kith_status st = KITH_NEW(*out, 1);
  if (st == KITH_OK) (*out)->seed = seed;
  return st;
}

void kith_params_destroy(kith_params **params) {
  kith_params *p = *params;
  if (!p) return;
  KITH_FREE(p->all.value);
  KITH_FREE(p->all.grad);
  for (int s = 0; s < KITH_MAX_SLOTS; s++) KITH_FREE(p->all.slot[s]);
  KITH_FREE(*params);
}

/* Grow every block by `more` numbers; tensors are pointed to the moved blocks. */
static kith_status params_grow(kith_params *p, int64_t more) {
  kith_status st = KITH_OK;
  kith_weights *w = &p->all;
  KITH_TRY(KITH_GROW(w->value, w->n, w->n + more));
  KITH_TRY(KITH_GROW(w->grad, w->n, w->n + more));
  for (int s = 0; s < KITH_MAX_SLOTS; s++) KITH_TRY(KITH_GROW(w->slot[s], w->n, w->n + more));
  w->n += more;
done:
  for (int i = 0; i < p->n_tensor; i++) {
    p->tensor[i].value = w->value + p->offset[i];
    p->tensor[i].grad = w->grad + p->offset[i];
  }
  return st;
}

int64_t kith_params_bytes(int64_t n_weight) {
  const kith_params *p = NULL;
  return KITH_BYTES(p, 1) + KITH_BYTES(p->all.value, n_weight) + KITH_BYTES(p->all.grad, n_weight) +
         KITH_MAX_SLOTS * KITH_BYTES(p->all.slot[0], n_weight);
}

static void params_fill(const kith_params *p, const char *name, kith_init init, kith_tensor *x) {
  double bound = sqrt(6.0 / (double)(x->n_row + x->d));
  for (int64_t i = 0; i < x->n_row; i++)
    for (int k = 0; k < x->d; k++) {
      double u = kith_random_unit(
          kith_random(p->seed, KITH_RNG_WEIGHT, kith_text_hash(name), (uint64_t)i, (uint64_t)k).bits[0]);
      x->value[i * x->d + k] = init == KITH_INIT_ZERO       ? 0
                               : init == KITH_INIT_ONE      ? 1
                               : init == KITH_INIT_IDENTITY ? i == k
                                                            : (float)(bound * (2 * u - 1));
    }
}

kith_tensor *kith_params_get(kith_params *p, const char *name, int64_t n_row, int d, kith_init init) {
  if (p->status != KITH_OK) return NULL;
  for (int i = 0; i < p->n_tensor; i++)
    if (strcmp(p->name[i], name) == 0) return &p->tensor[i];
  int i = p->n_tensor;
  if (p->all.n + n_row * d > INT32_MAX)
    p->status = kith_fail(KITH_ECONFIG, "a model may have at most %d weights; %s has %lld rows of %d",
                          INT32_MAX, name, (long long)n_row, d);
  else if (i == KITH_MAX_PARAMS)
    p->status = kith_fail(KITH_ECONFIG, "a model may have at most %d weight tensors", KITH_MAX_PARAMS);
  else p->status = kith_text_copy("name of weights", name, KITH_NAME, p->name[i]);
  if (p->status != KITH_OK) return NULL;
  p->offset[i] = p->all.n;
  p->tensor[i] = (kith_tensor){.n_row = n_row, .d = d, .grad_written = true};
  p->n_tensor++;
  p->status = params_grow(p, n_row * d);
  if (p->status != KITH_OK) return NULL;
  params_fill(p, name, init, &p->tensor[i]);
  return &p->tensor[i];
}

kith_status kith_params_status(const kith_params *p) { return p->status; }
kith_weights kith_params_weights(kith_params *p) { return p->all; }
int kith_params_n(const kith_params *p) { return p->n_tensor; }
const char *kith_params_name(const kith_params *p, int i) { return p->name[i]; }
const kith_tensor *kith_params_at(const kith_params *p, int i) { return &p->tensor[i]; }

void kith_params_zero_grad(kith_params *p) { kith_clear(p->all.n, p->all.grad); }

void kith_params_allreduce_grad(kith_params *p, const kith_comm *comm) {
  if (p->all.n == 0 || comm->size == 1) return;
  KITH_WAIT("the sum of gradients",
            MPI_Allreduce(MPI_IN_PLACE, p->all.grad, (int)p->all.n, MPI_FLOAT, MPI_SUM, comm->mpi));
}
