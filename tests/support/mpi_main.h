/* A cmocka program on several ranks: MPI around it, failures summed over ranks. */
#ifndef KITH_TEST_MPI_MAIN_H
#define KITH_TEST_MPI_MAIN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "comm/comm.h"

extern kith_comm *test_comm; /* all ranks */

void test_begin(int *argc, char ***argv);
int test_end(int failures);

/* One folder for all ranks [KITH_PATH], and its end, when nobody needs it any more.  Collective. */
void test_folder_begin(char *folder);
void test_folder_end(const char *folder);

#endif
