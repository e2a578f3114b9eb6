/* Signals that request a stop; the next step communicates the request to all ranks. */
#ifndef KITH_SRC_TRAIN_SIGNALS_H
#define KITH_SRC_TRAIN_SIGNALS_H

#include <stdbool.h>

/** Whether a stop signal has arrived since kith_signals_install(). */
bool kith__signals_stop_requested(void);
/** Whether the launcher is probably about to end this rank, so that a checkpoint should be written now. */
bool kith__signals_launcher_ending(void);
/** Clear that flag: a checkpoint was written. */
void kith__signals_clear_launcher(void);
/** Restore the handlers from before kith_signals_install(). */
void kith__signals_restore(void);

#endif
