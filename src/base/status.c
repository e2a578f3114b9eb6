/* The message of the last failure, kept until kith_agree() broadcasts it or main() prints it. */
#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"

enum { STATUS_TEXT = 2048 };

static _Thread_local char status_text[STATUS_TEXT];

/* A message is one printable line, whatever input it quotes: other characters become question marks. */
static void status_make_printable(char *text) {
  for (int step = 1; *text; text += step ? step : 1) {
    step = kith_utf8_length(text);
    if (step == 0) *text = '?';
  }
}

void kith__fail(const char *format, ...) {
  char text[STATUS_TEXT]; /* the arguments may point into the old message */
  va_list rest;
  va_start(rest, format);
  vsnprintf(text, sizeof text, format, rest);
  va_end(rest);
  status_make_printable(text);
  snprintf(status_text, sizeof status_text, "%s", text);
}

const char *kith_error_text(void) { return status_text; }

const char *kith_version(void) { return KITH_VERSION; }

const char *kith_status_name(kith_status code) {
  switch (code) {
  case KITH_OK: return "ok";
  case KITH_EUSAGE: return "usage";
  case KITH_EDATA: return "bad data";
  case KITH_ENOINPUT: return "no input";
  case KITH_ENUMERIC: return "not finite";
  case KITH_ENOMEM: return "no memory";
  case KITH_EOUTPUT: return "no output";
  case KITH_EIO: return "input/output error";
  case KITH_EINTERRUPT: return "interrupted";
  case KITH_ECONFIG: return "bad job";
  }
  return "unknown";
}
