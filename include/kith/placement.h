/**
 * Seat: where a rank runs.  What each knows of its node, its cores and the memory there; how messages between
 * nodes do, and how their clocks differ.  For kith doctor; nothing in a job depends on it.
 */
#ifndef KITH_PLACEMENT_H
#define KITH_PLACEMENT_H

#include "kith/comm.h"

enum { KITH_CPU_SET_BITS = 1024, KITH_HOST_TEXT = 256 };

/** A set of cores, by the numbers that the kernel gives them. */
typedef struct kith_cpu_set {
  uint64_t bits[KITH_CPU_SET_BITS / 64];
} kith_cpu_set;

int kith_cpu_set_count(const kith_cpu_set *c);
/** to := to and from together. */
void kith_cpu_set_union(kith_cpu_set *to, const kith_cpu_set *from);
bool kith_cpu_set_intersects(const kith_cpu_set *a,
                             const kith_cpu_set *b); /**< whether any core is in both */

typedef struct kith_host_info kith_host_info;

/** What one rank sees around it.  Plain data: it travels as bytes between ranks of one kind of machine. */
struct kith_host_info {
  int node;           /**< number of its node: 0 is rank 0's, the others by their first rank */
  int first;          /**< that node's first rank */
  int threads;        /**< OpenMP threads of this rank; set by the caller */
  int other_threads;  /**< threads of other programs that ran on the node when this rank began; set by the
                         caller */
  int online;         /**< cores of the node that are switched on and in this rank's control group */
  double quota;       /**< processor time that its control group allows, in cores; 0: no limit */
  kith_cpu_set cores; /**< where this rank may run */
  int64_t
      memory; /**< bytes that the node, or the control group, can still give: shared by the node's ranks */
  int64_t resident; /**< bytes that this process has now */
  int64_t shm;      /**< bytes free on /dev/shm; -1: there is none */
  char host[KITH_NAME];
  char cpu[KITH_HOST_TEXT];       /**< kind of processor */
  char libraries[KITH_HOST_TEXT]; /**< versions; set by the caller */
};

/** Look around: all but what the caller sets, and `node` and `first`.  Local. */
void kith_host_info_get(kith_host_info *out);

/** Cores that this rank may keep busy: where it may run, as far as its control group allows the time; at
 * least 1.  Local. */
int kith_host_info_usable_cores(const kith_host_info *p);

/**
 * Threads of this machine that run or wait for a core, this one included: the fewest of five looks at
 * /proc/loadavg, a millisecond apart, so that what only flares up does not count.  Local.  Returns 1 where
 * there is no /proc.
 */
int kith_running_threads(void);

/**
 * Whether ranks of this job will wait for a core while others run: more threads than this rank's cores, than
 * its control group's time, or, with those of the node's other ranks and `p->others`, than the node's cores.
 * Local.
 *
 * @param ranks of the node, each with p->threads threads
 */
bool kith_cores_are_oversubscribed(const kith_host_info *p, int ranks);

/** Everybody's place, by rank: a new block [size], the same on every rank, with node and first filled in.
 * Collective. */
kith_agreed kith_host_info_allgather(const kith_comm *comm, const kith_host_info *mine,
                                     kith_host_info **all) KITH_MUST_USE;

/** Nodes of the places [size]. */
int kith_host_info_n_node(int size, const kith_host_info *all);
/** The first rank of a node. */
int kith_host_info_first_rank(int size, const kith_host_info *all, int node);

/** Between two ranks. */
typedef struct kith_link {
  int a, b;                /**< ranks */
  double latency;          /**< seconds of a short message, one way: half of the fastest round trip of many */
  double bytes_per_second; /**< of a message of 4 MiB, the fastest of a few */
} kith_link;

/**
 * Measure each node's first rank with that of the next node, around the ring of nodes, one pair after the
 * other; with one node, ranks 0 and 1.  Collective.
 *
 * @param[out] links a new block [*n], the same on every rank; *n = 0 with one rank
 * Cost: about 0.05 s a node on an ordinary network.
 */
kith_agreed kith_links_measure(const kith_comm *comm, const kith_host_info *all, int *n,
                               kith_link **links) KITH_MUST_USE;

/**
 * How many ranks the launcher of this process says that it started (mpirun of Open MPI, MPICH and others,
 * srun); 0 if no launcher says anything.  More than MPI_COMM_WORLD has: the launcher and this MPI do not
 * understand each other.  Local.
 *
 * @param[out] rank  this process's place among them, as the launcher says; may be null
 */
int kith_launcher_size(int *rank);

/** A node's wall clock against rank 0's. */
typedef struct kith_clock_offset {
  double seconds; /**< seconds that it is ahead … */
  double error;   /**< … give or take: half of the fastest round trip */
} kith_clock_offset;

/**
 * Compare the wall clocks of all nodes with rank 0's, by asking for the time and halving the round trip
 * (Cristian 1989). Collective.  @param[out] offset [nodes], a new block, the same on every rank
 */
kith_agreed kith_clock_offsets_measure(const kith_comm *comm, const kith_host_info *all,
                                       kith_clock_offset **offset) KITH_MUST_USE;

#endif
