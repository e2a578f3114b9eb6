/* Profiles of machines: text, names, and rates between those that were measured. */
#include "base/fault.h"
#include "base/file.h"
#include "plan/machine.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys of a node, and of its rates. */
typedef struct machine_key {
  const char *name;
  size_t offset;
  double least;
} machine_key;

static const machine_key machine_keys[] = {
    {"cores", offsetof(kith_machine, cores), 1},     {"threads", offsetof(kith_machine, threads), 1},
    {"memory", offsetof(kith_machine, memory), 1},   {"program", offsetof(kith_machine, program), 0},
    {"network", offsetof(kith_machine, network), 1}, {"latency", offsetof(kith_machine, latency), 0},
    {"local", offsetof(kith_machine, local), 0},     {"message", offsetof(kith_machine, message), 0},
    {"disk", offsetof(kith_machine, disk), 1},       {"capacity", offsetof(kith_machine, capacity), 0}};
static const machine_key machine_rate_keys[] = {{"gather", offsetof(kith_machine_rates, gather), 1},
                                                {"stream", offsetof(kith_machine_rates, stream), 1},
                                                {"product", offsetof(kith_machine_rates, product), 1},
                                                {"exchange", offsetof(kith_machine_rates, exchange), 1},
                                                {"ranking", offsetof(kith_machine_rates, ranking), 1},
                                                {"sample", offsetof(kith_machine_rates, sample), 0}};
enum {
  MACHINE_KEYS = sizeof machine_keys / sizeof *machine_keys,
  MACHINE_RATE_KEYS = sizeof machine_rate_keys / sizeof *machine_rate_keys
};

/* Two sockets of 32 cores with eight channels of DDR4-3200 each, 100 Gb/s between nodes, a parallel file
 * system. */
static const kith_machine machine_typical = {.name = "typical",
                                             .cores = 64,
                                             .threads = 1,
                                             .memory = 256e9,
                                             .program = 100e6,
                                             .network = 12.5e9,
                                             .latency = 2e-6,
                                             .local = 0.5e-6,
                                             .message = 0.5e-6,
                                             .disk = 2e9,
                                             .n = 3,
                                             .of = {{1, 20e9, 20e9, 2.5e10, 5e9, 6e6, 1e10},
                                                    {16, 180e9, 280e9, 4e11, 70e9, 9e7, 1.6e11},
                                                    {64, 200e9, 300e9, 1.6e12, 75e9, 3e8, 6e11}}};

const kith_machine *kith_machine_find(const char *name) {
  return strcmp(name, machine_typical.name) == 0 ? &machine_typical : NULL;
}

static double *machine_value(void *of, const machine_key *key) {
  return (double *)(void *)((char *)of + key->offset);
}

static const machine_key *machine_find_key(int n, const machine_key *keys, const char *word, size_t length) {
  for (int i = 0; i < n; i++)
    if (strlen(keys[i].name) == length && strncmp(keys[i].name, word, length) == 0) return &keys[i];
  return NULL;
}

/* The rates of so many ranks, put in order; null: there are too many. */
static kith_machine_rates *machine_rates_of(kith_machine *m, int ranks) {
  int i = 0;
  while (i < m->n && m->of[i].ranks < ranks) i++;
  if (i < m->n && m->of[i].ranks == ranks) return &m->of[i];
  if (m->n == KITH_MACHINE_RATES) return NULL;
  memmove(m->of + i + 1, m->of + i, (size_t)(m->n++ - i) * sizeof *m->of);
  m->of[i] = (kith_machine_rates){.ranks = ranks};
  return &m->of[i];
}

kith_status kith_machine_put(kith_machine *m, const kith_machine_rates *rates) {
  kith_status st = KITH_OK;
  kith_machine_rates *to = machine_rates_of(m, rates->ranks);
  KITH_CHECK(to, KITH_ECONFIG, "a profile has rates of at most %d numbers of ranks", KITH_MACHINE_RATES);
  *to = *rates;
done:
  return st;
}

/* Where "key" or "key.RANKS" is stored; null: no such key. */
static double *machine_place(kith_machine *m, const char *word, size_t length, double *least) {
  const char *dot = memchr(word, '.', length);
  size_t n = dot ? (size_t)(dot - word) : length;
  const machine_key *key = dot ? machine_find_key(MACHINE_RATE_KEYS, machine_rate_keys, word, n)
                               : machine_find_key(MACHINE_KEYS, machine_keys, word, n);
  if (!key) return NULL;
  *least = key->least;
  if (!dot) return machine_value(m, key);
  const char *end = dot + 1;
  int64_t ranks = 0;
  if (!kith_text_number(&end, &ranks) || end != word + length || ranks < 1 || ranks > INT32_MAX) return NULL;
  kith_machine_rates *rates = machine_rates_of(m, (int)ranks);
  return rates ? machine_value(rates, key) : NULL;
}

static kith_status machine_parse_line(const char *path, int line, const char *text, size_t length,
                                      kith_machine *m) {
  kith_status st = KITH_OK;
  const char *colon = memchr(text, ':', length);
  char value[KITH_NAME] = "", *end = value;
  double least = 0, *to = NULL;
  KITH_CHECK(colon, KITH_ECONFIG, "%s:%d: expected key: value", path, line);
  const char *from = colon + 1 + strspn(colon + 1, " ");
  size_t n = from < text + length ? (size_t)(text + length - from) : 0;
  KITH_CHECK(n > 0 && n < sizeof value, KITH_ECONFIG, "%s:%d: expected a value of at most %zu characters",
             path, line, sizeof value - 1);
  memcpy(value, from, n);
  if (strncmp(text, "name:", 5) == 0) return kith_text_copy("name", value, sizeof m->name, m->name);
  to = machine_place(m, text, (size_t)(colon - text), &least);
  KITH_CHECK(to, KITH_ECONFIG, "%s:%d: no key of a profile: %.*s", path, line, (int)(colon - text), text);
  *to = strtod(value, &end);
  KITH_CHECK(*end == '\0' && isfinite(*to) && *to >= least && *to < 1e30, KITH_ECONFIG,
             "%s:%d: %.*s: expected a number from %g on, not %s", path, line, (int)(colon - text), text,
             least, value);
done:
  return st;
}

static kith_status machine_check(const char *path, kith_machine *m) {
  kith_status st = KITH_OK;
  KITH_CHECK(m->n > 0, KITH_ECONFIG,
             "%s: no rates: expected gather.1 and others, as kith bench --profile writes", path);
  for (int k = 0; k < MACHINE_KEYS; k++)
    KITH_CHECK(*machine_value(m, &machine_keys[k]) >= machine_keys[k].least, KITH_ECONFIG, "%s: lacks %s",
               path, machine_keys[k].name);
  for (int i = 0; i < m->n; i++)
    for (int k = 0; k < MACHINE_RATE_KEYS; k++)
      KITH_CHECK(*machine_value(&m->of[i], &machine_rate_keys[k]) >= machine_rate_keys[k].least, KITH_ECONFIG,
                 "%s: lacks %s.%d", path, machine_rate_keys[k].name, m->of[i].ranks);
done:
  return st;
}

kith_status kith_machine_parse(const char *path, const char *text, kith_machine *out) {
  kith_status st = KITH_OK;
  kith_machine m = {.name = ""};
  int line = 1;
  for (const char *at = text; *at; at += *at == '\n', line++) {
    size_t n = strcspn(at, "\n"), used = strcspn(at, "#\n");
    while (used > 0 && (at[used - 1] == ' ' || at[used - 1] == '\r')) used--;
    if (used > 0) KITH_TRY(machine_parse_line(path, line, at, used, &m));
    at += n;
  }
  KITH_TRY(machine_check(path, &m));
  *out = m;
done:
  return st;
}

kith_status kith_machine_read(const char *path, kith_machine *out) {
  kith_status st = KITH_OK;
  char text[KITH_MACHINE_TEXT] = "";
  FILE *f = NULL;
  KITH_TRY(kith_file_fopen(path, &f));
  size_t n = fread(text, 1, sizeof text - 1, f);
  KITH_CHECK(!ferror(f) && !kith_fault(KITH_FAULT_READ), KITH_EIO, "%s: reading failed", path);
  KITH_CHECK(n + 1 < sizeof text, KITH_ECONFIG, "%s: longer than a profile is", path);
  KITH_TRY(kith_machine_parse(path, text, out));
done:
  if (f) fclose(f);
  return st;
}

void kith_machine_print(const kith_machine *machine, char *text) {
  kith_machine m = *machine;
  size_t n = (size_t)snprintf(text, KITH_MACHINE_TEXT, "name: %s\n", m.name);
  for (int k = 0; k < MACHINE_KEYS; k++)
    n += (size_t)snprintf(text + n, KITH_MACHINE_TEXT - n, "%s: %.6g\n", machine_keys[k].name,
                          *machine_value(&m, &machine_keys[k]));
  for (int i = 0; i < m.n; i++)
    for (int k = 0; k < MACHINE_RATE_KEYS; k++)
      n += (size_t)snprintf(text + n, KITH_MACHINE_TEXT - n, "%s.%d: %.6g\n", machine_rate_keys[k].name,
                            m.of[i].ranks, *machine_value(&m.of[i], &machine_rate_keys[k]));
}

kith_machine_rates kith_machine_at(const kith_machine *m, int ranks) {
  int i = 0;
  while (i + 1 < m->n && m->of[i + 1].ranks <= ranks) i++;
  kith_machine_rates low = m->of[i], high = m->of[i + 1 < m->n ? i + 1 : i], out = low;
  double share = high.ranks > low.ranks ? (double)(ranks - low.ranks) / (high.ranks - low.ranks) : 0;
  bool below = ranks < low.ranks;
  out.ranks = ranks;
  for (int k = 0; k < MACHINE_RATE_KEYS; k++) {
    const machine_key *key = &machine_rate_keys[k];
    double a = *machine_value(&low, key), b = *machine_value(&high, key);
    *machine_value(&out, key) = below ? a * ranks / low.ranks : a + share * (b - a);
  }
  return out;
}
