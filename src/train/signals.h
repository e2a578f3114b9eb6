/* A signal asks for a stop; the step after it tells all ranks. */
#ifndef KITH_SRC_TRAIN_SIGNALS_H
#define KITH_SRC_TRAIN_SIGNALS_H

#include <stdbool.h>

/** Whether a signal has come since kith_signals_install(). */
bool kith__signals_stop_requested(void);
/** Whether the launcher seems to be about to end this rank: a checkpoint had better be written. */
bool kith__signals_launcher_ending(void);
/** A checkpoint was written since. */
void kith__signals_clear_launcher(void);
/** As before kith_signals_install(). */
void kith__signals_restore(void);

#endif
