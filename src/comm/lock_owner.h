/* The holder of a lock: the content of kith.lock, and whether it is alive. */
#ifndef KITH_SRC_COMM_LOCK_OWNER_H
#define KITH_SRC_COMM_LOCK_OWNER_H

#include "base/base.h"

enum { OWNER_TEXT = 4 * KITH_PATH }; /* bytes of the file */

typedef struct lock_owner {
  char host[KITH_NAME];
  char boot[KITH_NAME];  /* the kernel's boot id; "" if unknown */
  char space[KITH_NAME]; /* the namespace of the process id */
  char slurm[KITH_NAME]; /* "CLUSTER JOB"; "" outside of Slurm */
  char verb[KITH_NAME], since[KITH_NAME], job[KITH_PATH];
  long long pid, start; /* start in clock ticks since boot, which differs for a reused id */
  long long restart;    /* of the Slurm job */
} lock_owner;

typedef enum owner_state {
  OWNER_ALIVE,
  OWNER_GONE,
  OWNER_UNKNOWN /* cannot be observed from here */
} owner_state;

/* Fill in this process. */
void kith__owner_self(const char *verb, const char *job, lock_owner *self);
/* Format as lines "key: value". */
void kith__owner_print(const lock_owner *o, size_t size, char *text);
/* Parse them; false if the text is incomplete. */
bool kith__owner_parse(const char *text, lock_owner *o);
/* The state of a holder, as far as this process can tell; for OWNER_GONE `why` is set. */
owner_state kith__owner_look(const lock_owner *o, const lock_owner *self, const char **why);
/* "kith train of job.yaml (process 12 on node1, Slurm job 7, since …)". */
void kith__owner_describe(const lock_owner *o, size_t size, char *text);

#endif
