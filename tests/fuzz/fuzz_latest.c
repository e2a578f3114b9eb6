/* checkpoint-latest, the line of text that names the newest checkpoint: nothing but a checkpoint of the
 * folder may come of it. */
#include <string.h>

#include "fuzz/fuzz.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  fuzz_begin();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char pointer[KITH_PATH], path[KITH_PATH];
  fuzz_write("checkpoint-latest", data, size, pointer);
  int64_t live = kith_alloc_live();
  kith_agreed st = kith_checkpoint_find(&fuzz_comm, fuzz_folder, 0, path);
  fuzz_outcome(st.status, "checkpoint-latest", live);
  if (kith_is_bad(st)) return 0;
  size_t n = strlen(fuzz_folder);
  FUZZ_HOLD(strncmp(path, fuzz_folder, n) == 0 && strncmp(path + n, "/checkpoint-", 12) == 0 &&
                !strchr(path + n + 1, '/'),
            "leads to %s", path);
  return 0;
}
