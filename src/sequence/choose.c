/*
 * Choose the decay and the weight of recent on validation; contract: sequence/recent.h.
 *
 * One is changed at a time.  The search is short because the figures hardly depend on the weight once it is
 * large, nor on steps of the decay below .1.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/comm.h"
#include "sequence/few.h"
#include "sequence/recent_impl.h"

static const double choose_decay[] = {0, 0.2, 0.4, 0.6, 0.8};
static const double choose_weight[] = {0.25, 0.5, 2, 4, 8};

typedef struct choose {
  kith_recent *r;
  const kith_recent_options *o;
  kith_eval_options on;
  kith_few_users few;
  const float *x;
  float *y;
  double length;               /* root mean square of the users' rows */
  double tried, decay, weight; /* the best figure with a weight above 0, and its choice */
  kith_recent_choice *best;
} choose;

static kith_agreed choose_begin(choose *c) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = c->r->g;
  KITH_TRY(kith_few_users_make(c->r->comm, g, "model.recent", &c->few));
  KITH_TRY(kith_agree(c->r->comm, KITH_NEW(c->y, (int64_t)g->n_own * c->r->d)));
  memcpy(c->y, c->x, (size_t)g->n_own * (size_t)c->r->d * sizeof *c->y);
  kith_recent_gather(c->r, c->x);
done:
  return st;
}

/* ---- the search ---- */

/* Root mean square of the users' rows of x. */
static double choose_length(const choose *c, const float *x) {
  kith_exact_sum sum = {0};
  const size_t d = (size_t)c->r->d;
  int64_t n = c->r->n;
  for (kith_lid i = 0; i < c->r->n; i++)
    for (size_t k = 0; k < d; k++) {
      const double v = (double)x[(size_t)c->r->row[i] * d + k];
      kith_exact_sum_add(&sum, v * v);
    }
  kith_comm_sum(c->r->comm, 1, &sum);
  kith_comm_sum_int(c->r->comm, 1, &n);
  return n > 0 ? sqrt(kith_exact_sum_value(&sum) / (double)n) : 0;
}

/* Three digits, so that what is printed is what is taken. */
static double choose_round(double x) {
  char text[32];
  snprintf(text, sizeof text, "%.3g", x);
  return strtod(text, NULL);
}

/* The weight by which the sums of a decay are as long as the users' rows; 0: one of them has no length. */
static double choose_scale(choose *c, double decay) {
  const size_t d = (size_t)c->r->d;
  for (kith_lid i = 0; i < c->r->n; i++) memset(c->y + (size_t)c->r->row[i] * d, 0, d * sizeof *c->y);
  kith_recent_add(c->r, decay, 1, c->y, c->y);
  const double sums = choose_length(c, c->y);
  return sums > 0 ? c->length / sums : 0;
}

/* Rank with a decay and a weight, and keep them if they are better. */
static kith_agreed choose_try(choose *c, double decay, double weight) {
  kith_agreed st = {KITH_OK};
  kith_metrics m;
  kith_recent_choice *b = c->best;
  kith_recent_add(c->r, decay, weight, c->x, c->y);
  KITH_TRY(kith_eval_metrics(c->r->comm, &c->few.graph, c->r->d, c->y, &c->on, &m));
  const double ndcg = m.ndcg[m.n_k - 1];
  b->k = m.k[m.n_k - 1];
  b->n_user = m.n_user;
  if (weight > 0 && ndcg > c->tried) {
    c->tried = ndcg;
    c->decay = decay;
    c->weight = weight;
  }
  if (ndcg <= b->chosen) return st;
  b->chosen = ndcg;
  b->decay = decay;
  b->weight = weight;
done:
  return st;
}

static bool choose_is_auto(double x) { return x < 0; }

/* The weight of a decay that is tried first. */
static double choose_first(choose *c, double decay) {
  if (!choose_is_auto(c->o->weight)) return c->o->weight;
  return choose_round(choose_scale(c, decay));
}

static kith_agreed choose_decays(choose *c) {
  kith_agreed st = {KITH_OK};
  const int n = choose_is_auto(c->o->decay) ? (int)(sizeof choose_decay / sizeof *choose_decay) : 1;
  for (int i = 0; i < n; i++) {
    const double decay = choose_is_auto(c->o->decay) ? choose_decay[i] : c->o->decay;
    KITH_TRY(choose_try(c, decay, choose_first(c, decay)));
  }
done:
  return st;
}

static kith_agreed choose_weights(choose *c) {
  kith_agreed st = {KITH_OK};
  const double decay = c->decay, scale = choose_scale(c, decay);
  for (size_t i = 0; i < sizeof choose_weight / sizeof *choose_weight; i++)
    KITH_TRY(choose_try(c, decay, choose_round(scale * choose_weight[i])));
done:
  return st;
}

/* Steps of .1 from the decay on, as long as they are better; as tenths, so that no digits creep in. */
static kith_agreed choose_decays_between(choose *c) {
  kith_agreed st = {KITH_OK};
  const double weight = c->weight;
  const int first = (int)lround(10 * c->decay);
  for (int step = -1; step <= 1; step += 2)
    for (int i = first + step; i >= 0 && i <= 10; i += step) {
      const double before = c->tried;
      KITH_TRY(choose_try(c, (double)i / 10, weight));
      if (c->tried == before) break;
    }
done:
  return st;
}

/* The rows as they are are a choice where the weight is free. */
static kith_agreed choose_search(choose *c) {
  kith_agreed st = {KITH_OK};
  kith_recent_choice *b = c->best;
  *b = (kith_recent_choice){.measured = true, .chosen = -1};
  c->tried = -1;
  KITH_TRY(choose_try(c, choose_is_auto(c->o->decay) ? 0 : c->o->decay, 0));
  b->none = b->chosen;
  if (!choose_is_auto(c->o->weight)) b->chosen = -1;
  KITH_TRY(choose_decays(c));
  if (choose_is_auto(c->o->weight)) KITH_TRY(choose_weights(c));
  if (choose_is_auto(c->o->decay)) KITH_TRY(choose_decays_between(c));
done:
  return st;
}

kith_agreed kith_recent_choose(kith_recent *r, const kith_recent_options *recent, const kith_eval_options *o,
                               const float *x, kith_recent_choice *out) {
  kith_agreed st = {KITH_OK};
  choose c = {.r = r, .o = recent, .on = *o, .x = x, .best = out};
  const bool fixed = !choose_is_auto(recent->decay) && !choose_is_auto(recent->weight);
  *out = (kith_recent_choice){.decay = recent->decay, .weight = recent->weight};
  if (recent->chosen)
    *out = (kith_recent_choice){.decay = recent->chosen_decay, .weight = recent->chosen_weight};
  if (fixed || recent->chosen) return st;
  c.on.split = KITH_EVAL_VALID;
  KITH_TRY(choose_begin(&c));
  c.length = choose_length(&c, x);
  KITH_TRY(choose_search(&c));
done:
  kith_few_users_free(&c.few);
  KITH_FREE(c.y);
  return st;
}
