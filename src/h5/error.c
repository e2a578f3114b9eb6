/* The error stack of HDF5 goes from the call down to the cause.  Messages show the cause. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "h5/file.h"

enum { ERROR_TEXT = 256 };

static _Thread_local char error_text[ERROR_TEXT];
static _Thread_local bool error_is_system;

/* Called from the cause upward; takes the first description. */
static herr_t error_take(unsigned n, const H5E_error2_t *error, void *unused) {
  (void)unused;
  if (n == 0 && error->desc) snprintf(error_text, sizeof error_text, "%s", error->desc);
  return 0;
}

/* "file write failed: time = …, errno = 28, error message = 'No space left on device', …" → the quoted part.
 */
static void error_shorten(void) {
  static const char mark[] = "error message = '";
  char *from = strstr(error_text, mark);
  error_is_system =
      from && !strstr(error_text, "errno = 0,"); /* errno 0: a truncated file, not a system error */
  if (from) {
    from += sizeof mark - 1;
    size_t n = strcspn(from, "'");
    memmove(error_text, from, n);
    error_text[n] = '\0';
  }
  for (char *p = error_text; *p; p++)
    if (*p == '\n') *p = ' ';
}

kith_status kith__h5_error_status(void) { return error_is_system ? KITH_EIO : KITH_EDATA; }

bool kith__h5_fault(void) {
  if (!kith_fault(KITH_FAULT_READ)) return false;
  H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_IO, H5E_READERROR,
           "file read failed: errno = %d, error message = '%s'", errno, strerror(errno));
  return true;
}

const char *kith__h5_error_text(void) {
  snprintf(error_text, sizeof error_text, "HDF5 does not say why");
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, error_take, NULL);
  error_shorten();
  return error_text;
}
