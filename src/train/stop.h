/* A signal asks for a stop; the step after it tells all ranks. */
#ifndef KITH_SRC_TRAIN_STOP_H
#define KITH_SRC_TRAIN_STOP_H

#include <stdbool.h>

/** Whether a signal has come since kith_train_watch(). */
bool kith__stop_is_asked(void);
/** Whether the launcher seems to be about to end this rank: a checkpoint had better be written. */
bool kith__stop_is_near(void);
/** A checkpoint was written since. */
void kith__stop_was_met(void);
/** As before kith_train_watch(). */
void kith__stop_unwatch(void);

#endif
