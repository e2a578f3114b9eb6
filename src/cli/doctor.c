/* kith doctor: check the installation and the allocation before a long run. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "diagnose/diagnose.h"
#include "cli/start.h"
#include "cli/stream.h"
#include "comm/hosts.h"
#include "ops/blas.h"
#include "diagnose/memory_estimate.h"
#include "model/model.h"
#include "store/probe.h"

/* State of the checks; the findings are the same on every rank. */
enum { FINDING_INDENT = 18 }; /* columns before what was observed */

typedef struct doctor {
  cli *c;
  const char *folder;
  bool has_job, has_sizes;
  kith_host_info *host;   /* [ranks] */
  kith_graph_sizes sizes; /* of this rank's share, if the job's graph exists */
  int n, n_warn, n_fail;
  kith_status worst;
  char failed[256]; /* names of the checks that failed */
} doctor;

/* ---- lines ---- */

static void doctor_json(doctor *d, const char *name, const char *verdict, const kith_finding *f) {
  if (d->n == 0) cli_json(d->c, "checks", "[");
  cli_json_more(d->c, "%s{\"check\": \"%s\", \"verdict\": \"%s\", \"seen\": ", d->n ? ", " : "", name,
                verdict);
  cli_json_string(d->c, f->observed);
  if (f->remedy[0]) cli_json_more(d->c, ", \"remedy\": ");
  if (f->remedy[0]) cli_json_string(d->c, f->remedy);
  cli_json_more(d->c, "}");
}

/* Print immediately: a later check may hang, and the last line then shows where. */
static void doctor_report(doctor *d, const char *name, const kith_finding *f) {
  static const char *const text[] = {"ok", "warn", "FAIL"};
  char line[4096];
  snprintf(line, sizeof line, "%-5s %-11s %s%s%s", text[f->verdict], name, f->observed,
           f->remedy[0] ? "; remedy: " : "", f->remedy);
  const bool shown =
      isatty(STDOUT_FILENO) && !kith_terminal_has_launcher();     /* mpirun makes a terminal of a file */
  if (shown) cli_print_wrapped(d->c, FINDING_INDENT, "%s", line); /* else a line a check */
  else cli_print(d->c, "%s", line);
  fflush(stdout);
  doctor_json(d, name, f->verdict == KITH_FINDING_FAIL ? "fail" : text[f->verdict], f);
  d->n++;
  d->n_warn += f->verdict == KITH_FINDING_WARN;
  if (f->verdict != KITH_FINDING_FAIL) return;
  size_t n = strlen(d->failed);
  snprintf(d->failed + n, sizeof d->failed - n, "%s%s", d->n_fail++ ? ", " : "", name);
  if (f->status > d->worst) d->worst = f->status;
}

/* Report an agreed error as a failed check. */
static void doctor_report_failure(doctor *d, const char *name, kith_agreed st, const char *remedy) {
  kith_finding f = {.observed = ""};
  kith_finding_add(&f, "%s", kith_error_text());
  kith_finding_fail(&f, st.status, "%s", remedy);
  doctor_report(d, name, &f);
}

/* ---- ranks and nodes ---- */

static void doctor_libraries(size_t size, char *text) {
  char mpi[MPI_MAX_LIBRARY_VERSION_STRING], hdf5[32], blas[64];
  int n = 0;
  KITH_MPI(MPI_Get_library_version(mpi, &n));
  kith_h5_library_version(sizeof hdf5, hdf5);
  kith_blas_library(sizeof blas, blas);
  snprintf(text, size, "kith %s, %.*s, HDF5 %s, %s", KITH_VERSION, (int)strcspn(mpi, ",\n"), mpi, hdf5, blas);
}

static kith_agreed doctor_gather_hosts(doctor *d) {
  kith_host_info mine;
  char kernels[KITH_NAME];
  kith_host_info_get(&mine);
  mine.threads = omp_get_max_threads();
  mine.other_threads = cli_started_get()->others;
  doctor_libraries(sizeof mine.libraries, mine.libraries);
  snprintf(kernels, sizeof kernels, ", %s kernels", kith_blas_core());
  strncat(mine.cpu, kernels, sizeof mine.cpu - strlen(mine.cpu) - 1);
  return kith_host_info_allgather(d->c->comm, &mine, &d->host);
}

/* Whether ranks of one host could read each other's rows in place. */
static kith_agreed doctor_add_sharing(doctor *d, kith_finding *f) {
  enum { TRIED = 8 << 20 };
  kith_agreed st = {KITH_OK};
  kith_hosts *hosts = NULL;
  kith_share *s = NULL;
  KITH_TRY(kith_hosts_create(d->c->comm, &hosts));
  KITH_TRY(kith_share_create(hosts, TRIED, &s));
  bool given = s && kith_share_seal(&s, kith_share_claim(s, s->base, TRIED));
  if (!given) kith_finding_add(f, "; ranks of a host share no memory: %s", kith_error_text());
  else
    kith_finding_add(f, "; ranks of a host share memory in %s pages",
                     s->in_small_pages == 0 ? "huge" : "small");
done:
  kith_share_destroy(&s);
  kith_hosts_destroy(&hosts);
  return st;
}

static kith_agreed doctor_check_ranks(doctor *d) {
  kith_agreed st = {KITH_OK};
  kith_finding ranks = {.observed = ""}, level = {.observed = ""}, libraries = {.observed = ""},
               cpu = {.observed = ""}, cores = {.observed = ""}, blas = {.observed = ""},
               shm = {.observed = ""};
  int size = d->c->comm->size, provided = 0;
  KITH_MPI(MPI_Query_thread(&provided));
  kith_diagnose_ranks(size, d->host, kith_launcher_size(NULL), &ranks);
  doctor_report(d, "ranks", &ranks);
  kith_diagnose_threads(provided, &level);
  doctor_report(d, "threads", &level);
  kith_diagnose_libraries(size, d->host, &libraries);
  doctor_report(d, "libraries", &libraries);
  kith_diagnose_processors(size, d->host, &cpu);
  doctor_report(d, "processors", &cpu);
  kith_diagnose_cores(size, d->host, &cores);
  doctor_report(d, "cores", &cores);
  kith_diagnose_blas(kith_blas_core(), cli_started_get()->chose_kernels, kith_cpu_simd(),
                     kith_blas_has_threads(), d->host[0].threads, &blas);
  doctor_report(d, "blas", &blas);
  kith_diagnose_shm(size, d->host, &shm);
  KITH_TRY(doctor_add_sharing(d, &shm));
  doctor_report(d, "shm", &shm);
done:
  return st;
}

static kith_agreed doctor_check_network(doctor *d) {
  kith_agreed st = {KITH_OK};
  kith_finding links = {.observed = ""}, clocks = {.observed = ""};
  kith_link *link = NULL;
  kith_clock_offset *offset = NULL;
  int n = 0;
  KITH_TRY(kith_links_measure(d->c->comm, d->host, &n, &link));
  kith_diagnose_links(d->host, n, link, &links);
  doctor_report(d, "messages", &links);
  KITH_TRY(kith_clock_offsets_measure(d->c->comm, d->host, &offset));
  kith_diagnose_clocks(d->c->comm->size, d->host, offset, &clocks);
  doctor_report(d, "clocks", &clocks);
done:
  KITH_FREE(link);
  KITH_FREE(offset);
  return st;
}

/* ---- the job's graph and memory ---- */

/* Whether the ranks of a node have memory for their shares of a file; reading it otherwise would end them. */
static bool doctor_can_read(const doctor *d, const char *path) {
  struct stat is = {0};
  int size = d->c->comm->size;
  bool fits = true;
  if (d->c->comm->rank == 0 && stat(path, &is) == 0)
    for (int r = 0; r < size; r++)
      fits =
          fits && (double)is.st_size * 3 / kith_host_info_n_node(size, d->host) < (double)d->host[r].memory;
  kith_comm_bcast(d->c->comm, sizeof fits, &fits);
  return fits;
}

static kith_agreed doctor_read_parts(doctor *d, const char *path) {
  kith_agreed st = {KITH_OK};
  kith_graph *g = NULL;
  const kith_comm *comm = d->c->comm;
  KITH_TRY(cli_read_parts(d->c, path, &g));
  KITH_TRY(cli_check_task(d->c, g));
  KITH_TRY(kith_agree(comm, kith_graph_sizes_local(g, comm->size, comm->rank, &d->sizes)));
done:
  kith_graph_destroy(&g);
  return st;
}

static void doctor_report_parts(const doctor *d, const char *path, kith_finding *f) {
  int64_t rows[2] = {d->sizes.n_own, -d->sizes.n_own}, ghost = kith_comm_max(d->c->comm, d->sizes.n_ghost);
  rows[0] = kith_comm_max(d->c->comm, rows[0]);
  rows[1] = -kith_comm_max(d->c->comm, rows[1]);
  kith_finding_add(f, "%s: %s for %s; %lld to %s a rank, which read at most %lld of others", path,
                   KITH_COUNT(d->sizes.n_part, "part(s)"), KITH_COUNT(d->c->comm->size, "rank(s)"),
                   (long long)rows[1], KITH_COUNT(rows[0], "row(s)"), (long long)ghost);
}

/* Read parts.h5 if it exists, else graph.h5, else nothing. */
static void doctor_check_graph(doctor *d) {
  kith_finding f = {.observed = ""};
  char parts[KITH_PATH], graph[KITH_PATH];
  kith_agreed st = {KITH_OK};
  bool cut = cli_has_stage(d->c, "parts.h5", parts), ingested = cli_has_stage(d->c, "graph.h5", graph);
  if (cut && !doctor_can_read(d, parts)) {
    kith_finding_add(&f, "%s is too large to be read here", parts);
    kith_finding_fail(&f, KITH_ENOMEM, "use more nodes, or ask Slurm for more memory (--mem)");
  } else if (cut) {
    st = doctor_read_parts(d, parts);
    if (!kith_is_bad(st)) doctor_report_parts(d, parts, &f);
  } else if (ingested) {
    st = kith_graph_sizes_read(d->c->comm, graph, &d->sizes);
    kith_finding_add(
        &f,
        "%s is not cut yet: what follows counts an even share, and as many rows of others as there can be",
        graph);
    kith_finding_warn(&f, "run kith partition %s", d->c->job_args);
  } else {
    kith_finding_add(&f, "%s is not there yet: how much memory and disk the job needs is not known", graph);
    kith_finding_warn(&f, "run kith ingest %s and kith partition, and come again", d->c->job_args);
  }
  for (int r = 0, here = d->host[d->c->comm->rank].node; r < d->c->comm->size; r++)
    d->sizes.n_here += d->host[r].node == here;
  d->has_sizes = (cut || ingested) && f.verdict != KITH_FINDING_FAIL && !kith_is_bad(st);
  char again[4 * KITH_PATH + 64] = "docs/errors.md tells what each kind of failure means";
  if (st.status == KITH_EDATA)
    snprintf(again, sizeof again, "make it again: kith %s %s", cut ? "partition" : "ingest", d->c->job_args);
  if (kith_is_bad(st)) doctor_report_failure(d, "graph", st, again);
  else doctor_report(d, "graph", &f);
}

static kith_agreed doctor_gather_memory(const doctor *d, int64_t mine, int64_t **all) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(d->c->comm, KITH_NEW(*all, d->c->comm->size)));
  KITH_MPI(MPI_Allgather(&mine, 1, MPI_INT64_T, *all, 1, MPI_INT64_T, d->c->comm->mpi));
done:
  return st;
}

/* Memory by use of the rank with the largest estimate. */
static void doctor_report_memory(const doctor *d, const int64_t *all, const kith_memory_estimate *mine,
                                 kith_finding *f) {
  const kith_comm *comm = d->c->comm;
  char t[6][32];
  int most = 0;
  kith_memory_estimate n = *mine;
  for (int r = 0; r < comm->size; r++)
    if (all[r] > all[most]) most = r;
  KITH_MPI(MPI_Bcast(&n, (int)sizeof n, MPI_BYTE, most, comm->mpi));
  bool tgn = d->c->job.stream.model == KITH_STREAM_TGN, steps = tgn || kith_model_has_steps(&d->c->job.model);
  kith_finding_add(f, "; program %s, graph %s, %s %s, %s %s", kith_bytes_print(d->host[most].resident, t[0]),
                   kith_bytes_print(n.graph, t[1]),
                   tgn     ? "memory and rows"
                   : steps ? "moments and final rows"
                           : "eigenvectors",
                   kith_bytes_print(n.state, t[2]),
                   tgn     ? "evaluation"
                   : steps ? "layers"
                           : "rounds or export",
                   kith_bytes_print(n.activations, t[3]));
  if (steps) kith_finding_add(f, ", steps %s", kith_bytes_print(n.batch, t[4]));
  kith_finding_add(f, ", now and then %s", kith_bytes_print(n.transient, t[5]));
}

static void doctor_json_memory(doctor *d, const int64_t *all) {
  cli_json(d->c, "need_bytes", "[%lld", (long long)all[0]);
  for (int r = 1; r < d->c->comm->size; r++) cli_json_more(d->c, ", %lld", (long long)all[r]);
  cli_json_more(d->c, "]");
}

/* What a job could choose to need less memory. */
static const char *doctor_smaller(const kith_job *job) {
  bool poly = job->model.spectral.filter == KITH_FILTER_POLY;
  if (job->stream.model == KITH_STREAM_TGN) return "a smaller stream.dim, stream.neighbors or stream.batch";
  if (kith_model_has_steps(&job->model))
    return "a smaller model.dim or train.batch, or sampled steps (sampler.mode)";
  return poly ? "a smaller model.dim, or fewer threads, each of which ranks by all users and items"
              : "a smaller model.dim";
}

static kith_agreed doctor_check_memory(doctor *d, int64_t **need) {
  kith_agreed st = {KITH_OK};
  kith_finding f = {.observed = ""};
  const kith_job *job = &d->c->job;
  kith_memory_estimate mine;
  if (cli_is_blend(d->c)) {
    kith_finding_add(&f, "the job is a blend, which trains nothing; what kith blend needs is not estimated");
    doctor_report(d, "memory", &f);
    return st;
  }
  if (job->stream.model == KITH_STREAM_TGN) KITH_TRY(cli_estimate_stream(d->c, &d->sizes, &mine));
  else
    KITH_TRY(kith_agree(d->c->comm, kith_estimate_memory(&d->sizes, &job->model, &job->train, &job->evaluate,
                                                         &job->checkpoint, &mine)));
  KITH_TRY(
      doctor_gather_memory(d, kith_memory_estimate_total(&mine) + d->host[d->c->comm->rank].resident, need));
  kith_diagnose_memory(d->c->comm->size, d->host, *need, doctor_smaller(job), &f);
  doctor_report_memory(d, *need, &mine, &f);
  doctor_report(d, "memory", &f);
done:
  return st;
}

/* ---- the folder ---- */

static kith_agreed doctor_check_disk(doctor *d, const kith_probe *p) {
  kith_agreed st = {KITH_OK};
  kith_finding f = {.observed = ""};
  int64_t room = kith_probe_free_bytes(p), need = -1;
  const kith_job *job = &d->c->job;
  if (d->has_sizes && job->stream.model == KITH_STREAM_TGN)
    KITH_TRY(cli_estimate_stream_disk(d->c, &d->sizes, &need));
  else if (d->has_sizes)
    KITH_TRY(kith_agree(d->c->comm, kith_estimate_disk(&d->sizes, &job->model, &job->checkpoint, &need)));
  kith_comm_bcast(d->c->comm, sizeof room, &room);
  kith_diagnose_disk(room, need, &f);
  doctor_report(d, "disk", &f);
done:
  return st;
}

static void doctor_check_locks(doctor *d, const kith_probe *p) {
  kith_finding f = {.observed = ""};
  char why[KITH_NAME] = "";
  bool good = d->c->comm->rank != 0 || kith_probe_can_lock(p, why);
  kith_comm_bcast(d->c->comm, sizeof good, &good);
  kith_comm_bcast(d->c->comm, sizeof why, why);
  kith_diagnose_locks(good, why, kith_h5_can_disable_locking(), getenv("HDF5_USE_FILE_LOCKING"), &f);
  doctor_report(d, "locks", &f);
}

static void doctor_check_h5(doctor *d, const kith_probe *p) {
  kith_finding f = {.observed = ""};
  kith_h5_tuning tuning;
  char files[4 * KITH_NAME];
  kith_agreed st = kith_probe_h5(d->c->comm, p, &tuning);
  if (kith_is_bad(st)) {
    doctor_report_failure(
        d, "hdf5", st,
        "see that the folder lies on a file system made for several writers, that quotas are not used up, "
        "and that HDF5 was built for this MPI; OMPI_MCA_io=romio321 is another way of writing");
    return;
  }
  kith_h5_tuning_print(&tuning, sizeof files, files);
  kith_finding_add(&f, "%s; ragged and empty shares written, read otherwise, and compared; %s",
                   d->c->comm->size > 1 ? "written by all ranks together" : "written by one rank", files);
  doctor_report(d, "hdf5", &f);
}

static kith_agreed doctor_check_folder(doctor *d) {
  kith_agreed st = {KITH_OK};
  kith_finding f = {.observed = ""};
  kith_probe p;
  kith_agreed shared = kith_probe_begin(d->c->comm, d->folder, &p);
  if (!kith_is_bad(shared)) shared = kith_probe_shared(d->c->comm, &p);
  if (kith_is_bad(shared)) {
    doctor_report_failure(
        d, "folder", shared,
        "name as work a folder that all nodes share and that you may write to; what needs it was not tried");
    goto done;
  }
  kith_finding_add(&f, "%s: written and read by every rank", p.folder);
  doctor_report(d, "folder", &f);
  doctor_check_locks(d, &p);
  KITH_TRY(doctor_check_disk(d, &p));
  doctor_check_h5(d, &p);
done:
  kith_probe_end(d->c->comm, &p);
  return st;
}

/* ---- the verb ---- */

static kith_status doctor_options(doctor *d) {
  kith_status st = KITH_OK;
  const char *folder = cli_option(d->c, "folder");
  KITH_TRY(cli_no_more(d->c));
  d->has_job = d->c->job.path[0] != '\0';
  d->folder = folder ? folder : d->has_job ? d->c->job.work : ".";
done:
  return st;
}

static kith_agreed doctor_outcome(doctor *d) {
  cli_json_more(d->c, "]");
  cli_json(d->c, "warnings", "%d", d->n_warn);
  if (d->n_fail == 0) {
    cli_print(d->c, "%d checks, %d to be thought about, none failed", d->n, d->n_warn);
    return (kith_agreed){KITH_OK};
  }
  return kith_agreed_same(kith_fail(d->worst, "%d of %d checks failed: %s", d->n_fail, d->n, d->failed));
}

kith_agreed cli_doctor(cli *c) {
  kith_agreed st = {KITH_OK};
  doctor d = {.c = c};
  int64_t *need = NULL;
  KITH_TRY(kith_agree(c->comm, doctor_options(&d)));
  KITH_TRY(doctor_gather_hosts(&d));
  KITH_TRY(doctor_check_ranks(&d));
  KITH_TRY(doctor_check_network(&d));
  if (d.has_job) doctor_check_graph(&d);
  KITH_TRY(doctor_check_folder(&d));
  if (d.has_sizes) KITH_TRY(doctor_check_memory(&d, &need));
  st = doctor_outcome(&d);
  if (need) doctor_json_memory(&d, need);
done:
  KITH_FREE(need);
  KITH_FREE(d.host);
  return st;
}
