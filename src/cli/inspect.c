/* kith inspect: any Kith file, in words. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* What is gathered while the file is listed. */
typedef struct inspect {
  cli *c;
  bool datasets; /* the list of datasets has begun */
  int n_attribute, n_dataset;
} inspect;

/* Long texts are shown by their last line (metrics) or by their number of lines (job). */
static void inspect_attribute(const inspect *i, const kith_h5_item *item) {
  int lines = 0;
  for (const char *p = item->text; *p; p++) lines += *p == '\n';
  if (lines < 2) {
    cli_print(i->c, "  %-16s %s", item->name, item->text);
    return;
  }
  const char *last = item->text;
  for (const char *p = item->text; *p; p++)
    if (*p == '\n' && p[1]) last = p + 1;
  if (strcmp(item->name, "metrics") == 0) cli_print(i->c, "  %-16s %d epochs, the last: %.*s", item->name, lines, (int)strcspn(last, "\n"), last);
  else cli_print(i->c, "  %-16s text of %d lines", item->name, lines);
}

static void inspect_tell(void *context, const kith_h5_item *item) {
  inspect *i = context;
  if (item->attribute) {
    i->n_attribute++;
    inspect_attribute(i, item);
    if (strcmp(item->name, "format") == 0) cli_json(i->c, "format", "\"%.60s\"", item->text);
    return;
  }
  if (!i->datasets) cli_print(i->c, "holds");
  i->datasets = true;
  i->n_dataset++;
  if (item->d) cli_print(i->c, "  %-20s %s [%lld, %d]", item->name, item->kind, (long long)item->n, item->d);
  else cli_print(i->c, "  %-20s %s [%lld]", item->name, item->kind, (long long)item->n);
}

static kith_status inspect_work(cli *c) {
  kith_status st = KITH_OK;
  inspect i = {.c = c};
  KITH_CHECK(c->n_arg == 1, KITH_EUSAGE, "kith inspect: expected one file");
  cli_print(c, "%s", c->arg[0]);
  KITH_TRY(kith_h5_list(c->arg[0], inspect_tell, &i));
  cli_json(c, "datasets", "%d", i.n_dataset);
done:
  return st;
}

kith_agreed cli_inspect(cli *c) { return kith_agree(c->comm, c->comm->rank == 0 ? inspect_work(c) : KITH_OK); }
