/* What is said of a list of edges that was read. */
#include "ingest/edge_reader.h"

void kith__edge_reader_warn(const kith__edge_reader *r) {
  const kith__lines *lines = &r->lines;
  if (r->files.n > 1)
    kith_log("%s: %d files, by name from %s to %s", lines->key, r->files.n,
             kith__list_files_name(&r->files, 0), kith__list_files_name(&r->files, r->files.n - 1));
  if (r->d.format == KITH_EDGES) {
    kith__edge_columns_warn(&r->source, lines, r->policy, &r->d.candidate);
    kith__time_units_warn(&r->e.units, r->e.units.path);
  } else if (r->min == r->max && (r->max == 3 || r->max == 4) && lines->n_data > 1)
    kith_warn("%s: all lines have the same number of columns, %d; if they are a pair, a weight or a time, "
              "set %s.format: edges",
              lines->path, r->max, lines->key);
}

kith_status kith__edge_reader_none(const kith__edge_reader *r) {
  const kith_edge_source *s = &r->source;
  const kith__lines *lines = &r->lines;
  const kith__edge_policy *policy = r->policy;
  const kith__delimiter delimiter = r->guess;
  char path[KITH_PATH];
  int64_t light = policy->below_min_weight;
  const char *expected = policy->from_to             ? "lines of two nodes or more"
                         : r->d.format == KITH_EDGES ? "lines of a user and an item"
                                                     : "lines of a user and items";
  if (light > 0)
    return kith_fail(KITH_EDATA, "%s: none of its %s has a weight of %.9g or more", s->path,
                     KITH_COUNT(light, "line(s)"), s->min_weight);
  if (r->d.format != KITH_EDGES && !s->delimiter[0] && delimiter.size > 0 && delimiter.text[0] != '\t')
    return kith_fail(
        KITH_EDATA,
        "%s: expected %s, found no pair in it; line %lld looks like columns separated by \"%s\": "
        "set format: edges",
        kith__list_files_show(s->path, path), expected, (long long)r->number, delimiter.text);
  if (lines->n_comment > 0)
    return kith_fail(KITH_EDATA,
                     "%s: expected %s, found no pair in it; %lld of its lines begin with #: set %s.comment: "
                     "none if the # belongs to ids",
                     kith__list_files_show(s->path, path), expected, (long long)lines->n_comment, lines->key);
  return kith_fail(KITH_EDATA, "%s: expected %s, found no pair in it%s", kith__list_files_show(s->path, path),
                   expected, lines->number == 0 ? ": it is empty" : "");
}

void kith__edge_reader_report(const kith__edge_reader *reader, kith_list_report *r) {
  const kith__dialect *d = &reader->d;
  const kith__lines *lines = &reader->lines;
  const kith__candidate *w = &d->candidate;
  *r = kith__lines_report(lines, d->format == KITH_EDGES ? "edges" : "adjacency", &w->delimiter);
  r->format = d->format;
  r->n_column = w->min == w->max ? w->max : 0;
  if (d->header.size >= 0) {
    r->header = d->header_number;
    if (w->header_is_comment) r->comments--;
    else r->repeated--;
  }
  r->from_to = reader->policy->from_to;
  if (reader->policy->by_line) r->time_is = d->format == KITH_EDGES ? KITH_TIME_LINE : KITH_TIME_PLACE;
  if (d->format != KITH_EDGES) return;
  r->user = w->columns.user + 1;
  r->item = w->columns.item + 1;
  r->time = w->columns.time + 1;
  r->weight = w->columns.weight + 1;
  r->kind_column = w->columns.kind + 1;
  r->n_feature = w->columns.n_feature;
  for (int k = 0; k < r->n_feature; k++)
    if (w->columns.feature[k] < 31) r->features |= 1 << w->columns.feature[k];
}
