/**
 * Faults on purpose: the k-th allocation, read, write or step of one rank goes wrong, as if the system had
 * failed it.
 *
 * For tests only.  The places that ask are compiled in where KITH_FAULTS is defined (cmake -DKITH_FAULTS=ON:
 * tests/run and the presets strict, clang and sanitize); elsewhere kith_fault() is the constant false and
 * costs nothing.  Everything is Local.
 */
#ifndef KITH_FAULT_H
#define KITH_FAULT_H

#include "kith/base.h"

/** What can be made to go wrong.  Each kind is counted on its own. */
typedef enum kith_fault_kind {
  KITH_FAULT_ALLOC, /**< an allocation is refused */
  KITH_FAULT_READ,  /**< opening or reading a file fails: EIO */
  KITH_FAULT_WRITE, /**< making, writing, syncing or renaming a file fails: ENOSPC */
  KITH_FAULT_LOSS,  /**< after a step of training the loss is not finite */
  KITH_FAULT_KILL,  /**< before a step of training the process is killed (SIGKILL) … */
  KITH_FAULT_STOP,  /**< … or stopped (SIGSTOP), so that the other ranks wait for it */
  KITH_FAULT_KINDS
} kith_fault_kind;

/** Let the k-th event of a kind from now on go wrong (1 = the next), once; 0: none. */
void kith_fault_set(kith_fault_kind kind, int64_t k);
/** Whether what was set has not happened yet. */
bool kith_fault_is_due(kith_fault_kind kind);

/**
 * Set faults from text: "kind:k@rank", several with commas between them, as in "read:3@0,kill:120@1"; kinds
 * are alloc, read, write, loss, kill and stop.  Those of other ranks are checked and passed over.  Null or ""
 * sets none. Errors: KITH_EUSAGE; and where KITH_FAULTS is not defined, for any fault, as nothing would come
 * of it.
 */
kith_status kith_fault_read_text(const char *text, int rank) KITH_MUST_USE;

#if defined(KITH_FAULTS)
/** Count one event of a kind; true, with errno set as the system would, if it has to fail. */
bool kith_fault(kith_fault_kind kind);
/** Before a step of training: count it, and die or stop if that is due. */
void kith_fault_step(void);
#else
static inline bool kith_fault(kith_fault_kind kind) {
  (void)kind;
  return false;
}
static inline void kith_fault_step(void) {}
#endif

#endif
