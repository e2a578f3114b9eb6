/* The interactions, read, numbered and merged by all ranks. */
#include <stdio.h>
#include <string.h>

#include "ingest/shared.h"

void kith__shared_list_free(kith__shared_list *list) {
  for (int k = 0; k < KITH_SIDES; k++) kith_ids_free(&list->ids[k]);
  kith__edge_csr_free(&list->rows);
  KITH_FREE(list->first);
}

/* ---- what all parts say ---- */

/* Lines of a file that ranks before `rank` have read. */
static int64_t parts_lines_before(const kith__edge_part *part, int rank, int file) {
  int64_t n = 0;
  for (int r = 0; r < rank; r++) n += part[r].last == file ? part[r].last_lines : 0;
  return n;
}

/* The number of a line that a rank has counted within its span. */
static int64_t parts_line(const kith__edge_part *part, int rank, int file, int64_t line) {
  const bool shared = part[rank].inside && part[rank].first == file;
  return line + (shared ? parts_lines_before(part, rank, file) : 0);
}

static bool parts_are_exact(int size, const kith__edge_part *part) {
  bool exact = true;
  int64_t n = 0;
  const kith__time_units *units = NULL;
  for (int r = 0; r < size; r++)
    if (part[r].status == KITH_ENOMEM) return true;
  for (int r = 0; r < size; r++) {
    exact = exact && part[r].files == part[0].files;
    n += part[r].n_edge + part[r].left_out;
    if (part[r].units.high == 0) continue;
    exact = exact && (!units || units->low == part[r].units.low);
    units = &part[r].units;
  }
  for (int r = 0; exact && r < size; r++) {
    if (part[r].inexact) return false;
    if (part[r].status != KITH_OK) return true; /* in the words of that rank */
  }
  return exact && n > 0;
}

/* The message of the first rank that failed. */
static kith_agreed parts_fail(const kith_comm *comm, const kith__edge_part *part, const char *path,
                              char *text) {
  char whole[2 * KITH_PATH + KITH__FAILURE + 64] = "";
  int r = 0;
  while (part[r].status == KITH_OK) r++;
  if (comm->rank == r && part[r].fails_at_line)
    snprintf(whole, sizeof whole, "%s:%lld: %s", path,
             (long long)parts_line(part, r, part[r].last, part[r].line), text);
  else if (comm->rank == r) snprintf(whole, sizeof whole, "%s", text);
  KITH_MPI(MPI_Bcast(whole, sizeof whole, MPI_CHAR, r, comm->mpi));
  return kith_agree(comm, comm->rank == 0 ? kith_fail((kith_status)part[r].status, "%s", whole) : KITH_OK);
}

/* Rank 0's reader gets what all parts have counted, and warns of it. */
static void parts_report(int size, const kith__edge_part *part, kith__edge_reader *r,
                         kith__shared_list *out) {
  kith__time_units *units = &r->e.units;
  kith__edge_reader_report(r, &out->report);
  for (int k = 1; k < size; k++) {
    out->report.lines += part[k].data;
    out->report.repeated += part[k].headers;
    out->report.comments += part[k].comments;
    out->report.blank += part[k].blank;
    r->lines.n_data += part[k].data;
    r->min = part[k].min < r->min ? part[k].min : r->min;
    r->max = part[k].max > r->max ? part[k].max : r->max;
    units->between = units->between || part[k].units.between;
    if (units->low == 0 && part[k].units.high > 0) units->low = part[k].units.low;
    if (units->line > 0 || part[k].units.line == 0 || part[k].units_file < 0) continue;
    units->line = parts_line(part, k, part[k].units_file, part[k].units.line);
    units->value = part[k].units.value;
    units->path = r->files.path[part[k].units_file];
  }
  for (int k = 0; k < size; k++) out->below_min_weight += part[k].below_min_weight;
  r->lines.path = r->files.path[r->files.n - 1]; /* of the last line of all */
  kith__edge_reader_warn(r);
}

/* ---- all of it ---- */

typedef struct shared_state {
  kith__id_map map[KITH_SIDES];
  kith__edge_list edges;
  kith__edge_reader reader;
  kith__edge_part *part; /* [size] */
  int32_t *number[KITH_SIDES];
  char *text;
} shared_state;

static void shared_free(shared_state *s) {
  for (int k = 0; k < KITH_SIDES; k++) {
    kith__id_map_free(&s->map[k]);
    KITH_FREE(s->number[k]);
  }
  kith__edge_list_free(&s->edges);
  kith__edge_reader_close(&s->reader);
  KITH_FREE(s->part);
  KITH_FREE(s->text);
}

static kith_status shared_alloc(int size, shared_state *s, kith__shared_list *out) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(s->part, size));
  KITH_TRY(KITH_NEW(out->first, size + 1));
  KITH_TRY(KITH_NEW(s->text, KITH_PATH + KITH__FAILURE));
done:
  return st;
}

static void shared_read_parts(const kith_comm *comm, const kith_ingest_options *o, kith__edge_policy *policy,
                              shared_state *s) {
  kith__edge_part mine;
  kith__edge_part_read(&o->interactions, comm->rank, comm->size, policy, &s->reader, &s->edges, &mine,
                       s->text);
  kith_fault_step();
  KITH_WAIT("the parts of a list that other ranks read",
            MPI_Allgather(&mine, (int)sizeof mine, MPI_BYTE, s->part, (int)sizeof mine, MPI_BYTE, comm->mpi));
}

/* Whether the second id of all is an integer, where ids are text; on the rank that has it. */
static bool second_is_integer(const kith_ids *ids, int64_t first) {
  int64_t value;
  if (!ids->text || first > 1 || first + ids->n <= 1) return false;
  const char *second = ids->text + (1 - first) * ids->width;
  return kith__field_integer((kith__field){second, (int64_t)strnlen(second, (size_t)ids->width)}, &value);
}

/* Number the ids; false if there are too many, or if the second one says that the first was a header. */
static kith_agreed shared_number(const kith_comm *comm, shared_state *s, kith__shared_list *out, bool *good) {
  kith_agreed st = {KITH_OK};
  int64_t bad = 0, first = 0;
  for (int k = 0; k < KITH_SIDES && bad == 0; k++) {
    kith__id_map *map = &s->map[k];
    map->text = kith_comm_max(comm, map->text) > 0; /* a rank without ids does not know */
    KITH_TRY(kith__shared_ids(comm, map, &s->number[k], &out->ids[k], &first, &out->n[k]));
    bad = out->n[k] >= INT32_MAX - 1 || (!map->declared_text && second_is_integer(&out->ids[k], first));
    bad = kith_comm_max(comm, bad);
    if (bad > 0)
      kith_log("data.interactions: rank 0 reads alone, as %s",
               out->n[k] >= INT32_MAX - 1 ? "there are too many ids"
               : k == KITH_USER ? "the second user id is an integer, and the first one may be a header"
                                : "the second item id is an integer, and the first one may be a header");
  }
  *good = bad == 0;
done:
  return st;
}

static kith_agreed shared_rows(const kith_comm *comm, bool by_line, shared_state *s, kith__shared_list *out) {
  kith_agreed st = {KITH_OK};
  int64_t later = 0;
  for (int r = 0; r < comm->rank; r++)
    later += s->reader.d.format == KITH_EDGES ? s->part[r].n_line : s->part[r].n_edge;
  for (int k = 0; k < KITH_SIDES; k++) kith__id_map_free(&s->map[k]);
  KITH_TRY(kith__shared_ranges(comm, &s->edges, s->number[KITH_USER], out->n[KITH_USER], out->first));
  KITH_TRY(kith__shared_rows(comm, out->first, s->number, by_line ? later : 0, &s->edges, &out->rows,
                             &out->duplicates));
  kith_comm_sum_int(comm, 1, &out->duplicates);
done:
  return st;
}

kith_agreed kith__shared_list_read(const kith_comm *comm, const kith_ingest_options *o,
                                   kith__shared_list *out) {
  kith_agreed st = {KITH_OK};
  shared_state s = {.part = NULL};
  kith__edge_policy policy = {.key = "data.interactions",
                              .user = &s.map[KITH_USER],
                              .item = &s.map[KITH_ITEM],
                              .add_users = true,
                              .add_items = true,
                              .ends = o->split.between,
                              .until = o->split.until};
  const bool by_line = strcmp(o->interactions.time, KITH__BY_LINE) == 0;
  *out = (kith__shared_list){.is = false};
  if (comm->size == 1) return st;
  if (o->split.method == KITH_SPLIT_STREAM || (by_line && o->split.between)) {
    kith_log("data.interactions: rank 0 reads alone, as %s",
             by_line ? "a slice of lines has no times" : "a stream is an order of all its events");
    return st;
  }
  kith__id_map_init(policy.user, "user", o->interactions.ids);
  kith__id_map_init(policy.item, "item", o->interactions.ids);
  KITH_TRY(kith_agree(comm, shared_alloc(comm->size, &s, out)));
  shared_read_parts(comm, o, &policy, &s);
  if (!parts_are_exact(comm->size, s.part)) {
    kith_log("data.interactions: rank 0 reads alone, as the parts of the ranks do not go together");
    goto done;
  }
  for (int r = 0; r < comm->size; r++)
    if (s.part[r].status != KITH_OK) {
      st = parts_fail(comm, s.part, s.reader.lines.path, s.text);
      goto done;
    }
  bool good = false;
  KITH_TRY(shared_number(comm, &s, out, &good));
  if (!good) goto done;
  if (comm->rank == 0) parts_report(comm->size, s.part, &s.reader, out);
  KITH_TRY(shared_rows(comm, by_line, &s, out));
  out->is = true;
done:
  shared_free(&s);
  if (!out->is) kith__shared_list_free(out);
  return st;
}
