/* Private to kith plan: what it knows of the graph, and a row for each number of ranks. */
#ifndef KITH_SRC_CLI_PLAN_H
#define KITH_SRC_CLI_PLAN_H

#include "cli/cli.h"
#include "diagnose/memory_estimate.h"
#include "plan/plan.h"
#include "sample/sampler.h"

enum { PLAN_MOST = 1024, PLAN_ROWS = 16 };

/* One number of ranks. */
typedef struct plan_row {
  kith_plan_cut cut;
  kith_memory_estimate memory; /* of the rank with the most, without the program */
  int64_t bytes;               /* of that rank, the program included */
  bool has_step;               /* whether steps can be counted */
  kith_plan_step step;
  double epoch, evaluation, checkpoint, job; /* seconds */
  double ghost_bytes; /* of all ghosts in all exchanges of a step, as if ranks shared no memory; 0: sampled */
  double drawn;       /* neighbors that a sampled step draws, on all ranks; 0: no sampled step */
  bool in_place;      /* ranks of a node read rows of each other in place */
  bool short_of_memory; /* refused for the memory of a node */
  bool of_nodes;        /* refused for that, or for its cores */
  bool has_rooms;
  kith_sampler_rooms rooms; /* of sampled steps: the most of each that one rank has */
  char refused[512];        /* what kith train would refuse, or the nodes; "": nothing */
} plan_row;

typedef struct planner {
  cli *c;
  bool spreads; /* fewer ranks of a node where they have too little memory: --tasks-per-node was not given */
  int nodes, per_node; /* of the allocation; nodes 0: as many as the ranks need */
  kith_plan_assumption how;
  kith_machine machine;
  kith_graph *whole;    /* parts.h5, read by one rank; null: not cut, or too large to be read */
  kith_graph_sizes all; /* of one rank that has the whole graph */
  int64_t n;            /* nodes */
  kith_plan_degrees degrees;
  int64_t max_degree;
  int64_t users, items, interactions; /* of a graph that is not there; interactions 0: the job's */
  int64_t events;                     /* of the whole stream; 0: there is none … */
  int features;                       /* … and of an event */
  double batch, negatives;            /* pairs of a step, and items drawn for each of them */
  double read_rows, read_entries;     /* rows that a step is expected to read, and their entries */
  int64_t resident;                   /* bytes of the program itself */
  int n_row;
  plan_row row[PLAN_ROWS];
  int best; /* index of the recommended row; -1: none is possible */
} planner;

/* Read the sizes, degrees and, if it is there and fits, the cut; rank 0 alone.  Local.  Errors: those of the
 * files; KITH_ENOMEM. */
kith_status plan_read(planner *p) KITH_MUST_USE;
void plan_free(planner *p);
/* Fill in one row.  Local.  Errors: KITH_ENOMEM; KITH_ECONFIG (a model that cannot be). */
kith_status plan_row_make(const planner *p, int size, plan_row *out) KITH_MUST_USE;
/* The work of a round of the spectral model but the first, on the rank with most of it … */
kith_plan_work plan_round_of(const planner *p, const kith_graph_sizes *s);
/* … and the share of it that the first round takes. */
double plan_first_round(const kith_spectral_options *o);
/* What seconds and messages are not known of on so many ranks, in a few words; null: they are known. */
const char *plan_unknown(const planner *p, const plan_row *row);
/* Say in row->refused what would be refused, if anything; the rooms of a sampler.  Local.  Errors:
 * KITH_ENOMEM, KITH_ECONFIG. */
kith_status plan_refuse(const planner *p, const kith_graph_sizes *slowest, plan_row *row) KITH_MUST_USE;
/* The fastest number of ranks that still works at half of the fewest's efficiency; -1: all are refused. */
int plan_recommend(int n, const plan_row *row);

/* Print rows, and what is recommended; on rank 0. */
void plan_print(planner *p);
/* The line for Slurm, and that of all stages where the graph is not cut yet. */
void plan_print_lines(const planner *p, const plan_row *row);

#endif
