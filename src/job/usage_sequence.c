/* What model.sequence uses of a job, and the keys of a model of the graph that sasrec leaves untrained. */
#include "job/table.h"

bool kith__job_is_sasrec(const kith_job *j) {
  return j->task == KITH_TASK_RECOMMEND && j->model.sequence == KITH_SEQUENCE_SASREC && !kith__job_has_tgn(j);
}

bool kith__job_adds_recent(const kith_job *j) {
  return j->task == KITH_TASK_RECOMMEND && j->model.sequence == KITH_SEQUENCE_RECENT && !kith__job_has_tgn(j);
}

bool kith__job_is_of_untrained_graph(const kith_job *job, const char *key) {
  static const char *const graph[] = {"model", "train", "loss", "negatives", "sampler"},
                           *const sequence[] = {"model.sequence", "model.sasrec", "train.seed",
                                                "train.patience"};
  bool of = false;
  if (!kith__job_is_sasrec(job) || job->model.sasrec.graph) return false;
  for (size_t i = 0; i < sizeof graph / sizeof *graph; i++) of = of || kith__job_holds(graph[i], key);
  for (size_t i = 0; i < sizeof sequence / sizeof *sequence; i++)
    of = of && !kith__job_holds(sequence[i], key);
  return of;
}

bool kith__job_has_order(const kith_job *job) {
  return job->task == KITH_TASK_RECOMMEND && (job->data.interactions.format != KITH_ADJACENCY ||
                                              strcmp(job->data.interactions.time, "line") == 0);
}
