#include "support/sweep.h"

#include <dirent.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "support/folder.h"
#include "support/mpi_main.h"

enum { SWEEP_MOST = 4000, SWEEP_STRIDE = 3 };

bool sweep_has(kith_fault_kind kind) {
#if defined(KITH_FAULTS)
  (void)kind;
  return true;
#else
  return kind == KITH_FAULT_ALLOC;
#endif
}

/* What a run must leave as it was. */
typedef struct sweep_state {
  int64_t blocks;
  int files, objects; /* open: descriptors, and what HDF5 counts */
  uint64_t inputs;
} sweep_state;

/* Names and contents of a folder's files (FNV-1a), in whatever order. */
static uint64_t sweep_hash(const char *folder) {
  uint64_t sum = 0;
  char path[KITH_PATH];
  DIR *d = opendir(folder);
  for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
    size_t n = 0;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    if (e->d_type != DT_REG) continue;
    char *bytes = test_file_read(test_path(folder, e->d_name, path), &n);
    for (const char *p = e->d_name; *p; p++) h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    sum += h;
    KITH_FREE(bytes);
  }
  if (d) closedir(d);
  return sum;
}

static bool sweep_has_tmp(const char *folder) {
  bool found = false;
  DIR *d = opendir(folder);
  for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
    found = found || strstr(e->d_name, ".tmp");
  if (d) closedir(d);
  return found;
}

static sweep_state sweep_note(const sweep *s) {
  sweep_state now = {.blocks = kith_alloc_live(),
                     .files = test_folder_count("/proc/self/fd"),
                     .objects = (int)H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL)};
  if (s->inputs && test_comm->rank == 0) now.inputs = sweep_hash(s->inputs);
  return now;
}

/* The code and the words that a refusal has to give. */
static const char *sweep_judge_status(const sweep *s, kith_status code) {
  const char *word = s->kind == KITH_FAULT_ALLOC  ? "memory"
                     : s->kind == KITH_FAULT_READ ? "Input/output error"
                                                  : "No space left on device";
  bool right = s->kind == KITH_FAULT_ALLOC  ? code == KITH_ENOMEM
               : s->kind == KITH_FAULT_READ ? code == KITH_ENOINPUT || code == KITH_EIO
                                            : code == KITH_EOUTPUT || code == KITH_EIO;
  if (!right) return "another status was expected";
  return strstr(kith_error_text(), word) ? NULL : "the message does not say why";
}

static const char *sweep_judge(const sweep *s, const sweep_state *before, bool happened, kith_agreed st,
                               int64_t k) {
  sweep_state now = sweep_note(s);
  int64_t worst = kith_comm_max(test_comm, st.status), best = -kith_comm_max(test_comm, -(int64_t)st.status);
  const char *wrong = kith_is_bad(st) ? sweep_judge_status(s, st.status) : NULL;
  if (worst != best) wrong = "ranks differ in the status";
  if (now.blocks != before->blocks) wrong = "memory is left";
  if (now.files > before->files) wrong = "an open file is left";
  if (now.objects != before->objects) wrong = "an open HDF5 object is left";
  if (now.inputs != before->inputs && (s->inputs != s->folder || kith_is_bad(st)))
    wrong = "an input has changed";
  if (test_comm->rank == 0 && s->folder && sweep_has_tmp(s->folder)) wrong = "a half-written file is left";
  if (happened && !s->mends && !kith_is_bad(st)) wrong = "a refusal has passed unnoticed";
  if (worst == best && happened && s->look) {
    const char *more = s->look(k);
    wrong = wrong ? wrong : more;
  }
  return wrong;
}

/* One k on one rank; whether it was reached. */
static bool sweep_one(const sweep *s, int r, int64_t k) {
  sweep_state before = sweep_note(s);
  kith_fault_set(s->kind, test_comm->rank == r ? k : 0);
  kith_agreed st = s->run();
  int64_t happened = kith_comm_max(test_comm, test_comm->rank == r && !kith_fault_is_due(s->kind));
  kith_fault_set(s->kind, 0);
  const char *wrong = sweep_judge(s, &before, happened, st, k);
  if (wrong)
    fprintf(stderr, "rank %d, fault %d:%lld@%d: %s (status %d: %s)\n", test_comm->rank, (int)s->kind,
            (long long)k, r, wrong, (int)st.status, kith_error_text());
  assert_int_equal(kith_comm_max(test_comm, wrong != NULL), 0);
  return happened;
}

void sweep_each(const sweep *s) {
  if (!sweep_has(s->kind)) skip();
  assert_int_equal(s->run().status, KITH_OK); /* what is opened once and for all, is open */
  const bool all = test_comm->size == 1 || getenv("KITH_TEST_SLOW");
  const int64_t stride = all ? 1 : s->stride ? s->stride : SWEEP_STRIDE;
  for (int r = 0; r < test_comm->size; r++) {
    int64_t k = 1 + r % stride;
    while (sweep_one(s, r, k)) {
      k += stride;
      assert_true(k < SWEEP_MOST);
    }
    if (r == 0) assert_true(k >= s->least);
    if (test_comm->rank == 0 && getenv("KITH_TELL"))
      fprintf(stderr, "kind %d rank %d: %lld refused\n", (int)s->kind, r, (long long)k - 1);
  }
}
