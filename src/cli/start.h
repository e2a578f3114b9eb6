/* Private to the program: settings that must be made before MPI, OpenMP and the BLAS start. */
#ifndef KITH_SRC_CLI_START_H
#define KITH_SRC_CLI_START_H

#include "comm/comm.h"

/* The commit that the program was built from, "-dirty" behind it if files were changed; "" outside of a git
 * checkout. */
extern const char cli_commit[];

/* How threads that have nothing to do wait for the next parallel region. */
typedef enum cli_wait { CLI_WAIT_BY_USER, CLI_WAIT_SHORTLY, CLI_WAIT_ASLEEP } cli_wait;

/* What was decided. */
typedef struct cli_started {
  bool chose_kernels; /* the BLAS's kernels are Kith's choice, not the BLAS's own or the user's */
  bool kernels_right; /* their products are what plain loops give */
  cli_wait wait;
  int others; /* threads of other programs that ran on this node at the start */
} cli_started;

/*
 * Choose the BLAS's kernels and the threads' way of waiting, unless the environment does.  Libraries read
 * those choices when they are loaded, so the program then executes itself once more, with them in the
 * environment: same process, same arguments. Local; before kith_mpi_init().
 */
void cli_start(char **argv);

const cli_started *cli_started_get(void);

/* The cores of the node, divided among its ranks, are their threads, unless OMP_NUM_THREADS is set.
 * Collective. */
void cli_share_cores(const kith_comm *all);

/*
 * Fail if any rank's BLAS computes wrong; warn if ranks have different kernels, or slow ones that the user
 * has not asked for. Collective.
 */
kith_agreed cli_check_blas(const kith_comm *all);

#endif
