/* The heartbeat file, written while a rank waits for long: one line of fixed length per rank. */
#ifndef KITH_SRC_COMM_HEARTBEAT_H
#define KITH_SRC_COMM_HEARTBEAT_H

#include "comm/comm.h"

enum { HEARTBEAT_TEXT = 320, HEARTBEAT_LINE = 512 };

/* A rank's heartbeat. */
typedef struct heartbeat_record {
  int64_t count;  /* heartbeats so far; 0: none */
  int64_t n_wait; /* calls that may wait, so far */
  int64_t cpu_ms; /* CPU time of the process, ms */
  bool is_waiting;
  char text[HEARTBEAT_TEXT]; /* "rank 2 (node1) …" */
} heartbeat_record;

/* All are Local and ignore errors: a rank that cannot write counts as missing. */
bool kith__heartbeat_exists(const char *path);
void kith__heartbeat_write(const char *path, int rank, bool create, const heartbeat_record *record);
/* Heartbeats of all ranks: all [size]. */
void kith__heartbeat_read(const char *path, int size, heartbeat_record *all);

#endif
