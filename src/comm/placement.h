/**
 * Placement: the hosts, cores and memory of the ranks, the speed of the network between nodes, and the
 * offsets of their clocks.  For kith doctor; results of a job do not depend on it.
 */
#ifndef KITH_COMM_PLACEMENT_H
#define KITH_COMM_PLACEMENT_H

#include "comm/comm.h"

enum { KITH_CPU_SET_BITS = 1024, KITH_HOST_TEXT = 256 };

/** A set of CPUs, by the kernel's numbers. */
typedef struct kith_cpu_set {
  uint64_t bits[KITH_CPU_SET_BITS / 64];
} kith_cpu_set;

int kith_cpu_set_count(const kith_cpu_set *c);
/** Union: to |= from. */
void kith_cpu_set_union(kith_cpu_set *to, const kith_cpu_set *from);

typedef struct kith_host_info kith_host_info;

/** What a rank knows about its host.  Plain data, sent as bytes: all hosts must have the same architecture.
 */
struct kith_host_info {
  int node;           /**< index of the node, in the order of the nodes' first ranks */
  int first;          /**< lowest rank on the node */
  int threads;        /**< OpenMP threads of this rank; the caller sets it */
  int other_threads;  /**< threads of other programs that ran on the node when this rank began; set by the
                         caller */
  int online;         /**< online CPUs in this rank's control group */
  double quota;       /**< CPU quota of the control group, in cores; 0: none */
  kith_cpu_set cores; /**< CPU affinity of this rank */
  int64_t
      memory; /**< bytes that the node, or the control group, can still give: shared by the node's ranks */
  int64_t resident; /**< resident bytes of this process */
  int64_t shm;      /**< free bytes on /dev/shm; -1: it does not exist */
  char host[KITH_NAME];
  char cpu[KITH_HOST_TEXT];       /**< CPU model */
  char libraries[KITH_HOST_TEXT]; /**< versions; the caller sets it */
};

/** Fill in all members except those that the caller sets, `node` and `first`.  Local. */
void kith_host_info_get(kith_host_info *out);

/** Cores that this rank may use: its affinity, limited by the CPU quota; at least 1.  Local. */
int kith_host_info_usable_cores(const kith_host_info *p);

/** Bytes of shared memory in huge pages that this process has mapped, of the mapping that begins at `base`.
 * Local.  Returns 0 without /proc. */
int64_t kith_huge_page_bytes(const void *base);

/**
 * Runnable threads on this machine, this one included: the minimum of five samples of /proc/loadavg, a
 * millisecond apart, so that short bursts do not count.  Local.  Returns 1 without /proc.
 */
int kith_running_threads(void);

/**
 * Whether the node is oversubscribed: more threads than this rank's cores, than its CPU quota, or, with the
 * threads of the node's other ranks and of other programs, than the node's cores.  Local.
 *
 * @param ranks  ranks on the node, each with p->threads threads
 */
bool kith_cores_are_oversubscribed(const kith_host_info *p, int ranks);

/** All-gather: a new block [size] by rank, the same on every rank, with node and first filled in. Collective.
 * Errors: KITH_ENOMEM. */
kith_agreed kith_host_info_allgather(const kith_comm *comm, const kith_host_info *mine,
                                     kith_host_info **all) KITH_MUST_USE;

/** Number of nodes.  Local. */
int kith_host_info_n_node(int size, const kith_host_info *all);
/** The lowest rank of a node; -1 if there is no such node.  Local. */
int kith_host_info_first_rank(int size, const kith_host_info *all, int node);

/** Measured speed between two ranks. */
typedef struct kith_link {
  int a, b;                /**< ranks */
  double latency;          /**< seconds, one way, of a short message: half of the fastest round trip */
  double bytes_per_second; /**< of a message of 4 MiB, the fastest of several */
} kith_link;

/**
 * Measure the links between the first ranks of consecutive nodes in a ring, one pair at a time; with one
 * node, between ranks 0 and 1.  Collective.
 *
 * @param[out] links a new block [*n], the same on every rank; *n = 0 with one rank
 * Cost: about 0.05 s per node on an ordinary network.  Errors: KITH_ENOMEM.
 */
kith_agreed kith_links_measure(const kith_comm *comm, const kith_host_info *all, int *n,
                               kith_link **links) KITH_MUST_USE;

/**
 * Number of ranks that the launcher has started, from its environment variables (mpirun of Open MPI, MPICH
 * and others, srun); 0 if there are none.  If it exceeds the size of MPI_COMM_WORLD, launcher and MPI library
 * do not match.  Local.
 *
 * @param[out] rank  this process's rank from the launcher, or -1; may be null
 */
int kith_launcher_size(int *rank);

/** The most bytes that this process has had resident so far; 0: the system does not say.  Local. */
int64_t kith_peak_bytes(void);

/** Offset of a node's wall clock from rank 0's. */
typedef struct kith_clock_offset {
  double seconds; /**< offset; positive: the node is ahead */
  double error;   /**< bound of the error in seconds: half of the fastest round trip */
} kith_clock_offset;

/**
 * Measure the clock offsets of all nodes by round trips (Cristian 1989).  Collective.  Errors: KITH_ENOMEM.
 *  @param[out] offset [nodes], a new block, the same on every rank
 */
kith_agreed kith_clock_offsets_measure(const kith_comm *comm, const kith_host_info *all,
                                       kith_clock_offset **offset) KITH_MUST_USE;

#endif
