/* The file that ranks sign while one of them has waited for long: one line of fixed length a rank. */
#ifndef KITH_SRC_COMM_BOARD_H
#define KITH_SRC_COMM_BOARD_H

#include "kith/comm.h"

enum { BOARD_TEXT = 320, BOARD_LINE = 512 };

/* What a rank says of itself. */
typedef struct board_sign {
  int64_t beat;   /* signs given; 0: none */
  int64_t passed; /* waits begun so far */
  int64_t worked; /* CPU time of the process, ms */
  bool waits;
  char text[BOARD_TEXT]; /* "rank 2 (node1) …" */
} board_sign;

/* All are Local and fail silently: who cannot sign is not heard of. */
bool kith__board_is_there(const char *path);
void kith__board_sign(const char *path, int rank, bool make, const board_sign *mine);
/* The signs of all ranks: all [size]. */
void kith__board_read(const char *path, int size, board_sign *all);

#endif
