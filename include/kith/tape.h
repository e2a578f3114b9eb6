/**
 * Tape: records operations, walks them backward.
 */
#ifndef KITH_TAPE_H
#define KITH_TAPE_H

#include "kith/halo.h"

#endif
