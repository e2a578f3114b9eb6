/* What a stream uses of a job, and which keys its model leaves without effect. */
#include "job/table.h"

bool kith__job_streams(const kith_job *j) {
  return j->task == KITH_TASK_RECOMMEND && j->data.split.method == KITH_SPLIT_STREAM;
}

bool kith__job_replays(const kith_job *j) {
  return kith__job_streams(j) && j->stream.known != KITH_STREAM_NONE;
}

bool kith__job_reads_batches(const kith_job *j) {
  return kith__job_replays(j) &&
         (j->stream.known == KITH_STREAM_BATCH || j->stream.model != KITH_STREAM_NO_MODEL);
}

bool kith__job_has_tgn(const kith_job *j) {
  return kith__job_streams(j) && j->stream.model == KITH_STREAM_TGN;
}

const char *kith__job_needs(const kith_job *job, bool (*is_used)(const kith_job *), const char *needs) {
  kith_job without = *job;
  without.stream.model = KITH_STREAM_NO_MODEL;
  return kith__job_has_tgn(job) && !is_used(job) && is_used(&without) ? "needs stream.model: none" : needs;
}
