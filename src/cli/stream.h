/* What is asked of a stream. */
#ifndef KITH_CLI_STREAM_H
#define KITH_CLI_STREAM_H

#include "cli/cli.h"
#include "diagnose/memory_estimate.h"
#include "eval/topk_heap.h"
#include "stream/rules.h"
#include "train/stream_run.h"

/* Whether the job ranks the events of a stream.  Local. */
bool cli_replays(const cli *c);

/* What cannot be asked of a stream, whose graph may be null.  Local.  Errors: KITH_ECONFIG, KITH_EUSAGE. */
kith_status cli_check_stream(const cli *c, const kith_graph *g) KITH_MUST_USE;

/* The job's stream, with the path graph [KITH_PATH] of its file; destroy both, also after a failure.
 * Collective.  Errors: those of cli_read_parts(), cli_check_stream() and kith_stream_open(). */
kith_agreed cli_open_stream(cli *c, char *graph, kith_graph **g, kith_stream **out) KITH_MUST_USE;

/* What ranks the events of a stream: rules, and the job's model if it has one. */
typedef struct cli_ranker {
  kith_graph *g;
  kith_stream *stream;
  kith_tgn *tgn;
  kith_stream_rules *rules;
  int batch; /* events that are ranked by what is known before the first of them */
} cli_ranker;
/* Destroy it also after a failure.  Collective.  Errors: as above, those of kith_stream_load(). */
kith_agreed cli_ranker_open(cli *c, char *graph, cli_ranker *out) KITH_MUST_USE;
void cli_ranker_close(cli_ranker *r);
/* Choose the weights of rules on validation events.  Collective.
 * @param[out] share  [KITH_RULE_PARTS] what each part of a rule explains
 * Errors: KITH_ECONFIG (there are none), those of kith_stream_rules_fit(). */
kith_agreed cli_ranker_fit(cli_ranker *r, double *share) KITH_MUST_USE;

/*
 * Take in the events before a time, INT64_MAX: all.  Event by event, items are those of the beginning of the
 * last batch, as in training and evaluation.  Collective.
 *
 * @param see  null, or what is called with all of them in order, on every rank
 * @param[out] n, now  how many these are, and the time of the last one, if there is one
 * Errors: those of the scorer.
 */
typedef void cli_see_event(void *context, const kith_event *event);
kith_agreed cli_stream_replay(const cli *c, kith_stream *stream, const kith_stream_scorer *s, int64_t until,
                              cli_see_event *see, void *context, int64_t *n, int64_t *now) KITH_MUST_USE;
/* The k best of items by score [n_item], equal ones by ascending number: best [returned].  Local. */
int cli_stream_top(int64_t n_item, const float *score, int k, kith_scored_item *best);

/* Replay the events of the job's stream, and print the figures of a split, with `groups` also those by what
 * was known of an event.  Collective.  Errors: KITH_ECONFIG, KITH_EUSAGE, KITH_ENOINPUT, KITH_EDATA,
 * KITH_ENOMEM. */
kith_agreed cli_evaluate_stream(cli *c, bool groups) KITH_MUST_USE;
/* What it prints and reports: share [parts]; figures [KITH_STREAM_FIGURES].  Local. */
void cli_stream_print_weights(cli *c, const kith_stream_rules *rules, const double *share);
void cli_stream_print(cli *c, const kith_stream_figures *figures, bool groups);

/* kith train of stream.model.  Collective.  Errors: those of kith_stream_train(). */
kith_agreed cli_train_stream(cli *c, bool fresh) KITH_MUST_USE;
/*
 * kith update of stream.model: go on from the checkpoint `old`, at the end of an epoch on the stream of
 * old_graph, with the training events of `graph` behind it.  Collective.
 *
 * @param folder  where checkpoints and metrics.jsonl are written, and an interrupted update goes on
 * @param epoch   of `old`; the result counts as its end
 * Errors: those of kith_stream_train().
 */
typedef struct cli_stream_update {
  const char *folder, *old, *old_graph, *graph, *parts;
  int64_t epoch;
} cli_stream_update;
kith_agreed cli_update_stream(cli *c, const cli_stream_update *u) KITH_MUST_USE;
/* The model of the newest checkpoint; null: stream.model is none.  Collective.  Errors: those of
 * kith_stream_load(). */
kith_agreed cli_stream_model(cli *c, const kith_graph *g, kith_stream *stream, kith_tgn **out) KITH_MUST_USE;

/* kith explain of stream.model: the top items of a user's next event, or one item, with the parts of their
 * scores, and what the user's row reads.  Collective.  Errors: as above, KITH_EUSAGE. */
kith_agreed cli_explain_stream(cli *c) KITH_MUST_USE;

/** Memory that training the job's model of a stream takes.  Collective. */
kith_agreed cli_estimate_stream(cli *c, const kith_graph_sizes *s, kith_memory_estimate *out) KITH_MUST_USE;
/** Disk space of its checkpoints, in bytes.  Collective. */
kith_agreed cli_estimate_stream_disk(cli *c, const kith_graph_sizes *s, int64_t *out) KITH_MUST_USE;

#endif
