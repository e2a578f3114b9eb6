/* kith evaluate with task: classify: accuracy, loss and macro-F1, of the model and of baselines. */
#include <stdio.h>

#include "cli/evaluate.h"
#include "diagnose/diagnose.h"

static const char *const node_split[KITH_NODE_SPLITS] = {"", "train", "valid", "test"};

const char *cli_node_split(kith_node_split split) { return node_split[split]; }

/* One split, or every split that has nodes; of a baseline indented. */
static kith_agreed nodes_print(cli *c, const kith_graph *g, const float *x, kith_node_split only,
                               const char *indent) {
  kith_agreed st = {KITH_OK};
  const char *const *name = node_split;
  char text[128], key[KITH_NAME];
  for (int s = KITH_NODE_TRAIN; s < KITH_NODE_SPLITS; s++) {
    kith_accuracy a = kith_eval_accuracy(c->comm, g, x, (kith_node_split)s);
    double f1 = 0;
    if (only != KITH_NODE_NONE && s != (int)only) continue;
    if (a.n == 0 && s == (int)only)
      return kith_agreed_same(
          kith_fail(KITH_ECONFIG,
                    "kith evaluate: --split %s: the graph has no such nodes; see data.splits.%s", name[s],
                    name[s]));
    if (a.n == 0) continue;
    KITH_TRY(kith_eval_macro_f1(c->comm, g, x, (kith_node_split)s, &f1));
    kith_accuracy_print(&a, sizeof text, text);
    cli_print(c, "%s%-6s %s  macro-F1 %.4f", indent, name[s], text, f1);
    snprintf(key, sizeof key, "%s_accuracy", name[s]);
    cli_json(c, key, "%.10g", kith_accuracy_ratio(&a));
    snprintf(key, sizeof key, "%s_loss", name[s]);
    cli_json(c, key, "%.10g", a.loss);
    snprintf(key, sizeof key, "%s_macro_f1", name[s]);
    cli_json(c, key, "%.10g", f1);
  }
done:
  return st;
}

static kith_agreed nodes_baseline(cli *c, const kith_graph *g, kith_baseline b, kith_node_split only,
                                  bool first) {
  kith_agreed st = {KITH_OK};
  float *logits = NULL;
  char memory[32];
  const double began = kith_clock();
  KITH_TRY(kith_agree(c->comm, KITH_NEW(logits, (int64_t)g->n_own * g->n_class)));
  KITH_TRY(kith_class_baseline(c->comm, g, b, logits));
  const double seconds = kith_clock() - began;
  const int64_t bytes = kith_comm_max(c->comm, kith_class_baseline_bytes(b, g));
  cli_print(c, "baseline %s, %.2f s, %s", kith_baseline_text(b), seconds, kith_bytes_print(bytes, memory));
  cli_json_more(c, "%s{\"name\": \"%s\"", first ? "" : ", ", kith_baseline_text(b));
  KITH_TRY(nodes_print(c, g, logits, only, "  "));
  cli_json(c, "seconds", "%.4f", seconds);
  cli_json(c, "memory_bytes", "%lld", (long long)bytes);
  cli_json(c, "settings", "{}");
  cli_json_more(c, "}");
done:
  KITH_FREE(logits);
  return st;
}

kith_agreed cli_evaluate_nodes(cli *c, const cli_evaluation *want, const kith_graph *g, const float *x,
                               kith_node_split only) {
  kith_agreed st = {KITH_OK};
  bool first = true;
  KITH_TRY(nodes_print(c, g, x, only, ""));
  cli_json(c, "baselines", "[");
  for (int b = 0; b < KITH_BASELINES; b++) {
    if (!want->baseline[b]) continue;
    KITH_TRY(nodes_baseline(c, g, (kith_baseline)b, only, first));
    first = false;
  }
  cli_json_more(c, "]");
done:
  return st;
}
