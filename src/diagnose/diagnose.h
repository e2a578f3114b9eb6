/**
 * Diagnose: the checks of `kith doctor`, as pure functions of measured facts.
 *
 * No function here looks at the machine: tests can pass facts that no machine at hand would show.  All are
 * Local and deterministic.  docs/doctor.md lists what each check warns of and when it fails.
 */
#ifndef KITH_DIAGNOSE_DIAGNOSE_H
#define KITH_DIAGNOSE_DIAGNOSE_H

#include "ops/blas.h"
#include "comm/placement.h"

typedef enum kith_verdict { KITH_FINDING_OK, KITH_FINDING_WARN, KITH_FINDING_FAIL } kith_verdict;

/** Result of one check. */
typedef struct kith_finding {
  kith_verdict verdict;
  kith_status status;  /**< status of the program if the verdict is KITH_FINDING_FAIL */
  char observed[1024]; /**< what was measured */
  char remedy[512];    /**< what to do about it; "" if the verdict is KITH_FINDING_OK */
} kith_finding;

/** Append to `observed`; printf style. */
void kith_finding_add(kith_finding *f, const char *format, ...) KITH_FORMAT(2, 3);
/** Raise the verdict to a warning, with a remedy.  A verdict as severe keeps its own remedy. */
void kith_finding_warn(kith_finding *f, const char *format, ...) KITH_FORMAT(2, 3);
/** Raise the verdict to a failure, with a remedy.  An earlier failure keeps its own. */
void kith_finding_fail(kith_finding *f, kith_status status, const char *format, ...) KITH_FORMAT(3, 4);

/* `all` [size]: what every rank reported of itself and its node. */

/** Ranks per node.  `told`: number of ranks that the launcher reported; 0: unknown. */
void kith_diagnose_ranks(int size, const kith_host_info *all, int told, kith_finding *f);
/** Thread support of MPI.  `level`: result of MPI_Query_thread(). */
void kith_diagnose_threads(int level, kith_finding *f);
/** Library versions: equal on all ranks. */
void kith_diagnose_libraries(int size, const kith_host_info *all, kith_finding *f);
/** Processor models: equal on all ranks. */
void kith_diagnose_processors(int size, const kith_host_info *all, kith_finding *f);
/** Threads against cores of every node, and the binding of ranks. */
void kith_diagnose_cores(int size, const kith_host_info *all, kith_finding *f);
/**
 * BLAS kernels against the vector instructions of the processor.
 * @param kernels  name of the kernels
 * @param chosen   Kith selected them instead of the BLAS
 * @param own      the BLAS starts its own threads
 */
void kith_diagnose_blas(const char *kernels, bool chosen, kith_simd cpu, bool own, int threads,
                        kith_finding *f);
/** Clock offsets of the nodes. */
void kith_diagnose_clocks(int size, const kith_host_info *all, const kith_clock_offset *skew,
                          kith_finding *f);
/** Latency and bandwidth of n measured links. */
void kith_diagnose_links(const kith_host_info *all, int n, const kith_link *link, kith_finding *f);
/** Free space of /dev/shm on every node. */
void kith_diagnose_shm(int size, const kith_host_info *all, kith_finding *f);
/**
 * File locks of the work folder.
 * @param good      locking works; else `why` says what failed
 * @param leaves    Kith opens files without locks
 * @param variable  value of HDF5_USE_FILE_LOCKING; NULL: unset
 */
void kith_diagnose_locks(bool good, const char *why, bool leaves, const char *variable, kith_finding *f);
/** Free disk space `room` against the estimate `need`, in bytes; -1: unknown. */
void kith_diagnose_disk(int64_t room, int64_t need, kith_finding *f);
/** Available memory of every node against need [size]: estimated bytes per rank, the program included.
 * `smaller`: what to choose so that the job needs less. */
void kith_diagnose_memory(int size, const kith_host_info *all, const int64_t *need, const char *smaller,
                          kith_finding *f);

/** Format as "1.5 GiB" into text [32]; returns text. */
const char *kith_bytes_print(int64_t bytes, char *text);

#endif
