/* A job as YAML that is read as the same job. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* Text that grows. */
typedef struct print_text {
  char *text;
  int64_t size, room;
} print_text;

static kith_status print_add(print_text *t, const char *piece) {
  kith_status st = KITH_OK;
  int64_t n = (int64_t)strlen(piece);
  if (t->size + n + 1 > t->room) {
    KITH_TRY(KITH_GROW(t->text, t->room, 2 * (t->room + n) + 1024));
    t->room = 2 * (t->room + n) + 1024;
  }
  memcpy(t->text + t->size, piece, (size_t)n + 1);
  t->size += n;
done:
  return st;
}

/* Text in quotes, what YAML needs escaped escaped; out has room for four bytes a byte. */
static void print_quote(const char *value, char *out) {
  *out++ = '"';
  for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
    if (*c == '"' || *c == '\\') out += sprintf(out, "\\%c", *c);
    else if (*c < 0x20 || *c == 0x7f) out += sprintf(out, "\\x%02x", *c);
    else *out++ = (char)*c;
  }
  *out++ = '"';
  *out = '\0';
}

/* A path as it would stand in the job file: from its folder on, if that is how it came about. */
static const char *print_path(const kith_job *job, const char *path) {
  char folder[KITH_PATH], whole[KITH_PATH];
  kith__job_folder(job, folder);
  size_t n = strlen(folder);
  if (n == 0 || strncmp(path, folder, n) != 0) return path;
  const char *rest = path + n + (path[n] == '/');
  bool letters = rest[0] && !strchr("~$", rest[0]); /* would be expanded */
  bool same = letters && kith_path_join(folder, rest, whole) == KITH_OK && strcmp(whole, path) == 0;
  return same ? rest : path;
}

/* One path in quotes, or a list of them. */
static kith_status print_paths(print_text *t, const kith_job *job, const char *lines) {
  kith_status st = KITH_OK;
  char one[KITH_PATH], quoted[4 * JOB_VALUE_SIZE];
  const bool several = strchr(lines, '\n') != NULL;
  const char *at = lines;
  do {
    const size_t n = strcspn(at, "\n");
    snprintf(one, sizeof one, "%.*s", (int)n, at);
    print_quote(print_path(job, one), quoted);
    if (several) KITH_TRY(print_add(t, at == lines ? "[" : ", "));
    KITH_TRY(print_add(t, quoted));
    at += n + (at[n] == '\n');
  } while (*at);
  if (several) KITH_TRY(print_add(t, "]"));
done:
  return st;
}

/* Numbers, names and lists are printed plain; text is quoted. */
static kith_status print_value(print_text *t, const kith_job *job, const job_key *k) {
  char value[JOB_VALUE_SIZE], quoted[4 * JOB_VALUE_SIZE];
  bool is_text = k->kind == JOB_TEXT || k->kind == JOB_NODE_TYPE || k->kind == JOB_DELIMITER ||
                 k->kind == JOB_COLUMN || k->kind == JOB_PATH;
  if (k->kind == JOB_PATHS) return print_paths(t, job, (const char *)job + k->offset);
  kith__job_get(job, k, sizeof value, value);
  if (!is_text) return print_add(t, value);
  print_quote(k->kind == JOB_PATH ? print_path(job, value) : value, quoted);
  return print_add(t, quoted);
}

/* Lines for the mappings that a key opens which the key before it did not. */
static kith_status print_open(print_text *t, const char *before, const char *key, int *depth) {
  kith_status st = KITH_OK;
  char line[256];
  bool same = true;
  *depth = 0;
  for (const char *from = key, *dot = strchr(key, '.'); dot;
       from = dot + 1, dot = strchr(from, '.'), ++*depth) {
    same = same && strncmp(before, key, (size_t)(dot - key) + 1) == 0;
    if (same) continue;
    snprintf(line, sizeof line, "%*s%.*s:\n", 2 * *depth, "", (int)(dot - from), from);
    KITH_TRY(print_add(t, line));
  }
done:
  return st;
}

/* A value of an axis: plain where YAML reads it as it stands, a list where it has commas. */
static kith_status print_axis_value(print_text *t, const char *value, size_t n) {
  kith_status st = KITH_OK;
  char one[KITH_SWEEP_VALUES], quoted[4 * KITH_SWEEP_VALUES + 3];
  snprintf(one, sizeof one, "%.*s", (int)n, value);
  const bool plain =
      one[strspn(one, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-")] == '\0';
  print_quote(one, quoted);
  KITH_TRY(print_add(t, plain && n > 0 ? one : quoted));
done:
  return st;
}

/* The keys that a sweep varies, as its section has them. */
static kith_status print_axes(print_text *t, const kith_sweep_options *s) {
  kith_status st = KITH_OK;
  for (int i = 0; i < s->n_axis; i++) {
    const kith_sweep_axis *a = &s->axis[i];
    static const char *const part[] = {"from: ", ", to: "};
    const char *at = a->values;
    KITH_TRY(print_add(t, "  "));
    KITH_TRY(print_add(t, a->key));
    KITH_TRY(print_add(t, a->is_range ? ": {" : ": ["));
    for (int k = 0; k < (a->is_range ? 2 : a->n); k++) {
      const size_t n = strcspn(at, "\n");
      KITH_TRY(print_add(t, a->is_range ? part[k] : k > 0 ? ", " : ""));
      KITH_TRY(print_axis_value(t, at, n));
      at += n + (at[n] == '\n');
    }
    KITH_TRY(print_add(t, !a->is_range ? "]\n" : a->is_log ? ", scale: log}\n" : ", scale: linear}\n"));
  }
done:
  return st;
}

static kith_status print_job(const kith_job *job, bool set_alone, char **text) {
  kith_status st = KITH_OK;
  print_text t = {.text = NULL};
  char line[256];
  const char *before = "";
  job_table table;
  kith__job_table_of(job, &table);
  *text = NULL;
  for (int i = 0, depth = 0; i < table.n; i++) {
    const job_key *k = &table.key[i];
    const char *leaf = strrchr(k->key, '.');
    if (set_alone && job->line[table.slot[i]] == 0) continue;
    KITH_TRY(print_open(&t, before, k->key, &depth));
    before = k->key;
    snprintf(line, sizeof line, "%*s%s: ", 2 * depth, "", leaf ? leaf + 1 : k->key);
    KITH_TRY(print_add(&t, line));
    KITH_TRY(print_value(&t, job, k));
    KITH_TRY(print_add(&t, "\n"));
  }
  if (strncmp(before, "sweep.", strlen("sweep.")) != 0 && job->sweep.n_axis > 0)
    KITH_TRY(print_add(&t, "sweep:\n"));
  KITH_TRY(print_axes(&t, &job->sweep));
  KITH_TRY(print_add(&t, ""));
  *text = t.text;
  t.text = NULL;
done:
  KITH_FREE(t.text);
  return st;
}

kith_status kith_job_print(const kith_job *job, char **text) { return print_job(job, false, text); }
kith_status kith_job_print_set(const kith_job *job, char **text) { return print_job(job, true, text); }
