/* History of a run: kept in memory, in checkpoints and in metrics.jsonl. */
#include "train/history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { HISTORY_LINE = 8192 };

kith_status kith__history_begin(history *h, const char *work, const char *id, const char *text) {
  kith_status st = KITH_OK;
  *h = (history){.size = (int64_t)strlen(text), .written = -1};
  h->room = h->size + HISTORY_LINE;
  snprintf(h->run, sizeof h->run, "%s", id);
  KITH_TRY(kith_path_join(work, "metrics.jsonl", h->path));
  KITH_TRY(KITH_NEW(h->text, h->room));
  memcpy(h->text, text, (size_t)h->size);
done:
  return st;
}

void kith__history_end(history *h) { KITH_FREE(h->text); }

/* Metrics as JSON members: "recall@20": 0.18, … */
static int history_metrics(const kith_metrics *m, size_t size, char *text) {
  int at = 0;
  for (int i = 0; i < m->n_k; i++)
    at += snprintf(text + at, size - (size_t)at,
                   ", \"recall@%d\": %.10g, \"ndcg@%d\": %.10g, \"hit_rate@%d\": %.10g, \"precision@%d\": "
                   "%.10g, \"mrr@%d\": %.10g",
                   m->k[i], m->recall[i], m->k[i], m->ndcg[i], m->k[i], m->hit_rate[i], m->k[i],
                   m->precision[i], m->k[i], m->mrr[i]);
  return at;
}

/* What the metrics are of, in the words of kith evaluate: "protocol": "full", "candidates": "all", "mask":
 * […] */
static int history_protocol(const kith_eval_options *o, size_t size, char *text) {
  int at =
      snprintf(text, size, o->sampled > 0 ? ", \"protocol\": \"sampled-%d\"" : ", \"protocol\": \"full\"",
               o->sampled);
  at += snprintf(text + at, size - (size_t)at, ", \"candidates\": \"%s\", \"mask\": [",
                 o->scope.candidates == KITH_CANDIDATES_COLD ? "cold" : "all");
  for (int i = 0; i < o->scope.mask.n; i++)
    at += snprintf(text + at, size - (size_t)at, "%s\"%s\"", i ? ", " : "", o->scope.mask.of[i]);
  return at + snprintf(text + at, size - (size_t)at, "]");
}

static int history_accuracy(const kith_accuracy *a, size_t size, char *text) {
  return snprintf(text, size,
                  ", \"accuracy\": %.10g, \"right\": %lld, \"nodes\": %lld, \"held_out_loss\": %.10g",
                  kith_accuracy_ratio(a), (long long)a->correct, (long long)a->n, a->loss);
}

/* NaN and infinity have no JSON number: null. */
static int history_number(double x, size_t size, char *text) {
  return isfinite(x) ? snprintf(text, size, "%.10g", x) : snprintf(text, size, "null");
}

/* "layer_cosine": [0.01, …], "layer_energy": […] */
static int history_layers(const history_line *line, size_t size, char *text) {
  static const char *const name[2] = {"layer_cosine", "layer_energy"};
  int at = 0;
  for (int energy = 0; energy < 2 && line->n_layer > 0; energy++) {
    at += snprintf(text + at, size - (size_t)at, ", \"%s\": [", name[energy]);
    for (int l = 0; l < line->n_layer; l++) {
      if (l > 0) at += snprintf(text + at, size - (size_t)at, ", ");
      at += history_number(energy ? line->layer[l].energy : line->layer[l].cosine, size - (size_t)at,
                           text + at);
    }
    at += snprintf(text + at, size - (size_t)at, "]");
  }
  return at;
}

/* "relation_friend": 0.31, "tie_norm": 0.7, … */
static int history_learned(const kith_learned *l, size_t size, char *text) {
  int at = 0;
  for (int i = 0; i < l->n; i++) {
    at += snprintf(text + at, size - (size_t)at, ", \"%s\": ", l->of[i].name);
    at += history_number(l->of[i].value, size - (size_t)at, text + at);
  }
  return at;
}

/* "phases": {"sample": 0.1, …}, "evaluate_seconds": 0.2, … */
static int history_times(const history_line *line, size_t size, char *text) {
  int at = 0;
  double sum = 0;
  for (int p = 0; p < KITH_PHASE_N; p++) sum += line->phases.seconds[p];
  for (int p = 0; p < KITH_PHASE_N && isfinite(sum); p++)
    at += snprintf(text + at, size - (size_t)at, "%s\"%s\": %.6f", p == 0 ? ", \"phases\": {" : ", ",
                   kith_phase_name[p], line->phases.seconds[p]);
  if (at > 0) at += snprintf(text + at, size - (size_t)at, "}");
  if (line->evaluate_seconds >= 0)
    at += snprintf(text + at, size - (size_t)at, ", \"evaluate_seconds\": %.3f", line->evaluate_seconds);
  if (line->checkpoint_seconds >= 0)
    at += snprintf(text + at, size - (size_t)at, ", \"checkpoint_seconds\": %.3f", line->checkpoint_seconds);
  return at + snprintf(text + at, size - (size_t)at, ", \"ranks\": %d, \"peak_bytes\": %lld", line->ranks,
                       (long long)line->peak_bytes);
}

/* Loss, time and traffic of the epoch's steps. */
static int history_steps(const history_line *line, size_t size, char *text) {
  return snprintf(text, size,
                  ", \"loss\": %.10g, \"seconds\": %.3f, \"%s_per_second\": %.0f, \"halo_bytes\": %lld",
                  line->loss, line->seconds, line->classifies ? "nodes" : "pairs",
                  (double)line->n_example / (line->seconds > 0 ? line->seconds : 1),
                  (long long)line->halo_bytes);
}

/* Residual, time and traffic of a round. */
static int history_round(const history_line *line, size_t size, char *text) {
  int at = snprintf(text, size, ", \"residual\": ");
  at += history_number(line->residual, size - (size_t)at, text + at);
  return at + snprintf(text + at, size - (size_t)at, ", \"seconds\": %.3f, \"halo_bytes\": %lld",
                       line->seconds, (long long)line->halo_bytes);
}

kith_status kith__history_add(history *h, const history_line *line) {
  kith_status st = KITH_OK;
  char text[HISTORY_LINE];
  int n = snprintf(text, sizeof text, "{\"%s\": %lld", line->is_round ? "round" : "epoch",
                   (long long)line->epoch);
  if (line->remeasured) n += snprintf(text + n, sizeof text - (size_t)n, ", \"measured_again\": true");
  else if (line->is_round) n += history_round(line, sizeof text - (size_t)n, text + n);
  else n += history_steps(line, sizeof text - (size_t)n, text + n);
  if (!line->remeasured) n += history_times(line, sizeof text - (size_t)n, text + n);
  if (h->run[0]) n += snprintf(text + n, sizeof text - (size_t)n, ", \"run\": \"%s\"", h->run);
  if (line->eval) {
    n += snprintf(text + n, sizeof text - (size_t)n, ", \"split\": \"%s\"", line->split);
    if (line->classifies)
      n += history_accuracy(&line->eval->classification, sizeof text - (size_t)n, text + n);
    else {
      n += history_protocol(line->how, sizeof text - (size_t)n, text + n);
      n += history_metrics(&line->eval->ranking, sizeof text - (size_t)n, text + n);
    }
  }
  n += history_learned(&line->learned, sizeof text - (size_t)n, text + n);
  n += history_layers(line, sizeof text - (size_t)n, text + n);
  n += snprintf(text + n, sizeof text - (size_t)n, "}\n");
  if (h->size + n + 1 > h->room) {
    KITH_TRY(KITH_GROW(h->text, h->room, 2 * h->room + HISTORY_LINE));
    h->room = 2 * h->room + HISTORY_LINE;
  }
  memcpy(h->text + h->size, text, (size_t)n + 1);
  h->size += n;
done:
  return st;
}

kith_status kith__history_write(history *h) {
  kith_status st = KITH_OK;
  bool fits = false;
  if (h->written >= 0) KITH_TRY(kith_text_append(h->path, h->written, h->text + h->written, &fits));
  h->written = -1;
  if (!fits) KITH_TRY(kith_text_write(h->path, h->text));
  h->written = h->size;
done:
  return st;
}
