/* kith inspect of any file: what it prints is text for a terminal and a line of JSON, whatever names and
 * texts are in the file. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "fuzz/h5_base.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  base_begin();
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  return edit_mutate(data, size, most, seed, 1);
}

/* ---- JSON, as strict as RFC 8259 is ---- */

static bool json_string(const char **p) {
  if (*(*p)++ != '"') return false;
  for (; **p != '"'; ++*p) {
    if ((unsigned char)**p < 0x20) return false;
    if (**p != '\\') continue;
    ++*p;
    if (!**p || !strchr("\"\\/bfnrtu", **p)) return false;
    for (int i = 0; **p == 'u' && i < 4; i++)
      if (!isxdigit((unsigned char)(*p)[i + 1])) return false;
  }
  ++*p;
  return true;
}

static bool json_number(const char **p) {
  char *end = NULL;
  if (**p != '-' && !isdigit((unsigned char)**p)) return false;
  if (**p == '-' && !isdigit((unsigned char)(*p)[1])) return false;
  strtod(*p, &end);
  *p = end;
  return true;
}

static bool json_value(const char **p, int depth);

static bool json_many(const char **p, char close, bool keys, int depth) {
  ++*p;
  if (**p == close) return ++*p, true;
  for (;;) {
    while (**p == ' ') ++*p;
    if (keys && (!json_string(p) || *(*p)++ != ':')) return false;
    if (!json_value(p, depth + 1)) return false;
    if (**p == close) return ++*p, true;
    if (*(*p)++ != ',') return false;
  }
}

static bool json_value(const char **p, int depth) {
  while (**p == ' ') ++*p;
  if (depth > 8) return false;
  if (**p == '"') return json_string(p);
  if (**p == '{') return json_many(p, '}', true, depth);
  if (**p == '[') return json_many(p, ']', false, depth);
  if (strncmp(*p, "null", 4) == 0) return *p += 4, true;
  return json_number(p);
}

/* ---- what is printed ---- */

static void inspect_hold_text(const char *text) {
  for (int step; *text; text += step) {
    step = *text == '\n' ? 1 : kith_utf8_length(text);
    FUZZ_HOLD(step > 0, "a byte %#04x goes to the terminal", (unsigned char)*text);
  }
}

static void inspect_hold_json(const char *text) {
  const char *p = text;
  FUZZ_HOLD(json_value(&p, 0) && strcmp(p, "\n") == 0, "no JSON: %s", text);
}

/* The text that a run prints, in a block of malloc(). */
static char *inspect_print(cli *c, bool json, kith_agreed *st) {
  char *text = NULL;
  size_t n = 0;
  FILE *terminal = stdout;
  stdout = open_memstream(&text, &n);
  FUZZ_HOLD(stdout, "no memory");
  if (json) cli_print_json(c, *st);
  else *st = cli_inspect(c);
  fclose(stdout);
  stdout = terminal;
  return text;
}

static kith_agreed inspect(const char *path, const char *show) {
  static cli c;
  kith_agreed st = {KITH_OK};
  c = (cli){.comm = &fuzz_comm,
            .verb = "inspect",
            .json = true,
            .n_arg = show ? 3 : 1,
            .arg = {path, "--show", show}};
  char *text = inspect_print(&c, false, &st);
  inspect_hold_text(text);
  free(text);
  text = inspect_print(&c, true, &st);
  inspect_hold_json(text);
  free(text);
  KITH_FREE(c.members);
  return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[KITH_PATH];
  base_kind kind = size > 0 ? (base_kind)(data[0] >> 1 & 3) : BASE_GRAPH;
  base_edited(data, size, kind, path);
  int64_t live = kith_alloc_live();
  kith_agreed st = inspect(path, NULL);
  base_outcome(st.status, path, live);
  base_outcome(inspect(path, "software").status, path, live);
  fuzz_status = st.status;
  return 0;
}
