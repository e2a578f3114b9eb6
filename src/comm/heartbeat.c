/* Lines of fixed length: ranks write independently, and people can read the file. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "comm/heartbeat.h"

/* open(), unlike stat(), makes a network file system revalidate its cache. */
bool kith__heartbeat_exists(const char *path) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file >= 0) close(file);
  return file >= 0;
}

void kith__heartbeat_write(const char *path, int rank, bool create, const heartbeat_record *record) {
  char line[HEARTBEAT_LINE + 1];
  int file = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), 0666);
  if (file < 0) return;
  int n = snprintf(line, sizeof line, "%s (sign %lld, waits begun %lld, worked %lld ms, %s)", record->text,
                   (long long)record->count, (long long)record->n_wait, (long long)record->cpu_ms,
                   record->is_waiting ? "waiting" : "working");
  memset(line + n, ' ', (size_t)(HEARTBEAT_LINE - n));
  line[HEARTBEAT_LINE - 1] = '\n';
  bool written = pwrite(file, line, HEARTBEAT_LINE, (off_t)rank * HEARTBEAT_LINE) == HEARTBEAT_LINE;
  (void)written; /* a rank that cannot write counts as missing */
  close(file);
}

static void heartbeat_parse(char *line, heartbeat_record *sign) {
  long long beat = 0, passed = 0, worked = 0;
  char state[16] = "";
  *sign = (heartbeat_record){.count = 0};
  line[HEARTBEAT_LINE - 1] = '\0';
  char *mark = strstr(line, " (sign ");
  /* NOLINTNEXTLINE(cert-err34-c): numbers written by kith__heartbeat_write() */
  if (!mark || sscanf(mark, " (sign %lld, waits begun %lld, worked %lld ms, %8[a-z])", &beat, &passed,
                      &worked, state) != 4)
    return;
  *mark = '\0';
  *sign = (heartbeat_record){.count = beat,
                             .n_wait = passed,
                             .cpu_ms = worked,
                             .is_waiting = strcmp(state, "waiting") == 0};
  snprintf(sign->text, sizeof sign->text, "%.*s", HEARTBEAT_TEXT - 1, line);
}

void kith__heartbeat_read(const char *path, int size, heartbeat_record *all) {
  char line[HEARTBEAT_LINE];
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  for (int r = 0; r < size; r++) {
    memset(line, 0, sizeof line);
    if (file >= 0 && pread(file, line, HEARTBEAT_LINE, (off_t)r * HEARTBEAT_LINE) != HEARTBEAT_LINE)
      line[0] = '\0';
    heartbeat_parse(line, &all[r]);
  }
  if (file >= 0) close(file);
}
