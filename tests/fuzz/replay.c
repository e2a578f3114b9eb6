/*
 * A target without libFuzzer: reads the files of a corpus, then changes them at random, always the same way.
 *
 *   target [-mutants=N] [-seed=N] FILE|FOLDER…
 *
 * A file whose name begins with good- must be read, one that begins with bad- must be refused; others are for
 * others to judge.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"
#include "support/folder.h"

enum { REPLAY_FILES = 4096, REPLAY_MOST = 1 << 12 };

typedef struct sample {
  char *bytes;
  size_t size;
} sample;

static sample corpus[REPLAY_FILES];
static int n_corpus, n_wrong;
static uint64_t seed = 1, draws;

static uint64_t draw_below(uint64_t n) {
  return kith_random_below(kith_random(seed, KITH_RNG_GENERATE, draws++, 0, 0).bits[0], n);
}

static void replay_file(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  if (n_corpus == REPLAY_FILES) fuzz_fail("more than %d files", REPLAY_FILES);
  sample *s = &corpus[n_corpus++];
  s->bytes = test_file_read(path, &s->size);
  LLVMFuzzerTestOneInput((const uint8_t *)s->bytes, s->size);
  bool refused = fuzz_status != KITH_OK,
       wrong = strncmp(name, refused ? "good-" : "bad-", refused ? 5 : 4) == 0;
  if (wrong)
    fprintf(stderr, "fuzz: %s is %s: %s\n", path, refused ? "refused" : "not refused",
            refused ? kith_error_text() : "");
  n_wrong += wrong;
}

static void replay_path(const char *path) {
  struct dirent **entry = NULL;
  struct stat is;
  char one[KITH_PATH];
  if (stat(path, &is) != 0) fuzz_fail("%s is not there", path);
  if (!S_ISDIR(is.st_mode)) {
    replay_file(path);
    return;
  }
  int n = scandir(path, &entry, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    if (entry[i]->d_name[0] != '.') replay_path(test_path(path, entry[i]->d_name, one));
    free(entry[i]);
  }
  free(entry);
}

/* ---- changes ---- */

static size_t change_drop(uint8_t *data, size_t size) {
  if (size == 0) return 0;
  size_t at = draw_below(size), n = 1 + draw_below(size - at < 16 ? size - at : 16);
  memmove(data + at, data + at + n, size - at - n);
  return size - n;
}

static size_t change_double(uint8_t *data, size_t size, size_t most) {
  if (size == 0) return 0;
  size_t at = draw_below(size), n = 1 + draw_below(size - at);
  if (size + n > most) return size;
  memmove(data + at + n, data + at, size - at);
  return size + n;
}

static size_t change_insert(uint8_t *data, size_t size, size_t most) {
  static const char *const word[] = {
      "\n",    "\r\n", "\t", ",",  "::", "\"",   "-1",           "2147483647", "9223372036854775808",
      "1e999", "nan",  "#",  "&a", "*a", "\xff", "\xef\xbb\xbf", "{",          "["};
  const char *w = word[draw_below(sizeof word / sizeof word[0])];
  size_t n = strlen(w), at = draw_below(size + 1);
  if (size + n > most) return size;
  memmove(data + at + n, data + at, size - at);
  memcpy(data + at, w, n); /* NOLINT(bugprone-not-null-terminated-result): bytes, no text */
  return size + n;
}

/* The tail of another file of the corpus. */
static size_t change_splice(uint8_t *data, size_t size, size_t most) {
  const sample *other = &corpus[draw_below((uint64_t)n_corpus)];
  size_t from = draw_below(other->size + 1), at = draw_below(size + 1), n = other->size - from;
  if (n > most - at) n = most - at;
  memcpy(data + at, other->bytes + from, n);
  return at + n;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) {
  switch (draw_below(6)) {
  case 0: return change_drop(data, size);
  case 1: return change_double(data, size, most);
  case 2: return change_insert(data, size, most);
  case 3: return change_splice(data, size, most);
  case 4:
    if (size > 0) data[draw_below(size)] ^= (uint8_t)(1u << draw_below(8));
    return size;
  default:
    if (size > 0) data[draw_below(size)] = (uint8_t)draw_below(256);
    return size;
  }
}

/* A weak definition: targets that know their inputs bring a better one. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                                                     unsigned drawn) {
  (void)drawn;
  return LLVMFuzzerMutate(data, size, most);
}

static void replay_mutant(void) {
  const sample *from = &corpus[draw_below((uint64_t)n_corpus)];
  uint8_t data[REPLAY_MOST];
  size_t size = from->size < sizeof data ? from->size : sizeof data;
  memcpy(data, from->bytes, size);
  for (uint64_t changes = 1 + draw_below(4); changes > 0; changes--)
    size = LLVMFuzzerCustomMutator(data, size, sizeof data, (unsigned)draw_below(1u << 31));
  LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv) {
  long mutants = 0;
  LLVMFuzzerInitialize(&argc, &argv);
  for (int i = 1; i < argc; i++) {
    if (strncmp(argv[i], "-mutants=", 9) == 0) mutants = strtol(argv[i] + 9, NULL, 10);
    else if (strncmp(argv[i], "-seed=", 6) == 0) seed = strtoull(argv[i] + 6, NULL, 10);
    else replay_path(argv[i]);
  }
  if (n_corpus == 0) fuzz_fail("no file was read");
  for (long i = 0; i < mutants; i++) replay_mutant();
  for (int i = 0; i < n_corpus; i++) KITH_FREE(corpus[i].bytes);
  return n_wrong > 0;
}
