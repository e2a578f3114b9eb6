/* kith explain of a stream's model: the user's next event, behind all events of the stream. */
#include <mpi.h>
#include <stdio.h>

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

/* Take in all events; returns the time of the last one. */
static kith_agreed stream_replay(kith_stream *stream, const kith_stream_scorer *s, int batch, int64_t *now) {
  kith_agreed st = {KITH_OK};
  const kith_stream_range range = kith_stream_ranges(stream);
  s->reset(s->context);
  for (int64_t at = 0, end = 0; at < range.n; at = end) {
    const kith_event *event = NULL;
    end = kith_stream_batch_end(range, at, batch);
    kith_stream_events(stream, at, end, &event);
    *now = event[end - at - 1].time;
    KITH_TRY(s->observe(s->context, at, (int)(end - at), event));
  }
done:
  return st;
}

/* The global number of a user on its owner; others: -1. */
static kith_gid stream_user(const cli *c, const kith_graph *g, int32_t number) {
  for (kith_lid i = 0; i < g->n_own_of[KITH_USER]; i++) {
    const kith_lid row = g->row_of[KITH_USER][i];
    if (g->original[row] == number) return g->first[c->comm->rank] + row;
  }
  return -1;
}

/* Whether item i ranks before item j: equal scores by ascending number. */
static bool stream_before(const float *score, int32_t i, int32_t j) {
  return score[i] > score[j] || (score[i] == score[j] && i < j);
}

/* The k best items of all, or the one that is asked for, into a->line. */
static void stream_choose(const stream_question *q, int64_t n_item, const float *score, stream_answer *a) {
  if (q->item_number >= 0) {
    a->n = 1;
    a->line[0].item = q->item_number;
    return;
  }
  for (int32_t i = 0; i < n_item; i++) {
    int at = a->n;
    while (at > 0 && stream_before(score, i, a->line[at - 1].item)) at--;
    if (at >= q->k) continue;
    if (a->n < q->k) a->n++;
    for (int m = a->n - 1; m > at; m--) a->line[m].item = a->line[m - 1].item;
    a->line[at].item = i;
  }
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
  const int first = 0;
  KITH_TRY(KITH_NEW(score, g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(read, STREAM_MOST_READ));
  s.score(s.context, 1, &first, e, score);
  stream_choose(q, g->n[KITH_ITEM], score, a);
  for (int i = 0; i < a->n; i++) {
    a->line[i].score = (double)score[a->line[i].item];
    a->line[i].part = kith_tgn_explain(t, 0, a->line[i].item);
  }
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
  cli_print(c, "kith evaluate mixes the softmax of these scores with the rules of stream");
}

static kith_agreed stream_explain(cli *c, const kith_graph *g, kith_stream *stream, const kith_ids *item,
                                  const stream_question *q) {
  kith_agreed st = {KITH_OK};
  kith_tgn *t = NULL;
  stream_answer *a = NULL;
  kith_event e = {.user = stream_user(c, g, q->user_number)};
  const int owner = (int)kith_comm_max(c->comm, e.user < 0 ? -1 : c->comm->rank);
  KITH_TRY(kith_agree(c->comm, KITH_NEW(a, 1)));
  KITH_TRY(cli_stream_model(c, g, stream, &t));
  const kith_stream_scorer s = kith_tgn_scorer(t);
  e.user = kith_comm_max(c->comm, e.user);
  KITH_TRY(stream_replay(stream, &s, c->job.stream.batch, &e.time));
  KITH_TRY(s.begin(s.context, kith_stream_ranges(stream).n, 1, &e));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == owner ? stream_ask(g, t, q, &e, a) : KITH_OK));
  KITH_MPI(MPI_Bcast(a, (int)sizeof *a, MPI_BYTE, owner, c->comm->mpi));
  cli_print(c, "user %s, behind %s, at the time of the last one, %lld", q->user,
            KITH_COUNT(kith_stream_ranges(stream).n, "event(s)"), (long long)e.time);
  cli_json(c, "time", "%lld", (long long)e.time);
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
