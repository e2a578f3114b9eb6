/* Lines of at most 80 columns. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { COLUMNS = 80 };

/* Bytes of at most `columns` characters. */
static size_t wrap_bytes(const char *text, int columns) {
  size_t n = 0;
  for (int k = 0; k < columns && text[n]; k++) {
    int one = kith_utf8_length(text + n);
    n += one > 0 ? (size_t)one : 1;
  }
  return n;
}

bool cli_explains(void) { return kith_log_get() == KITH_LOG_ALL; }

void cli_wrap(const char *lead, int indent, const char *text) {
  for (bool first = true; first || *text; first = false) {
    size_t n = wrap_bytes(text, COLUMNS - indent), all = strlen(text), at = n;
    if (n < all)
      while (at > 0 && text[at] != ' ') at--;
    if (at > 0) n = at;
    if (first) printf("%s%.*s\n", lead, (int)n, text);
    else printf("%*s%.*s\n", indent, "", (int)n, text);
    text += n;
    while (*text == ' ') text++;
  }
}

static void wrap_print(int indent, const char *format, va_list list) KITH_FORMAT(2, 0);
static void wrap_print(int indent, const char *format, va_list list) {
  char text[4096], *rest = text;
  int lead = 0;
  vsnprintf(text, sizeof text, format, list);
  while (rest[lead] == ' ') lead++;
  size_t n = wrap_bytes(rest, COLUMNS), at = n;
  if (rest[n])
    while (at > (size_t)lead && rest[at] != ' ') at--;
  if (!rest[n] || at == (size_t)lead) {
    printf("%s\n", text);
    return;
  }
  rest[at] = '\0';
  printf("%s\n", text);
  char spaces[32];
  snprintf(spaces, sizeof spaces, "%*s", indent, "");
  cli_wrap(spaces, indent, rest + at + 1);
}

void cli_print_wrapped(const cli *c, int indent, const char *format, ...) {
  va_list list;
  if (c->comm->rank != 0) return;
  va_start(list, format);
  wrap_print(indent, format, list);
  va_end(list);
}

void cli_note(const cli *c, int indent, const char *format, ...) {
  va_list list;
  if (c->comm->rank != 0 || !cli_explains()) return;
  va_start(list, format);
  wrap_print(indent, format, list);
  va_end(list);
}
