/** The checkpoint that a run goes on from. */
#ifndef KITH_SRC_TRAIN_RESUME_H
#define KITH_SRC_TRAIN_RESUME_H

#include "comm/comm.h"
#include "store/store.h"

/**
 * A new run's unique id: a hash of its configuration key, the graph, the time and random bits.  Collective.
 *
 * @param[out] id  [KITH_NAME], the same on every rank
 */
void kith__run_new_id(const kith_comm *comm, const kith_graph *g, const char *config_key, char *id);

/** Read a checkpoint into the run's state.  Collective.  c->refused: it is whole, but of another run. */
typedef kith_agreed (*kith__checkpoint_reader)(void *context, const char *path, kith_checkpoint *c);

/**
 * Read the newest checkpoint of a folder that can be read; one that is broken is told, and the next older one
 * is tried.  Collective.
 *
 * @param c     as `read` leaves it; the caller frees c->history
 * @param path  [KITH_PATH] of the one that was read; "": there is none
 * Errors: those of `read` that are not of a broken file; that of the last file if all of them are broken.
 */
kith_agreed kith__newest_checkpoint(const kith_comm *comm, const char *work, kith__checkpoint_reader read,
                                    void *context, kith_checkpoint *c, char *path) KITH_MUST_USE;

#endif
