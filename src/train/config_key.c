/* The configuration key of a run on a graph. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "train/train.h"

/* Which node is in which part: a sum of hashes, the same on any number of ranks. */
static int64_t config_key_partition(const kith_comm *comm, const kith_graph *g) {
  int64_t sum = 0;
  for (kith_lid i = 0; i < g->n_own; i++) {
    int part = kith_owner(g->n_part, g->part_first, g->first[comm->rank] + i);
    uint64_t node = (uint64_t)kith_node_key(g->type[i], g->original[i]);
    sum += (int64_t)(kith_random(0, KITH_RNG_PARTITION, node, (uint64_t)part, 1).bits[0] >> 32);
  }
  kith_comm_sum_int(comm, 1, &sum);
  return sum;
}

/* The sampler of clusters draws parts of the partition; a refit has other training interactions. */
void kith_config_key(const kith_comm *comm, const kith_graph *g, const kith_run *o, size_t size, char *text) {
  if (!o->config_key) {
    kith_config_key_legacy(g, o, size, text);
    return;
  }
  int n = snprintf(text, size, "%s%s%s", o->config_key, g->refit ? " refit=1" : "",
                   o->model.sequence == KITH_SEQUENCE_SASREC ? " sequence=sasrec" : "");
  if (o->train.sampler.mode == KITH_CLUSTER && n >= 0 && (size_t)n < size)
    snprintf(text + n, size - (size_t)n, " parts=%d partition=%" PRIx64, g->n_part,
             config_key_partition(comm, g));
}

/* The keys of all words that this file adds to those of a job. */
static const char *const config_key_added[] = {"refit",
                                               "parts",
                                               "partition",
                                               "model.length_discount",
                                               "filter",
                                               "input_power",
                                               "output_power",
                                               "direct",
                                               "coefficients",
                                               "model.sequence",
                                               "model.recent.decay",
                                               "model.recent.weight",
                                               "model.recent.items",
                                               "sequence",
                                               "model.sasrec.gamma"};

static bool config_key_is_added(size_t n, const char *word) {
  for (size_t i = 0; i < sizeof config_key_added / sizeof *config_key_added; i++)
    if (strlen(config_key_added[i]) == n && memcmp(word, config_key_added[i], n) == 0) return true;
  return false;
}

void kith_config_key_of_job(const char *key, size_t size, char *text) {
  size_t done = 0;
  text[0] = '\0';
  for (const char *at = key; *at && done < size;) {
    size_t n = strcspn(at, " ");
    if (!config_key_is_added(strcspn(at, "= "), at))
      done += (size_t)snprintf(text + done, size - done, "%s%.*s", done > 0 ? " " : "", (int)n, at);
    at += n + strspn(at + n, " ");
  }
}

/* Without blanks, which end words of a key. */
void kith_spectral_filter_print(const kith_spectral_options *o, char *text) {
  size_t size = KITH_SPECTRAL_FILTER_SIZE;
  if (o->filter == KITH_FILTER_RATIO) {
    snprintf(text, size, "ratio:%.17g", o->t);
    return;
  }
  if (o->filter == KITH_FILTER_POLY) {
    snprintf(text, size, "poly");
    return;
  }
  size_t n = (size_t)snprintf(text, size, "knots");
  for (int j = 0; j < o->knots.n && n < size; j++)
    n += (size_t)snprintf(text + n, size - n, "%c%.17g", j == 0 ? ':' : ',', o->knots.of[j]);
}

/* " model.length_discount=0.3", " model.sequence=recent …" or "… sasrec …", or nothing: text [EXPORT_WORDS].
 */
enum { EXPORT_WORDS = 256 };

static const char *const export_begin[] = {"model.length_discount=", "model.sequence=", "model.recent.",
                                           "model.sasrec.gamma="};

static size_t export_add_number(const char *key, double x, char *text, size_t n) {
  if (x == KITH_RECENT_AUTO) return n + (size_t)snprintf(text + n, EXPORT_WORDS - n, " %s=auto", key);
  return n + (size_t)snprintf(text + n, EXPORT_WORDS - n, " %s=%.9g", key, x);
}

static void export_words(const kith_model_options *o, char *text) {
  const kith_recent_options *r = &o->recent;
  size_t n = 0;
  text[0] = '\0';
  if (kith_model_discount(o) != 0)
    n += (size_t)snprintf(text, EXPORT_WORDS, " model.length_discount=%.9g", kith_model_discount(o));
  if (o->sequence == KITH_SEQUENCE_SASREC) {
    n += (size_t)snprintf(text + n, EXPORT_WORDS - n, " model.sequence=sasrec");
    export_add_number("model.sasrec.gamma", o->sasrec.gamma, text, n);
  }
  if (o->sequence != KITH_SEQUENCE_RECENT) return;
  n += (size_t)snprintf(text + n, EXPORT_WORDS - n, " model.sequence=recent");
  n = export_add_number("model.recent.decay", r->decay, text, n);
  n = export_add_number("model.recent.weight", r->weight, text, n);
  export_add_number("model.recent.items", r->items, text, n);
}

static bool export_is_word(const char *at) {
  for (size_t i = 0; i < sizeof export_begin / sizeof *export_begin; i++)
    if (strncmp(at, export_begin[i], strlen(export_begin[i])) == 0) return true;
  return false;
}

bool kith_export_is_of(const kith_model_options *o, const char *key) {
  char want[EXPORT_WORDS], has[EXPORT_WORDS];
  size_t n = 0;
  has[0] = '\0';
  export_words(o, want);
  for (const char *at = key ? key : ""; *at && n < sizeof has; at += strcspn(at, " "), at += strspn(at, " "))
    if (export_is_word(at))
      n += (size_t)snprintf(has + n, sizeof has - n, " %.*s", (int)strcspn(at, " "), at);
  return strcmp(want, has) == 0;
}

kith_status kith_export_key(const kith_run *o, const char *config_key, size_t size, char *text) {
  kith_status st = KITH_OK;
  const kith_spectral_options *s = &o->model.spectral;
  char filter[KITH_SPECTRAL_FILTER_SIZE], words[EXPORT_WORDS];
  export_words(&o->model, words);
  int n = snprintf(text, size, "%s%s", config_key, words);
  if (o->model.name != KITH_SPECTRAL) return st;
  kith_spectral_filter_print(s, filter);
  n += snprintf(text + n, size - (size_t)n, " filter=%s input_power=%.17g output_power=%.17g direct=%.17g",
                filter, s->input_power, s->output_power, s->direct);
  for (int j = 0; j < s->coefficients.n && (size_t)n < size; j++)
    n += snprintf(text + n, size - (size_t)n, "%s%.17g", j == 0 ? " coefficients=" : ",",
                  s->coefficients.of[j]);
  KITH_CHECK((size_t)n < size, KITH_ECONFIG, "the configuration key is longer than %zu bytes", size);
done:
  return st;
}
