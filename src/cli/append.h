/* Private to cli: reports of new lists behind an old graph, and of the cut of the graph that they make. */
#ifndef KITH_CLI_APPEND_H
#define KITH_CLI_APPEND_H

#include "cli/cli.h"
#include "ingest/append.h"
#include "partition/update.h"

/* Print what kith_append() read, and add it to the JSON object. */
void cli_append_print(cli *c, const kith_append_options *o, const kith_append_report *r);
/* Print whether the graph was cut from scratch, and add it to the JSON object. */
void cli_recut_print(cli *c, const kith_partition_update_report *r);

#endif
