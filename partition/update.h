/** What other rooms of the library use of partition, beyond kith/partition.h: cutting by all ranks, and the
 * cut of an updated graph. */
#ifndef KITH_PARTITION_UPDATE_H
#define KITH_PARTITION_UPDATE_H

#include "kith/partition.h"
#include "store/store.h"

/** "metis", "hash", …, as in jobs.  Local. */
const char *kith_partition_method_name(kith_partition_method method);
/** Whether a method cuts with all ranks: stream, ptscotch.  The others need the whole graph on one rank.
 * Local. */
bool kith_partition_is_together(kith_partition_method method);

/** Whether PT-Scotch is built in.  Local. */
bool kith_partition_has_ptscotch(void);

/** A cut, for a number of ranks, and what kith_partition_judge() says of it. */
typedef struct kith_partition_judged {
  const int32_t *part; /**< [nodes] */
  int ranks;
  kith_partition_report report;
} kith_partition_judged;

/**
 * As kith_partition_make(), by all ranks, for such a method; the same parts on any number of ranks, but for
 * ptscotch.
 * Collective.
 *
 * @param l          the rank's share of the edges
 * @param[out] part  rank 0: [nodes]; other ranks: null
 * Errors: KITH_ENOMEM, KITH_EDATA, KITH_ECONFIG (a rank's share is too large; what to do).
 */
kith_agreed kith_partition_make_together(const kith_comm *comm, const kith_links *l,
                                         const kith_partition_options *o, int32_t *part) KITH_MUST_USE;

/**
 * Cut by any method but METIS, judge, and write parts.h5, with no more than a share of the graph on any rank.
 * Of the same parts any number of ranks writes the same bytes.  Collective.
 *
 * @param graph        path of graph.h5
 * @param l            the rank's share of its edges; l->plain
 * @param[in,out] cut  [n] with cut[k].ranks; the reports, but for bytes, on all ranks
 * @param[out] seconds of the cut alone
 * Errors: as above; KITH_EOUTPUT, KITH_EIO.
 */
kith_agreed kith_partition_write_together(const kith_comm *comm, const char *graph, const kith_links *l,
                                          const kith_partition_options *o, const char *path, int n,
                                          kith_partition_judged *cut, double *seconds) KITH_MUST_USE;

/** Judge n cuts with o->parts parts; the graph is made once.  Local.  Errors: KITH_ENOMEM. */
kith_status kith_partition_judge_all(const kith_dataset *d, const kith_partition_options *o, int width,
                                     int layers, int64_t steps_per_epoch, int n,
                                     kith_partition_judged *cut) KITH_MUST_USE;

/**
 * Give parts to new nodes, each that of most of its neighbors (weighted as in the cut), if that part's load
 * stays within o->imbalance of the mean; of equal ones the less loaded, then the first.  A node without
 * neighbors goes to the part with the least load.  Loads are sums of degree + 1, as METIS balances them.
 * Local.
 *
 * @param d  the whole graph
 * @param[in,out] part  [kith_dataset_n_node(d)] parts of the old nodes, which stay; -1: a new node
 * Errors: KITH_ENOMEM.  Cost: the parts for each new node, and its edges.
 */
kith_status kith_partition_extend(const kith_dataset *d, const kith_partition_options *o,
                                  int32_t *part) KITH_MUST_USE;

/** Why an updated graph was cut from scratch. */
typedef enum kith_recut {
  KITH_RECUT_NONE,    /**< it was not */
  KITH_RECUT_WORSE,   /**< the share of cut edges is 1.3 times that of the last cut from scratch, or more */
  KITH_RECUT_SETTINGS /**< the job has another number of parts, or another method */
} kith_recut;

/** What became of the cut; equal on all ranks. */
typedef struct kith_partition_update_report {
  int64_t n_new; /**< new nodes */
  kith_recut why;
  double first_cut;    /**< share of edges between parts after the last cut from scratch before … */
  double extended_cut; /**< … with new nodes beside their neighbors; both 0 for KITH_RECUT_SETTINGS … */
  double cut;          /**< … and as written */
  double balance;      /**< edges of the fullest part over the mean, as written */
} kith_partition_update_report;

/**
 * Write parts.h5 of an updated graph: as the parent's, with parts for new nodes, or cut from scratch.
 * Collective over `comm`; rank 0 does the work.
 *
 * @param old_graph, old_parts  files of the parent
 * @param new_graph             graph.h5 whose parent that is
 * @param o                     as of kith partition
 * @param out_path              the file to write, another one than old_parts
 * Errors: KITH_ENOINPUT, KITH_EDATA (old_parts is of another graph), KITH_ECONFIG, KITH_ENOMEM, KITH_EOUTPUT,
 * KITH_EIO.
 */
kith_agreed kith_partition_update(const kith_comm *comm, const char *old_graph, const char *old_parts,
                                  const char *new_graph, const kith_partition_options *o,
                                  const char *out_path, kith_partition_update_report *report) KITH_MUST_USE;

#endif
