/* Baselines: their settings, the model of each, and its figures. */
#include "baseline/baseline.h"

#include "base/base.h"
#include "baseline/ease.h"
#include "baseline/ease_low.h"
#include "baseline/neighbors.h"
#include "comm/comm.h"
#include "comm/hosts.h"
#include "comm/placement.h"
#include "eval/scored.h"

/* Up to that many items EASE is made several times, to choose lambda. */
enum { BASELINE_EASE_CHOOSES = 10000 };
/* From that many bytes on, what EASE takes is said beforehand. */
enum { BASELINE_SAID = 1 << 27 };

const char *kith_baseline_text(kith_baseline b) {
  static const char *const text[KITH_BASELINES] = {"popular",  "itemknn",  "ease",
                                                   "ease-low", "majority", "propagation"};
  return text[b];
}

const char *kith_similarity_text(kith_similarity s) {
  static const char *const text[] = {"cosine", "tf-idf", "conditional"};
  return text[s];
}

static int low_columns(const kith_baseline_wishes *want) {
  return want->low_columns > 0 ? want->low_columns : KITH_BASELINE_LOW_COLUMNS;
}

int64_t kith_baseline_bytes(kith_baseline b, const kith_graph *g, int size, const kith_eval_options *o,
                            const kith_baseline_wishes *want) {
  const float *x = NULL;
  const int64_t n_user = g->n[KITH_USER], n_item = g->n[KITH_ITEM];
  const int64_t list = 8 * (n_user + 1) + 4 * g->n_edge;
  if (b == KITH_BASELINE_POPULAR)
    return KITH_BYTES(x, g->n_own) +
           kith_eval_topk_bytes(size, g->n_own_of[KITH_ITEM], g->n_own_of[KITH_USER], 1, o->k[o->n_k - 1]);
  if (b == KITH_BASELINE_ITEMKNN)
    return kith__neighbors_bytes(n_user, n_item, g->n_edge, KITH_BASELINE_MOST_NEIGHBORS);
  if (b == KITH_BASELINE_EASE_LOW)
    return kith__ease_low_bytes(g, size, low_columns(want)) +
           kith_eval_topk_bytes(size, g->n_own_of[KITH_ITEM], g->n_own_of[KITH_USER], low_columns(want),
                                o->k[o->n_k - 1]);
  return kith__ease_bytes(n_item) + list * (size > 1 ? 2 : 1);
}

/* Of EASE on rank 0, of others on all ranks of its host. */
static kith_status baseline_check_memory(const kith_graph *g, kith_baseline b, int size, int here,
                                         const kith_eval_options *o, const kith_baseline_wishes *want) {
  kith_status st = KITH_OK;
  kith_host_info info = {.node = 0};
  kith_host_info_get(&info);
  const int64_t need = kith_baseline_bytes(b, g, size, o, want) * (b == KITH_BASELINE_EASE ? 1 : here);
  const char *whose = b == KITH_BASELINE_EASE ? "on rank 0" : "on this host";
  KITH_CHECK(info.memory <= 0 || need <= info.memory, KITH_ENOMEM,
             "baseline %s: %lld items need %.1f GiB %s, which has %.1f GiB left; leave it out, or run where "
             "there is more memory%s",
             kith_baseline_text(b), (long long)g->n[KITH_ITEM], (double)need / 0x1p30, whose,
             (double)info.memory / 0x1p30,
             b == KITH_BASELINE_EASE_LOW ? ", or take fewer columns, as ease-low:128" : "");
  KITH_CHECK(b != KITH_BASELINE_EASE || g->n[KITH_ITEM] < INT32_MAX, KITH_ENOMEM,
             "baseline ease: too many items");
done:
  return st;
}

kith_agreed kith_baseline_check(const kith_comm *comm, const kith_graph *g, kith_baseline b,
                                const kith_eval_options *o, const kith_baseline_wishes *want) {
  kith_agreed st = {KITH_OK};
  kith_hosts *hosts = NULL;
  if (o->scope.candidates == KITH_CANDIDATES_COLD)
    return kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "baseline %s: knows nothing of items without training interactions, and "
                  "evaluate.candidates is cold; leave it out",
                  kith_baseline_text(b)));
  KITH_TRY(kith_hosts_create(comm, &hosts));
  const bool counts = comm->rank == 0 || b != KITH_BASELINE_EASE;
  KITH_TRY(kith_agree(comm,
                      counts ? baseline_check_memory(g, b, comm->size, hosts->here.size, o, want) : KITH_OK));
done:
  kith_hosts_destroy(&hosts);
  return st;
}

/* The best so far, by Recall at the largest cutoff. */
typedef struct baseline_choice {
  const kith_comm *comm;
  const kith_graph *g;
  kith_eval_options o; /* of validation, while settings are tried */
  double best;
  kith_baseline_settings settings;
} baseline_choice;

static void baseline_keep(baseline_choice *c, const kith_metrics *m, kith_baseline_settings s) {
  if (m->n_user == 0 || m->recall[m->n_k - 1] <= c->best) return;
  c->best = m->recall[m->n_k - 1];
  c->settings = s;
  c->settings.chosen = true;
}

static kith_agreed baseline_try(baseline_choice *c, const kith_item_scorer *by, kith_baseline_settings s) {
  kith_agreed st = {KITH_OK};
  kith_metrics m;
  KITH_TRY(kith_eval_metrics_scored(c->comm, c->g, by, &c->o, &m));
  baseline_keep(c, &m, s);
done:
  return st;
}

/* ---- popularity: rows of one column ---- */

static kith_agreed popular_evaluate(const kith_comm *comm, const kith_graph *g, const kith_eval_options *o,
                                    kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  kith_eval_options on = *o;
  float *x = NULL;
  on.direct = (kith_direct_term){.c = 0};
  on.pairs = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(x, g->n_own)));
  for (kith_lid i = 0; i < g->n_own; i++)
    x[i] = g->type[i] == KITH_ITEM ? (float)(g->start[i + 1] - g->start[i]) : 1;
  KITH_TRY(kith_eval_metrics(comm, g, 1, x, &on, out));
done:
  KITH_FREE(x);
  return st;
}

/* ---- item kNN ---- */

static kith_agreed knn_score(baseline_choice *c, const kith__pairs *p, kith__neighbors *n,
                             kith_baseline_settings s, kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  const kith_item_scorer by = {.score = kith__neighbors_score, .context = n};
  KITH_TRY(kith_agree(c->comm, kith__neighbors_take(n, &s)));
  if (s.center) KITH_TRY(kith_agree(c->comm, kith__neighbors_center(n, p)));
  if (out) KITH_TRY(kith_eval_metrics_scored(c->comm, c->g, &by, &c->o, out));
  else KITH_TRY(baseline_try(c, &by, s));
done:
  return st;
}

static const kith_baseline_settings knn_tried[] = {
    {.similarity = KITH_SIMILARITY_COSINE, .normalize = true},
    {.similarity = KITH_SIMILARITY_COSINE, .shrink = 10},
    {.similarity = KITH_SIMILARITY_TFIDF, .normalize = true},
    {.similarity = KITH_SIMILARITY_TFIDF, .shrink = 100},
    {.similarity = KITH_SIMILARITY_CONDITIONAL, .power = 0.1},
    {.similarity = KITH_SIMILARITY_CONDITIONAL, .power = 0.25},
    {.similarity = KITH_SIMILARITY_CONDITIONAL, .power = 0.5},
};

static kith_agreed knn_choose(baseline_choice *c, const kith__pairs *p) {
  kith_agreed st = {KITH_OK};
  kith__neighbors n = {.k = 0};
  static const int k[] = {10, 20, 50, 100, KITH_BASELINE_MOST_NEIGHBORS};
  for (size_t t = 0; t < sizeof knn_tried / sizeof *knn_tried; t++) {
    kith_baseline_settings s = knn_tried[t];
    KITH_TRY(kith__neighbors_make(c->comm, p, &s, KITH_BASELINE_MOST_NEIGHBORS, &n));
    for (int i = 0; i < 5; i++) {
      s.neighbors = k[i];
      KITH_TRY(knn_score(c, p, &n, s, NULL));
    }
    kith__neighbors_free(&n);
  }
done:
  kith__neighbors_free(&n);
  return st;
}

static kith_agreed knn_evaluate(baseline_choice *c, bool choose, const kith_baseline_wishes *want,
                                const kith_eval_options *o, kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  kith__pairs p = {{0}, {0}};
  kith__neighbors n = {.k = 0};
  kith_baseline_settings *s = &c->settings;
  *s = (kith_baseline_settings){.similarity = KITH_SIMILARITY_CONDITIONAL, .neighbors = 20, .power = 0.1};
  if (want->neighbors > 0)
    *s = (kith_baseline_settings){.neighbors = want->neighbors,
                                  .normalize = true,
                                  .center = true,
                                  .given = true};
  KITH_TRY(kith__pairs_gather(c->comm, c->g, &p));
  if (choose && !s->given) KITH_TRY(knn_choose(c, &p));
  KITH_TRY(kith__neighbors_make(c->comm, &p, s, s->neighbors, &n));
  c->o = *o;
  KITH_TRY(knn_score(c, &p, &n, *s, out));
done:
  kith__neighbors_free(&n);
  kith__pairs_free(&p);
  return st;
}

/* ---- EASE ---- */

/* On rank 0; out null: try the settings. */
static kith_agreed ease_one(baseline_choice *c, const kith_ragged *items, kith_baseline_settings s,
                            kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  kith__ease e = {.n_item = 0};
  const kith_item_scorer by = {.score = kith__ease_score, .context = &e, .on_root = true};
  const bool root = c->comm->rank == 0;
  KITH_TRY(kith_agree(c->comm, root ? kith__ease_make(items, c->g->n[KITH_ITEM], s.lambda, &e) : KITH_OK));
  if (out) KITH_TRY(kith_eval_metrics_scored(c->comm, c->g, &by, &c->o, out));
  else KITH_TRY(baseline_try(c, &by, s));
done:
  kith__ease_free(&e);
  return st;
}

static kith_agreed ease_evaluate(baseline_choice *c, bool choose, const kith_baseline_wishes *want,
                                 const kith_eval_options *o, kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  static const double lambda[] = {50, 100, 200, 500, 1000};
  const double n = (double)c->g->n[KITH_ITEM];
  kith_ragged items = {0};
  const bool given = want->lambda > 0;
  choose = choose && !given && (want->choose || c->g->n[KITH_ITEM] <= BASELINE_EASE_CHOOSES);
  c->settings = (kith_baseline_settings){.lambda = given ? want->lambda : 100, .given = given};
  if (kith__ease_bytes((int64_t)n) >= BASELINE_SAID)
    kith_log("baseline ease: %.0f items: %.1f GiB and %.1e operations on rank 0%s", n,
             (double)kith__ease_bytes((int64_t)n) / 0x1p30, n * n * n, choose ? ", five times" : "");
  KITH_TRY(kith_train_lists(c->comm, c->g, &items));
  for (int i = 0; choose && i < 5; i++)
    KITH_TRY(ease_one(c, &items, (kith_baseline_settings){.lambda = lambda[i]}, NULL));
  c->o = *o;
  KITH_TRY(ease_one(c, &items, c->settings, out));
done:
  kith_ragged_free(&items);
  return st;
}

/* ---- EASE by eigenvectors ---- */

/* out null: try the settings. */
static kith_agreed low_one(baseline_choice *c, kith__ease_low *e, kith_baseline_settings s,
                           kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  kith_metrics m;
  c->o.direct = (kith_direct_term){.c = 0};
  c->o.pairs = NULL;
  KITH_TRY(kith__ease_low_rows(c->comm, c->g, s.lambda, e));
  KITH_TRY(kith_eval_metrics(c->comm, c->g, e->columns, e->x, &c->o, out ? out : &m));
  if (!out) baseline_keep(c, &m, s);
done:
  return st;
}

static kith_agreed low_evaluate(baseline_choice *c, bool choose, const kith_baseline_wishes *want,
                                const kith_eval_options *o, kith_metrics *out) {
  kith_agreed st = {KITH_OK};
  static const double lambda[] = {10, 20, 50, 100, 200, 500, 1000};
  kith__ease_low e = {.columns = 0};
  KITH_TRY(kith__ease_low_make(c->comm, c->g, low_columns(want), &e));
  c->settings = (kith_baseline_settings){.lambda = 100, .columns = e.columns};
  for (int i = 0; choose && i < 7; i++)
    KITH_TRY(low_one(c, &e, (kith_baseline_settings){.lambda = lambda[i], .columns = e.columns}, NULL));
  c->o = *o;
  KITH_TRY(low_one(c, &e, c->settings, out));
done:
  kith__ease_low_free(&e);
  return st;
}

kith_agreed kith_baseline_evaluate(const kith_comm *comm, const kith_graph *g, kith_baseline b,
                                   const kith_eval_options *o, const kith_baseline_wishes *want,
                                   kith_baseline_figures *out) {
  kith_agreed st = {KITH_OK};
  baseline_choice c = {.comm = comm, .g = g, .o = *o, .best = -1};
  const bool choose = kith_eval_split_count(comm, g, KITH_EVAL_VALID) > 0;
  const double began = kith_clock();
  *out = (kith_baseline_figures){.seconds = 0};
  c.o.split = KITH_EVAL_VALID;
  if (b == KITH_BASELINE_POPULAR) KITH_TRY(popular_evaluate(comm, g, o, &out->metrics));
  if (b == KITH_BASELINE_ITEMKNN) KITH_TRY(knn_evaluate(&c, choose, want, o, &out->metrics));
  if (b == KITH_BASELINE_EASE) KITH_TRY(ease_evaluate(&c, choose, want, o, &out->metrics));
  if (b == KITH_BASELINE_EASE_LOW) KITH_TRY(low_evaluate(&c, choose, want, o, &out->metrics));
  out->settings = c.settings;
  out->seconds = kith_clock() - began;
  out->memory_bytes = kith_comm_max(comm, kith_baseline_bytes(b, g, comm->size, o, want));
done:
  return st;
}
