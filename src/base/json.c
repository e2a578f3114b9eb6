/*
 * JSON by recursive descent (json.h).
 *
 * Values and texts have their final places before reading begins: a text has no more values than commas and
 * opening brackets, plus one a line, and texts are decoded where they stand in a copy of the text, since no
 * escape is shorter than what it stands for.
 */
#include "base/json.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/file.h"

typedef struct json_reader {
  const char *name; /* of the file */
  int64_t line;     /* from 1 */
  char *at, *end;   /* the rest of the copy; *end is zero */
  kith_json_value *value;
  int64_t n; /* values so far */
} json_reader;

static void json_space(json_reader *r) {
  for (; *r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'; r->at++)
    r->line += *r->at == '\n';
}

static kith_status json_fail(const json_reader *r, const char *what) {
  if (r->at >= r->end)
    return kith_fail(KITH_EDATA, "%s:%lld: not JSON: the text ends before %s", r->name, (long long)r->line,
                     what);
  int n = kith_utf8_length(r->at);
  return kith_fail(KITH_EDATA, "%s:%lld: not JSON: expected %s, found '%.*s'", r->name, (long long)r->line,
                   what, n > 0 ? n : 1, r->at);
}

/* ---- texts ---- */

/* Four hexadecimal digits; false if they are not there. */
static bool json_hex(const char *at, uint32_t *code) {
  *code = 0;
  for (int i = 0; i < 4; i++) {
    const unsigned char c = (unsigned char)at[i];
    if (!isxdigit(c)) return false;
    *code = *code * 16 + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
  }
  return true;
}

static char *json_encode(uint32_t code, char *to) {
  if (code < 0x80) {
    *to++ = (char)code;
    return to;
  }
  int n = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3; /* bytes that follow the first */
  *to++ = (char)((0xff00 >> (n + 1) & 0xff) | code >> 6 * n);
  while (n-- > 0) *to++ = (char)(0x80 | (code >> 6 * n & 0x3f));
  return to;
}

/* An escape \uXXXX, or two for a character beyond U+FFFF; `at` is behind the u. */
static kith_status json_unicode(json_reader *r, char **to) {
  kith_status st = KITH_OK;
  uint32_t code, low;
  if (!json_hex(r->at, &code)) return json_fail(r, "four hexadecimal digits");
  r->at += 4;
  if (code >= 0xd800 && code < 0xdc00) {
    bool pair =
        r->at[0] == '\\' && r->at[1] == 'u' && json_hex(r->at + 2, &low) && low >= 0xdc00 && low < 0xe000;
    if (!pair) return json_fail(r, "the second half of a surrogate pair");
    r->at += 6;
    code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
  }
  KITH_CHECK(code > 0 && (code < 0xd800 || code > 0xdfff), KITH_EDATA,
             "%s:%lld: a zero byte or half a surrogate pair has no place in a text", r->name,
             (long long)r->line);
  *to = json_encode(code, *to);
done:
  return st;
}

static kith_status json_escape(json_reader *r, char **to) {
  static const char name[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
  r->at++;
  if (*r->at == 'u') {
    r->at++;
    return json_unicode(r, to);
  }
  const char *found = *r->at ? strchr(name, *r->at) : NULL;
  if (!found) return json_fail(r, "one of \"\\/bfnrtu behind a backslash");
  *(*to)++ = meaning[found - name];
  r->at++;
  return KITH_OK;
}

/* A text in quotes, decoded in place. */
static kith_status json_string(json_reader *r, const char **out) {
  kith_status st = KITH_OK;
  char *to = ++r->at;
  *out = to;
  while (*r->at != '"') {
    const unsigned char c = (unsigned char)*r->at;
    uint32_t code;
    if (c == '\\') KITH_TRY(json_escape(r, &to));
    else if (c < 0x20) return json_fail(r, "a closing quote, control characters being escaped");
    else {
      int n = kith_utf8_decode(r->at, r->end - r->at, &code);
      if (n == 0) return json_fail(r, "UTF-8");
      memmove(to, r->at, (size_t)n);
      to += n;
      r->at += n;
    }
  }
  r->at++;
  *to = '\0';
done:
  return st;
}

/* ---- numbers and words ---- */

static bool json_digits(json_reader *r) {
  const char *begin = r->at;
  while (isdigit((unsigned char)*r->at)) r->at++;
  return r->at > begin;
}

/* The grammar of RFC 8259; the digits are converted by the C library, in the locale "C". */
static kith_status json_number(json_reader *r, kith_json_value *v) {
  kith_status st = KITH_OK;
  const char *begin = r->at;
  if (*r->at == '-') r->at++;
  if (*r->at == '0') r->at++;
  else if (!json_digits(r)) return json_fail(r, "a value");
  if (*r->at == '.') {
    r->at++;
    if (!json_digits(r)) return json_fail(r, "a digit behind the point");
  }
  if (*r->at == 'e' || *r->at == 'E') {
    r->at++;
    if (*r->at == '+' || *r->at == '-') r->at++;
    if (!json_digits(r)) return json_fail(r, "a digit of the exponent");
  }
  v->kind = KITH_JSON_NUMBER;
  v->number = strtod(begin, NULL);
  if (!memchr(begin, '.', (size_t)(r->at - begin)) && fabs(v->number) <= 0x1p64)
    v->integer = *begin == '-' ? strtoll(begin, NULL, 10) : (int64_t)strtoull(begin, NULL, 10);
  KITH_CHECK(isfinite(v->number), KITH_EDATA, "%s:%lld: a number is too large: %.*s", r->name,
             (long long)r->line, (int)kith_min(r->at - begin, 32), begin);
done:
  return st;
}

static bool json_word(json_reader *r, const char *word) {
  size_t n = strlen(word);
  if (strncmp(r->at, word, n) != 0) return false;
  r->at += n;
  return true;
}

/* ---- values ---- */

static kith_json_value *json_new(json_reader *r) { return &r->value[r->n++]; }

static kith_status json_value(json_reader *r, int depth, kith_json_value *v);

/* What a list or an object holds; `at` is behind its opening bracket. */
static kith_status json_children(json_reader *r, int depth, char close, kith_json_value *v) {
  kith_status st = KITH_OK;
  kith_json_value **link = &v->first;
  KITH_CHECK(depth < KITH_JSON_DEPTH, KITH_EDATA, "%s:%lld: values nest more than %d deep", r->name,
             (long long)r->line, KITH_JSON_DEPTH);
  json_space(r);
  while (*r->at != close) {
    if (v->n > 0 && *r->at != ',') return json_fail(r, close == ']' ? "',' or ']'" : "',' or '}'");
    if (v->n > 0) r->at++;
    json_space(r);
    kith_json_value *child = json_new(r);
    *link = child;
    link = &child->next;
    v->n++;
    if (close == '}') {
      if (*r->at != '"') return json_fail(r, "a name in quotes");
      KITH_TRY(json_string(r, &child->name));
      json_space(r);
      if (*r->at != ':') return json_fail(r, "':'");
      r->at++;
    }
    KITH_TRY(json_value(r, depth + 1, child));
    json_space(r);
  }
  r->at++;
done:
  return st;
}

static kith_status json_value(json_reader *r, int depth, kith_json_value *v) {
  json_space(r);
  if (*r->at == '{' || *r->at == '[') {
    v->kind = *r->at == '{' ? KITH_JSON_OBJECT : KITH_JSON_LIST;
    r->at++;
    return json_children(r, depth, v->kind == KITH_JSON_OBJECT ? '}' : ']', v);
  }
  if (*r->at == '"') {
    v->kind = KITH_JSON_TEXT;
    return json_string(r, &v->text);
  }
  if (json_word(r, "null")) return KITH_OK;
  const bool yes = json_word(r, "true");
  if (yes || json_word(r, "false")) {
    v->kind = KITH_JSON_BOOL;
    v->number = yes;
    return KITH_OK;
  }
  return json_number(r, v);
}

/* ---- texts and files ---- */

/* No more values than these can be read. */
static int64_t json_count(int64_t size, const char *text, bool lines) {
  int64_t n = 2;
  for (int64_t i = 0; i < size; i++)
    n += text[i] == ',' || text[i] == '[' || text[i] == '{' || (lines && text[i] == '\n');
  return n;
}

static kith_status json_one(json_reader *r) {
  kith_status st = KITH_OK;
  KITH_TRY(json_value(r, 0, json_new(r)));
  json_space(r);
  if (r->at < r->end) return json_fail(r, "the end");
done:
  return st;
}

/* Each line is a text of its own: a value must end in it. */
static kith_status json_lines(json_reader *r) {
  kith_status st = KITH_OK;
  kith_json_value *all = json_new(r), **link = &all->first;
  char *end = r->end;
  all->kind = KITH_JSON_LIST;
  for (char *next; (next = memchr(r->at, '\n', (size_t)(end - r->at))); r->at = next + 1, r->line++) {
    *next = '\0';
    r->end = next;
    json_space(r);
    if (r->at == next) continue;
    kith_json_value *child = json_new(r);
    *link = child;
    link = &child->next;
    all->n++;
    KITH_TRY(json_value(r, 1, child));
    json_space(r);
    if (r->at < next) return json_fail(r, "the end of the line");
  }
done:
  return st;
}

static kith_status json_read(const char *name, const char *text, int64_t size, bool lines, kith_json *out) {
  kith_status st = KITH_OK;
  *out = (kith_json){.value = NULL};
  KITH_TRY(KITH_NEW(out->text, size + 1));
  KITH_TRY(KITH_NEW(out->value, json_count(size, text, lines)));
  memcpy(out->text, text, (size_t)size);
  json_reader r = {.name = name, .line = 1, .at = out->text, .end = out->text + size, .value = out->value};
  KITH_TRY(lines ? json_lines(&r) : json_one(&r));
done:
  if (kith_is_bad(st)) kith_json_free(out);
  return st;
}

kith_status kith_json_read(const char *name, const char *text, int64_t size, kith_json *out) {
  return json_read(name, text, size, false, out);
}

kith_status kith_json_read_lines(const char *name, const char *text, int64_t size, kith_json *out) {
  return json_read(name, text, size, true, out);
}

kith_status kith_json_read_file(const char *path, bool lines, kith_json *out) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char *text = NULL;
  struct stat s;
  *out = (kith_json){.value = NULL};
  KITH_TRY(kith_file_fopen(path, &f));
  KITH_CHECK(fstat(fileno(f), &s) == 0, KITH_EIO, "%s: cannot be examined: %s", path, strerror(errno));
  KITH_CHECK(s.st_size <= KITH_JSON_FILE, KITH_EDATA,
             "%s: larger than the %d MB that are read of such a file", path, KITH_JSON_FILE >> 20);
  KITH_TRY(KITH_NEW(text, (int64_t)s.st_size));
  size_t n = fread(text, 1, (size_t)s.st_size, f);
  KITH_CHECK(!ferror(f) && !kith_fault(KITH_FAULT_READ), KITH_EIO, "%s: reading failed: %s", path,
             strerror(errno));
  KITH_TRY(json_read(path, text, (int64_t)n, lines, out));
done:
  if (f) fclose(f);
  KITH_FREE(text);
  return st;
}

void kith_json_free(kith_json *j) {
  KITH_FREE(j->value);
  KITH_FREE(j->text);
}

/* ---- queries ---- */

const kith_json_value *kith_json_get(const kith_json_value *of, const char *name) {
  if (!of || of->kind != KITH_JSON_OBJECT) return NULL;
  const kith_json_value *v = of->first;
  while (v && strcmp(v->name, name) != 0) v = v->next;
  return v;
}

double kith_json_number(const kith_json_value *of, const char *name, double otherwise) {
  const kith_json_value *v = name ? kith_json_get(of, name) : of;
  return v && v->kind == KITH_JSON_NUMBER ? v->number : otherwise;
}

const char *kith_json_text(const kith_json_value *of, const char *name) {
  const kith_json_value *v = kith_json_get(of, name);
  return v && v->kind == KITH_JSON_TEXT ? v->text : NULL;
}
