/* The page's text: appended, escaped (page.h). */
#include "report/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_SPEC = 32, PAGE_LINE = 4096 };

#define PAGE_REPLACEMENT "\xef\xbf\xbd"
#define PAGE_NARROW "\xe2\x80\xaf"

void kith__page_append(report_page *p, const char *text, int64_t n) {
  if (kith_is_bad(p->st)) return;
  if (p->n + n + 1 > p->room) {
    int64_t room = 2 * (p->n + n) + 4096;
    p->st = KITH_GROW(p->text, p->room, room);
    if (kith_is_bad(p->st)) return;
    p->room = room;
  }
  memcpy(p->text + p->n, text, (size_t)n);
  p->n += n;
  p->text[p->n] = '\0';
}

void kith__page_html(report_page *p, const char *html) {
  if (html) kith__page_append(p, html, (int64_t)strlen(html));
}

/* What stands for a character in HTML; null: itself. */
static const char *page_entity(char c) {
  switch (c) {
  case '&': return "&amp;";
  case '<': return "&lt;";
  case '>': return "&gt;";
  case '"': return "&quot;";
  case '\'': return "&#39;";
  default: return NULL;
  }
}

static void page_escape(report_page *p, const char *text, int64_t size) {
  for (const char *end = text + size; text < end;) {
    uint32_t code = 0;
    int n = kith_utf8_decode(text, end - text, &code);
    const char *entity = page_entity(*text);
    bool space = *text == '\n' || *text == '\t';
    if (entity) kith__page_html(p, entity);
    else if (n == 0 || (!space && kith_unicode_is_control(code)) || kith_unicode_is_invisible(code))
      kith__page_html(p, PAGE_REPLACEMENT);
    else kith__page_append(p, text, n);
    text += n > 0 ? n : 1;
  }
}

void kith__page_text(report_page *p, const char *text) { page_escape(p, text, (int64_t)strlen(text)); }

/* One conversion, whose specification is spec; the value is taken from `rest`. */
static void page_convert(report_page *p, const char *spec, va_list *rest) {
  char text[512] = "";
  const char last = spec[strlen(spec) - 1];
  switch (last) {
  case 's': {
    const char *s = va_arg(*rest, const char *);
    kith__page_text(p, s ? s : "");
    return;
  }
  case '%': snprintf(text, sizeof text, "%%"); break;
  case 'c': snprintf(text, sizeof text, "%c", va_arg(*rest, int)); break;
  case 'd': /* NOLINTNEXTLINE(bugprone-branch-clone): arguments of two types */
    if (strstr(spec, "ll")) snprintf(text, sizeof text, spec, va_arg(*rest, long long));
    else snprintf(text, sizeof text, spec, va_arg(*rest, int));
    break;
  default: snprintf(text, sizeof text, spec, va_arg(*rest, double));
  }
  kith__page_text(p, text);
}

static void page_put(report_page *p, const char *html, va_list *rest) {
  char spec[PAGE_SPEC];
  while (*html) {
    size_t n = strcspn(html, "%");
    kith__page_append(p, html, (int64_t)n);
    html += n;
    if (!*html) break;
    n = strcspn(html + 1, "scdfeg%") + 2;
    snprintf(spec, sizeof spec, "%.*s", (int)n, html);
    page_convert(p, spec, rest);
    html += n;
  }
}

void kith__page_put(report_page *p, const char *html, ...) {
  va_list rest;
  va_start(rest, html);
  page_put(p, html, &rest);
  va_end(rest);
}

int kith__page_id(report_page *p) { return ++p->n_id; }

/* Text in which what stands between two ` is code. */
static void page_prose(report_page *p, const char *text) {
  for (bool code = false;; code = !code) {
    size_t n = strcspn(text, "`");
    page_escape(p, text, (int64_t)n);
    text += n;
    if (!*text++) {
      if (code) kith__page_html(p, "</code>");
      return;
    }
    kith__page_html(p, code ? "</code>" : "<code>");
  }
}

/* The same, printf style. */
static void page_format(report_page *p, const char *format, va_list rest) {
  char text[PAGE_LINE];
  vsnprintf(text, sizeof text, format, rest);
  page_prose(p, text);
}

void kith__page_prose(report_page *p, const char *class, const char *format, ...) {
  va_list rest;
  kith__page_put(p, "<p class=\"%s\">", class);
  va_start(rest, format);
  page_format(p, format, rest);
  va_end(rest);
  kith__page_html(p, "</p>\n");
}

static void page_lack(report_lack *lack, const char *what, const char *reason, va_list rest) {
  size_t n = strlen(lack->names);
  snprintf(lack->names + n, sizeof lack->names - n, "%s%s", lack->n++ ? ", " : "", what);
  kith__page_put(&lack->list, "<li>%s: ", what);
  page_format(&lack->list, reason, rest);
  kith__page_html(&lack->list, "</li>\n");
}

void kith__page_lack(report_page *p, const char *what, const char *reason, ...) {
  va_list rest;
  va_start(rest, reason);
  if (p->lack) page_lack(p->lack, what, reason, rest);
  va_end(rest);
}

void kith__page_missing(report_page *p, const char *what, const char *reason, ...) {
  va_list rest;
  kith__page_put(p, "<p class=\"missing\"><b>Not shown: %s.</b> ", what);
  va_start(rest, reason);
  page_format(p, reason, rest);
  va_end(rest);
  kith__page_html(p, "</p>\n");
  va_start(rest, reason);
  if (p->lack) page_lack(p->lack, what, reason, rest);
  va_end(rest);
}

/* ---- numbers ---- */

const char *kith__page_count(int64_t n, char *text) {
  char digits[PAGE_NUMBER];
  snprintf(digits, sizeof digits, "%llu", n < 0 ? 0ULL - (unsigned long long)n : (unsigned long long)n);
  size_t size = strlen(digits);
  char *to = text;
  if (n < 0) *to++ = '-';
  for (size_t i = 0; i < size; i++) {
    if (i > 0 && (size - i) % 3 == 0) to = stpcpy(to, PAGE_NARROW);
    *to++ = digits[i];
  }
  *to = '\0';
  return text;
}

const char *kith__page_bytes(double bytes, char *text) {
  static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  int u = 0;
  for (; bytes >= 999.5 && u < 5; u++) bytes /= 1000;
  snprintf(text, PAGE_NUMBER, u > 0 && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, unit[u]);
  return text;
}

const char *kith__page_seconds(double s, char *text) {
  if (!isfinite(s) || s < 0) snprintf(text, PAGE_NUMBER, "–");
  else if (s < 0.0095) snprintf(text, PAGE_NUMBER, "%.1f ms", s * 1e3);
  else if (s < 0.9995) snprintf(text, PAGE_NUMBER, "%.0f ms", s * 1e3);
  else if (s < 59.95) snprintf(text, PAGE_NUMBER, "%.1f s", s);
  else {
    char clock[PAGE_NUMBER - 8];
    kith_duration_print(s, sizeof clock, clock);
    snprintf(text, PAGE_NUMBER, "%s %s", clock, s < 3599.5 ? "min" : "h");
  }
  return text;
}

const char *kith__page_metric(double x, char *text) {
  if (isfinite(x)) snprintf(text, PAGE_NUMBER, "%.4f", x);
  else snprintf(text, PAGE_NUMBER, "–");
  return text;
}

void kith__page_free(report_page *p) {
  KITH_FREE(p->text);
  *p = (report_page){.st = KITH_OK};
}
