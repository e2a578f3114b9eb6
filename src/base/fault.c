/* Fault injection: a countdown per kind, set by tests or by the environment variable KITH_FAULT. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"

enum { FAULT_WORD = 64, FAULT_LATE = 100000000 /* ns */ };

#if defined(KITH_FAULTS)

static _Atomic int64_t fault_left[KITH_FAULT_KINDS]; /* events until the injected fault; 0: none */

void kith_fault_set(kith_fault_kind kind, int64_t k) {
  if (kind == KITH_FAULT_ALLOC) kith_alloc_refuse(k);
  else atomic_store(&fault_left[kind], k);
}

bool kith_fault_is_due(kith_fault_kind kind) {
  return kind == KITH_FAULT_ALLOC ? kith_alloc_refuses() : atomic_load(&fault_left[kind]) > 0;
}

bool kith_fault(kith_fault_kind kind) {
  if (atomic_load(&fault_left[kind]) <= 0 || atomic_fetch_sub(&fault_left[kind], 1) != 1) return false;
  errno = kind == KITH_FAULT_WRITE ? ENOSPC : EIO;
  return true;
}

void kith_fault_step(void) {
  if (kith_fault(KITH_FAULT_KILL)) raise(SIGKILL);
  if (kith_fault(KITH_FAULT_STOP)) raise(SIGSTOP);
}

void kith_fault_round(void) {
  if (kith_fault(KITH_FAULT_ROUND)) raise(SIGKILL);
}

void kith_fault_late(void) {
  if (kith_fault(KITH_FAULT_LATE)) nanosleep(&(struct timespec){.tv_nsec = FAULT_LATE}, NULL);
}

static const bool fault_is_built = true;

#else

void kith_fault_set(kith_fault_kind kind, int64_t k) {
  if (kind == KITH_FAULT_ALLOC) kith_alloc_refuse(k);
}

bool kith_fault_is_due(kith_fault_kind kind) { return kind == KITH_FAULT_ALLOC && kith_alloc_refuses(); }

static const bool fault_is_built = false;

#endif

/* Parse "read:3@0" and a comma or the end; advance the text. */
static bool fault_word(const char **text, kith_fault_kind *kind, int64_t *k, int64_t *rank) {
  static const char *const name[KITH_FAULT_KINDS] = {"alloc:", "read:",  "write:", "loss:",  "kill:",
                                                     "stop:",  "share:", "huge:",  "round:", "late:"};
  int i = 0;
  while (i < KITH_FAULT_KINDS && strncmp(*text, name[i], strlen(name[i])) != 0) i++;
  if (i == KITH_FAULT_KINDS) return false;
  *kind = (kith_fault_kind)i;
  *text += strlen(name[i]);
  if (!kith_text_number(text, k) || *k < 1 || *(*text)++ != '@') return false;
  if (!kith_text_number(text, rank)) return false;
  bool more = **text == ',' && (*text)[1] != '\0';
  *text += more;
  return more || **text == '\0';
}

kith_status kith_fault_read_text(const char *text, int rank) {
  kith_status st = KITH_OK;
  int64_t k = 0, where = 0;
  kith_fault_kind kind = KITH_FAULT_ALLOC;
  if (!text) return st;
  while (*text) {
    const char *word = text;
    KITH_CHECK(fault_word(&text, &kind, &k, &where), KITH_EUSAGE,
               "KITH_FAULT: expected kind:k@rank, such as read:3@0, with alloc, read, write, loss, kill, "
               "stop, share, huge, round or late; found \"%.*s\"",
               (int)strnlen(word, FAULT_WORD), word);
    KITH_CHECK(fault_is_built, KITH_EUSAGE,
               "KITH_FAULT: this kith was built without faults; build it with cmake -DKITH_FAULTS=ON, or "
               "unset KITH_FAULT");
    if (where == rank) kith_fault_set(kind, k);
  }
done:
  return st;
}
