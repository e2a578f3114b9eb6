/*
 * The delimiter of the features of a line: one for the whole list, decided by its first lines.  Signs in
 * quotes do not count.  A line that another sign splits is an error, as its features may be others than those
 * meant.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ingest/features.h"

static const char *const signs[KITH__FEATURE_SIGNS] = {"::", "\t", ",", ";", "|"};
enum { COLONS, TAB, COMMA, SEMICOLON, BAR, SPACE, LISTED }; /* bits of what a line holds */

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool is_sign(char c) { return c == '\t' || c == ',' || c == ';' || c == '|' || c == ':'; }

/* Whether a comma stands in "3,5" alone or "drama:3,5", not between features as in "3,5,7". */
static bool comma_is_decimal(kith__field rest, int64_t at) {
  int64_t low = at, high = at + 1;
  while (low > 0 && isdigit((unsigned char)rest.at[low - 1])) low--;
  while (high < rest.size && isdigit((unsigned char)rest.at[high])) high++;
  if (low == at || high == at + 1) return false;
  if (high < rest.size && !is_blank(rest.at[high]) && rest.at[high] != ';' && rest.at[high] != '|')
    return false;
  return low == 0 || (is_sign(rest.at[low - 1]) && rest.at[low - 1] != ',') || strchr(" -", rest.at[low - 1]);
}

/* The bit of a character: SPACE within a name, LISTED for a comma between features. */
static unsigned sign_of(kith__field rest, int64_t i) {
  char c = rest.at[i];
  int64_t behind = i;
  if (c == ',') return 1u << COMMA | (comma_is_decimal(rest, i) ? 0 : 1u << LISTED);
  if (c == ':') return i + 1 < rest.size && rest.at[i + 1] == ':' ? 1u << COLONS : 0;
  if (c == '\t' || c == ';' || c == '|')
    return c == '\t' ? 1u << TAB : c == ';' ? 1u << SEMICOLON : 1u << BAR;
  if (c != ' ' || i == 0 || is_blank(rest.at[i - 1]) || is_sign(rest.at[i - 1])) return 0;
  while (behind < rest.size && rest.at[behind] == ' ') behind++;
  return behind < rest.size && !is_sign(rest.at[behind]) ? 1u << SPACE : 0;
}

/* The end of a quoted field that begins at i. */
static int64_t quote_end(kith__field rest, int64_t i) {
  for (i++; i < rest.size; i++) {
    if (rest.at[i] != '"') continue;
    if (i + 1 == rest.size || rest.at[i + 1] != '"') return i;
    i++;
  }
  return i;
}

static unsigned signs_of(kith__field rest) {
  unsigned held = 0;
  while (rest.size > 0 && is_blank(rest.at[rest.size - 1])) rest.size--;
  for (int64_t i = 0; i < rest.size; i++) {
    bool front = i == 0 || is_blank(rest.at[i - 1]) || is_sign(rest.at[i - 1]);
    if (front && rest.at[i] == '"') i = quote_end(rest, i);
    else held |= sign_of(rest, i);
  }
  return held;
}

kith__delimiter kith__feature_delimiter_outer(kith__field line) {
  int64_t begin = line.size > 0 && line.at[0] == '"' ? quote_end(line, 0) : 0;
  const char *first = NULL;
  int found = -1;
  for (int k = 0; k < BAR && begin < line.size; k++) {
    const char *at = memmem(line.at + begin, (size_t)(line.size - begin), signs[k], strlen(signs[k]));
    if (!at || (first && at > first)) continue;
    first = at;
    found = k;
  }
  return found >= 0 ? kith__delimiter_make(signs[found]) : kith__delimiter_detect(line);
}

void kith__feature_delimiter_look(kith__feature_delimiter *f, kith__field rest, int64_t line) {
  unsigned held = signs_of(rest);
  for (int k = 0; k < KITH__FEATURE_SIGNS; k++) {
    if (!(held >> k & 1)) continue;
    if (f->line[k] == 0) f->line[k] = line;
    f->spaced[k] = f->spaced[k] || (held >> SPACE & 1);
  }
  if (f->blank == 0 && (held >> SPACE & 1)) f->blank = line;
  f->listed = f->listed || (held >> LISTED & 1);
}

kith_status kith__feature_delimiter_decide(kith__feature_delimiter *f, const char *path) {
  kith_status st = KITH_OK;
  int found = -1;
  for (int k = 0; k < KITH__FEATURE_SIGNS; k++) {
    if (f->line[k] > 0 && f->outer.size > 0 && strcmp(f->outer.text, signs[k]) == 0) found = k;
    f->columns = f->columns || found == k;
  }
  for (int k = 0; k < KITH__FEATURE_SIGNS && !f->columns; k++)
    if (f->line[k] > 0 && (found < 0 || f->line[k] < f->line[found])) found = k;
  f->inner = kith__delimiter_make(found >= 0 ? signs[found] : "");
  f->found = found;
  bool several = found >= 0 || f->blank == 0 || f->outer.size == 0 || f->outer.text[0] == '\t';
  KITH_CHECK(several || f->numbers, KITH_EDATA,
             "%s:%lld: this line may hold one feature or several; set the format to long if a line is one "
             "feature, or separate all columns by \"%s\"",
             path, (long long)f->blank, f->outer.text);
  if (found < 0 || f->columns) return st;
  bool listed = found != COMMA || f->listed;
  KITH_CHECK(
      listed, KITH_EDATA,
      "%s:%lld: a comma may separate two features, or be that of a decimal number; write numbers with a "
      "point, or separate features by the sign behind the id",
      path, (long long)f->line[found]);
  KITH_CHECK(
      found != COLONS || !f->spaced[found], KITH_EDATA,
      "%s:%lld: features may be separated by \"::\" or white space; separate them by the sign behind the id",
      path, (long long)f->line[found]);
done:
  return st;
}

/* A delimiter as a word. */
static const char *sign_word(const char *sign) {
  return !sign[0] || sign[0] == ' ' ? "space" : sign[0] == '\t' ? "tab" : sign;
}

void kith__feature_delimiter_print(const kith__feature_delimiter *f, char *text) {
  bool spaced = f->found >= 0 && f->spaced[f->found];
  snprintf(text, KITH__FEATURE_DELIMITERS, "%s %s%s", sign_word(f->outer.text), sign_word(f->inner.text),
           spaced ? " spaces" : "");
}

bool kith__feature_delimiter_take(kith__feature_delimiter *f, const char *text) {
  char word[3][8] = {"", "", ""};
  if (sscanf(text, "%7s %7s %7s", word[0], word[1], word[2]) < 2) return false;
  if (strcmp(word[0], sign_word(f->outer.text)) != 0) return false;
  f->found = -1;
  for (int k = 0; k < KITH__FEATURE_SIGNS; k++)
    if (strcmp(sign_word(signs[k]), word[1]) == 0) f->found = k;
  f->inner = kith__delimiter_make(f->found >= 0 ? signs[f->found] : "");
  f->columns = f->found >= 0 && strcmp(word[0], word[1]) == 0;
  if (f->found >= 0) f->spaced[f->found] = word[2][0] != '\0';
  return true;
}

kith_status kith__feature_delimiter_check(kith__feature_delimiter *f, const kith__lines *lines,
                                          kith__field rest) {
  unsigned held = signs_of(rest);
  char text[2][16];
  int other = -1;
  if (f->columns) {
    if ((held >> BAR & 1) && f->found != BAR && !f->told)
      kith_warn("%s:%lld: \"|\" belongs to a feature here: features are separated by %s", lines->path,
                (long long)lines->number, kith__delimiter_show(&f->inner, text[0]));
    f->told = f->told || (held >> BAR & 1);
    return KITH_OK;
  }
  if (f->found < 0) held &= ~(1u << TAB);
  for (int k = 0; k < KITH__FEATURE_SIGNS; k++)
    if (k != f->found && (held >> k & 1)) other = k;
  bool blank = f->found >= 0 && !(held >> f->found & 1) && (held >> SPACE & 1) && !f->spaced[f->found];
  if (other < 0 && !blank) return KITH_OK;
  const kith__delimiter found = kith__delimiter_make(other >= 0 ? signs[other] : "");
  return kith__lines_fail(
      lines,
      "expected features separated by %s, as in %s, found %s; separate all by one sign, or quote "
      "features that hold another",
      kith__delimiter_show(&f->inner, text[0]), f->found >= 0 ? "other lines" : "the first lines",
      kith__delimiter_show(&found, text[1]));
}

bool kith__field_is_decimal_comma(kith__field field) {
  int64_t i = field.size > 0 && field.at[0] == '-', commas = 0;
  bool digits = i < field.size && field.at[i] != ',' && field.at[field.size - 1] != ',';
  for (; i < field.size && digits; i++) {
    commas += field.at[i] == ',';
    digits = isdigit((unsigned char)field.at[i]) || (field.at[i] == ',' && commas == 1);
  }
  return digits && commas == 1;
}
