/*
 * Interactions, a test list, a list of a relation to a further type, names and features of items, read,
 * merged and split as kith ingest does. The input: a byte of options, one of columns, then the lists, parted
 * by the byte 0x1e.
 */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "ingest/features.h"
#include "ingest/names.h"
#include "ingest/ingest.h"

enum { LISTS_STOP = 0x1e, LISTS_MOST = 5 };

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  fuzz_begin();
  return 0;
}

static kith_edge_source lists_source(uint64_t options, uint64_t columns, const char *path) {
  static const char *const cut[] = {"", ",", "\t", "::"};
  kith_edge_source s = {.format = options & 1 ? KITH_EDGES : KITH_ADJACENCY,
                        .ids = options & 2 ? KITH_ID_TEXT : KITH_ID_AUTO};
  strcpy(s.delimiter, cut[options >> 2 & 3]);
  strcpy(s.path, path);
  if (s.format == KITH_ADJACENCY) return s;
  s.header = options >> 4 & 1;
  if (columns & 1) strcpy(s.time, s.header && columns & 2 ? "time" : "3");
  if (columns & 4) strcpy(s.weight, s.header && columns & 8 ? "weight" : "4");
  if (columns & 16) strcpy(s.user, "2"), strcpy(s.item, "1");
  if (columns & 4 && columns & 32) s.min_weight = 2;
  return s;
}

static kith_status lists_read(const kith_edge_source *s, kith__edge_policy *meet, kith__edge_csr *rows) {
  kith_status st = KITH_OK;
  kith__edge_list pairs = {0};
  int64_t again = 0;
  KITH_TRY(kith__edge_list_read(s, meet, &pairs));
  int64_t n = pairs.n;
  KITH_TRY(kith__edge_csr_build(&pairs, meet->user->n, rows, &again));
  fuzz_hold_lists(&rows->ragged, meet->user->n, meet->item->n);
  FUZZ_HOLD(rows->ragged.start[rows->ragged.n_row] + again == n, "pairs get lost");
done:
  kith__edge_list_free(&pairs);
  return st;
}

/* What is held out and what stays are the interactions, none twice. */
static kith_status lists_split(uint64_t options, kith__edge_csr *train, int64_t n_item) {
  kith_status st = KITH_OK;
  kith__edge_csr valid = {0}, test = {0}, outside = {0};
  kith_split_report report;
  kith_split_method rare = options >> 5 & 1 ? KITH_SPLIT_ITEMS : KITH_SPLIT_CORE;
  kith_split_method method = options >> 7 ? rare : (kith_split_method)(options >> 5 & 3);
  kith_split split = {.method = method, .valid = 0.3, .test = 0.3, .core = 2, .seed = 1};
  int64_t n_row = train->ragged.n_row, n = train->ragged.start[n_row];
  KITH_TRY(kith__split(&split, true, NULL, train, &valid, &test, &outside, &report));
  fuzz_hold_lists(&train->ragged, n_row, n_item);
  fuzz_hold_lists(&valid.ragged, n_row, n_item);
  fuzz_hold_lists(&test.ragged, n_row, n_item);
  if (outside.ragged.start) fuzz_hold_lists(&outside.ragged, n_row, n_item);
  int64_t dealt = train->ragged.start[n_row] + valid.ragged.start[n_row] + test.ragged.start[n_row];
  if (outside.ragged.start) dealt += outside.ragged.start[n_row];
  FUZZ_HOLD(dealt == n, "the split loses pairs");
done:
  kith__edge_csr_free(&outside);
  kith__edge_csr_free(&valid);
  kith__edge_csr_free(&test);
  return st;
}

static void lists_hold_ids(const kith__id_map *names) {
  kith_ids ids = {0};
  char text[KITH__ID_BYTES + 1];
  if (kith_is_bad(kith__id_map_ids(names, &ids))) fuzz_fail("%s", kith_error_text());
  for (int64_t i = 0; i < ids.n; i++) {
    kith_ids_print(&ids, i, sizeof text, text);
    FUZZ_HOLD(text[0] && (ids.n > 200 || kith_ids_find(&ids, text) == i), "id %lld is not found",
              (long long)i);
  }
  kith_ids_free(&ids);
}

static kith_status lists_names(const char *path, uint64_t columns, kith__id_map *item) {
  kith_status st = KITH_OK;
  kith_name_source s = {.header = columns >> 5 & 1};
  kith_name_report r;
  kith_list_report list;
  kith_ids names = {0};
  strcpy(s.path, path);
  if (columns & 16) strcpy(s.name, "2");
  KITH_TRY(kith__node_names_read("names", &s, item, &names, &r, &list));
  FUZZ_HOLD(names.n == item->n && r.named + r.unnamed == names.n && r.named > 0, "names get lost");
done:
  kith_ids_free(&names);
  return st;
}

static kith_status lists_features(const char *path, uint64_t columns, kith__id_map *item) {
  kith_status st = KITH_OK;
  kith_feature_source s = {.format = (kith_feature_format)(columns >> 6 & 3),
                           .header = columns >> 5 & 1,
                           .normalize = columns >> 1 & 1};
  kith__id_map feature;
  kith__feature_reader d = {.source = &s, .node = item, .feature = &feature, .new_features = true};
  kith_features f = {0};
  kith__id_map_init(&feature, "feature", KITH_ID_AUTO);
  strcpy(s.path, path);
  KITH_TRY(kith__features_read(&d, &f));
  FUZZ_HOLD(f.n_row == item->n && f.start[0] == 0, "rows of features get lost");
  for (kith_eid e = 0; e < f.start[f.n_row]; e++)
    FUZZ_HOLD(f.index[e] >= 0 && f.index[e] < feature.n && isfinite(f.value[e]), "feature %d is none",
              f.index[e]);
done:
  kith_features_free(&f);
  kith__id_map_free(&feature);
  return st;
}

static kith_status lists_all(uint64_t options, uint64_t columns, char path[LISTS_MOST][KITH_PATH],
                             const bool *there) {
  kith_status st = KITH_OK;
  kith__id_map user, item, tag;
  kith__edge_csr train = {0}, test = {0}, tags = {0};
  kith_edge_source s = lists_source(options, columns, path[0]);
  kith__id_map_init(&user, "user", s.ids);
  kith__id_map_init(&item, "item", s.ids);
  kith__id_map_init(&tag, "tag", s.ids);
  kith__edge_policy meet = {.user = &user, .item = &item, .add_users = true, .add_items = true};
  kith__edge_policy held = {.user = &user, .item = &item, .add_items = true}, uses = {.user = &user,
                                                                                      .item = &tag,
                                                                                      .add_items = true,
                                                                                      .skip_unknown = true,
                                                                                      .add_whole = true,
                                                                                      .from_to = true};
  KITH_TRY(lists_read(&s, &meet, &train));
  strcpy(s.path, path[1]);
  if (there[1]) KITH_TRY(lists_read(&s, &held, &test));
  strcpy(s.path, path[2]);
  if (there[2]) KITH_TRY(lists_read(&s, &uses, &tags));
  if (there[3]) KITH_TRY(lists_names(path[3], columns, &item));
  if (there[4]) KITH_TRY(lists_features(path[4], columns, &item));
  lists_hold_ids(&user);
  lists_hold_ids(&item);
  lists_hold_ids(&tag);
  KITH_TRY(lists_split(options, &train, item.n));
done:
  kith__id_map_free(&user);
  kith__id_map_free(&item);
  kith__id_map_free(&tag);
  kith__edge_csr_free(&train);
  kith__edge_csr_free(&test);
  kith__edge_csr_free(&tags);
  return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const name[LISTS_MOST] = {"list-0", "list-1", "list-2", "list-3", "list-4"};
  fuzz_bytes b = {data, data + size};
  uint64_t options = fuzz_take(&b, 1), columns = fuzz_take(&b, 1);
  char path[LISTS_MOST][KITH_PATH];
  bool there[LISTS_MOST];
  for (int i = 0; i < LISTS_MOST; i++) {
    const char *at;
    there[i] = i == 0 || b.at < b.end;
    size_t n = fuzz_until(&b, LISTS_STOP, &at);
    fuzz_write(name[i], at, n, path[i]);
  }
  int64_t live = kith_alloc_live();
  kith_status st = lists_all(options, columns, path, there);
  bool split = kith_is_bad(st) && strncmp(kith_error_text(), "split: ", 7) == 0; /* of no one list */
  fuzz_outcome(st, split ? "split" : "list-", live);
  return 0;
}
