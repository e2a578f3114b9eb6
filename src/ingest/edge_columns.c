/* Checks of the columns of a list of edges. */
#include <stdio.h>

#include "ingest/edge_reader.h"

/* Format the fields of a header for a message: "uid", "iid", "ts". */
static void columns_show(kith__delimiter delimiter, kith__field header, size_t size, char *text) {
  kith__field field;
  size_t used = 0;
  char shown[48];
  text[0] = '\0';
  delimiter.read_only = true;
  while (kith__field_next(&delimiter, &header, &field) && used + sizeof shown + 2 < size)
    used +=
        (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", kith__field_quote(field, shown));
}

static kith_status column_check(const kith__lines *lines, const kith__dialect *d, const char *name,
                                int index) {
  kith_status st = KITH_OK;
  char found[512];
  if (index > -2 && name[0] && d->header.size >= 0)
    KITH_CHECK(kith__column_count(&d->candidate.delimiter, d->header, name) < 2, KITH_EDATA,
               "%s:%lld: several columns are called \"%s\" in the header; give the number of the one, from 1",
               lines->path, (long long)d->header_number, name);
  if (index > -2) goto done;
  KITH_CHECK(d->header.size >= 0, KITH_ECONFIG,
             "%s: column \"%s\" is no number from 1 to %d, and names need %s.header: true", lines->path, name,
             KITH__MAX_FIELDS, lines->key);
  columns_show(d->candidate.delimiter, d->header, sizeof found, found);
  st = kith_fail(KITH_EDATA, "%s:%lld: expected a column \"%s\" in the header, found %s", lines->path,
                 (long long)d->header_number, name, found);
done:
  return st;
}

/* The columns are distinct. */
static kith_status columns_check_apart(const kith__lines *lines, const kith__edge_policy *policy,
                                       const kith__columns *c) {
  const char *const what[] = {kith__edge_end(policy, 0), kith__edge_end(policy, 1), "time", "weight", "kind"};
  const int index[] = {c->user, c->item, c->time, c->weight, c->kind};
  for (int i = 0; i < KITH__EDGE_COLUMNS; i++)
    for (int j = 0; j < i; j++)
      if (index[i] >= 0 && index[i] == index[j])
        return kith_fail(
            KITH_ECONFIG,
            "%s: column %d would be the %s and the %s; set %s.columns.%s and .%s to different ones",
            lines->path, index[i] + 1, what[j], what[i], lines->key, what[j], what[i]);
  return KITH_OK;
}

kith_status kith__edge_columns_check(const kith_edge_source *s, const kith__lines *lines,
                                     const kith__edge_policy *policy, const kith__dialect *d) {
  kith_status st = KITH_OK;
  const kith__columns *c = &d->candidate.columns;
  KITH_TRY(column_check(lines, d, s->user, c->user));
  KITH_TRY(column_check(lines, d, s->item, c->item));
  KITH_TRY(column_check(lines, d, s->time, c->time));
  KITH_TRY(column_check(lines, d, s->weight, c->weight));
  KITH_TRY(column_check(lines, d, s->kind, c->kind));
  KITH_TRY(columns_check_apart(lines, policy, c));
  KITH_TRY(kith__event_columns_check(lines, d, s->features));
done:
  return st;
}

kith_status kith__edge_columns_check_line(const kith__lines *lines, const kith__edge_policy *policy,
                                          const kith__dialect *d) {
  kith_status st = KITH_OK;
  const bool headed = d->format == KITH_EDGES && d->header.size >= 0;
  KITH_CHECK(!policy->from_to, KITH_ECONFIG,
             "%s.columns.time: line is for interactions; name a column of times", lines->key);
  KITH_CHECK(
      !headed || kith__column_count(&d->candidate.delimiter, d->header, KITH__BY_LINE) == 0, KITH_EDATA,
      "%s:%lld: %s.columns.time: line is the order of lines, and a column has this name, too; give the "
      "number of the column, from 1, or rename it",
      lines->path, (long long)d->header_number, lines->key);
done:
  return st;
}

void kith__edge_columns_warn(const kith_edge_source *s, const kith__lines *lines,
                             const kith__edge_policy *policy, const kith__candidate *w) {
  if (w->min != w->max || w->max <= 2 || s->user[0] || s->item[0] || s->time[0] || s->weight[0] ||
      s->kind[0] || s->features[0])
    return;
  kith_warn(
      "%s: %s %s not read; name %s with %s.columns.weight or .time, or name .%s and .%s to leave %s out",
      lines->path,
      w->max == 3   ? "column 3"
      : w->max == 4 ? "columns 3 and 4"
                    : "the columns from 3 on",
      w->max == 3 ? "is" : "are", w->max == 3 ? "it" : "them", lines->key, kith__edge_end(policy, 0),
      kith__edge_end(policy, 1), w->max == 3 ? "it" : "them");
}
