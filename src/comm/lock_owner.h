/* Who holds a lock: as it stands in kith.lock, and whether it is still there. */
#ifndef KITH_SRC_COMM_LOCK_OWNER_H
#define KITH_SRC_COMM_LOCK_OWNER_H

#include "kith/base.h"

enum { OWNER_TEXT = 4 * KITH_PATH }; /* bytes of the file */

typedef struct lock_owner {
  char host[KITH_NAME];
  char boot[KITH_NAME];  /* the kernel's boot id; "" if unknown */
  char space[KITH_NAME]; /* the namespace that the process number belongs to */
  char slurm[KITH_NAME]; /* "CLUSTER JOB"; "" outside of Slurm */
  char verb[KITH_NAME], since[KITH_NAME], job[KITH_PATH];
  long long pid, start; /* the latter in clock ticks since boot: a reused number has another */
  long long restart;    /* of the Slurm job */
} lock_owner;

typedef enum owner_state {
  OWNER_ALIVE,
  OWNER_GONE,
  OWNER_UNKNOWN /* from here nothing is seen of it */
} owner_state;

/* This process, from now on. */
void kith__owner_self(const char *verb, const char *job, lock_owner *self);
/* As lines "key: value". */
void kith__owner_print(const lock_owner *o, size_t size, char *text);
/* Back; false if the text is not whole. */
bool kith__owner_parse(const char *text, lock_owner *o);
/* What this process can tell of a holder; for OWNER_GONE `why` is set. */
owner_state kith__owner_look(const lock_owner *o, const lock_owner *self, const char **why);
/* "kith train of job.yaml (process 12 on node1, Slurm job 7, since …)". */
void kith__owner_say(const lock_owner *o, size_t size, char *text);

#endif
