/* kith bench: every kernel and a whole step, each as a fraction of what the machine was measured to allow in
 * the same run. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"
#include "ops/scores.h"

static void bench_spmm(bench *b) {
  const kith_csr *csr = &b->a->csr;
  if (!b->rounded) {
    kith_spmm(csr, 0, csr->n_row, b->d, b->x, false, b->y);
    return;
  }
  kith_bf16_round_rows(csr->n_row, b->d, b->x, b->rounded);
  kith_spmm_bf16(csr, 0, csr->n_row, b->d, kith_bf16_rows_together(b->rounded), false, b->y);
}

static void bench_adam(bench *b) {
  kith_optimizer_options o = kith_optimizer_defaults();
  kith_optimizer_get(KITH_ADAM)->step(&o, 10, b->n, b->y, (float *const[]){b->m, b->v}, b->x);
}

static void bench_halo(bench *b) {
  kith_halo_begin(b->a->halo, b->words, b->x, b->x + (size_t)b->a->csr.n_row * (size_t)b->words);
  kith_halo_end(b->a->halo);
}

static void bench_step(bench *b) { (void)kith_trainer_step(b->trainer, 0, KITH_REQUEST_NONE); }

static void bench_rank(bench *b) {
  kith_topk top = {0};
  if (kith_is_bad(b->st)) return;
  b->st = kith_eval_topk(b->c->comm, b->g, b->d, b->x, NULL, NULL, 20, NULL, 0, NULL, &top);
  kith_topk_free(&top);
}

static kith_agreed bench_write_file(bench *b) {
  kith_agreed st = {KITH_OK};
  kith_redistribution *rows = NULL;
  kith_h5 *f = NULL;
  char path[KITH_PATH];
  KITH_TRY(kith_agree(b->c->comm, kith_job_file(&b->c->job, "bench.h5", path)));
  KITH_TRY(kith_redistribution_create(b->c->comm, b->g, &rows));
  KITH_TRY(kith_h5_create(b->c->comm, path, "kith-bench", KITH_FILE_VERSION,
                          4 * (b->g->n[0] + b->g->n[1]) * b->d, &f));
  KITH_TRY(kith_redistribution_write(rows, f, "embedding", b->d, b->x));
  KITH_TRY(kith_h5_publish(&f));
  if (b->c->comm->rank == 0) unlink(path);
done:
  kith_h5_close(&f);
  kith_redistribution_destroy(&rows);
  return st;
}

static void bench_write(bench *b) {
  if (!kith_is_bad(b->st)) b->st = bench_write_file(b);
}

/* Print one line: the seconds of a kernel, and the share of them that its limit alone takes; none if it
 * fails. */
static bench_pair bench_line(bench *b, const char *name, const char *key, const char *of,
                             void (*work)(bench *b), void (*limit)(bench *b)) {
  bench_pair p = bench_time(b, work, limit);
  if (kith_is_bad(b->st)) return p;
  bool cached = p.limit > p.work && (limit == bench_roofline_adam || limit == bench_roofline_gather);
  cli_print(b->c, "  %-32s %9.3f ms   limit %9.3f ms   %5.1f %%  of %s%s", name, 1e3 * p.work, 1e3 * p.limit,
            100 * p.limit / p.work, of, cached ? ", in a cache" : "");
  cli_json(b->c, key, "{\"seconds\": %.6g, \"limit\": %.6g, \"fraction\": %.4f}", p.work, p.limit,
           p.limit / p.work);
  return p;
}

/* How the time of a step's limit divides, and how much work that is on all ranks. */
static void bench_print_parts(bench *b) {
  bench_work w = bench_least_work(b);
  double n[] = {w.gathered, w.products, w.streamed, (double)kith_trainer_requested_rows(b->trainer),
                (double)kith_trainer_requested_edges(b->trainer)},
         all = 0;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, n, sizeof n / sizeof *n, MPI_DOUBLE, MPI_SUM, b->c->comm->mpi));
  for (int i = 0; i < BENCH_PARTS; i++) all += b->part[i];
  for (int i = 0; i < BENCH_PARTS; i++) b->part[i] /= all > 0 ? all : 1;
  cli_print(
      b->c,
      "    its limit: %.0f %% gathers of %.0f MB, %.0f %% %.2f G multiply-adds, %.0f %% streams of %.0f MB",
      100 * b->part[BENCH_GATHERS], 4e-6 * n[0] * b->words / b->d, 100 * b->part[BENCH_PRODUCTS], 1e-9 * n[1],
      100 * b->part[BENCH_STREAMS], 4e-6 * n[2]);
  cli_json(
      b->c, "step_parts",
      "{\"gathered\": %.0f, \"products\": %.0f, \"streamed\": %.0f, \"exchanges\": %.0f, \"batch_rows\": "
      "%.0f, \"batch_entries\": %.0f, \"shares\": [%.6f, %.6f, %.6f, %.6f]}",
      n[0], n[1], n[2], w.exchanges, n[3], n[4], b->part[BENCH_GATHERS], b->part[BENCH_PRODUCTS],
      b->part[BENCH_STREAMS], b->part[BENCH_MESSAGES]);
}

/* Sampled steps have no such limit: print how many neighbors a second are sampled, while blocks are made, and
 * the share of communication in a step. */
static void bench_sampled(bench *b) {
  const kith_comm *comm = b->c->comm;
  int64_t n_step = kith_trainer_n_step(b->trainer), least = 20 * (int64_t)b->repeat;
  if (n_step > least) n_step = least;
  for (int i = 0; i < 4; i++) bench_step(b); /* the memory of both plans is touched */
  kith_step_stats t = kith_trainer_step_stats(b->trainer);
  for (int64_t s = 0; s < n_step; s++) kith_trainer_step(b->trainer, s, KITH_REQUEST_NONE);
  kith_step_stats u = kith_trainer_step_stats(b->trainer);
  double seconds = u.seconds - t.seconds, plan = u.sampling_seconds - t.sampling_seconds,
         batch = u.batch_seconds - t.batch_seconds, mpi = u.mpi_seconds - t.mpi_seconds,
         drawn = (double)(u.n_sampled - t.n_sampled);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &drawn, 1, MPI_DOUBLE, MPI_SUM, comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &mpi, 1, MPI_DOUBLE, MPI_SUM, comm->mpi));
  mpi /= comm->size;
  double rate = drawn / (plan - batch) / comm->size;
  b->timed.drawn = drawn / seconds;
  b->timed.products =
      bench_loss_products(&b->c->job.model, &b->c->job.train.loss,
                          (double)kith_trainer_n_example(b->trainer, 0, n_step) / (double)n_step) *
      (double)n_step / seconds;
  cli_print(b->c, "%s, mode %s, means of %s", KITH_COUNT(comm->size, "rank(s)"),
            kith_sampler_mode_text(b->c->job.train.sampler.mode), KITH_COUNT(n_step, "step(s)"));
  cli_print(b->c, "  a whole step %9.3f ms, %.1f steps/s; blocks %.3f ms, batch %.3f ms",
            1e3 * seconds / (double)n_step, (double)n_step / seconds, 1e3 * (plan - batch) / (double)n_step,
            1e3 * batch / (double)n_step);
  cli_print(b->c,
            "  neighbors drawn %.1f M/s on each rank, %.0f a step on all; %.1f %% of the time in messages",
            1e-6 * rate, drawn / (double)n_step, 100 * mpi / seconds);
  cli_json(b->c, "steps_per_second", "%.6g", (double)n_step / seconds);
  cli_json(b->c, "plan_seconds", "%.6g", plan / (double)n_step);
  cli_json(b->c, "batch_seconds", "%.6g", batch / (double)n_step);
  cli_json(b->c, "drawn_per_second_per_rank", "%.6g", rate);
  cli_json(b->c, "messages", "%.4f", mpi / seconds);
}

/* Print the measured limits themselves. */
static void bench_print_limits(bench *b) {
  int64_t n[3] = {b->n, b->a->csr.start[b->a->csr.n_row], b->n_random};
  kith_comm_sum_int(b->c->comm, 3, n);
  bench_pair gather = bench_time(b, bench_roofline_gather, bench_roofline_random),
             stream = bench_time(b, bench_roofline_stream, bench_roofline_disk);
  double bytes = 4.0 * b->words * (double)n[1], random = 4.0 * b->words * (double)n[2],
         streamed = 36.0 * BENCH_FAR * b->c->comm->size;
  b->timed.triad = streamed / stream.work;
  b->timed.gather = bytes / gather.work;
  cli_print(b->c, "%s x %s; this machine allows, medians of %d", KITH_COUNT(b->c->comm->size, "rank(s)"),
            KITH_COUNT(omp_get_max_threads(), "thread(s)"), b->repeat);
  cli_print(b->c, "  stream (triad)                %8.2f GB/s", 1e-9 * streamed / stream.work);
  cli_print(b->c, "  gather of rows of %-4d bytes   %8.2f GB/s by the graph's columns, %.2f by random ones",
            4 * b->words, 1e-9 * bytes / gather.work, 1e-9 * random / gather.limit);
  cli_print(b->c, "  write and fsync               %8.2f GB/s", 4e-9 * (double)n[0] / stream.limit);
  cli_json(b->c, "stream_bytes_per_second", "%.6g", streamed / stream.work);
  cli_json(b->c, "gather_bytes_per_second", "%.6g", bytes / gather.work);
  cli_json(b->c, "gather_random_bytes_per_second", "%.6g", random / gather.limit);
}

static void bench_kernels(bench *b) {
  double mib = 4.0 * (double)kith_comm_max(b->c->comm, b->n) / 0x1p20;
  cli_print(b->c, "kernels, each timed in turn with its limit");
  if (mib < 4.0 * BENCH_SMALL / 0x1p20)
    cli_print_wrapped(
        b->c, 2,
        "  this graph is too small for these fractions to mean much: %.1f MiB of embeddings a rank "
        "stay in a cache, and starting takes longer than the work",
        mib);
  bench_line(b, b->rounded ? "SpMM of bf16, with rounding" : "SpMM, one product with A", "spmm", "gather",
             bench_spmm, bench_roofline_gather);
  bench_line(b, "Adam", "adam", "stream", bench_adam, bench_roofline_adam);
  if (b->c->comm->size > 1)
    bench_line(b, "halo exchange", "halo", "messages", bench_halo, bench_roofline_halo);
  if (!bench_work_has_layers(&b->c->job.model) && b->c->comm->rank == 0)
    kith_warn("the limit of a step lacks the layers of %s, which src/cli/bench_work.c does not count",
              kith_model_text(b->c->job.model.name));
  b->timed.step = bench_line(b, "a whole step", "step", "its parts", bench_step, bench_roofline_step);
  bench_print_parts(b);
  b->timed.rank =
      bench_line(b, "ranking of all users, K = 20", "ranking", "products", bench_rank, bench_roofline_rank);
  b->timed.write = bench_line(b, "HDF5 write of the embeddings", "write", "write and fsync", bench_write,
                              bench_roofline_disk);
}

/* Allocate the arrays in which the limits of memory are measured. */
static kith_status bench_far(bench *b) {
  kith_status st = KITH_OK;
  kith_eid n = b->a->csr.start[b->a->csr.n_row], row = BENCH_FAR / b->d;
  b->n_random = n > row ? n : row;
  for (int k = 0; k < 3; k++) KITH_TRY(KITH_NEW(b->far[k], BENCH_FAR));
  KITH_TRY(KITH_NEW(b->random, b->n_random));
  for (kith_eid e = 0; e < b->n_random; e++)
    b->random[e] = (kith_lid)kith_random_below(kith_random(1, KITH_RNG_GENERATE, (uint64_t)e, 0, 0).bits[0],
                                               (uint64_t)row);
  bench_roofline_stream(b); /* pages that were never written share one physical page */
done:
  return st;
}

static kith_status bench_room(bench *b) {
  kith_status st = KITH_OK;
  int64_t n_row = b->a->csr.n_col, least = KITH_SCORE_ITEMS + (int64_t)omp_get_max_threads() *
                                                                  KITH_SCORE_USERS * KITH_SCORE_ITEMS / b->d;
  if (n_row < least) n_row = least; /* the limits' tiles must fit, however small the graph */
  b->n = (int64_t)b->g->n_own * b->d;
  KITH_TRY(KITH_NEW(b->x, n_row * b->d));
  KITH_TRY(KITH_NEW(b->y, n_row * b->d));
  KITH_TRY(KITH_NEW(b->m, n_row * b->d));
  KITH_TRY(KITH_NEW(b->v, n_row * b->d));
  if (b->words < b->d) KITH_TRY(KITH_NEW(b->rounded, n_row * b->words));
  for (int64_t i = 0; i < n_row * b->d; i++)
    b->x[i] = b->m[i] =
        (float)kith_random_unit(kith_random(2, KITH_RNG_GENERATE, (uint64_t)i, 0, 0).bits[0]) - 0.5f;
done:
  return st;
}

static kith_agreed bench_prepare(bench *b) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = b->c->comm;
  char parts[KITH_PATH];
  KITH_TRY(kith_agree(comm, cli_stage(b->c, "parts.h5", parts)));
  KITH_TRY(cli_read_parts(b->c, parts, &b->g));
  KITH_TRY(cli_resolve_half_life(b->c, parts, b->g, &b->c->job.model));
  b->c->job.model.start = KITH_START_RANDOM; /* it takes no part in steps */
  KITH_TRY(kith_dist_csr_create(comm, b->g, b->words, &b->a));
  KITH_TRY(kith_trainer_create(comm, b->g, &b->c->job.model, &b->c->job.train, &b->trainer));
  kith_trainer_set_epoch(b->trainer, 0);
  KITH_TRY(kith_agree(comm, bench_room(b)));
done:
  return st;
}

static void bench_free(bench *b) {
  kith_trainer_destroy(&b->trainer);
  kith_dist_csr_destroy(&b->a);
  kith_graph_destroy(&b->g);
  KITH_FREE(b->x);
  KITH_FREE(b->y);
  KITH_FREE(b->m);
  KITH_FREE(b->v);
  KITH_FREE(b->rounded);
  KITH_FREE(b->random);
  for (int k = 0; k < 3; k++) KITH_FREE(b->far[k]);
}

/* As the log of training: in which strips of columns steps exchange rows, or why in none. */
static void bench_tell_strips(const bench *b) {
  char text[2 * KITH_PATH];
  if (b->c->job.train.strips <= 1) return;
  if (kith_trainer_strips(b->trainer, sizeof text, text)) cli_print(b->c, "%s", text);
  else if (b->c->comm->rank == 0) kith_warn("%s", text);
}

static kith_status bench_options(cli *c, bench *b) {
  kith_status st = KITH_OK;
  int64_t repeat = 7;
  KITH_TRY(cli_number(c, "repeat", 1, BENCH_REPEAT_MOST, &repeat));
  b->rows = 0;
  KITH_TRY(cli_number(c, "rows", 1, INT32_MAX, &b->rows));
  b->profile = cli_option(c, "profile");
  KITH_TRY(cli_no_more(c));
  KITH_TRY(cli_check_recommends(c));
  KITH_TRY(cli_check_one_model(c));
  KITH_CHECK(!b->profile || b->rows == 0, KITH_EUSAGE,
             "--profile %s: no rates are measured with --rows; leave one of them out", b->profile);
  b->repeat = (int)repeat;
done:
  return st;
}

kith_agreed cli_bench(cli *c) {
  kith_agreed st = {KITH_OK};
  const kith_model_options *model = &c->job.model;
  bench b = {.c = c, .d = model->dim, .words = model->dim, .layers = kith_model_n_layer(model)};
  if (kith_model_rounds_rows(model)) b.words = kith_bf16_words(b.d);
  KITH_TRY(kith_agreed_same(
      c->job.stream.model == KITH_STREAM_NO_MODEL
          ? KITH_OK
          : kith_fail(KITH_ECONFIG, "kith bench measures layers of model.name; set stream.model: none")));
  KITH_TRY(kith_agree(c->comm, bench_options(c, &b)));
  if (b.rows > 0) return bench_rows(c, b.rows, b.repeat);
  KITH_TRY(bench_prepare(&b));
  bench_tell_strips(&b);
  if (c->job.train.sampler.mode != KITH_FULL) {
    bench_sampled(&b);
    if (b.profile) KITH_TRY(bench_profile_sample(&b, b.profile));
    goto done;
  }
  KITH_TRY(kith_agree(c->comm, bench_far(&b)));
  b.wire_rows = (int)(kith_comm_max(c->comm, kith_halo_n_remote(b.a->halo)));
  KITH_TRY(bench_write_file(&b)); /* refused before anything is measured, where it cannot be written */
  bench_print_limits(&b);
  bench_kernels(&b);
  KITH_TRY(b.st);
  if (b.profile) KITH_TRY(bench_profile(&b, b.profile));
done:
  bench_free(&b);
  return st;
}
