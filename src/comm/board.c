/* Lines of fixed length, so that every rank writes its own without minding the others, and people can read
 * them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "comm/board.h"

/* Opening, unlike stat, makes a network file system look anew. */
bool kith__board_is_there(const char *path) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file >= 0) close(file);
  return file >= 0;
}

void kith__board_sign(const char *path, int rank, bool make, const board_sign *mine) {
  char line[BOARD_LINE + 1];
  int file = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT : 0), 0666);
  if (file < 0) return;
  int n = snprintf(line, sizeof line, "%s (sign %lld, waits begun %lld, worked %lld ms, %s)", mine->text,
                   (long long)mine->beat, (long long)mine->passed, (long long)mine->worked,
                   mine->waits ? "waiting" : "working");
  memset(line + n, ' ', (size_t)(BOARD_LINE - n));
  line[BOARD_LINE - 1] = '\n';
  bool heard = pwrite(file, line, BOARD_LINE, (off_t)rank * BOARD_LINE) == BOARD_LINE;
  (void)heard; /* a rank that cannot sign is taken for a missing one */
  close(file);
}

static void board_parse(char *line, board_sign *sign) {
  long long beat = 0, passed = 0, worked = 0;
  char state[16] = "";
  *sign = (board_sign){.beat = 0};
  line[BOARD_LINE - 1] = '\0';
  char *mark = strstr(line, " (sign ");
  /* NOLINTNEXTLINE(cert-err34-c): numbers of kith__board_sign()'s own making */
  if (!mark || sscanf(mark, " (sign %lld, waits begun %lld, worked %lld ms, %8[a-z])", &beat, &passed,
                      &worked, state) != 4)
    return;
  *mark = '\0';
  *sign =
      (board_sign){.beat = beat, .passed = passed, .worked = worked, .waits = strcmp(state, "waiting") == 0};
  snprintf(sign->text, sizeof sign->text, "%.*s", BOARD_TEXT - 1, line);
}

void kith__board_read(const char *path, int size, board_sign *all) {
  char line[BOARD_LINE];
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  for (int r = 0; r < size; r++) {
    memset(line, 0, sizeof line);
    if (file >= 0 && pread(file, line, BOARD_LINE, (off_t)r * BOARD_LINE) != BOARD_LINE) line[0] = '\0';
    board_parse(line, &all[r]);
  }
  if (file >= 0) close(file);
}
