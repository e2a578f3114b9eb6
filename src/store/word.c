/* Short texts among the attributes of a file. */
#include <string.h>

#include "store/word.h"

static kith_status word_copy(const kith_h5 *f, const char *name, const char *text, size_t size, char *word) {
  const size_t n = strlen(text);
  if (n >= size)
    return kith_fail(KITH_EDATA, "%s: attribute \"%s\" has %zu bytes, expected less than %zu",
                     kith_h5_path(f), name, n, size);
  memcpy(word, text, n + 1);
  return KITH_OK;
}

kith_agreed kith__word_read(kith_h5 *f, const char *name, size_t size, char *word) {
  kith_agreed st = {KITH_OK};
  char *text = NULL;
  KITH_TRY(kith_h5_get_attr_text(f, name, &text));
  KITH_TRY(kith_agreed_same(word_copy(f, name, text, size, word)));
done:
  KITH_FREE(text);
  return st;
}
