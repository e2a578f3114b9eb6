/* The file that ranks sign while one of them has waited for long: one line of fixed length a rank. */
#ifndef KITH_SRC_COMM_HEARTBEAT_H
#define KITH_SRC_COMM_HEARTBEAT_H

#include "kith/comm.h"

enum { HEARTBEAT_TEXT = 320, HEARTBEAT_LINE = 512 };

/* What a rank says of itself. */
typedef struct heartbeat_record {
  int64_t count;  /* signs given; 0: none */
  int64_t n_wait; /* waits begun so far */
  int64_t cpu_ms; /* CPU time of the process, ms */
  bool is_waiting;
  char text[HEARTBEAT_TEXT]; /* "rank 2 (node1) …" */
} heartbeat_record;

/* All are Local and fail silently: who cannot sign is not heard of. */
bool kith__heartbeat_exists(const char *path);
void kith__heartbeat_write(const char *path, int rank, bool make, const heartbeat_record *mine);
/* The signs of all ranks: all [size]. */
void kith__heartbeat_read(const char *path, int size, heartbeat_record *all);

#endif
