/*
 * What all fuzz targets share: one rank, a folder in memory, and what a reader owes whatever it reads.
 *
 * A target is a program with LLVMFuzzerInitialize() and LLVMFuzzerTestOneInput(), and perhaps a mutator of
 * its own. clang links it with libFuzzer; every other compiler with replay.c, which reads the corpus.
 */
#ifndef KITH_FUZZ_H
#define KITH_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "ingest/ingest.h"

extern const kith_comm fuzz_comm;   /* this rank alone */
extern char fuzz_folder[KITH_PATH]; /* goes away at the end */
extern kith_status fuzz_status;     /* how the reader judged the last input */

/* What libFuzzer, or replay.c, calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/** Start MPI and make the folder.  Called once, by LLVMFuzzerInitialize(). */
void fuzz_begin(void);

/** fuzz_folder/name with these bytes in it; the path into `path` [KITH_PATH]. */
void fuzz_write(const char *name, const void *bytes, size_t size, char *path);

/**
 * What a reader owes: a refusal is about the input (no memory is none: a small file must not ask for much),
 * with one line that holds `word`, such as the path; and nothing stays behind: blocks alive are those of
 * `live_before`.
 */
void fuzz_outcome(kith_status st, const char *word, int64_t live_before);

/** End the program unless `good`. */
#define FUZZ_HOLD(good, ...)                                                                                 \
  do {                                                                                                       \
    if (!(good)) fuzz_fail(__VA_ARGS__);                                                                     \
  } while (0)
_Noreturn void fuzz_fail(const char *format, ...) KITH_FORMAT(1, 2);

/* The input, cut up from its front; zeroes behind its end. */
typedef struct fuzz_bytes {
  const uint8_t *at, *end;
} fuzz_bytes;

uint64_t fuzz_take(fuzz_bytes *b, int n); /* the next n bytes as a number, low byte first */
size_t fuzz_until(fuzz_bytes *b, uint8_t stop,
                  const char **at); /* how many bytes stand before `stop` or the end; both are taken */

/** Lists whose rows ascend and hold numbers of 0 … n_item - 1: what everything behind the readers relies on.
 */
void fuzz_hold_lists(const kith_ragged *l, int64_t n_row, int64_t n_item);

#endif
