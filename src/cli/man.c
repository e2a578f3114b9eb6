/*
 * Manual pages in mdoc, from the tables of the program: kith(1), kith-VERB(1), kith-job(5), kith-errors(7).
 *
 * Free text is printed on lines of its own, a sentence a line, so that no word of it is taken for a macro.
 */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

static const char man_date[] = "November 30, 2026"; /* of the release */

/* ---- text ---- */

/* A character as roff writes it; returns its bytes. */
static size_t man_character(const char *c) {
  uint32_t code = 0;
  int n = kith_utf8_decode(c, (int64_t)strlen(c), &code);
  if (*c == '\\') printf("\\e");
  else if (*c == '\'') printf("\\(aq");
  else if (n > 1) printf("\\[u%04X]", (unsigned)code);
  else putchar(*c);
  return n > 0 ? (size_t)n : 1;
}

/* Text on a line of a macro; `capital` words could be macros. */
static void man_words(const char *text) {
  for (bool begins = true; *text; begins = *text == ' ', text += man_character(text))
    if (!begins || *text != ' ') {
      if (begins || text[-1] == ' ') printf("\\&");
    }
}

enum { MAN_WIDTH = 70 };

/* Lines of text: a new one behind each sentence, and where one would be wide. */
static void man_text(const char *text) {
  size_t column = 0;
  while (*text) {
    const size_t n = strcspn(text, " ");
    if (column == 0 && strchr(".'", *text)) printf("\\&");
    for (size_t i = 0; i < n;) i += man_character(text + i);
    column += n + 1;
    const bool ends = n > 0 && strchr(".?!", text[n - 1]);
    text += n + strspn(text + n, " ");
    if (!*text || ends || column + strcspn(text, " ") > MAN_WIDTH) column = 0;
    putchar(column == 0 ? '\n' : ' ');
  }
}

static void man_head(const char *title, int section, const char *name, const char *what) {
  printf(".Dd %s\n.Dt %s %d\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", man_date, title, section, name);
  man_words(what);
  printf("\n");
}

/* ---- parts of pages ---- */

static void man_option(const cli_option_help *o) {
  printf(".It Fl \\&%s", o->name + 1);
  if (o->value[0]) printf(" Ar \\&%s", o->value);
  printf("\n");
  man_text(o->help);
}

static void man_options(const cli_verb *v) {
  cli_option_help o;
  printf(".Bl -tag -width Ds\n");
  for (int i = 0; cli_option_at(v, i, &o); i++) man_option(&o);
  printf(".El\n");
}

static void man_errors(void) {
  printf(".Bl -tag -width \"78\"\n");
  for (int i = 0; i < cli_n_error; i++) {
    const cli_error_help *e = &cli_errors[i];
    char text[512];
    printf(".It %d\n", (int)e->code);
    snprintf(text, sizeof text, "%s: %s.", kith_status_name(e->code), e->meaning);
    man_text(text);
    if (!e->advice[0]) continue;
    snprintf(text, sizeof text, "What to do: %s.", e->advice);
    man_text(text);
  }
  printf(".El\n");
}

static void man_environment(void) {
  static const char *const variable[][2] = {
      {"NO_COLOR", "If set and not empty, lines on standard error have no colors."},
      {"CLICOLOR_FORCE", "If set and not 0, they have colors also where that is no terminal."},
      {"OMP_NUM_THREADS", "Threads of a rank; without it, the cores of a node are shared by its ranks."},
  };
  printf(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n");
  for (size_t i = 0; i < sizeof variable / sizeof *variable; i++) {
    printf(".It Ev %s\n", variable[i][0]);
    man_text(variable[i][1]);
  }
  printf(".El\n");
}

/* Other pages, which the page of `but` is not. */
static void man_see_also(const char *but) {
  const char *page[64];
  int n = 0, last = -1;
  for (int i = 0; i < cli_n_verb && n < 64; i++) page[n++] = cli_verbs[i].name;
  for (int i = 0; i < n; i++) /* by name, as mandoc wishes them */
    for (int k = i + 1; k < n; k++)
      if (strcmp(page[k], page[i]) < 0) {
        const char *other = page[i];
        page[i] = page[k];
        page[k] = other;
      }
  printf(".Sh SEE ALSO\n");
  for (int i = 0; i < n; i++)
    if (strcmp(page[i], but) != 0) last = i;
  if (but[0]) printf(".Xr kith 1 ,\n");
  for (int i = 0; i <= last && !(but[0] && cli_verb_find(but)); i++) printf(".Xr kith-%s 1 ,\n", page[i]);
  printf(".Xr kith-job 5 ,\n.Xr kith-errors 7\n");
}

/* ---- pages ---- */

static void man_main(void) {
  man_head("KITH", 1, "kith", "distributed training of graph neural networks for recommendation");
  printf(".Sh SYNOPSIS\n.Nm\n.Ar verb\n.Ar job.yaml\n.Op Ar options\n"
         ".Nm\n.Cm help\n.Op Ar topic\n.Sh DESCRIPTION\n");
  man_text("A verb does one step of a job, which a YAML file describes; kith-job(5) has its keys. Every verb "
           "but inspect runs on any number of ranks, as in mpirun -n 4 kith train job.yaml. Their results "
           "do not depend on that number.");
  for (int t = 0; t < cli_n_task; t++) {
    printf(".Ss ");
    man_words(cli_tasks[t].title);
    printf("\n.Bl -tag -width \"recommend\"\n");
    const char *end = t + 1 < cli_n_task ? cli_tasks[t + 1].first : "";
    const cli_verb *v = cli_verb_find(cli_tasks[t].first);
    for (; v < cli_verbs + cli_n_verb && strcmp(v->name, end) != 0; v++) {
      printf(".It Cm %s Ar \\&%s\n", v->name, v->usage);
      man_text(v->help);
    }
    printf(".El\n");
  }
  printf(".Ss Options of every verb\n");
  man_options(NULL);
  man_environment();
  printf(".Sh EXIT STATUS\n");
  man_errors();
  printf(".Sh EXAMPLES\nThe steps of a job, from its lists to recommendations:\n.Bd -literal -offset indent\n"
         "kith ingest job.yaml\nkith partition job.yaml\nmpirun -n 4 kith train job.yaml\n"
         "mpirun -n 4 kith evaluate job.yaml\nkith recommend job.yaml --user 42\n.Ed\n");
  man_see_also("");
}

static void man_verb(const cli_verb *v) {
  char name[KITH_NAME], title[KITH_NAME] = "";
  snprintf(name, sizeof name, "kith-%s", v->name);
  for (size_t i = 0; name[i]; i++)
    title[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
  man_head(title, 1, name, v->help);
  printf(".Sh SYNOPSIS\n.Nm kith\n.Cm %s\n", v->name);
  if (v->usage[0] == '[') printf(".Op Ar \\&%.*s\n", (int)strlen(v->usage) - 2, v->usage + 1);
  else printf(".Ar \\&%s\n", v->usage);
  printf(".Op Ar options\n.Sh DESCRIPTION\nThe options are:\n");
  man_options(v);
  printf(".Sh EXIT STATUS\n0, or a code that\n.Xr kith-errors 7\nexplains.\n");
  man_see_also(v->name);
}

/* The keys of a section, which end where another one begins. */
static void man_section(const kith_job_section *s) {
  kith_job_key_help k;
  char line[sizeof k.bounds + sizeof k.preset + 32];
  const size_t n = strlen(s->name);
  const bool top = strcmp(s->name, "job") == 0;
  printf(".Ss ");
  man_words(s->name);
  printf("\n");
  man_text(s->help);
  printf(".Bl -tag -width Ds\n");
  for (int i = 0; kith_job_key_help_at(i, &k); i++) {
    if (top ? strchr(k.name, '.') != NULL : strncmp(k.name, s->name, n) != 0 || k.name[n] != '.') continue;
    printf(".It Va %s\n", k.name);
    man_text(k.help);
    snprintf(line, sizeof line, "Values: %s%s%s.", k.bounds, k.preset[0] ? "; default: " : "", k.preset);
    printf(".br\n");
    man_text(line);
  }
  printf(".El\n");
}

static void man_job(void) {
  man_head("KITH-JOB", 5, "kith-job", "the job file of kith");
  printf(".Sh DESCRIPTION\n");
  man_text("A job file is one YAML document. Every key is optional, but most verbs need "
           "data.interactions.path. The key train.lr is train: {lr: 0.005} in the file, and --set "
           "train.lr=0.005 on the command line, which wins. Paths are relative to the folder of the file. "
           "NAME stands for the name of a relation or a node type.");
  for (int i = 0; i < kith_job_n_section; i++) man_section(&kith_job_sections[i]);
  printf(".Sh EXAMPLES\n.Bd -literal -offset indent\n"
         "data:\n  interactions: {path: clicks.tsv, columns: {user: 1, item: 2}}\n"
         "  split: {method: ratio, valid: 0.1, test: 0.1}\n"
         "model: {name: lightgcn, dim: 64, layers: 3}\ntrain: {epochs: 40, lr: 0.001}\n.Ed\n");
  printf(".Sh SEE ALSO\n.Xr kith 1 ,\n.Xr kith-errors 7\n");
}

static void man_errors_page(void) {
  man_head("KITH-ERRORS", 7, "kith-errors", "exit codes of kith");
  printf(".Sh DESCRIPTION\n");
  man_text(
      "Every expected failure prints one line on standard error that names the file, the line or the key, "
      "and what was expected; all ranks then end with the same code. No incomplete file is left. With "
      "--json the last line of standard output is an object with status, code and error, too.");
  man_errors();
  printf(".Sh SEE ALSO\n.Xr kith 1 ,\n.Xr kith-job 5\n");
}

kith_status cli_man(const char *page) {
  const cli_verb *v = cli_verb_find(page);
  if (!page[0]) man_main();
  else if (v) man_verb(v);
  else if (strcmp(page, "job") == 0) man_job();
  else if (strcmp(page, "errors") == 0) man_errors_page();
  else return kith_fail(KITH_EUSAGE, "kith help --man: expected a verb, job or errors, found \"%s\"", page);
  return KITH_OK;
}
