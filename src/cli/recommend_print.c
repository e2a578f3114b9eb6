/* Lists of kith recommend: to the terminal, into the JSON report, and to files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"
#include "cli/recommend.h"

const char *cli_recommend_name(const recommend_data *a, int type, int64_t i, char *buffer) {
  buffer[0] = '\0';
  if (i >= 0 && i < a->name[type].n) kith_ids_print(&a->name[type], i, KITH_PATH, buffer);
  return buffer;
}

void cli_recommend_json_id(cli *c, const kith_ids *ids, int64_t i) {
  char id[KITH_PATH];
  kith_ids_print(ids, i, sizeof id, id);
  if (ids->number) cli_json_more(c, "%s", id);
  else cli_json_string(c, id);
}

/* , "names": […] of the first n items, and "user_name": …, as far as the graph has names; null where a node
 * has none. */
static void recommend_json_names(cli *c, const recommend_data *a, int64_t user, int n, const int32_t *item) {
  char name[KITH_PATH];
  if (a->name[KITH_USER].n > 0) {
    cli_json_more(c, ", \"user_name\": ");
    if (cli_recommend_name(a, KITH_USER, user, name)[0]) cli_json_string(c, name);
    else cli_json_more(c, "null");
  }
  if (a->name[KITH_ITEM].n == 0) return;
  cli_json_more(c, ", \"names\": [");
  for (int j = 0; j < n; j++) {
    if (j > 0) cli_json_more(c, ", ");
    if (cli_recommend_name(a, KITH_ITEM, item[j], name)[0]) cli_json_string(c, name);
    else cli_json_more(c, "null");
  }
  cli_json_more(c, "]");
}

/* "recommendations": [{"user": …, "items": […], "scores": […]}, …]; ids are numbers where the lists' are. */
static void recommend_json(cli *c, const recommend_request *w, const recommend_data *a, const int32_t *item,
                           const float *score) {
  cli_json(c, "recommendations", "[");
  for (int q = 0; q < w->n_user; q++) {
    int n = 0;
    int64_t user = kith_ids_find(&a->user, w->user[q]);
    cli_json_more(c, "%s{\"user\": ", q ? ", " : "");
    cli_recommend_json_id(c, &a->user, user);
    cli_json_more(c, ", \"items\": [");
    for (; n < w->k && item[q * w->k + n] >= 0; n++) {
      if (n > 0) cli_json_more(c, ", ");
      cli_recommend_json_id(c, &a->item, item[q * w->k + n]);
    }
    cli_json_more(c, "], \"scores\": [");
    for (int j = 0; j < n; j++) cli_json_more(c, "%s%.9g", j ? ", " : "", (double)score[q * w->k + j]);
    cli_json_more(c, "]");
    recommend_json_names(c, a, user, n, item + q * w->k);
    cli_json_more(c, "}");
  }
  cli_json_more(c, "]");
}

static void recommend_print(cli *c, const recommend_request *w, const recommend_data *a, const int32_t *item,
                            const float *score, const int32_t *history) {
  char id[KITH_PATH], name[KITH_PATH];
  for (int q = 0; q < w->n_user; q++) {
    cli_recommend_name(a, KITH_USER, kith_ids_find(&a->user, w->user[q]), name);
    cli_print(c, "%s%s%s", w->user[q], name[0] ? "  " : "", name);
    if (c->comm->rank == 0 && history[q * RECOMMEND_HISTORY] >= 0) {
      printf("  who chose");
      for (int j = 0; j < RECOMMEND_HISTORY && history[q * RECOMMEND_HISTORY + j] >= 0; j++) {
        kith_ids_print(&a->item, history[q * RECOMMEND_HISTORY + j], sizeof id, id);
        cli_recommend_name(a, KITH_ITEM, history[q * RECOMMEND_HISTORY + j], name);
        printf("%s %s%s%s%s", j ? "," : "", id, name[0] ? " (" : "", name, name[0] ? ")" : "");
      }
      printf(" … may like\n");
    }
    for (int j = 0; j < w->k && item[q * w->k + j] >= 0; j++) {
      kith_ids_print(&a->item, item[q * w->k + j], sizeof id, id);
      cli_recommend_name(a, KITH_ITEM, item[q * w->k + j], name);
      cli_print(c, "  %3d  %-24s %9.5f%s%s", j + 1, id, (double)score[q * w->k + j], name[0] ? "  " : "",
                name);
    }
  }
}

void cli_recommend_show(cli *c, const recommend_request *w, const recommend_data *a, const int32_t *item,
                        const float *score, const int32_t *history) {
  recommend_print(c, w, a, item, score, history);
  if (c->json && c->comm->rank == 0) recommend_json(c, w, a, item, score);
}

/* ---- files ---- */

/* Tab-separated: user, position, item, score, and the names of item and user if the graph has names. */
static kith_status recommend_write_tsv(const char *path, FILE *f, const recommend_data *a, int k,
                                       const int32_t *item, const float *score) {
  kith_status st = KITH_OK;
  char user[KITH_PATH], id[KITH_PATH], name[KITH_PATH];
  bool user_names = a->name[KITH_USER].n > 0, names = user_names || a->name[KITH_ITEM].n > 0;
  for (int64_t u = 0; u < a->g->n[KITH_USER]; u++) {
    kith_ids_print(&a->user, u, sizeof user, user);
    for (int j = 0; j < k && item[u * k + j] >= 0; j++) {
      kith_ids_print(&a->item, item[u * k + j], sizeof id, id);
      fprintf(f, "%s\t%d\t%s\t%.9g", user, j + 1, id, (double)score[u * k + j]);
      if (names) fprintf(f, "\t%s", cli_recommend_name(a, KITH_ITEM, item[u * k + j], name));
      if (user_names) fprintf(f, "\t%s", cli_recommend_name(a, KITH_USER, u, name));
      fputc('\n', f);
    }
  }
  bool good = !kith_fault(KITH_FAULT_WRITE) && fflush(f) == 0 && !ferror(f);
  KITH_CHECK(good, KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
done:
  if (fclose(f) != 0 && !kith_is_bad(st))
    st = kith_fail(KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
  return st;
}

static kith_status recommend_publish_tsv(const char *wanted, const recommend_data *a, int k,
                                         const int32_t *item, const float *score) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], tmp[KITH_TMP_PATH] = "";
  FILE *f = NULL;
  KITH_TRY(kith_file_tmp_name(wanted, path, tmp));
  KITH_TRY(kith_file_tmp_fopen(path, tmp, &f));
  KITH_TRY(recommend_write_tsv(path, f, a, k, item, score));
  KITH_TRY(kith_file_sync(tmp));
  KITH_TRY(kith_file_publish(tmp, path));
done:
  if (kith_is_bad(st) && tmp[0]) kith_file_tmp_remove(tmp);
  return st;
}

static kith_agreed recommend_write_ids(kith_h5 *f, const char *name, const kith_ids *ids) {
  if (ids->number) return kith_h5_write(f, name, KITH_H5_INT64, 0, ids->n, 0, ids->n, true, ids->number);
  return kith_h5_write(f, name, KITH_H5_TEXT, ids->width, ids->n, 0, ids->n, true, ids->text);
}

/* user/id, item/id, top/item (rows of item/id; -1 where there is none) and top/score, [n_user, k]. */
static kith_agreed recommend_write_h5(const kith_comm *alone, const char *path, const recommend_data *a,
                                      int k, const int32_t *item, const float *score) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t n = a->g->n[KITH_USER];
  KITH_TRY(kith_h5_create(alone, path, KITH_RECOMMENDATIONS_FORMAT, KITH_FILE_VERSION, n * k * 8, &f));
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", (int64_t)a->g->fingerprint));
  if (a->has_time) KITH_TRY(kith_h5_put_attr_int(f, "time", a->time));
  KITH_TRY(recommend_write_ids(f, "user/id", &a->user));
  KITH_TRY(recommend_write_ids(f, "item/id", &a->item));
  if (a->name[KITH_USER].n > 0) KITH_TRY(recommend_write_ids(f, "user/name", &a->name[KITH_USER]));
  if (a->name[KITH_ITEM].n > 0) KITH_TRY(recommend_write_ids(f, "item/name", &a->name[KITH_ITEM]));
  KITH_TRY(kith_h5_write(f, "top/item", KITH_H5_INT32, k, n, 0, n, false, item));
  KITH_TRY(kith_h5_write(f, "top/score", KITH_H5_FLOAT, k, n, 0, n, false, score));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

static kith_status recommend_write(const char *path, const recommend_data *a, int k, const int32_t *item,
                                   const float *score) {
  kith_comm *alone = NULL;
  const char *end = strrchr(path, '.');
  if (strcmp(end, ".tsv") == 0) return recommend_publish_tsv(path, a, k, item, score);
  kith_agreed st = kith_comm_create(MPI_COMM_SELF, &alone);
  if (!kith_is_bad(st)) st = recommend_write_h5(alone, path, a, k, item, score);
  kith_comm_destroy(&alone);
  return st.status;
}

kith_agreed cli_recommend_save(cli *c, const recommend_request *w, const recommend_data *a,
                               const int32_t *item, const float *score, bool replaces) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(
      kith_agree(c->comm, c->comm->rank == 0 ? recommend_write(w->output, a, w->k, item, score) : KITH_OK));
  cli_json(c, "users", "%lld", (long long)a->g->n[KITH_USER]);
  cli_json(c, "k", "%d", w->k);
  cli_json(c, "output", "%s", "");
  cli_json_string(c, w->output);
  cli_print(c, "wrote the best %s of %s to %s%s", KITH_COUNT(w->k, "item(s)"),
            KITH_COUNT(a->g->n[KITH_USER], "user(s)"), w->output,
            replaces ? ", in place of the file that was there" : "");
done:
  return st;
}
