/* A signal asks for a stop; the step after it tells all ranks. */
#ifndef KITH_SRC_TRAIN_STOP_H
#define KITH_SRC_TRAIN_STOP_H

#include <stdbool.h>

/** Whether a signal has come since kith_train_watch(). */
bool kith__stop_is_asked(void);
/** As before kith_train_watch(). */
void kith__stop_unwatch(void);

#endif
