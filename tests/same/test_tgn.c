/* ranks: 1 3 */
/*
 * Three steps of TGN against its formulas in dense double precision: events are searched from the start,
 * every node is computed, and gradients are differences of the loss.  So the message of the first batch is
 * applied in the second one, and the third begins with memory that a step has changed.
 */
#include "support/cut.h"
#include "support/mpi_main.h"
#include "support/tgn_dense.h"

#include "tgn/tgn_impl.h"

enum { USERS = 5, ITEMS = 4, NODES = USERS + ITEMS, EVENTS = 14, BATCH = 5, STEPS = 3 };
enum { D = 4, HEADS = 2, K = 3, NEAR = 3, WEIGHTS = 1024, FEATURES = 2 };
static const double TOLERANCE = 2e-5; /* of numbers near 1, after three steps in float */

/* Events by original numbers: repeated pairs, equal times, a node twice in a batch. */
static const int user_of[EVENTS] = {0, 1, 0, 2, 1, 0, 0, 3, 1, 2, 0, 3, 1, 0};
static const int item_of[EVENTS] = {0, 1, 0, 2, 0, 1, 0, 3, 1, 2, 2, 3, 1, 0};
static const int64_t time_of[EVENTS] = {100, 100, 130, 170,  171,  400,  400,
                                        460, 500, 900, 1500, 1500, 1600, 4000};

/* Features of an event, of the steps that have them. */
static float feature_of[EVENTS][FEATURES];

static const kith_tgn_options options = {.dim = D,
                                         .heads = HEADS,
                                         .time_dim = K,
                                         .neighbors = NEAR,
                                         .batch = BATCH,
                                         .evidence = true,
                                         .init = .5,
                                         .lr_decay = .5,
                                         .seed = 4,
                                         .optimizer = {.name = KITH_ADAM,
                                                       .lr = .02,
                                                       .beta1 = .9,
                                                       .beta2 = .99,
                                                       .epsilon = .01}}; /* steps that are smooth in g */

/* ---- the dense model ---- */

typedef struct dense {
  bool exact;
  int n_feature;
  const kith_params *names; /* where weights are in w */
  double w[WEIGHTS], x[NODES][D];
  int64_t n_weight;
  double m1[WEIGHTS + NODES * D], m2[WEIGHTS + NODES * D];
  double s[NODES][D], heard[NODES][D], wait[NODES];
  int64_t last[NODES];
  bool on[NODES];
  int last_event[NODES];                /* if on */
  double memory[NODES][D], z[NODES][D]; /* of the batch */
} dense;

static const double *weight(const dense *o, const char *name) {
  int64_t at = 0;
  for (int i = 0; i < kith_params_n(o->names); i++) {
    if (strcmp(kith_params_name(o->names, i), name) == 0) return o->w + at;
    at += kith_params_at(o->names, i)->n_row * kith_params_at(o->names, i)->d;
  }
  fail_msg("no weights %s", name);
  return NULL;
}

static void code(const dense *o, double age, double *c) {
  const double rate[K] = {0, log(1e-9) / 2, log(1e-9)};
  dense_code(K, age, rate, weight(o, "time phase"), c);
}

static void remember(dense *o) {
  for (int v = 0; v < NODES; v++) {
    double message[2 * D + K + FEATURES];
    const int n = 2 * D + K + o->n_feature;
    memcpy(message, o->s[v], sizeof o->s[v]);
    memcpy(message + D, o->heard[v], sizeof o->heard[v]);
    code(o, o->wait[v], message + 2 * D);
    for (int k = 0; k < o->n_feature; k++) message[2 * D + K + k] = (double)feature_of[o->last_event[v]][k];
    memcpy(o->memory[v], o->s[v], sizeof o->s[v]);
    if (o->on[v])
      dense_gru(n, D, message, weight(o, "gru message"), weight(o, "gru message bias"),
                weight(o, "gru memory"), weight(o, "gru memory bias"), o->memory[v]);
    for (int k = 0; k < D; k++) o->z[v][k] = o->memory[v][k] + o->x[v][k];
  }
}

static bool is_end(int node, int e) { return user_of[e] == node || USERS + item_of[e] == node; }

/* The embedding of a node at a time, by the events before `end`. */
static void embed(const dense *o, int node, int64_t now, int end, double *h) {
  double q[D], key[NEAR * D], value[NEAR * D], both[2 * D], c[K + FEATURES], hidden[D];
  const int coded = K + o->n_feature;
  int n = 0;
  char name[4][32];
  for (int i = 0; i < 4; i++)
    snprintf(name[i], sizeof name[i], "%s %s %d", node < USERS ? "user" : "item", i % 2 ? "bias" : "dense",
             1 + i / 2);
  dense_linear(D, D, o->z[node], weight(o, "query"), weight(o, "query bias"), q);
  for (int e = end - 1; e >= 0 && n < NEAR; e--) {
    if (!is_end(node, e)) continue;
    const double *z = o->z[node < USERS ? USERS + item_of[e] : user_of[e]];
    double part[D];
    code(o, (double)(now - time_of[e]), c);
    for (int k = 0; k < o->n_feature; k++) c[K + k] = (double)feature_of[e][k];
    dense_linear(D, D, z, weight(o, "key"), NULL, key + n * D);
    dense_linear(coded, D, c, weight(o, "time key"), NULL, part);
    for (int k = 0; k < D; k++) key[n * D + k] += part[k];
    dense_linear(D, D, z, weight(o, "value"), NULL, value + n * D);
    dense_linear(coded, D, c, weight(o, "time value"), NULL, part);
    for (int k = 0; k < D; k++) value[n * D + k] += part[k];
    n++;
  }
  dense_attention(HEADS, D, n, q, key, value, both);
  memcpy(both + D, o->z[node], sizeof o->z[node]);
  dense_linear(2 * D, D, both, weight(o, name[0]), weight(o, name[1]), hidden);
  for (int k = 0; k < D; k++) hidden[k] = hidden[k] > 0 ? hidden[k] : 0;
  /* An item's last bias would be the same in all scores of an event. */
  dense_linear(D, D, hidden, weight(o, name[2]), node < USERS ? weight(o, name[3]) : NULL, h);
}

static double popular(int item, int end, int64_t now, double half_life) {
  double count = 1e-3;
  for (int e = 0; e < end; e++)
    if (item_of[e] == item) count += pow(2, -(double)(now - time_of[e]) / half_life);
  return log(count / 1e-3); /* a constant in all scores of an event */
}

/* Evidence of an item for event e, by the events before `end`; popularity as of the batch's first event
 * `first`, or of the item's latest event since. */
static double evidence(const dense *o, const double *h, int item, int e, int first, int end) {
  static const double half_life[TGN_HALF_LIVES] = {3600, 86400, 16 * 86400};
  double w[TGN_EVIDENCE], score = 0;
  bool before[ITEMS] = {false};
  int place = 0, count = 0, met = -1, since = first;
  dense_linear(D, TGN_EVIDENCE, h, weight(o, "evidence of user"), weight(o, "evidence"), w);
  for (int i = 0; i < end; i++) {
    if (user_of[i] == user_of[e] && item_of[i] == item) met = i;
    count += user_of[i] == user_of[e] && item_of[i] == item;
    if (i >= first && item_of[i] == item) since = i;
  }
  for (int i = end - 1; i > met; i--) {
    place += user_of[i] == user_of[e] && !before[item_of[i]];
    before[item_of[i]] |= user_of[i] == user_of[e];
  }
  if (met >= 0)
    score +=
        w[place] + w[TGN_AGE] * log1p((double)(time_of[e] - time_of[met])) / 8 + w[TGN_COUNT] * log(count);
  for (int k = 0; k < TGN_HALF_LIVES; k++)
    score += w[TGN_POPULAR + k] * popular(item, item_of[since] == item && since < end ? since + 1 : first,
                                          time_of[since], half_life[k]);
  return score;
}

static double batch_loss(dense *o, int first, int last) {
  double item[ITEMS][D], h[D], loss = 0;
  remember(o);
  for (int i = 0; i < ITEMS; i++) embed(o, USERS + i, time_of[first], first, item[i]);
  for (int e = first; e < last; e++) {
    double sum = 0, own = 0;
    int end = o->exact ? e : first;
    embed(o, user_of[e], time_of[e], end, h);
    for (int i = 0; i < ITEMS; i++) {
      double score = evidence(o, h, i, e, first, end);
      for (int k = 0; k < D; k++) score += h[k] * item[i][k];
      sum += exp(score);
      if (i == item_of[e]) own = score;
    }
    loss += (log(sum) - own) / (last - first);
  }
  return loss;
}

static double slope(dense *o, double *at, int first, int last) {
  const double was = *at, step = 1e-5;
  *at = was + step;
  double up = batch_loss(o, first, last);
  *at = was - step;
  double down = batch_loss(o, first, last);
  *at = was;
  return (up - down) / (2 * step);
}

static double *parameter(dense *o, int64_t i) {
  return i < o->n_weight ? &o->w[i] : &o->x[(i - o->n_weight) / D][(i - o->n_weight) % D];
}

/* Rows of nodes that no embedding of the batch reads are left alone: their slots, too. */
static bool is_read(const dense *o, int node, int first, int last) {
  bool read = node >= USERS;
  for (int i = 0; i < ITEMS; i++)
    for (int e = first - 1, n = 0; e >= 0 && n < NEAR; e--) {
      if (item_of[e] != i) continue;
      read |= user_of[e] == node;
      n++;
    }
  for (int e = first; e < last; e++) read |= user_of[e] == node;
  (void)o;
  return read;
}

/* Adam (Kingma and Ba, ICLR 2015, algorithm 1). */
static void dense_step(dense *o, int number, int first, int last) {
  static double g[WEIGHTS + NODES * D];
  const kith_optimizer_options *a = &options.optimizer;
  const int64_t n = o->n_weight + NODES * D;
  double lr = a->lr * pow(options.lr_decay, number - 1); /* a step is an epoch here */
  memset(g, 0, sizeof g);
  for (int64_t i = test_comm->rank; i < n; i += test_comm->size)
    g[i] = slope(o, parameter(o, i), first, last);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, g, (int)n, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  (void)batch_loss(o, first, last);
  for (int e = first; e < last; e++)
    for (int side = 0; side < 2; side++) {
      int v = side ? USERS + item_of[e] : user_of[e], w = side ? user_of[e] : USERS + item_of[e],
          later = e + 1;
      while (later < last && !is_end(v, later)) later++;
      if (later < last) continue; /* the last message is kept */
      memcpy(o->s[v], o->memory[v], sizeof o->s[v]);
      memcpy(o->heard[v], o->z[w], sizeof o->z[w]);
      o->wait[v] = o->on[v] ? (double)(time_of[e] - o->last[v]) : 0;
      o->last[v] = time_of[e];
      o->on[v] = true;
      o->last_event[v] = e;
    }
  for (int64_t i = 0; i < n; i++) {
    if (i >= o->n_weight && !is_read(o, (int)((i - o->n_weight) / D), first, last)) continue;
    o->m1[i] = a->beta1 * o->m1[i] + (1 - a->beta1) * g[i];
    o->m2[i] = a->beta2 * o->m2[i] + (1 - a->beta2) * g[i] * g[i];
    *parameter(o, i) -= lr * o->m1[i] / (1 - pow(a->beta1, number)) /
                        (sqrt(o->m2[i] / (1 - pow(a->beta2, number))) + a->epsilon);
  }
}

/* ---- the model ---- */

static kith_graph *make_graph(void) {
  test_graph t = {.n_user = USERS, .n_item = ITEMS, .n_edge = 0};
  int32_t user[USERS * ITEMS], item[USERS * ITEMS];
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) {
      user[t.n_edge] = u;
      item[t.n_edge++] = i;
    }
  t.user = user;
  t.item = item;
  return test_graph_cut(&t, test_comm, 5, 3);
}

static void make_events(const kith_graph *g, kith_event *event) {
  int64_t user[USERS] = {0};
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == KITH_USER) user[g->original[i]] = g->first[test_comm->rank] + i;
  kith_comm_sum_int(test_comm, USERS, user);
  for (int e = 0; e < EVENTS; e++)
    event[e] = (kith_event){.time = time_of[e],
                            .user = user[user_of[e]],
                            .item = g->item_number[item_of[e]],
                            .item_number = item_of[e],
                            .feature = feature_of[e]};
  for (int e = 0; e < EVENTS; e++)
    for (int k = 0; k < FEATURES; k++) feature_of[e][k] = (float)cos(3 * e + 5 * k + 1);
}

static int node_of(const kith_graph *g, kith_lid i) {
  return (int)g->original[i] + (g->type[i] == KITH_USER ? 0 : USERS);
}

/* Initial weights and rows of all ranks, with biases that are not zero. */
static void dense_begin(kith_tgn *t, bool exact, dense *o) {
  *o = (dense){.exact = exact, .n_feature = t->o.n_feature, .names = t->params};
  const kith_weights w = kith_params_weights(t->params);
  o->n_weight = w.n;
  assert_true(w.n <= WEIGHTS);
  for (int64_t i = 0; i < w.n; i++) {
    w.value[i] += .1f * (float)sin((double)i);
    o->w[i] = (double)w.value[i];
  }
  for (kith_lid i = 0; i < t->g->n_own; i++)
    for (int k = 0; k < D; k++) o->x[node_of(t->g, i)][k] = (double)t->x[i * D + k];
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &o->x[0][0], NODES * D, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
}

static void expect_near(const char *what, int i, double found, double expected) {
  if (!(fabs(found - expected) <= TOLERANCE * (1 + fabs(expected))))
    fail_msg("%s, number %d: %.9g, expected %.9g", what, i, found, expected);
}

static void expect_state(const kith_tgn *t, const dense *o) {
  const kith_weights w = kith_params_weights(t->params);
  for (int i = 0; i < w.n; i++) expect_near("weights", i, (double)w.value[i], o->w[i]);
  for (kith_lid i = 0; i < t->g->n_own; i++) {
    const int v = node_of(t->g, i);
    assert_int_equal(o->on[v], t->memory.on[i]);
    assert_int_equal(o->last[v], t->memory.last[i]);
    expect_near("waits", v, (double)t->memory.wait[i], o->wait[v]);
    for (int k = 0; k < D; k++) {
      expect_near("rows", v * D + k, (double)t->x[i * D + k], o->x[v][k]);
      expect_near("memory", v * D + k, (double)t->memory.s[i * D + k], o->s[v][k]);
      expect_near("messages", v * D + k, (double)t->memory.heard[i * D + k], o->heard[v][k]);
    }
  }
}

/* block: items that are scored at a time. */
static void expect_steps(bool exact, int steps, int block, int n_feature) {
  static dense o;
  kith_tgn_options with = options;
  kith_graph *g = make_graph();
  kith_tgn *t = NULL;
  kith_event event[EVENTS];
  with.exact = exact;
  with.block = block;
  with.n_feature = n_feature;
  make_events(g, event);
  assert_int_equal(KITH_OK, kith_tgn_create(test_comm, g, &with, &t).status);
  dense_begin(t, exact, &o);
  for (int s = 0; s < steps; s++) {
    const int first = s * BATCH, last = first + BATCH < EVENTS ? first + BATCH : EVENTS;
    const double loss = batch_loss(&o, first, last);
    *kith_tgn_loss(t) = (kith_exact_sum){0};
    assert_int_equal(2, kith_tgn_step(t, s, s + 1, first, last - first, event + first,
                                      test_comm->rank == 0 ? 2 : 0));
    kith_exact_sum sum = *kith_tgn_loss(t);
    kith_comm_sum(test_comm, 1, &sum);
    expect_near("loss", s, kith_exact_sum_value(&sum), loss);
    dense_step(&o, s + 1, first, last);
    expect_state(t, &o);
  }
  kith_tgn_destroy(&t);
  kith_graph_destroy(&g);
}

static void steps_follow_the_formulas_event_by_event(void **state) {
  (void)state;
  expect_steps(true, STEPS, 0, 0);
}

static void messages_and_attention_read_features_of_events(void **state) {
  (void)state;
  expect_steps(true, STEPS, 0, FEATURES);
}

static void blocks_of_items_change_nothing(void **state) {
  (void)state;
  expect_steps(true, STEPS - 1, 3, 0); /* 3 items and 1 */
}

static void steps_follow_the_formulas_batch_by_batch(void **state) {
  (void)state;
  expect_steps(false, STEPS - 1, 0, 0);
}

/* A softmax does not see what all items have: a step of Adam on the rounding of that would be a whole one. */
static void weights_of_counts_stay_without_counts(void **state) {
  (void)state;
  static dense o;
  kith_tgn_options with = options;
  kith_graph *g = make_graph();
  kith_tgn *t = NULL;
  kith_event event[EVENTS];
  with.optimizer.epsilon = 1e-12;
  make_events(g, event);
  assert_int_equal(KITH_OK, kith_tgn_create(test_comm, g, &with, &t).status);
  dense_begin(t, false, &o);
  const float *value = kith_params_weights(t->params).value;
  kith_tgn_step(t, 0, 1, 0, BATCH, event, 0);
  const char *const name[] = {"evidence", "evidence of user"};
  for (int i = 0; i < 2; i++)
    for (int row = 0; row < (i ? D : 1); row++)
      for (int k = TGN_POPULAR; k < TGN_EVIDENCE; k++) {
        const double *was = weight(&o, name[i]) + row * TGN_EVIDENCE + k;
        assert_true((double)value[was - o.w] == *was);
      }
  kith_tgn_destroy(&t);
  kith_graph_destroy(&g);
}

/* - log probability of an event's item, of its scores. */
static double score_loss(const float *score, int item) {
  double sum = 0;
  for (int i = 0; i < ITEMS; i++) sum += exp((double)score[i]);
  return log(sum) - (double)score[item];
}

/* Scores are the sums of their parts, and the user's row reads its latest events, of shares of 1. */
static void expect_parts(const kith_tgn *t, int index, const float *score) {
  kith_tgn_read read[NEAR] = {{0}};
  double all = 0;
  for (int i = 0; i < ITEMS; i++) {
    const kith_tgn_parts p = kith_tgn_explain(t, index, i);
    expect_near("parts", i, p.match + p.latest + p.age + p.count + p.popular[0] + p.popular[1] + p.popular[2],
                (double)score[i]);
  }
  const int n = kith_tgn_explain_user(t, index, read);
  for (int k = 0; k < n; k++) {
    all += read[k].share;
    assert_true(k == 0 || read[k].time <= read[k - 1].time);
  }
  if (n > 0) expect_near("shares", n, all, 1);
}

/* The losses of the events from `first` on, over all ranks, as a replay scores them. */
static double replayed_loss(const kith_tgn *t, const kith_stream_scorer *s, int first, int n,
                            const kith_event *event) {
  kith_exact_sum loss = {0};
  assert_int_equal(KITH_OK, s->begin(s->context, first, n, event).status);
  for (int i = 0; i < n; i++) {
    float score[ITEMS] = {0};
    if (tgn_own_row(t, event[i].user) < 0) continue;
    s->score(s->context, 1, &i, event, score);
    kith_exact_sum_add(&loss, score_loss(score, event[i].item_number));
    expect_parts(t, i, score);
  }
  assert_int_equal(KITH_OK, s->observe(s->context, first, n, event).status);
  kith_comm_sum(test_comm, 1, &loss);
  return kith_exact_sum_value(&loss);
}

/* Steps that learn nothing have the losses of a replay, which begins anew twice. */
static void expect_replay(bool exact, int n_feature) {
  kith_tgn_options with = options;
  kith_graph *g = make_graph();
  kith_tgn *t = NULL;
  kith_event event[EVENTS];
  double loss[STEPS];
  with.exact = exact;
  with.n_feature = n_feature;
  with.optimizer.lr = 0;
  make_events(g, event);
  assert_int_equal(KITH_OK, kith_tgn_create(test_comm, g, &with, &t).status);
  for (int s = 0; s < STEPS; s++) {
    const int first = s * BATCH, n = first + BATCH < EVENTS ? BATCH : EVENTS - first;
    *kith_tgn_loss(t) = (kith_exact_sum){0};
    kith_tgn_step(t, 0, s + 1, first, n, event + first, 0);
    kith_exact_sum sum = *kith_tgn_loss(t);
    kith_comm_sum(test_comm, 1, &sum);
    loss[s] = kith_exact_sum_value(&sum) * n;
  }
  const kith_stream_scorer scorer = kith_tgn_scorer(t);
  for (int again = 0; again < 2; again++) {
    scorer.reset(scorer.context);
    for (int s = 0; s < STEPS; s++) {
      const int first = s * BATCH, n = first + BATCH < EVENTS ? BATCH : EVENTS - first, one = exact ? 1 : n;
      double sum = 0;
      for (int i = 0; i < n; i += one) sum += replayed_loss(t, &scorer, first + i, one, event + first + i);
      expect_near("replayed loss", s, sum, loss[s]);
    }
  }
  kith_tgn_destroy(&t);
  kith_graph_destroy(&g);
}

static void a_replay_scores_as_steps_do(void **state) {
  (void)state;
  expect_replay(true, FEATURES);
  expect_replay(false, 0);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(steps_follow_the_formulas_event_by_event),
                                     cmocka_unit_test(messages_and_attention_read_features_of_events),
                                     cmocka_unit_test(blocks_of_items_change_nothing),
                                     cmocka_unit_test(steps_follow_the_formulas_batch_by_batch),
                                     cmocka_unit_test(weights_of_counts_stay_without_counts),
                                     cmocka_unit_test(a_replay_scores_as_steps_do)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
