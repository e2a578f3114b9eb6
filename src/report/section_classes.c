/* Section of a node classification: accuracy and macro-F1 of each split, and each class of the test nodes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "h5/h5.h"
#include "report/section.h"
#include "store/store.h"

enum { CLASSES_SHOWN = 60 /* most rows of a table */, CLASSES_CONFUSED = 6, CLASSES_LABEL = 64 };

static const char *const classes_split[KITH_NODE_SPLITS] = {"", "training", "validation", "test"};

/* Nodes of a split, by class: how many are of it, are predicted as of it, and both. */
typedef struct class_counts {
  int64_t n, predicted, right;
} class_counts;

typedef struct classes {
  const kith_dataset *d;
  int64_t *predicted;           /* [n] class of each node */
  class_counts *of;             /* [n_class] of the split that was counted last */
  int64_t n, right;             /* of that split */
  char (*label)[CLASSES_LABEL]; /* [n_class] */
  int64_t *pair;                /* [n_class * n_class] true class, predicted class; or null */
} classes;

/* F1 of a class; 0 where it has nodes, or is predicted, and never right. */
static double classes_f1(const class_counts *c) {
  return c->n + c->predicted > 0 ? 2.0 * (double)c->right / (double)(c->n + c->predicted) : 0;
}

/* As scikit-learn has it: over the classes that a node of the split is of, or is predicted as of. */
static double classes_macro_f1(const classes *c) {
  double sum = 0;
  int n = 0;
  for (int k = 0; k < c->d->n_class; k++) {
    if (c->of[k].n + c->of[k].predicted == 0) continue;
    sum += classes_f1(&c->of[k]);
    n++;
  }
  return n > 0 ? sum / n : 0;
}

static void classes_count(classes *c, kith_node_split split) {
  const kith_dataset *d = c->d;
  memset(c->of, 0, (size_t)d->n_class * sizeof *c->of);
  if (c->pair) memset(c->pair, 0, (size_t)d->n_class * (size_t)d->n_class * sizeof *c->pair);
  c->n = c->right = 0;
  for (int64_t i = 0; i < d->n[0]; i++) {
    if (d->split[i] != (int8_t)split || d->label[i] < 0) continue;
    const int64_t is = d->label[i], as = c->predicted[i];
    c->n++;
    c->of[is].n++;
    c->of[as].predicted++;
    c->of[is].right += is == as;
    c->right += is == as;
    if (c->pair) c->pair[is * d->n_class + as]++;
  }
}

/* ---- files ---- */

static kith_status classes_labels(const kith_report *r, classes *c) {
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  int64_t n = 0, *number = NULL;
  char *text = NULL;
  int width = 0;
  KITH_TRY(kith_h5_open(&r->alone, r->run.graph_path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith_h5_extent(f, "class/id", &n, &width).status);
  KITH_CHECK(n == c->d->n_class, KITH_EDATA, "%s: class/id has %lld rows, expected %d", r->run.graph_path,
             (long long)n, c->d->n_class);
  if (width > 0) {
    KITH_TRY(KITH_NEW(text, n * width));
    KITH_TRY(kith_h5_read(f, "class/id", KITH_H5_TEXT, width, 0, n, text).status);
  } else {
    KITH_TRY(KITH_NEW(number, n));
    KITH_TRY(kith_h5_read(f, "class/id", KITH_H5_INT64, 0, 0, n, number).status);
  }
  for (int64_t k = 0; k < n; k++)
    if (width > 0) snprintf(c->label[k], CLASSES_LABEL, "%.*s", width, text + k * width);
    else snprintf(c->label[k], CLASSES_LABEL, "%lld", (long long)number[k]);
done:
  kith_h5_close(&f);
  KITH_FREE(number);
  KITH_FREE(text);
  return st;
}

static kith_status classes_predictions(const kith_report *r, classes *c) {
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  const int64_t n = c->d->n[0];
  KITH_CHECK(r->run.from.fingerprint == c->d->fingerprint, KITH_EDATA,
             "%s: is of another graph than %s; run kith train %s", r->run.rows_path, r->run.graph_path,
             r->o->job_args);
  KITH_TRY(kith_h5_open(&r->alone, r->run.rows_path, KITH_EMBEDDINGS_FORMAT, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith_h5_read(f, "node/label_predicted", KITH_H5_INT64, 0, 0, n, c->predicted).status);
  for (int64_t i = 0; i < n; i++)
    KITH_CHECK(c->predicted[i] >= 0 && c->predicted[i] < c->d->n_class, KITH_EDATA,
               "%s: node/label_predicted: row %lld: class %lld, expected 0 to %d", r->run.rows_path,
               (long long)i, (long long)c->predicted[i], c->d->n_class - 1);
done:
  kith_h5_close(&f);
  return st;
}

static kith_status classes_read(kith_report *r, classes *c) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__report_dataset(r, &c->d));
  const int64_t k = c->d->n_class;
  KITH_TRY(KITH_NEW(c->predicted, c->d->n[0]));
  KITH_TRY(KITH_NEW(c->of, k));
  KITH_TRY(KITH_NEW(c->label, k));
  if (k <= CLASSES_SHOWN) KITH_TRY(KITH_NEW(c->pair, k * k));
  KITH_TRY(classes_labels(r, c));
  KITH_TRY(classes_predictions(r, c));
done:
  return st;
}

/* ---- tables ---- */

/* Every split that has nodes; returns the last of them. */
static kith_node_split classes_splits(classes *c, report_page *p) {
  kith_node_split last = KITH_NODE_NONE;
  kith__page_html(p, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">split</th><th "
                     "scope=\"col\">nodes</th><th scope=\"col\">right</th><th scope=\"col\">accuracy</th><th "
                     "scope=\"col\">macro-F1</th></tr></thead><tbody>\n");
  for (int s = KITH_NODE_TRAIN; s < KITH_NODE_SPLITS; s++) {
    classes_count(c, (kith_node_split)s);
    if (c->n == 0) continue;
    last = (kith_node_split)s;
    kith__page_put(
        p, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td><b>%.4f</b></td><td>%.4f</td></tr>\n",
        classes_split[s], PAGE_COUNT(c->n), PAGE_COUNT(c->right), (double)c->right / (double)c->n,
        classes_macro_f1(c));
  }
  kith__page_html(p, "</tbody></table></div>\n");
  return last;
}

/* Baselines of the latest kith evaluate, on the test nodes. */
static void classes_baselines(const kith_report *r, report_page *p) {
  const kith_json_value *all = kith_json_get(r->run.evaluate[1].value, "baselines");
  if (!all || !all->first) return;
  kith__page_html(p, "<div class=\"scroll\"><table><caption>Baselines, test nodes</caption><thead><tr><th "
                     "scope=\"col\"></th><th scope=\"col\">accuracy</th><th scope=\"col\" "
                     "class=\"l\"></th><th scope=\"col\">macro-F1</th></tr></thead><tbody>\n");
  for (const kith_json_value *b = all->first; b; b = b->next) {
    const char *name = kith_json_text(b, "name");
    const double accuracy = kith_json_number(b, "test_accuracy", NAN);
    kith__page_put(p, "<tr><th scope=\"row\">%s</th><td>%s</td>", name ? name : "?", PAGE_METRIC(accuracy));
    kith__bar_put(p, accuracy, 1);
    kith__page_put(p, "<td>%s</td></tr>\n", PAGE_METRIC(kith_json_number(b, "test_macro_f1", NAN)));
  }
  kith__page_html(p, "</tbody></table></div>\n");
}

static double classes_ratio(int64_t a, int64_t b) { return b > 0 ? (double)a / (double)b : 0; }

static void classes_each(const classes *c, report_page *p, kith_node_split split) {
  const int shown = c->d->n_class < CLASSES_SHOWN ? c->d->n_class : CLASSES_SHOWN;
  kith__page_put(p,
                 "<div class=\"scroll\"><table><caption>Classes of the %s nodes</caption><thead><tr><th "
                 "scope=\"col\">class</th><th scope=\"col\">nodes</th><th scope=\"col\">precision</th><th "
                 "scope=\"col\">recall</th><th scope=\"col\" class=\"l\"></th><th "
                 "scope=\"col\">F1</th></tr></thead><tbody>\n",
                 classes_split[split]);
  for (int k = 0; k < shown; k++) {
    const class_counts *of = &c->of[k];
    kith__page_put(p, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%.3f</td><td>%.3f</td>", c->label[k],
                   PAGE_COUNT(of->n), classes_ratio(of->right, of->predicted),
                   classes_ratio(of->right, of->n));
    kith__bar_put(p, classes_f1(of), 1);
    kith__page_put(p, "<td>%.3f</td></tr>\n", classes_f1(of));
  }
  kith__page_html(p, "</tbody></table></div>\n");
  if (shown < c->d->n_class)
    kith__page_put(p, "<p class=\"note\">The first %d of %d classes.</p>\n", shown, c->d->n_class);
}

/* The pairs of classes that are confused most often. */
static void classes_confused(classes *c, report_page *p) {
  const int k = c->d->n_class;
  if (!c->pair || c->n == c->right) return;
  kith__page_html(p, "<p>Confused most often: ");
  for (int i = 0; i < CLASSES_CONFUSED; i++) {
    int best = -1;
    for (int at = 0; at < k * k; at++)
      if (at / k != at % k && c->pair[at] > 0 && (best < 0 || c->pair[at] > c->pair[best])) best = at;
    if (best < 0) break;
    kith__page_put(p, "%s%s taken for %s (%s)", i ? ", " : "", c->label[best / k], c->label[best % k],
                   PAGE_COUNT(c->pair[best]));
    c->pair[best] = 0;
  }
  kith__page_html(p, ".</p>\n");
}

static kith_status classes_write(kith_report *r, report_page *p) {
  kith_status st = KITH_OK;
  classes c = {.n = 0};
  if (r->o->job->task != KITH_TASK_CLASSIFY) return st;
  if (!r->run.has_rows) {
    kith__page_missing(p, "accuracy and classes", "`%s/embeddings.h5` is not there: run `kith train %s`.",
                       r->run.folder, r->o->job_args);
    return st;
  }
  KITH_TRY(classes_read(r, &c));
  const kith_node_split last = classes_splits(&c, p);
  if (last == KITH_NODE_NONE) goto done;
  classes_baselines(r, p);
  classes_count(&c, last);
  classes_each(&c, p, last);
  classes_confused(&c, p);
  kith__page_html(p,
                  "<details><summary>What these figures are</summary>\n<dl class=\"terms\">"
                  "<dt>accuracy</dt><dd>the fraction of a split's nodes whose largest logit is their "
                  "class</dd>\n<dt>precision</dt><dd>right nodes, divided by nodes predicted as of the "
                  "class</dd>\n<dt>recall</dt><dd>right nodes, divided by nodes of the class</dd>\n"
                  "<dt>F1</dt><dd>2 · right / (nodes of the class + nodes predicted as of it)</dd>\n"
                  "<dt>macro-F1</dt><dd>the mean of F1 over the classes that some node of the split has or "
                  "is predicted to have</dd></dl></details>\n");
done:
  KITH_FREE(c.predicted);
  KITH_FREE(c.of);
  KITH_FREE(c.label);
  KITH_FREE(c.pair);
  return st;
}

const report_section kith__section_classes = {"classes", "Classes", classes_write};
