/* Reading nodes that the graph does not know: ids on top of those of graph.h5, and pairs with them. */
#include <string.h>

#include "ingest/new_nodes.h"
#include "store/graph_writer.h"

/* ---- rank 0 ---- */

kith_status kith__names_know(const char *path, const kith_ids *ids, const char *what, kith__names *names) {
  kith_status st = KITH_OK;
  kith__lines place = {.path = path};
  char id[KITH__ID_BYTES + 1];
  int32_t number = 0;
  kith__names_begin(names, what, ids->text ? KITH_ID_TEXT : KITH_ID_AUTO);
  for (int64_t i = 0; i < ids->n; i++) {
    kith_ids_print(ids, i, sizeof id, id);
    KITH_TRY(kith__names_take(names, &place, (kith__cell){id, (int64_t)strlen(id)}, true, &number));
    KITH_CHECK(number == i, KITH_EDATA, "%s: the %s id %s stands there twice", path, what, id);
  }
done:
  return st;
}

/* The ids from place `from` on. */
static kith_status newcomers_cut(const kith__names *names, int64_t from, kith_ids *out) {
  kith_status st = KITH_OK;
  kith_ids all = {0}, some = {.n = names->n - from};
  KITH_TRY(kith__names_ids(names, &all));
  some.width = all.width;
  if (all.text) {
    KITH_TRY(KITH_NEW(some.text, some.n * some.width));
    memcpy(some.text, all.text + from * all.width, (size_t)(some.n * some.width));
  } else {
    KITH_TRY(KITH_NEW(some.number, some.n));
    memcpy(some.number, all.number + from, (size_t)some.n * sizeof *some.number);
  }
  *out = some;
  some = (kith_ids){0};
done:
  kith_ids_free(&all);
  kith_ids_free(&some);
  return st;
}

/* Rows as pairs. */
static kith_status newcomers_flatten(const kith_lists *rows, kith_newcomers *out) {
  kith_status st = KITH_OK;
  out->n_pair = rows->start[rows->n_row];
  KITH_TRY(KITH_NEW(out->user, out->n_pair));
  KITH_TRY(KITH_NEW(out->item, out->n_pair));
  for (int64_t u = 0; u < rows->n_row; u++)
    for (kith_eid e = rows->start[u]; e < rows->start[u + 1]; e++) {
      out->user[e] = (int32_t)u;
      out->item[e] = rows->item[e];
    }
done:
  return st;
}

static kith__meet newcomers_meet(kith__names *names, kith_new_kind new, kith_unknown_kind unknown) {
  static const char *const wanted[] = {[KITH_NEW_USERS] = "a new user",
                                       [KITH_NEW_ITEMS] = "a new item",
                                       [KITH_NEW_BOTH] = "a new user or a new item"};
  return (kith__meet){.user = &names[KITH_USER],
                      .item = &names[KITH_ITEM],
                      .new_users = new != KITH_NEW_ITEMS,
                      .new_items = new != KITH_NEW_USERS,
                      .skip_unknown = unknown == KITH_UNKNOWN_SKIP,
                      .wanted = wanted[new],
                      .n_known = {names[KITH_USER].n, names[KITH_ITEM].n}};
}

/* A list of which nothing is left is most likely one of other ids. */
static kith_status newcomers_check_left(const kith_new_options *o, int64_t n, int64_t skipped) {
  kith_status st = KITH_OK;
  const char *partner = o->what == KITH_NEW_USERS ? "item" : "user";
  KITH_CHECK(n > 0 || skipped == 0 || o->features[KITH_USER].path[0] || o->features[KITH_ITEM].path[0],
             KITH_EDATA,
             "%s: none of its %lld interactions is with %s %s that the graph knows; embed.new: %ss lets only "
             "%ss be new",
             o->interactions.path, (long long)skipped, partner[0] == 'i' ? "an" : "a", partner,
             o->what == KITH_NEW_USERS ? "user" : "item", o->what == KITH_NEW_USERS ? "user" : "item");
done:
  return st;
}

/* The format that the graph's own interactions had; auto in files that do not say. */
static kith_status newcomers_format(const char *path, kith_format *format) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  int64_t value = KITH_FORMAT_AUTO;
  KITH_TRY(kith_h5_open(&alone, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  if (kith_h5_has_attribute(f, "interactions_format"))
    KITH_TRY(kith_h5_get_int(f, "interactions_format", &value).status);
  *format = value == KITH_ADJACENCY || value == KITH_EDGES ? (kith_format)value : KITH_FORMAT_AUTO;
done:
  kith_h5_close(&f);
  return st;
}

/* What the job does not say of the list is as of data.interactions. */
static kith_status newcomers_source(const char *path, const kith_new_options *o, kith_source *source,
                                    kith_format *hint) {
  kith_status st = KITH_OK;
  *source = o->interactions;
  *hint = o->like.format;
  if (*hint == KITH_FORMAT_AUTO) KITH_TRY(newcomers_format(path, hint));
  kith__source_inherit(&o->like, *hint, source);
  KITH_TRY(kith__source_check("embed.interactions", source));
done:
  return st;
}

static kith_status newcomers_list(const char *path, const kith_new_options *o, kith__names *names,
                                  kith_newcomers *out, kith_new_report *r) {
  kith_status st = KITH_OK;
  kith_source source;
  kith__pairs pairs = {0};
  kith__rows rows = {0};
  kith__meet meet = newcomers_meet(names, o->what, o->unknown);
  meet.key = "embed.interactions";
  KITH_TRY(newcomers_source(path, o, &source, &meet.hint));
  KITH_TRY(kith__pairs_read(&source, &meet, &pairs));
  r->list = meet.report;
  r->light = meet.light;
  r->skipped = meet.skipped;
  KITH_TRY(newcomers_check_left(o, pairs.n, meet.skipped));
  KITH_TRY(kith__rows_make(&pairs, names[KITH_USER].n, &rows, &r->duplicates));
  KITH_TRY(newcomers_flatten(&rows.lists, out));
done:
  kith__pairs_free(&pairs);
  kith__rows_free(&rows);
  return st;
}

/* After the pairs, so that who has interactions is numbered first. */
static kith_status newcomers_features(const char *path, const kith_new_options *o, kith__names *names,
                                      kith_newcomers *out, kith_new_report *r) {
  kith_status st = KITH_OK;
  const bool may[KITH_TYPES] = {o->what != KITH_NEW_ITEMS, o->what != KITH_NEW_USERS};
  for (int t = 0; t < KITH_TYPES; t++)
    if (o->features[t].path[0])
      KITH_TRY(
          kith__newcomers_describe(path, &o->features[t], t, may[t], &names[t], out, &r->unknown_features));
done:
  return st;
}

/* Newcomers that no pair names. */
static kith_status newcomers_count_alone(const kith_newcomers *out, int64_t *alone) {
  kith_status st = KITH_OK;
  uint8_t *met = NULL;
  int64_t n_all = out->n[KITH_USER] + out->n[KITH_ITEM];
  KITH_TRY(KITH_NEW(met, n_all));
  for (int64_t p = 0; p < out->n_pair; p++) {
    if (out->user[p] >= out->known[KITH_USER]) met[out->user[p] - out->known[KITH_USER]] = 1;
    if (out->item[p] >= out->known[KITH_ITEM])
      met[out->n[KITH_USER] + out->item[p] - out->known[KITH_ITEM]] = 1;
  }
  for (int64_t i = 0; i < n_all; i++) alone[i < out->n[KITH_USER] ? KITH_USER : KITH_ITEM] += !met[i];
done:
  KITH_FREE(met);
  return st;
}

static kith_status newcomers_alone(const char *path, const kith_new_options *o, kith_newcomers *out,
                                   kith_new_report *r) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  static const char *const what[KITH_TYPES] = {"user", "item"};
  kith__names names[KITH_TYPES] = {{0}};
  kith_ids ids = {0};
  for (int t = 0; t < KITH_TYPES; t++) {
    KITH_TRY(kith_ids_read(&alone, path, (kith_node_type)t, &ids).status);
    KITH_TRY(kith__names_know(path, &ids, what[t], &names[t]));
    out->known[t] = ids.n;
    kith_ids_free(&ids);
  }
  if (o->interactions.path[0]) KITH_TRY(newcomers_list(path, o, names, out, r));
  KITH_TRY(newcomers_features(path, o, names, out, r));
  for (int t = 0; t < KITH_TYPES; t++) {
    KITH_TRY(newcomers_cut(&names[t], out->known[t], &out->ids[t]));
    out->n[t] = out->ids[t].n;
  }
  KITH_TRY(newcomers_count_alone(out, r->alone));
done:
  kith_ids_free(&ids);
  for (int t = 0; t < KITH_TYPES; t++) kith__names_free(&names[t]);
  return st;
}

/* ---- all ranks ---- */

/* What rank 0 has becomes everybody's, but for the ids themselves. */
static kith_agreed newcomers_share(const kith_comm *comm, kith_newcomers *n) {
  kith_agreed st = {KITH_OK};
  kith_newcomers all = *n;
  kith_comm_share(comm, sizeof all, &all);
  if (comm->rank != 0) {
    *n = all;
    n->user = n->item = NULL;
    for (int t = 0; t < KITH_TYPES; t++) {
      n->features[t] = (kith_features){0};
      n->ids[t].number = NULL;
      n->ids[t].text = NULL;
    }
  }
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : KITH_NEW(n->user, n->n_pair)));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : KITH_NEW(n->item, n->n_pair)));
  kith_comm_share(comm, n->n_pair * (int64_t)sizeof *n->user, n->user);
  kith_comm_share(comm, n->n_pair * (int64_t)sizeof *n->item, n->item);
  for (int t = 0; t < KITH_TYPES; t++) KITH_TRY(kith__newcomers_share_features(comm, &n->features[t]));
done:
  return st;
}

kith_agreed kith_newcomers_read(const kith_comm *comm, const char *graph_path, const kith_new_options *o,
                                kith_newcomers *out, kith_new_report *report) {
  kith_agreed st = {KITH_OK};
  kith_newcomers n = {.n_pair = 0};
  kith_new_report r = {.skipped = 0};
  *out = n;
  *report = r;
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? newcomers_alone(graph_path, o, &n, &r) : KITH_OK));
  KITH_TRY(newcomers_share(comm, &n));
  kith_comm_share(comm, (int64_t)sizeof r, &r);
  *out = n;
  *report = r;
  n = (kith_newcomers){.n_pair = 0};
done:
  kith_newcomers_free(&n);
  return st;
}
