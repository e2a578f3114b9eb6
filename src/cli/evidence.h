/* Evidence of blends: that of a job, and that of a file. */
#ifndef KITH_SRC_CLI_EVIDENCE_H
#define KITH_SRC_CLI_EVIDENCE_H

#include "blend/evidence.h"
#include "cli/cli.h"

/* What the job names, out [KITH_BLEND_EVIDENCE].  Local; the same on every rank.  Errors: KITH_ECONFIG. */
kith_status cli_evidence_list(const cli *c, int *n, kith_evidence *out) KITH_MUST_USE;
/* Whether a blend has the evidence that the job names.  Local. */
bool cli_evidence_is_same(const cli *c, const kith_blend_origin *of);
/* The evidence of a blend with its weights, out [of->n_evidence].  Local; the same on every rank.  Errors:
 * KITH_EDATA. */
kith_status cli_evidence_take(const char *path, const kith_blend_origin *of,
                              kith_evidence *out) KITH_MUST_USE;
/* kith_evidence_make() of the items that are ranked, or of `all`, the times of interactions read before if
 * they are needed.  Collective. */
kith_agreed cli_evidence_make(const cli *c, const char *parts, kith_graph *g, bool all, int n,
                              const kith_evidence *e, kith_evidence_table *out) KITH_MUST_USE;

/* Warn of the models and evidence that say nothing of the validation items: flat [models, then evidence] of
 * kith_blend_report.  Rank 0 prints. */
void cli_evidence_warn_flat(const cli *c, const kith_blend_origin *of, const bool *flat);
/* Refuse a blend without any weight: scores that are all alike rank nothing.  Local.  Errors: KITH_ECONFIG.
 */
kith_status cli_evidence_check_weights(const kith_blend_origin *of) KITH_MUST_USE;

#endif
