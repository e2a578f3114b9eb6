/**
 * Fault injection: the k-th allocation, read, write or step of a rank fails as if the system had failed.
 *
 * For tests only.  Compiled in if KITH_FAULTS is defined (cmake -DKITH_FAULTS=ON: tests/run and the presets
 * strict, clang and sanitize); otherwise kith_fault() is the constant false and costs nothing.  All Local.
 */
#ifndef KITH_BASE_FAULT_H
#define KITH_BASE_FAULT_H

#include "base/base.h"

/** Kinds of faults.  Each kind has a counter of its own. */
typedef enum kith_fault_kind {
  KITH_FAULT_ALLOC, /**< an allocation fails */
  KITH_FAULT_READ,  /**< opening or reading a file fails with EIO */
  KITH_FAULT_WRITE, /**< creating, writing, syncing or renaming a file fails with ENOSPC */
  KITH_FAULT_LOSS,  /**< after a step of training the loss is not finite */
  KITH_FAULT_KILL,  /**< before a step (kith_fault_step()) the process is killed (SIGKILL) */
  KITH_FAULT_STOP,  /**< before a step the process is stopped (SIGSTOP): the other ranks wait */
  KITH_FAULT_SHARE, /**< memory that the ranks of a host share is refused */
  KITH_FAULT_HUGE,  /**< such memory gets no huge pages */
  KITH_FAULT_ROUND, /**< in a round of a sparse exchange, its sends under way, the process is killed */
  KITH_FAULT_LATE,  /**< between receiving rows of a layer and reading them, the process sleeps */
  KITH_FAULT_KINDS
} kith_fault_kind;

/** Fail the k-th event of a kind from now (1: the next one), once; 0: none. */
void kith_fault_set(kith_fault_kind kind, int64_t k);
/** Whether a fault of this kind is still pending. */
bool kith_fault_is_due(kith_fault_kind kind);

/**
 * Set faults from text: "kind:k@rank", separated by commas, as in "read:3@0,kill:120@1"; kinds are alloc,
 * read, write, loss, kill, stop, share, huge, round and late.  Those of other ranks are parsed and ignored.
 * Null or "" sets none.  Errors: KITH_EUSAGE for bad syntax, and for any fault in a build without
 * KITH_FAULTS.
 */
kith_status kith_fault_read_text(const char *text, int rank) KITH_MUST_USE;

#if defined(KITH_FAULTS)
/** Count an event of a kind; true, with errno set as by the system, if it must fail. */
bool kith_fault(kith_fault_kind kind);
/**
 * Count a step, before it begins; kill or stop the process if due.  Steps are those of training, those in
 * which an update replaces its files, and three of ingest on several ranks: behind reading a part of the
 * list, before sending rows and before writing them.
 */
void kith_fault_step(void);
/** Count a round of a sparse exchange, when its sends have begun; kill the process if due. */
void kith_fault_round(void);
/** Count an exchange of a layer's rows when they have come; sleep for 0.1 s if due. */
void kith_fault_late(void);
#else
static inline bool kith_fault(kith_fault_kind kind) {
  (void)kind;
  return false;
}
static inline void kith_fault_step(void) {}
static inline void kith_fault_round(void) {}
static inline void kith_fault_late(void) {}
#endif

#endif
