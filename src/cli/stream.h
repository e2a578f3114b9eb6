/* kith evaluate of a stream. */
#ifndef KITH_CLI_STREAM_H
#define KITH_CLI_STREAM_H

#include "cli/cli.h"

/* Replay the events of the job's stream, and print the figures of a split.  Collective.  Errors:
 * KITH_ECONFIG, KITH_EUSAGE, KITH_ENOINPUT, KITH_EDATA, KITH_ENOMEM. */
kith_agreed cli_evaluate_stream(cli *c) KITH_MUST_USE;

#endif
