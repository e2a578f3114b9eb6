/* metrics.jsonl as event files of TensorBoard: protocol buffers (tensorflow.Event), written by hand. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "export/files.h"

/* A message that is being made; what does not fit is not written, and noted. */
typedef struct message {
  size_t n;
  bool full;
  char byte[32 * KITH_NAME];
} message;

static void message_bytes(message *m, const void *data, size_t size) {
  m->full = m->full || m->n + size > sizeof m->byte;
  if (m->full) return;
  memcpy(m->byte + m->n, data, size);
  m->n += size;
}

static void message_varint(message *m, uint64_t x) {
  do {
    uint8_t byte = (uint8_t)((x & 127) | (x > 127 ? 128 : 0));
    message_bytes(m, &byte, 1);
    x >>= 7;
  } while (x > 0);
}

/* Kinds of fields on the wire. */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void message_field(message *m, int field, int wire) {
  message_varint(m, (uint64_t)(field << 3 | wire));
}

static void message_text(message *m, int field, const void *data, size_t size) {
  message_field(m, field, WIRE_BYTES);
  message_varint(m, size);
  message_bytes(m, data, size);
}

/* Event: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5. */
static void event_begin(message *m, double wall_time, int64_t step) {
  m->n = 0;
  m->full = false;
  message_field(m, 1, WIRE_64);
  message_bytes(m, &wall_time, sizeof wall_time);
  message_field(m, 2, WIRE_VARINT);
  message_varint(m, (uint64_t)step);
}

static void event_version(FILE *f, double wall_time) {
  static const char version[] = "brain.Event:2";
  message m;
  event_begin(&m, wall_time, 0);
  message_text(&m, 3, version, sizeof version - 1);
  kith__tfrecord_write(f, m.byte, m.n);
}

/* A line of the metrics. */
typedef struct scalars_line {
  FILE *f;
  double wall_time;
  int64_t step;
  bool again; /* metrics of an epoch that was evaluated again */
} scalars_line;

/* Summary: value = 1; Summary.Value: tag = 1 (string), simple_value = 2 (float). */
static kith_status scalars_put(const scalars_line *l, const char *tag, double number) {
  message value = {.n = 0}, summary = {.n = 0}, event;
  float simple = (float)number;
  message_text(&value, 1, tag, strlen(tag));
  message_field(&value, 2, WIRE_32);
  message_bytes(&value, &simple, sizeof simple);
  message_text(&summary, 1, value.byte, value.n);
  event_begin(&event, l->wall_time, l->step);
  message_text(&event, 5, summary.byte, summary.n);
  if (value.full || summary.full || event.full)
    return kith_fail(KITH_EDATA, "the name of a metric is too long: %.60s…", tag);
  kith__tfrecord_write(l->f, event.byte, event.n);
  return KITH_OK;
}

/* Value: tag = 1; tensor = 8 (TensorProto: dtype = 1, of which 7 is a string; string_val = 8); metadata = 9
 * (SummaryMetadata: plugin_data = 1, whose plugin_name = 1; data_class = 4, of which 2 is a tensor). */
static kith_status scalars_put_text(const scalars_line *l, const char *tag, const char *text) {
  static const char plugin_name[] = "text";
  message plugin = {.n = 0}, about = {.n = 0}, tensor = {.n = 0}, value = {.n = 0}, summary = {.n = 0}, event;
  message_text(&plugin, 1, plugin_name, sizeof plugin_name - 1);
  message_text(&about, 1, plugin.byte, plugin.n);
  message_field(&about, 4, WIRE_VARINT);
  message_varint(&about, 2);
  message_field(&tensor, 1, WIRE_VARINT);
  message_varint(&tensor, 7);
  message_text(&tensor, 2, "", 0); /* tensor_shape: none, of a single value */
  message_text(&tensor, 8, text, strlen(text));
  message_text(&value, 1, tag, strlen(tag));
  message_text(&value, 8, tensor.byte, tensor.n);
  message_text(&value, 9, about.byte, about.n);
  message_text(&summary, 1, value.byte, value.n);
  event_begin(&event, l->wall_time, 0);
  message_text(&event, 5, summary.byte, summary.n);
  if (event.full || summary.full) return kith_fail(KITH_EDATA, "the text of a run is too long: %.60s…", text);
  kith__tfrecord_write(l->f, event.byte, event.n);
  return KITH_OK;
}

/* Numbers, also those of lists and objects, as TAG, TAG/0, TAG/1, …, TAG/NAME. */
static kith_status scalars_value(const scalars_line *l, const char *tag, const kith_json_value *v) {
  kith_status st = KITH_OK;
  char below[4 * KITH_NAME];
  int i = 0;
  if (v->kind == KITH_JSON_NUMBER) return scalars_put(l, tag, v->number);
  if (v->kind != KITH_JSON_LIST && v->kind != KITH_JSON_OBJECT) return st;
  for (const kith_json_value *e = v->first; e; e = e->next, i++) {
    if (e->kind != KITH_JSON_NUMBER) continue;
    if (e->name) snprintf(below, sizeof below, "%.120s/%.120s", tag, e->name);
    else snprintf(below, sizeof below, "%.120s/%d", tag, i);
    KITH_TRY(scalars_put(l, below, e->number));
  }
done:
  return st;
}

/* Whether a member is a figure of the split that the line names. */
static bool scalars_is_metric(const char *name) {
  static const char *const of_nodes[] = {"accuracy", "right", "nodes", "held_out_loss", "macro_f1"};
  for (size_t i = 0; i < sizeof of_nodes / sizeof *of_nodes; i++)
    if (strcmp(name, of_nodes[i]) == 0) return true;
  return strchr(name, '@') != NULL;
}

static kith_status scalars_members(const scalars_line *l, const kith_json_value *line) {
  kith_status st = KITH_OK;
  char tag[4 * KITH_NAME];
  const char *split = kith_json_text(line, "split"), *again = l->again ? "measured_again/" : "";
  for (const kith_json_value *v = line->first; v; v = v->next) {
    if (strcmp(v->name, "epoch") == 0) continue;
    if (split && scalars_is_metric(v->name))
      snprintf(tag, sizeof tag, "%s%.60s/%.120s", again, split, v->name);
    else snprintf(tag, sizeof tag, "%s%.120s", again, v->name);
    KITH_TRY(scalars_value(l, tag, v));
  }
done:
  return st;
}

/* ---- a run's folder, which TensorBoard shows ---- */

enum { RUN_NAME = 4 * KITH_NAME, RUN_ID_SHOWN = 6 };

/* The id of a line's run; older files name none: "". */
static kith_status scalars_run(const char *path, const kith_json_value *line, const char **run) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const char *text = kith_json_text(line, "run");
  *run = text ? text : "";
  if (strlen(*run) < KITH_NAME && strspn(*run, letters) == strlen(*run)) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: run \"%.60s\": expected at most %d letters and digits", path, *run,
                   KITH_NAME - 1);
}

/* Whether Kith gave the folder its name, which tells nobody whose it is. */
static bool scalars_is_ours(const char *folder) {
  static const char *const ours[] = {"refit", "base", "sweep", "trial-", "rolling-", "slice-"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strncmp(folder, ours[i], strlen(ours[i])) == 0) return true;
  return false;
}

/* The work folder of a file in words, as shop, shop-refit or shop-sweep-trial-003: name [RUN_NAME]. */
static void scalars_folder(const char *path, char *name) {
  char real[PATH_MAX], above[KITH_PATH], *part = NULL;
  name[0] = '\0';
  if (!realpath(path, real) || strlen(real) >= KITH_PATH) snprintf(real, sizeof real, "./run/x");
  do {
    kith_file_parent(real, above);
    part = strrchr(above, '/');
    part = part ? part + 1 : above;
    char after[RUN_NAME];
    snprintf(after, sizeof after, "%s", name);
    snprintf(name, RUN_NAME, "%.60s%s%.100s", part, after[0] ? "-" : "", after);
    snprintf(real, sizeof real, "%s", above);
  } while (scalars_is_ours(part) && strlen(name) < RUN_NAME / 2);
  if (!name[0]) snprintf(name, RUN_NAME, "run");
  for (char *c = name; *c; c++)
    if ((unsigned char)*c <= ' ' || *c == '/' || *c == '\\') *c = '_';
}

/* NAME-ID of the work folder and the beginning of the run's id, so that runs of one folder stand beside each
 * other: text [2 * RUN_NAME]. */
static void scalars_name(const char *folder, const kith_json_value *line, const char *run, char *text) {
  snprintf(text, 2 * (size_t)RUN_NAME, "%s%s%s%.*s/events.out.tfevents.kith", folder,
           kith_json_text(line, "update_of") ? "-update" : "", run[0] ? "-" : "", RUN_ID_SHOWN, run);
}

/* When the first epoch began, if the file was last written when the last one ended: lines have no dates. */
static double scalars_begin(const char *path, const kith_json_value *lines) {
  struct stat is;
  double begin = stat(path, &is) == 0 ? (double)is.st_mtime : 0;
  for (const kith_json_value *l = lines->first; l; l = l->next) begin -= kith_json_number(l, "seconds", 0);
  return begin > 0 ? begin : 0;
}

/* Begin the file of a run: its version, and a text, "run", with its id and what is said of it. */
static kith_status scalars_begin_run(scalars_line *l, const char *run, const char *about) {
  char text[KITH_PATH];
  event_version(l->f, l->wall_time);
  snprintf(text, sizeof text, "%s%s%s", run, run[0] && about[0] ? ": " : "", about);
  text[kith_utf8_valid_prefix(text, (int64_t)strlen(text))] = '\0';
  return text[0] ? scalars_put_text(l, "run", text) : KITH_OK;
}

static kith_status scalars_write(kith_export *o, const char *path, const char *about,
                                 const kith_json_value *lines) {
  kith_status st = KITH_OK;
  char folder[RUN_NAME], name[2 * RUN_NAME], before[KITH_NAME] = "/";
  const char *run = NULL;
  scalars_line l = {.wall_time = scalars_begin(path, lines)};
  scalars_folder(path, folder);
  for (const kith_json_value *v = lines->first; v; v = v->next) {
    KITH_CHECK(v->kind == KITH_JSON_OBJECT, KITH_EDATA,
               "%s: a line is no object; is it the metrics of a run?", path);
    KITH_TRY(scalars_run(path, v, &run));
    if (strcmp(run, before) != 0) {
      snprintf(before, sizeof before, "%s", run);
      scalars_name(folder, v, run, name);
      KITH_TRY(kith__export_open(o, name, &l.f));
      KITH_TRY(scalars_begin_run(&l, run, about));
    }
    l.wall_time += kith_json_number(v, "seconds", 0);
    l.step = (int64_t)kith_json_number(v, "epoch", 0);
    l.again = kith_json_number(v, "measured_again", 0) != 0;
    KITH_TRY(scalars_members(&l, v));
    KITH_TRY(kith__export_check(o));
  }
done:
  return st;
}

kith_status kith_export_scalars(kith_export *o, const char *path, const char *about) {
  kith_status st = KITH_OK;
  kith_json lines = {.value = NULL};
  KITH_TRY(kith_json_read_file(path, true, &lines));
  KITH_CHECK(lines.value->n > 0, KITH_EDATA, "%s: has no lines", path);
  KITH_TRY(scalars_write(o, path, about, lines.value));
done:
  kith_json_free(&lines);
  return st;
}
