/* Inside kith doctor: what was measured, and what to make of it. */
#ifndef KITH_SRC_CLI_DOCTOR_H
#define KITH_SRC_CLI_DOCTOR_H

#include "kith/blas.h"
#include "kith/seat.h"

typedef enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL } doctor_verdict;

/* One line. */
typedef struct doctor_finding {
  doctor_verdict verdict;
  kith_status status; /* what the program ends with if it FAILs */
  char seen[1024];
  char remedy[512]; /* "" if it is ok */
} doctor_finding;

/* Set all of a finding but what was seen, which is there before; printf style. */
void doctor_see(doctor_finding *f, const char *format, ...) KITH_FORMAT(2, 3);
void doctor_warn(doctor_finding *f, const char *format, ...) KITH_FORMAT(2, 3);
void doctor_fail(doctor_finding *f, kith_status status, const char *format, ...) KITH_FORMAT(3, 4);

/*
 * What follows looks at facts alone, so that tests can make up facts which no machine at hand would show.
 * Local; the same facts, the same finding.
 */

/* `told`: how many ranks the launcher said it would start; 0 if it did not say. */
void doctor_judge_ranks(int size, const kith_seat *all, int told, doctor_finding *f);
/* `level`: as MPI_Query_thread() gives it. */
void doctor_judge_threads(int level, doctor_finding *f);
void doctor_judge_libraries(int size, const kith_seat *all, doctor_finding *f);
void doctor_judge_processors(int size, const kith_seat *all, doctor_finding *f);
void doctor_judge_cores(int size, const kith_seat *all, doctor_finding *f);
/* `kernels`: the BLAS's, `chosen` by Kith in its place; `cpu`: what the processor can do; `own`: it starts
 * threads of its own. */
void doctor_judge_blas(const char *kernels, bool chosen, kith_simd cpu, bool own, int threads,
                       doctor_finding *f);
void doctor_judge_clocks(int size, const kith_seat *all, const kith_clock_skew *skew, doctor_finding *f);
void doctor_judge_links(const kith_seat *all, int n, const kith_link *link, doctor_finding *f);
void doctor_judge_shm(int size, const kith_seat *all, doctor_finding *f);
/* `leaves`: Kith opens files without locks; `variable`: HDF5_USE_FILE_LOCKING, or null. */
void doctor_judge_locks(bool good, const char *why, bool leaves, const char *variable, doctor_finding *f);
/* `room`: bytes free in the folder, -1 unknown; `need`: bytes, -1 unknown. */
void doctor_judge_room(int64_t room, int64_t need, doctor_finding *f);
/* `need` [size]: bytes of every rank, the program included. */
void doctor_judge_memory(int size, const kith_seat *all, const int64_t *need, doctor_finding *f);

/* "1.5 GiB", in `text` [32]; returns text. */
const char *doctor_bytes(int64_t bytes, char *text);

#endif
