/**
 * Hosts: which ranks of a group run on one host, and one mapping of memory that they all read and write.
 *
 * Ranks of one host need not send each other what they can read.  Where shared memory is refused, or small,
 * callers exchange messages instead: nothing else depends on it.
 */
#ifndef KITH_COMM_HOSTS_H
#define KITH_COMM_HOSTS_H

#include "comm/comm.h"

/** The hosts of a group of ranks, numbered by their lowest ranks. */
typedef struct kith_hosts {
  const kith_comm *all;
  kith_comm here; /**< the ranks of this rank's host, ascending */
  int n;          /**< hosts */
  int mine;       /**< this rank's host */
  int *of;        /**< [all->size] the host of each rank */
  int *first;     /**< [n + 1] the ranks of host h are member[first[h]] … member[first[h + 1] - 1] */
  int *member;    /**< [all->size] ranks by host, those of one ascending */
} kith_hosts;

/**
 * Find the hosts of a group.  Collective over `comm`, which must outlive them.  Errors: KITH_ENOMEM.
 *
 * Ranks are on one host if MPI says that they can share memory.  For tests, the environment variable
 * KITH_RANKS_PER_HOST=n takes ranks of one host apart, as if n of them were on a host each.
 */
kith_agreed kith_hosts_create(const kith_comm *comm, kith_hosts **out) KITH_MUST_USE;
/** Free them and null the pointer; accepts null.  Collective over the ranks of a host. */
void kith_hosts_destroy(kith_hosts **hosts);

/** The ranks of this rank's host as a communicator of its own, which the caller frees.  Collective. */
MPI_Comm kith_hosts_split(const kith_comm *comm);

/** Wait for the ranks of this host: what they wrote into shared memory before can be read then.  Collective
 * over the ranks of a host.  Spins, unless MPI yields (mpi_yield_when_idle). */
void kith_hosts_barrier(const kith_hosts *h);

/** Memory of a host: one mapping without a name, which ends with the last process that has it. */
typedef struct kith_share {
  const kith_hosts *hosts;
  char *base;    /**< [bytes] the same memory in every rank of the host, aligned to 2 MiB; zero at first */
  int64_t bytes; /**< whole pages: above 4 MiB huge ones */
  int64_t in_small_pages; /**< the bytes of it on the host that has most and has it not in huge pages; 0: all
                             have.  Below 4 MiB none are asked for */
  bool small;             /**< this rank asks for none: an injected fault */
  int file;               /**< descriptor, until kith_share_seal(); then -1 */
} kith_share;

/**
 * Map `bytes` of memory in all ranks of each host.  Collective.  No page is taken yet: kith_share_claim().
 *
 * @param bytes     the same on the ranks of one host
 * @param[out] out  null, with KITH_OK: refused on some host, and kith_error_text() says why; on all ranks
 * Errors: KITH_ENOMEM.
 */
kith_agreed kith_share_create(const kith_hosts *h, int64_t bytes, kith_share **out) KITH_MUST_USE;

/**
 * Take the pages of a part that this rank writes first, near its own cores.  Local.
 *
 * @param from, bytes  a part of the mapping, at any address
 * Errors: KITH_EIO: there is no room, or pages are refused; no signal is raised.
 */
kith_status kith_share_claim(const kith_share *s, const void *from, int64_t bytes) KITH_MUST_USE;

/**
 * Finish a mapping whose parts are claimed: gather its pages into huge ones where the kernel does that.
 * Collective.
 *
 * @param claimed  the result of this rank's kith_share_claim()
 * @return whether all ranks claimed theirs; if not, *s is destroyed, and kith_error_text() says why
 */
bool kith_share_seal(kith_share **s, kith_status claimed);

/** Unmap and null the pointer; accepts null.  Local: other ranks keep theirs. */
void kith_share_destroy(kith_share **s);

#endif
