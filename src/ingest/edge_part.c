/* One rank's part of a list of edges. */
#include <stdio.h>
#include <string.h>

#include "ingest/shared.h"

/* ---- spans ---- */

/* The span of a rank in the files of a list: bytes from … of file `first` to the lines that begin before
 * byte `to` of file `last`; last < first: nothing.  `head` bytes of the first file with data stay with rank
 * 0. */
typedef struct file_span {
  int first, last;
  int64_t from, to;
} file_span;

enum { SPAN_PACKED = 4 }; /* a packed byte is about as much work as so many plain ones */

static bool span_is_packed(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (strcmp(dot, ".gz") == 0 || strcmp(dot, ".zst") == 0);
}

static int64_t span_weight(const kith__list_files *files, int i) {
  return span_is_packed(files->path[i]) ? SPAN_PACKED : 1;
}

/* Place a point of the axis of all weighted bytes: a file, and a byte of it. */
static void span_place(const kith__list_files *files, int64_t at, int *file, int64_t *byte) {
  int i = 0;
  for (; i < files->n - 1 && at >= files->bytes[i] * span_weight(files, i); i++)
    at -= files->bytes[i] * span_weight(files, i);
  *file = i;
  *byte = at / span_weight(files, i);
}

static file_span span_of(const kith__list_files *files, int rank, int size, int head_file, int64_t head) {
  file_span s = {.first = 0};
  int64_t all = 0, before = 0, cut[2];
  for (int i = 0; i < files->n; i++) {
    if (i < head_file) before += files->bytes[i] * span_weight(files, i);
    all += files->bytes[i] * span_weight(files, i);
  }
  before += head * span_weight(files, head_file);
  if (before > all) before = all; /* of a packed file, the text is longer */
  for (int k = 0; k < 2; k++) {
    cut[k] = all / size * (rank + k) + all % size * (rank + k) / size;
    if (rank + k > 0 && cut[k] < before) cut[k] = before;
  }
  span_place(files, cut[0], &s.first, &s.from);
  span_place(files, cut[1], &s.last, &s.to);
  if (rank == size - 1) s.to = INT64_MAX;
  else if (s.to == 0) s.last--, s.to = INT64_MAX;
  if (cut[0] == cut[1]) s.last = s.first - 1;
  return s;
}

/* ---- reading ---- */

static uint64_t part_hash(const kith__list_files *files) {
  uint64_t h = (uint64_t)files->n;
  for (int i = 0; i < files->n; i++) {
    h = kith__shared_hash(h, (int64_t)strlen(files->path[i]), files->path[i]);
    h = kith__shared_hash(h, (int64_t)sizeof *files->bytes, (const char *)&files->bytes[i]);
  }
  return h;
}

/* What the lines before its span tell a rank: whether ids are text, and the form and unit of times. */
static kith_status part_read_head(kith__edge_reader *r) {
  kith_status st = KITH_OK;
  kith__edge_policy *p = r->policy;
  kith__edge_list edges = {.n = 0};
  kith__id_map *map[] = {p->user, p->item};
  KITH_TRY(kith__edge_reader_read(r, true, &edges));
  for (int k = 0; k < KITH_SIDES; k++) {
    const bool text = map[k]->text, decided = map[k]->decided, declared = map[k]->declared_text;
    const char *kind = map[k]->kind;
    kith__id_map_free(map[k]);
    kith__id_map_init(map[k], kind, KITH_ID_AUTO);
    map[k]->text = text;
    map[k]->decided = decided;
    map[k]->declared_text = declared;
    map[k]->resumed = true;
  }
  p->below_min_weight = p->skipped = p->self_loops = 0;
  r->e.units.line = 0;
  r->e.units.path = NULL;
  r->min = INT32_MAX;
  r->max = 0;
done:
  kith__edge_list_free(&edges);
  return st;
}

/* Open the span in place of the list, which is closed where it is: zlib does not free a stream that moved. */
static kith_status part_open(kith__edge_reader *r, const file_span *s, kith__list_files *view) {
  kith_status st = KITH_OK;
  kith__lines old = r->lines;
  r->lines.header = NULL;
  kith__lines_close(&r->lines);
  r->lines = (kith__lines){.path = NULL};
  *view = (kith__list_files){s->last - s->first + 1, r->files.path + s->first, r->files.bytes + s->first};
  KITH_TRY(kith__lines_open_span(view, s->from, s->to, &r->lines));
  r->lines.key = old.key;
  r->lines.comment = old.comment;
  r->lines.delimiter = old.delimiter;
  r->lines.min_fields = old.min_fields;
  r->lines.max_fields = old.max_fields;
  r->lines.heads = old.heads;
  r->lines.resumed = true;
  r->lines.header = old.header;
  r->lines.header_size = old.header_size;
  old.header = NULL;
done:
  KITH_FREE(old.header);
  return st;
}

/* The first rank goes on with the open list up to its cut. */
static void part_limit(kith__edge_reader *r, const file_span *s, kith__list_files *view) {
  *view = (kith__list_files){s->last + 1, r->files.path, r->files.bytes};
  r->lines.files = view;
  r->lines.limit_last = s->to;
  if (!kith__lines_has_file(&r->lines) && r->lines.bytes.compression == KITH__PLAIN) r->lines.limit = s->to;
}

static void part_count(const kith__edge_reader *r, const file_span *s, kith__edge_part *part) {
  const kith__lines *lines = &r->lines;
  const kith__edge_policy *p = r->policy;
  part->first = s->first;
  part->inside = s->from > 0;
  part->last = s->first + lines->file;
  part->last_lines = lines->number;
  part->n_line = lines->before + lines->number;
  part->data = lines->n_data - lines->n_header;
  part->headers = lines->n_header;
  part->comments = lines->n_comment;
  part->blank = lines->n_blank;
  part->below_min_weight = p->below_min_weight;
  part->left_out = p->skipped + p->self_loops;
  part->min = r->min;
  part->max = r->max;
  part->units = r->e.units;
  for (int i = 0; i < r->files.n; i++)
    if (part->units.path == r->files.path[i]) part->units_file = i;
}

static kith_status part_read(int rank, int size, kith__edge_reader *r, kith__list_files *view,
                             kith__edge_list *edges, kith__edge_part *part, char *text) {
  kith_status st = KITH_OK;
  const int head_file = r->lines.file;
  if (rank > 0) KITH_TRY(part_read_head(r));
  if (rank > 0 && !(r->policy->user->decided && r->policy->item->decided)) part->inexact = true;
  const file_span s = span_of(&r->files, rank, size, head_file, r->head);
  kith__edge_reader_columns(r, edges);
  if (s.last < s.first || part->inexact) goto done;
  if (rank > 0) KITH_TRY(part_open(r, &s, view));
  else part_limit(r, &s, view);
  r->lines.failure = text;
  st = kith__edge_reader_read(r, false, edges);
  part_count(r, &s, part);
  part->n_edge = edges->n;
done:
  return st;
}

void kith__edge_part_read(const kith_edge_source *source, int rank, int size, kith__edge_policy *policy,
                          kith__edge_reader *reader, kith__edge_list *edges, kith__edge_part *part,
                          char *text) {
  kith__list_files view = {.n = 0};
  *part = (kith__edge_part){.first = -1, .last = -1, .min = INT32_MAX, .units_file = -1};
  text[0] = '\0';
  kith_status st = kith__edge_reader_open(source, policy, reader);
  part->files = part_hash(&reader->files);
  if (!kith_is_bad(st)) st = part_read(rank, size, reader, &view, edges, part, text);
  part->status = (int)st;
  part->fails_at_line = text[0] != '\0';
  part->line = reader->lines.number;
  part->inexact = part->inexact || (kith_is_bad(st) && rank > 0 && policy->named);
  reader->lines.files = NULL; /* the view ends here */
  if (kith_is_bad(st) && !part->fails_at_line)
    snprintf(text, KITH_PATH + KITH__FAILURE, "%s", kith_error_text());
}
