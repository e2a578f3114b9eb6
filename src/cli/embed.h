/* Parts of kith embed. */
#ifndef KITH_SRC_CLI_EMBED_H
#define KITH_SRC_CLI_EMBED_H

#include "cli/cli.h"

/* embed.adapt: move the rows of new users, by the exported rows.  Collective; nothing without the key. */
kith_agreed cli_embed_adapt(const cli *c, const kith_graph *g, const kith_run *run, const kith_new_nodes *new,
                            const char *embeddings, const char *checkpoint,
                            kith_new_embeddings *e) KITH_MUST_USE;
/* What was learned, and how many rows were moved. */
void cli_embed_adapt_print(cli *c, const kith_new_nodes *new, const kith_adaptation *a);
/* The same as JSON for the file, and its row: new blocks, null without embed.adapt.  Local.  Errors:
 * KITH_ENOMEM. */
kith_status cli_embed_adapt_text(const kith_adaptation *a, char **rates, char **row) KITH_MUST_USE;

#endif
