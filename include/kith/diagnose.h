/* Inside kith doctor: what was measured, and what to make of it. */
#ifndef KITH_DIAGNOSE_H
#define KITH_DIAGNOSE_H

#include "kith/blas.h"
#include "kith/seat.h"

typedef enum kith_verdict { KITH_FINDING_OK, KITH_FINDING_WARN, KITH_FINDING_FAIL } kith_verdict;

/* One line. */
typedef struct kith_finding {
  kith_verdict verdict;
  kith_status status; /* what the program ends with if it FAILs */
  char observed[1024];
  char remedy[512]; /* "" if it is ok */
} kith_finding;

/* Set all of a finding but what was seen, which is there before; printf style. */
void kith_finding_add(kith_finding *f, const char *format, ...) KITH_FORMAT(2, 3);
void kith_finding_warn(kith_finding *f, const char *format, ...) KITH_FORMAT(2, 3);
void kith_finding_fail(kith_finding *f, kith_status status, const char *format, ...) KITH_FORMAT(3, 4);

/*
 * What follows looks at facts alone, so that tests can make up facts which no machine at hand would show.
 * Local; the same facts, the same finding.
 */

/* `told`: how many ranks the launcher said it would start; 0 if it did not say. */
void kith_diagnose_ranks(int size, const kith_seat *all, int told, kith_finding *f);
/* `level`: as MPI_Query_thread() gives it. */
void kith_diagnose_threads(int level, kith_finding *f);
void kith_diagnose_libraries(int size, const kith_seat *all, kith_finding *f);
void kith_diagnose_processors(int size, const kith_seat *all, kith_finding *f);
void kith_diagnose_cores(int size, const kith_seat *all, kith_finding *f);
/* `kernels`: the BLAS's, `chosen` by Kith in its place; `cpu`: what the processor can do; `own`: it starts
 * threads of its own. */
void kith_diagnose_blas(const char *kernels, bool chosen, kith_simd cpu, bool own, int threads,
                        kith_finding *f);
void kith_diagnose_clocks(int size, const kith_seat *all, const kith_clock_skew *skew, kith_finding *f);
void kith_diagnose_links(const kith_seat *all, int n, const kith_link *link, kith_finding *f);
void kith_diagnose_shm(int size, const kith_seat *all, kith_finding *f);
/* `leaves`: Kith opens files without locks; `variable`: HDF5_USE_FILE_LOCKING, or null. */
void kith_diagnose_locks(bool good, const char *why, bool leaves, const char *variable, kith_finding *f);
/* `room`: bytes free in the folder, -1 unknown; `need`: bytes, -1 unknown. */
void kith_diagnose_disk(int64_t room, int64_t need, kith_finding *f);
/* `need` [size]: bytes of every rank, the program included. */
void kith_diagnose_memory(int size, const kith_seat *all, const int64_t *need, kith_finding *f);

/* "1.5 GiB", in `text` [32]; returns text. */
const char *kith_bytes_print(int64_t bytes, char *text);

#endif
