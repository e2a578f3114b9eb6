/* A signal asks for a stop; the step after it tells all ranks. */
#ifndef KITH_SRC_TRAIN_STOP_H
#define KITH_SRC_TRAIN_STOP_H

#include <stdbool.h>

/** Note SIGUSR1, SIGTERM and SIGINT from now on, instead of dying of them; a second SIGTERM or SIGINT ends the program. */
void kith__stop_watch(void);
/** Whether one has come since. */
bool kith__stop_is_asked(void);
/** As before kith__stop_watch(). */
void kith__stop_unwatch(void);

#endif
