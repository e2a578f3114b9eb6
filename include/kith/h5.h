/**
 * H5: start of the HDF5 library.  Every file of Kith is written under a temporary name, sealed by checksums,
 * and renamed when it is whole.
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
