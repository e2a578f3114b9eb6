/**
 * H5: one HDF5 file, created under a temporary name, published whole, and sealed.
 *
 * Layouts are described in docs/files.md.  Files do not depend on the number of ranks.
 */
#ifndef KITH_H5_H
#define KITH_H5_H

#include "kith/base.h"

/**
 * Initialize the HDF5 library without exit handlers.  Local; call before MPI_Init().
 *
 * If a file failed to close, the handlers that MPI_Finalize() and exit() run would crash.  Kith closes each
 * file itself.
 */
KITH_API void kith_h5_init(void);

#endif
