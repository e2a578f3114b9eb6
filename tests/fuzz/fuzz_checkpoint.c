/* A checkpoint, read by a run whose graph is good. */
#include <math.h>
#include <string.h>

#include "kith/optimizer.h"
#include "fuzz/h5_base.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  base_begin();
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  return edit_mutate(data, size, most, seed, 1);
}

static void checkpoint_hold(const kith_checkpoint *c, const float *x, int n) {
  FUZZ_HOLD(c->epoch >= 0 && c->step >= 0 && c->bad_evals >= 0 && c->best_epoch >= 0 &&
                c->best_epoch <= c->epoch + 1,
            "epoch %lld, step %lld, best epoch %lld", (long long)c->epoch, (long long)c->step,
            (long long)c->best_epoch);
  FUZZ_HOLD(c->loss.lo >= 0 && c->loss.lo < INT64_C(1) << 40 && c->loss.nan >= 0, "the loss is no sum");
  for (int i = 0; i < n; i++) FUZZ_HOLD(isfinite(x[i]), "value %d is not finite", i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[KITH_PATH];
  float x[3][256] = {{0}}, w[3][BASE_WEIGHTS] = {{0}};
  kith_task task = base_edited(data, size, BASE_CHECKPOINT, path);
  const base_files *b = &base_of[task];
  int64_t live = kith_alloc_live();
  kith_checkpoint c = {.d = BASE_WIDTH,
                       .x = x[0],
                       .slot = {x[1], x[2]},
                       .n_slot = 2,
                       .slot_name = kith_optimizer_get(KITH_ADAM)->slot_name,
                       .weights = {BASE_WEIGHTS, w[0], {w[1], w[2]}},
                       .config_key = "model=lightgcn width=4"};
  kith_agreed st = kith_checkpoint_read(&fuzz_comm, b->g, path, &c);
  KITH_FREE(c.history);
  base_outcome(st.status, path, live);
  if (kith_is_bad(st)) return 0;
  checkpoint_hold(&c, x[0], 3 * 256);
  checkpoint_hold(&c, w[0], 3 * BASE_WEIGHTS);
  return 0;
}
