/* kith explain of a stream's model: the user's next event, behind all events of the stream. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "cli/recommend.h"
#include "cli/stream.h"
#include "comm/comm.h"

enum { STREAM_ITEMS = 5, STREAM_MOST_ITEMS = 100, STREAM_MOST_READ = 1000, STREAM_TEXT = 300 };

typedef struct stream_line {
  int32_t item;
  double score;
  kith_tgn_parts part;
} stream_line;

typedef struct stream_read {
  int32_t item;
  int64_t time;
  double share;
} stream_read;

/* What the user's owner finds. */
typedef struct stream_answer {
  int n, n_read;
  stream_line line[STREAM_MOST_ITEMS];
  stream_read read[STREAM_MOST_READ];
} stream_answer;

typedef struct stream_question {
  const char *user, *item; /* ids; item: null, the top ones */
  int64_t k;
  int32_t user_number, item_number; /* item: -1 */
} stream_question;

static kith_status stream_parse(cli *c, stream_question *q) {
  kith_status st = KITH_OK;
  q->user = cli_option(c, "user");
  q->item = cli_option(c, "item");
  KITH_TRY(cli_number(c, "k", 1, STREAM_MOST_ITEMS, &q->k));
  for (int i = 0; i < c->n_arg; i++)
    KITH_CHECK(strcmp(c->arg[i], "--at") != 0 && strncmp(c->arg[i], "--at=", 5) != 0, KITH_EUSAGE,
               "kith explain: --at: kith explain knows no times; it divides scores behind all events, at the "
               "time of the last one, and kith recommend lists items at others; leave --at out");
  KITH_CHECK(c->n_arg == 0, KITH_EUSAGE,
             "kith explain: %s: of a stream's model, --user ID goes with --item ID or --k N alone",
             c->arg[0]);
  KITH_TRY(cli_no_more(c));
  KITH_CHECK(q->user, KITH_EUSAGE, "kith explain: of a stream's model, expected --user ID");
  KITH_CHECK(!q->item || q->k == 0, KITH_EUSAGE,
             "kith explain: --k is a number of top items, and --item names one item");
  KITH_CHECK(c->job.stream.neighbors <= STREAM_MOST_READ, KITH_ECONFIG,
             "stream.neighbors: kith explain lists at most %d", STREAM_MOST_READ);
  if (q->k == 0) q->k = STREAM_ITEMS;
done:
  return st;
}

static kith_status stream_find(const kith_ids *ids, const char *option, const char *id, int32_t *number) {
  const int64_t found = id ? kith_ids_find(ids, id) : -1;
  *number = (int32_t)found;
  if (id && found < 0) return kith_fail(KITH_EDATA, "--%s %s: no such %s in the graph", option, id, option);
  return KITH_OK;
}

/* The global number of a user on its owner; others: -1. */
static kith_gid stream_user(const cli *c, const kith_graph *g, int32_t number) {
  for (kith_lid i = 0; i < g->n_own_of[KITH_USER]; i++) {
    const kith_lid row = g->row_of[KITH_USER][i];
    if (g->original[row] == number) return g->first[c->comm->rank] + row;
  }
  return -1;
}

/* The number of an item among all, by global number. */
static int32_t stream_item(const kith_graph *g, kith_gid item) {
  int32_t i = 0;
  while (g->item_number[i] != item) i++;
  return i;
}

/* On the user's owner. */
static kith_status stream_ask(const kith_graph *g, kith_tgn *t, const stream_question *q, const kith_event *e,
                              stream_answer *a) {
  kith_status st = KITH_OK;
  const kith_stream_scorer s = kith_tgn_scorer(t);
  float *score = NULL;
  kith_tgn_read *read = NULL;
  kith_scored_item best[STREAM_MOST_ITEMS];
  const int first = 0;
  KITH_TRY(KITH_NEW(score, g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(read, STREAM_MOST_READ));
  s.score(s.context, 1, &first, e, score);
  if (q->item_number >= 0) best[0] = (kith_scored_item){score[q->item_number], q->item_number};
  a->n = q->item_number >= 0 ? 1 : cli_stream_top(g->n[KITH_ITEM], score, (int)q->k, best);
  for (int i = 0; i < a->n; i++)
    a->line[i] = (stream_line){.item = best[i].item,
                               .score = (double)best[i].score,
                               .part = kith_tgn_explain(t, 0, best[i].item)};
  a->n_read = kith_tgn_explain_user(t, 0, read);
  for (int i = 0; i < a->n_read; i++)
    a->read[i] = (stream_read){stream_item(g, read[i].item), read[i].time, read[i].share};
done:
  KITH_FREE(score);
  KITH_FREE(read);
  return st;
}

/* ---- output ---- */

static void stream_print_line(cli *c, const kith_ids *ids, int number, const stream_line *l) {
  const kith_tgn_parts *p = &l->part;
  char id[STREAM_TEXT], place[16] = "";
  kith_ids_print(ids, l->item, sizeof id, id);
  if (p->place > 0) snprintf(place, sizeof place, "%d", p->place);
  cli_print(c, "%-24s %9.4f  %9.4f %5s %9.4f %9.4f %9.4f  %9.4f %9.4f %9.4f", id, l->score, p->match, place,
            p->latest, p->age, p->count, p->popular[0], p->popular[1], p->popular[2]);
  cli_json_more(c, "%s{\"item\": ", number > 0 ? ", " : "");
  cli_recommend_json_id(c, ids, l->item);
  cli_json_more(c,
                ", \"score\": %.9g, \"match\": %.9g, \"place\": %d, \"latest\": %.9g, \"age\": %.9g, "
                "\"count\": %.9g, \"popular\": [%.9g, %.9g, %.9g]}",
                l->score, p->match, p->place, p->latest, p->age, p->count, p->popular[0], p->popular[1],
                p->popular[2]);
}

static void stream_print_answer(cli *c, const kith_ids *ids, const stream_answer *a) {
  char id[STREAM_TEXT];
  cli_print(c, "a score is the sum of the rest of its line but for the place among the user's items");
  cli_print(c, "%-24s %9s  %9s %5s %9s %9s %9s  %9s %9s %9s", "item", "score", "match", "place", "latest",
            "age", "count", "hour", "day", "16 days");
  cli_json(c, "items", "[");
  for (int i = 0; i < a->n; i++) stream_print_line(c, ids, i, &a->line[i]);
  cli_json_more(c, "]");
  cli_print(c, "the user's row, a factor of match, reads %s:", KITH_COUNT(a->n_read, "event(s)"));
  cli_json(c, "reads", "[");
  for (int i = 0; i < a->n_read; i++) {
    kith_ids_print(ids, a->read[i].item, sizeof id, id);
    cli_print(c, "  %.4f  %s at %lld", a->read[i].share, id, (long long)a->read[i].time);
    cli_json_more(c, "%s{\"item\": ", i > 0 ? ", " : "");
    cli_recommend_json_id(c, ids, a->read[i].item);
    cli_json_more(c, ", \"time\": %lld, \"share\": %.9g}", (long long)a->read[i].time, a->read[i].share);
  }
  cli_json_more(c, "]");
}

static kith_agreed stream_explain(cli *c, const kith_graph *g, kith_stream *stream, const kith_ids *item,
                                  const stream_question *q) {
  kith_agreed st = {KITH_OK};
  kith_tgn *t = NULL;
  stream_answer *a = NULL;
  int64_t n = 0;
  kith_event e = {.user = stream_user(c, g, q->user_number)};
  const int owner = (int)kith_comm_max(c->comm, e.user < 0 ? -1 : c->comm->rank);
  KITH_TRY(kith_agree(c->comm, KITH_NEW(a, 1)));
  KITH_TRY(cli_stream_model(c, g, stream, &t));
  const kith_stream_scorer s = kith_tgn_scorer(t);
  e.user = kith_comm_max(c->comm, e.user);
  KITH_TRY(cli_stream_replay(c, stream, &s, INT64_MAX, NULL, NULL, &n, &e.time));
  KITH_TRY(s.begin(s.context, n, 1, &e));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == owner ? stream_ask(g, t, q, &e, a) : KITH_OK));
  KITH_MPI(MPI_Bcast(a, (int)sizeof *a, MPI_BYTE, owner, c->comm->mpi));
  cli_print(c, "user %s, behind %s, at the time of the last one, %lld", q->user, KITH_COUNT(n, "event(s)"),
            (long long)e.time);
  cli_json(c, "time", "%lld", (long long)e.time);
  cli_print_wrapped(
      c, 2,
      "by the model alone: kith recommend mixes the softmax of these scores with rules, so that its "
      "list may be another; kith evaluate prints the weights");
  stream_print_answer(c, item, a);
done:
  kith_tgn_destroy(&t);
  KITH_FREE(a);
  return st;
}

kith_agreed cli_explain_stream(cli *c) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  kith_graph *g = NULL;
  kith_stream *stream = NULL;
  kith_ids ids[KITH_SIDES] = {{.n = 0}};
  stream_question q = {.user = NULL};
  KITH_TRY(kith_agree(c->comm, stream_parse(c, &q)));
  KITH_TRY(cli_open_stream(c, graph, &g, &stream));
  for (int k = 0; k < KITH_SIDES; k++) KITH_TRY(kith_ids_read(c->comm, graph, (kith_node_type)k, &ids[k]));
  KITH_TRY(kith_agreed_same(stream_find(&ids[KITH_USER], "user", q.user, &q.user_number)));
  KITH_TRY(kith_agreed_same(stream_find(&ids[KITH_ITEM], "item", q.item, &q.item_number)));
  KITH_TRY(stream_explain(c, g, stream, &ids[KITH_ITEM], &q));
done:
  for (int k = 0; k < KITH_SIDES; k++) kith_ids_free(&ids[k]);
  kith_stream_destroy(&stream);
  kith_graph_destroy(&g);
  return st;
}
