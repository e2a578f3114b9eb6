/* WORK/sweep/set.txt: the settings of the command that began a sweep, a line each, for the commands after it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "sweep/sweep.h"

static kith_status stored_path(const kith_job *job, char *path) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  KITH_TRY(kith_path_join(job->work, "sweep", folder));
  KITH_TRY(kith_path_join(folder, "set.txt", path));
done:
  return st;
}

/* All but the work folder, whose name led here; a key that varies has one line (src/job/sweep.c), and so
 * has every other value but a text that nobody types. */
static bool stored_keeps(const char *set) { return strncmp(set, "work=", 5) != 0 && !strchr(set, '\n'); }

kith_status kith_sweep_store(const kith_job *job, int n_set, const char *const *set) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], *text = NULL;
  size_t n = 0;
  KITH_TRY(KITH_NEW(text, KITH_SWEEP_STORED));
  for (int i = 0; i < n_set; i++) {
    if (!stored_keeps(set[i])) continue;
    KITH_CHECK(n + strlen(set[i]) + 2 < KITH_SWEEP_STORED, KITH_EUSAGE,
               "kith sweep: the settings of the command line are too long; put them into the job file");
    n += (size_t)snprintf(text + n, KITH_SWEEP_STORED - n, "%s\n", set[i]);
  }
  KITH_TRY(stored_path(job, path));
  KITH_TRY(kith_text_write(path, text));
done:
  KITH_FREE(text);
  return st;
}

kith_status kith_sweep_stored(const kith_job *job, char *text) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  FILE *f = NULL;
  text[0] = '\0';
  KITH_TRY(stored_path(job, path));
  if (access(path, R_OK) != 0) return st;
  KITH_TRY(kith_file_fopen(path, &f));
  const size_t n = fread(text, 1, KITH_SWEEP_STORED - 1, f);
  text[n] = '\0';
  KITH_CHECK(!ferror(f) && !kith_fault(KITH_FAULT_READ), KITH_EIO, "%s: cannot be read", path);
done:
  if (f) fclose(f);
  return st;
}
