/* Features of events: their columns, and the numbers in these. */
#include <stdio.h>
#include <string.h>

#include "ingest/dialect.h"

/* The next of the names that are separated by commas, without the blanks around it; false: there is none. */
static bool columns_next(const char **names, char name[KITH_NAME]) {
  const char *at = *names + strspn(*names, " ,");
  size_t n = strcspn(at, ",");
  *names = at + n;
  while (n > 0 && at[n - 1] == ' ') n--;
  snprintf(name, KITH_NAME, "%.*s", (int)n, at);
  return n > 0;
}

/* Columns first … last, from 0: one by name or number, or a range of numbers.  Returns whether they exist. */
static bool columns_of(const kith__delimiter *delimiter, kith__field header, const char *name, int *first,
                       int *last) {
  int low = 0, high = 0, end = 0;
  *first = *last = kith__column_index(delimiter, header, name, -1);
  if (*first >= 0) return true;
  /* NOLINTNEXTLINE(cert-err34-c): numbers of five digits fit */
  if (sscanf(name, "%5d - %5d%n", &low, &high, &end) != 2 || name[end]) return false;
  *first = low - 1;
  *last = high - 1;
  return low >= 1 && low <= high && high <= KITH__MAX_FIELDS;
}

void kith__event_columns(const kith__delimiter *delimiter, kith__field header, const char *names,
                         kith__columns *c) {
  char name[KITH_NAME];
  int first = 0, last = 0;
  c->n_feature = 0;
  while (columns_next(&names, name)) {
    const bool exists = columns_of(delimiter, header, name, &first, &last);
    if (!exists || c->n_feature + last - first + 1 > KITH__EVENT_FEATURES) {
      c->n_feature = -2;
      return;
    }
    for (; first <= last; first++) c->feature[c->n_feature++] = (int16_t)first;
  }
}

static kith_status columns_fail(const kith__lines *lines, const kith__dialect *d, const char *names) {
  char name[KITH_NAME];
  int first = 0, last = 0;
  while (columns_next(&names, name))
    if (!columns_of(&d->candidate.delimiter, d->header, name, &first, &last))
      return kith_fail(
          KITH_ECONFIG,
          "%s.columns.features: \"%s\" is neither a number or range of numbers from 1 to %d nor a "
          "column of the header%s of %s",
          lines->key, name, KITH__MAX_FIELDS, d->header.size >= 0 ? "" : ", which needs header: true,",
          lines->path);
  return kith_fail(KITH_ECONFIG, "%s.columns.features: more than %d columns", lines->key,
                   KITH__EVENT_FEATURES);
}

kith_status kith__event_columns_check(const kith__lines *lines, const kith__dialect *d, const char *names) {
  static const char *const what[] = {"user", "item", "time", "weight"};
  const kith__columns *c = &d->candidate.columns;
  const int other[] = {c->user, c->item, c->time, c->weight};
  kith_status st = KITH_OK;
  bool seen[KITH__MAX_FIELDS] = {false};
  if (c->n_feature == -2) return columns_fail(lines, d, names);
  for (int k = 0; k < c->n_feature; k++) {
    const int at = c->feature[k];
    for (int i = 0; i < 4; i++)
      KITH_CHECK(at != other[i], KITH_ECONFIG, "%s.columns.features: column %d is the %s of an event",
                 lines->key, at + 1, what[i]);
    KITH_CHECK(!seen[at], KITH_ECONFIG, "%s.columns.features: column %d is there twice", lines->key, at + 1);
    seen[at] = true;
  }
done:
  return st;
}

kith_status kith__event_features_read(const kith__lines *lines, const kith__columns *c,
                                      const kith__field *field, kith__edge_list *edges) {
  float *to = edges->last->feature + (edges->last->n - 1) * edges->n_feature;
  char shown[48];
  for (int k = 0; k < c->n_feature; k++)
    if (!kith__field_real(field[c->feature[k]], &to[k]))
      return kith__lines_fail(lines, "expected a number in column %d, a feature of the event, found %s",
                              c->feature[k] + 1, kith__field_quote(field[c->feature[k]], shown));
  return KITH_OK;
}
