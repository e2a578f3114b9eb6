/* embeddings.h5, read by whoever ranks with a good graph. */
#include <math.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[KITH_PATH];
  float *x = NULL;
  int d = 0;
  const base_files *b = &base_of[base_edited(data, size, BASE_EMBEDDINGS, path)];
  int64_t live = kith_alloc_live();
  kith_agreed st = kith_embeddings_read(&fuzz_comm, b->g, path, &d, &x);
  for (int64_t i = 0; x && i < (int64_t)b->g->n_own * d; i++)
    FUZZ_HOLD(isfinite(x[i]), "value %lld is not finite", (long long)i);
  KITH_FREE(x);
  base_outcome(st.status, path, live);
  return 0;
}
