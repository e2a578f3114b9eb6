/* The table and the job, printed: YAML that can be read again, and the reference of all keys. */
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

/* Numbers, names and lists stand as they are; text is quoted, with what YAML needs escaped. */
static void print_scalar(const job_key *k, const char *value, size_t size, char *out) {
  if (k->kind != JOB_TEXT && k->kind != JOB_PATH) {
    snprintf(out, size, "%s", value);
    return;
  }
  size_t n = 0;
  out[n++] = '"';
  for (const char *c = value; *c && n + 4 < size; c++) {
    if (*c == '"' || *c == '\\') out[n++] = '\\';
    if (*c == '\t') out[n++] = '\\';
    out[n++] = *c == '\t' ? 't' : *c;
  }
  out[n++] = '"';
  out[n] = '\0';
}

/* Lines for the mappings that a key opens which the key before it did not. */
static kith_status print_open(print_text *t, const char *before, const char *key) {
  kith_status st = KITH_OK;
  char line[256];
  int depth = 0;
  bool same = true;
  for (const char *from = key, *dot = strchr(key, '.'); dot; from = dot + 1, dot = strchr(from, '.'), depth++) {
    same = same && strncmp(before, key, (size_t)(dot - key) + 1) == 0;
    if (same) continue;
    snprintf(line, sizeof line, "%*s%.*s:\n", 2 * depth, "", (int)(dot - from), from);
    KITH_TRY(print_add(t, line));
  }
done:
  return st;
}

kith_status kith_job_print(const kith_job *job, char **text) {
  kith_status st = KITH_OK;
  print_text t = {.text = NULL};
  const char *before = "";
  char value[JOB_VALUE], scalar[2 * JOB_VALUE], line[3 * JOB_VALUE];
  for (int i = 0; i < kith__job_n_key; i++) {
    const job_key *k = &kith__job_table[i];
    const char *leaf = strrchr(k->key, '.');
    int depth = 0;
    for (const char *c = k->key; *c; c++) depth += *c == '.';
    KITH_TRY(print_open(&t, before, k->key));
    kith__job_get(job, k, sizeof value, value);
    print_scalar(k, value, sizeof scalar, scalar);
    snprintf(line, sizeof line, "%*s%s: %s\n", 2 * depth, "", leaf ? leaf + 1 : k->key, scalar);
    KITH_TRY(print_add(&t, line));
    before = k->key;
  }
  *text = t.text;
  t.text = NULL;
done:
  KITH_FREE(t.text);
  return st;
}

static void print_bounds(const job_key *k, size_t size, char *text) {
  if (k->kind == JOB_NAME || k->kind == JOB_PROTOCOL || k->kind == JOB_IDS) snprintf(text, size, "%s", k->unit);
  else if (k->kind == JOB_BOOL) snprintf(text, size, "true, false");
  else if (k->kind == JOB_TEXT) snprintf(text, size, "text, at most %zu bytes", k->size - 1);
  else if (k->kind == JOB_PATH) snprintf(text, size, "path");
  else snprintf(text, size, "%s%.10g to %.10g%s%s", k->kind == JOB_CUTOFFS ? "list of " : "", k->low, k->high, k->unit[0] ? " " : "", k->unit);
}

static void print_markdown_cell(const char *text) {
  for (const char *c = text; *c; c++) printf(*c == '|' ? "\\%c" : "%c", *c);
}

void kith_job_print_reference(bool markdown) {
  kith_job job = kith_job_defaults();
  char value[JOB_VALUE], bounds[512];
  if (markdown)
    printf("# The job file: every key\n\nMade by `kith help --markdown` from the table that reads the job file; a test keeps the two the same.\n"
           "Paths are relative to the folder of the job file. Every key can be set on the command line: `--set train.lr=0.005`.\n\n"
           "| key | values | default | meaning |\n|---|---|---|---|\n");
  for (int i = 0; i < kith__job_n_key; i++) {
    const job_key *k = &kith__job_table[i];
    kith__job_get(&job, k, sizeof value, value);
    if (k->kind == JOB_REAL) snprintf(value, sizeof value, "%g", *(const double *)(const void *)((const char *)&job + k->place));
    print_bounds(k, sizeof bounds, bounds);
    if (!markdown) {
      printf("  %-32s %s\n  %-32s   %s; default: %s\n", k->key, k->help, "", bounds, value[0] ? value : "none");
      continue;
    }
    printf("| `%s` | ", k->key);
    print_markdown_cell(bounds);
    printf(" | %s%s%s | ", value[0] ? "`" : "", value, value[0] ? "`" : "");
    print_markdown_cell(k->help);
    printf(" |\n");
  }
}
