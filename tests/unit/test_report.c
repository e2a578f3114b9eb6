/* ranks: 1 */
/* The report's page: what is text stays text, axes have round numbers, no label stands on another; a page is
 * written whole or not at all, whatever fails. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/chart.h"
#include "report/report.h"
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/sweep.h"

static char folder[KITH_PATH];

static void text_in_a_page_is_never_markup(void **state) {
  (void)state;
  report_page p = {.n = 0};
  kith__page_put(&p, "<td title=\"%s\">%s</td>%d %lld %5.2f %g %c%%", "\"'&<>", "<b>", -3, 1LL << 40, 2.5,
                 0.1, '<');
  assert_string_equal(
      p.text, "<td title=\"&quot;&#39;&amp;&lt;&gt;\">&lt;b&gt;</td>-3 1099511627776  2.50 0.1 &lt;%");
  kith__page_free(&p);
  kith__page_text(&p, "a\x01\xff\xe2\x80\xae\xc3\xa9\n");
  assert_string_equal(p.text, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\n");
  kith__page_free(&p);
  kith__page_prose(&p, "note", "run `%s` <now>", "a`<b>");
  assert_string_equal(p.text, "<p class=\"note\">run <code>a</code>&lt;b&gt;<code> &lt;now&gt;</code></p>\n");
  kith__page_free(&p);
}

static void what_is_missing_is_noted_with_its_reason(void **state) {
  (void)state;
  report_lack lack = {.n = 0};
  report_page p = {.lack = &lack};
  kith__page_missing(&p, "one", "%s is not there", "<a>");
  kith__page_missing(&p, "two", "run `kith train`");
  kith__page_lack(&p, "three", "%d of it", 3);
  assert_int_equal(lack.n, 3);
  assert_string_equal(lack.names, "one, two, three");
  assert_null(strstr(p.text, "three"));
  assert_non_null(strstr(lack.list.text, "<li>three: 3 of it</li>"));
  assert_non_null(strstr(lack.list.text, "<li>one: &lt;a&gt; is not there</li>"));
  assert_non_null(strstr(p.text, "<b>Not shown: two.</b> run <code>kith train</code>"));
  kith__page_free(&lack.list);
  kith__page_free(&p);
}

static void numbers_have_units_and_groups_of_digits(void **state) {
  (void)state;
  assert_string_equal(PAGE_COUNT(0), "0");
  assert_string_equal(PAGE_COUNT(-1234567), "-1\u202f234\u202f567");
  assert_string_equal(PAGE_COUNT(INT64_MAX), "9\u202f223\u202f372\u202f036\u202f854\u202f775\u202f807");
  assert_string_equal(PAGE_BYTES(999), "999 B");
  assert_string_equal(PAGE_BYTES(1234567), "1.2 MB");
  assert_string_equal(PAGE_BYTES(6.3e9), "6.3 GB");
  assert_string_equal(PAGE_SECONDS(0.0042), "4.2 ms");
  assert_string_equal(PAGE_SECONDS(0.25), "250 ms");
  assert_string_equal(PAGE_SECONDS(3.21), "3.2 s");
  assert_string_equal(PAGE_SECONDS(245), "4:05 min");
  assert_string_equal(PAGE_SECONDS(3723), "1:02:03 h");
  assert_string_equal(PAGE_SECONDS(NAN), "–");
  assert_string_equal(PAGE_METRIC(0.12345), "0.1235");
}

/* The labels of an axis, with a space between each two. */
static const char *labels(double lo, double hi, bool is_log, int n) {
  static char text[512];
  const report_axis a = kith__axis_make(lo, hi, is_log, n);
  text[0] = '\0';
  for (int i = 0; i < a.n_tick; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", a.label[i]);
  return text;
}

static void axes_have_round_numbers(void **state) {
  (void)state;
  assert_string_equal(labels(0.083, 0.213, false, 4), "0.05 0.10 0.15 0.20 0.25");
  assert_string_equal(labels(1, 200, false, 5), "0 50 100 150 200");
  assert_string_equal(labels(1, 3, false, 2), "1 2 3");
  assert_string_equal(labels(0, 43210, false, 4), "0 20\u202f000 40\u202f000 60\u202f000");
  assert_string_equal(labels(-1.2, 1.1, false, 4), "-2 -1 0 1 2");
  assert_string_equal(labels(5, 5, false, 4), "2 4 6 8");
  assert_string_equal(labels(0, 0, false, 4), "-0.5 0.0 0.5");
  assert_string_equal(labels(0.0002, 0.03, true, 5), "0.0001 0.001 0.01 0.1");
  assert_string_equal(labels(2, 7, true, 5), "1 2 5 10");
  assert_string_equal(labels(1e-9, 1e9, true, 5), "1e-09 0.00001 0.1 1000 1e+07");
  report_axis a = kith__axis_make(0.0001, 0.1, true, 5);
  a.from = 10;
  a.to = 40;
  assert_true(fabs(kith__axis_at(&a, 0.001) - 20) < 1e-9 && fabs(kith__axis_at(&a, 0.1) - 40) < 1e-9);
  a = kith__axis_make(1, 97, false, 5);
  kith__axis_trim(&a, 1, 97);
  assert_true(a.lo == 1 && a.hi == 97 && a.n_tick == 4 && a.tick[0] == 20);
  assert_string_equal(a.label[0], "20");
}

/* Where the tags of a chart are, from top to bottom. */
static int tags(const char *svg, double *at) {
  int n = 0;
  for (const char *p = svg; (p = strstr(p, "<text class=\"halo tag")); p++) {
    at[n++] = strtod(strstr(p, " y=\"") + 4, NULL);
    assert_true(n <= CHART_SERIES);
  }
  return n;
}

static void tags_of_lines_that_end_together_stand_apart(void **state) {
  (void)state;
  static const double x[2] = {1, 2}, y[CHART_SERIES][2] = {{0, .50}, {0, .51}, {0, .5}, {0, .495},
                                                           {0, 0},   {0, 1},   {0, 1},  {0, 0}};
  static const char *const name[CHART_SERIES] = {"A", "B", "C", "D", "E", "F", "G", "H"};
  report_series series[CHART_SERIES];
  double at[CHART_SERIES];
  report_page p = {.n = 0};
  for (int s = 0; s < CHART_SERIES; s++)
    series[s] = (report_series){.name = name[s], .tag = name[s], .n = 2, .x = x, .y = y[s]};
  const report_chart chart = {.title = "t",
                              .x_label = "x",
                              .y_label = "y",
                              .describe = "d",
                              .series = series,
                              .n_series = CHART_SERIES};
  kith__chart_put(&p, &chart);
  assert_int_equal(tags(p.text, at), CHART_SERIES);
  for (int s = 1; s < CHART_SERIES; s++) assert_true(at[s] - at[s - 1] > 11.9);
  assert_null(strstr(p.text, "class=\"legend\"")); /* the tags are the names */
  kith__page_free(&p);
  series[2].n = 1; /* which ends elsewhere, and pushes none away */
  series[2].x = &x[0];
  series[2].y = &y[0][1];
  kith__chart_put(&p, &chart);
  assert_int_equal(tags(p.text, at), CHART_SERIES);
  assert_true(fabs(at[0] - (40 + 154 * 0.5 + 3.8)) < 0.06);
  for (int s = 2; s < CHART_SERIES; s++) assert_true(at[s] - at[s - 1] > 11.9);
  kith__page_free(&p);
}

static void a_chart_without_points_is_none(void **state) {
  (void)state;
  const double x[2] = {1, 2}, y[2] = {NAN, -1};
  const report_series series = {.name = "a", .n = 2, .x = x, .y = y};
  const report_chart chart = {.title = "t",
                              .x_label = "x",
                              .y_label = "y",
                              .describe = "d",
                              .series = &series,
                              .n_series = 1,
                              .log_y = true};
  report_page p = {.n = 0};
  kith__chart_put(&p, &chart);
  assert_int_equal(p.n, 0);
  kith__page_free(&p);
}

/* ---- a page of files ---- */

static void write_text(const char *name, const char *text) {
  char path[KITH_PATH];
  test_file_write(folder, name, text, strlen(text), path);
}

static int begin(void **state) {
  (void)state;
  char path[KITH_PATH];
  test_folder_make(folder);
  assert_int_equal(kith_folder_make(test_path(folder, "sweep", path)), KITH_OK);
  write_text(
      "metrics.jsonl",
      "{\"epoch\": 9, \"loss\": 9.5, \"seconds\": 1, \"run\": \"before the update\"}\n"
      "{\"epoch\": 1, \"loss\": 2.5, \"seconds\": 1, \"run\": \"it\", \"phases\": {\"forward\": 0.75}, "
      "\"evaluate_seconds\": 0.5}\n"
      "{\"epoch\": 2, \"loss\": 1.5, \"seconds\": 1, \"run\": \"it\", \"split\": \"valid\", \"recall@20\": "
      "0.25, \"ndcg@20\": 0.125}\n");
  write_text("evaluate-test.json", "{\"split\": \"test\", \"users\": 7, \"recall@20\": 0.375}");
  write_text("sweep/trials.jsonl", "{\"trial\": 1, \"settings\": {\"train.lr\": 0.5}, \"score\": 0.5}\n");
  return 0;
}

static int end(void **state) {
  (void)state;
  test_folder_remove(folder);
  return 0;
}

static kith_agreed run_report(void) {
  char path[KITH_PATH];
  kith_job *job = NULL;
  kith_report_result result;
  kith_status st = KITH_NEW(job, 1);
  if (kith_is_bad(st)) return kith_agree(test_comm, st);
  *job = kith_job_defaults();
  snprintf(job->work, sizeof job->work, "%s", folder);
  const kith_report_options o = {.job = job, .job_args = "job.yaml", .program = "0"};
  st = kith_report_write(&o, test_path(folder, "report.html", path), &result);
  KITH_FREE(job);
  return kith_agree(test_comm, st);
}

/* The page of the run before, or one that is whole. */
static const char *look(int64_t k) {
  (void)k;
  char path[KITH_PATH];
  size_t size = 0;
  if (access(test_path(folder, "report.html", path), F_OK) != 0) return NULL;
  char *text = test_file_read(path, &size);
  const bool timed = strstr(text, "<b>2.5 s</b><span>training, 2 epochs, evaluated and kept</span>") ||
                     !strstr(text, "<span>training, "); /* a read that failed */
  const char *wrong = strstr(text, "</body></html>\n") ? timed ? NULL : "another time" : "a part of a page";
  KITH_FREE(text);
  return wrong;
}

static void a_page_is_whole_or_not_there_whatever_fails(void **state) {
  (void)state;
  sweep s = {.kind = KITH_FAULT_ALLOC,
             .run = run_report,
             .look = look,
             .folder = folder,
             .inputs = folder,
             .least = 20};
  kith_log_set(KITH_LOG_NOTHING);
  if (sweep_has(s.kind)) sweep_each(&s);
  s.kind = KITH_FAULT_WRITE;
  s.least = 3;
  if (sweep_has(s.kind)) sweep_each(&s);
  s.kind = KITH_FAULT_READ;
  s.mends = true; /* what cannot be read is named in the page */
  s.inputs = NULL;
  if (sweep_has(s.kind)) sweep_each(&s);
  assert_int_equal(run_report().status, KITH_OK);
  char path[KITH_PATH];
  size_t size = 0;
  char *text = test_file_read(test_path(folder, "report.html", path), &size);
  assert_non_null(strstr(text, "epoch 2: 0.2500"));
  assert_non_null(strstr(text, "0.3750"));
  assert_non_null(strstr(text, "train: 2.5 at epoch 1, 1.5 at the last, 2;"));
  KITH_FREE(text);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_in_a_page_is_never_markup),
      cmocka_unit_test(what_is_missing_is_noted_with_its_reason),
      cmocka_unit_test(numbers_have_units_and_groups_of_digits),
      cmocka_unit_test(axes_have_round_numbers),
      cmocka_unit_test(tags_of_lines_that_end_together_stand_apart),
      cmocka_unit_test(a_chart_without_points_is_none),
      cmocka_unit_test_setup_teardown(a_page_is_whole_or_not_there_whatever_fails, begin, end),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
