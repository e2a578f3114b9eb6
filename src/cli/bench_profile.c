/* kith bench --profile: what was measured, as rates of a node, for kith plan. */
#include <omp.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/bench.h"
#include "comm/placement.h"
#include "plan/machine.h"

/* Products of a step that are a smaller share of its limit are few. */
static const double PROFILE_FEW = 0.1;

/* The profile that is there, to which rates of another number of ranks are added; else a new one. */
static kith_status profile_begin(const char *path, kith_machine *m) {
  kith_status st = KITH_OK;
  if (access(path, F_OK) == 0) return kith_machine_read(path, m);
  *m = *kith_machine_find("typical");
  m->n = 0;
  KITH_TRY(kith_text_copy("name", "measured", sizeof m->name, m->name));
done:
  return st;
}

/* Sums over the ranks of what a step does at least. */
typedef struct profile_work {
  double gathered, streamed, exchanged; /* bytes */
  double products;                      /* multiply-adds */
} profile_work;

static profile_work profile_sum(const bench *b) {
  const bench_work w = bench_least_work(b);
  double n[] = {4 * w.gathered * b->words / b->d, 4 * w.streamed,
                4 * w.exchanged * (double)kith_halo_n_remote(b->a->halo), w.products};
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, n, 4, MPI_DOUBLE, MPI_SUM, b->c->comm->mpi));
  return (profile_work){n[0], n[1], n[2], n[3]};
}

/* Whether steps sent ghost rows: not where the ranks of one host read them in place. */
static bool profile_sends(const bench *b) {
  int64_t n = kith_trainer_halo_bytes(b->trainer);
  kith_comm_sum_int(b->c->comm, 1, &n);
  return n > 0;
}

/* A part of the step is as much slower than its limit as the step is than all limits together, without that
 * of messages where there were none. */
static double profile_rate(const bench *b, double bytes, int part, double otherwise) {
  double all = 1 - (b->sends ? 0 : b->part[BENCH_MESSAGES]);
  double seconds = b->timed.step.work * b->part[part] / (all > 0 ? all : 1);
  return seconds > 0 && bytes > 0 ? bytes / seconds : otherwise;
}

/* Whether a rank's embeddings stay in a cache, so that its rates are not those of memory or of the disk. */
static bool profile_is_small(const bench *b) { return kith_comm_max(b->c->comm, b->n) < BENCH_SMALL; }

/* A part that took less time than the clock can tell has no rate: at most what was measured by itself. */
static double profile_most(double rate, double measured) { return rate > 2 * measured ? measured : rate; }

/* Of steps with few products these go as fast as by themselves: how slow such steps are says nothing of them.
 */
static double profile_product(const bench *b, double products, double measured) {
  if (b->part[BENCH_PRODUCTS] < PROFILE_FEW) return measured;
  return profile_most(profile_rate(b, products, BENCH_PRODUCTS, measured), measured);
}

static kith_machine_rates profile_rates(const bench *b, int n_node) {
  const profile_work w = profile_sum(b);
  double n_product = (double)b->g->n[KITH_USER] * (double)b->g->n[KITH_ITEM] * b->d,
         stream = profile_most(profile_rate(b, w.streamed, BENCH_STREAMS, b->timed.triad), b->timed.triad),
         gather = profile_rate(b, w.gathered, BENCH_GATHERS, stream),
         exchange = profile_rate(b, b->sends ? w.exchanged : 0, BENCH_MESSAGES, stream / 4);
  kith_machine_rates r = {.ranks = b->c->comm->size / n_node,
                          .gather = profile_most(gather, b->timed.gather) / n_node,
                          .stream = stream / n_node,
                          .product = profile_product(b, w.products, n_product / b->timed.rank.limit) / n_node,
                          .exchange = profile_most(exchange, b->timed.triad) / n_node,
                          .ranking = n_product / b->timed.rank.work / n_node};
  return r;
}

static kith_agreed profile_links(const bench *b, int n_node, const kith_host_info *host, kith_machine *m) {
  kith_agreed st = {KITH_OK};
  kith_link *link = NULL;
  int n = 0;
  if (b->c->comm->size == 1) return st;
  KITH_TRY(kith_links_measure(b->c->comm, host, &n, &link));
  if (n > 0 && n_node > 1) {
    m->latency = link[0].latency;
    m->network = link[0].bytes_per_second;
  } else if (n > 0) {
    m->local = link[0].latency;
  }
done:
  KITH_FREE(link);
  return st;
}

/* Of a small graph one fsync is all that its file measures. */
static double profile_disk(const bench *b, bool small, double before) {
  double n = (double)(b->g->n[KITH_USER] + b->g->n[KITH_ITEM]) * b->d;
  if (small && b->c->comm->rank == 0)
    kith_warn(
        "--profile %s: this graph is too small: a rank's embeddings stay in a cache, and disk stays %g; "
        "take one of %d users and items a rank, at least",
        b->profile, before, BENCH_SMALL / b->d);
  return small ? before : 4.0 * n / b->timed.write.work;
}

static kith_status profile_write(const char *path, const kith_machine *m) {
  char text[KITH_MACHINE_TEXT];
  kith_machine_print(m, text);
  return kith_text_write(path, text);
}

/* The rates of so many ranks in a profile; null: it has none. */
static kith_machine_rates *profile_find(kith_machine *m, int ranks) {
  for (int i = 0; i < m->n; i++)
    if (m->of[i].ranks == ranks) return &m->of[i];
  return NULL;
}

/* The products of a softmax have a rate of their own, so that their time is not of the neighbors; a tenth of
 * the steps is at least. */
static double profile_sample(const bench *b, int n_node, double product) {
  const double rest = 1 - b->timed.products / (product * n_node);
  return b->timed.drawn / n_node / (rest > 0.1 ? rest : 0.1);
}

static kith_status profile_put_sample(const bench *b, const char *path, int ranks, int n_node) {
  kith_status st = KITH_OK;
  kith_machine m = {.n = 0};
  kith_machine_rates *r = NULL;
  if (access(path, F_OK) == 0) KITH_TRY(kith_machine_read(path, &m));
  r = profile_find(&m, ranks);
  KITH_CHECK(r, KITH_ENOINPUT,
             "--profile %s: no rates of %s a node yet: run it with --set sampler.mode=full first", path,
             KITH_COUNT(ranks, "rank(s)"));
  r->sample = profile_sample(b, n_node, r->product);
  KITH_TRY(profile_write(path, &m));
done:
  return st;
}

kith_agreed bench_profile_sample(bench *b, const char *path) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = b->c->comm;
  kith_host_info mine, *host = NULL;
  kith_host_info_get(&mine);
  KITH_TRY(kith_host_info_allgather(comm, &mine, &host));
  int n_node = kith_host_info_n_node(comm->size, host), ranks = comm->size / n_node;
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? profile_put_sample(b, path, ranks, n_node) : KITH_OK));
  cli_print(b->c, "wrote %s, the rate of sampled steps of %s a node", path, KITH_COUNT(ranks, "rank(s)"));
done:
  KITH_FREE(host);
  return st;
}

kith_agreed bench_profile(bench *b, const char *path) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = b->c->comm;
  kith_host_info mine, *host = NULL;
  kith_machine m;
  kith_host_info_get(&mine);
  KITH_TRY(kith_host_info_allgather(comm, &mine, &host));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? profile_begin(path, &m) : KITH_OK));
  kith_comm_bcast(comm, sizeof m, &m);
  int n_node = kith_host_info_n_node(comm->size, host);
  m.cores = kith_host_info_usable_cores(&mine);
  m.threads = omp_get_max_threads();
  m.memory = (double)mine.memory;
  m.program = (double)(mine.resident - kith_alloc_live_bytes());
  if (m.program < 0) m.program = 0;
  m.disk = profile_disk(b, profile_is_small(b), m.disk);
  KITH_TRY(profile_links(b, n_node, host, &m));
  b->sends = profile_sends(b);
  kith_machine_rates r = profile_rates(b, n_node);
  const kith_machine_rates *before = profile_find(&m, r.ranks);
  if (before) r.sample = before->sample;
  KITH_TRY(kith_agree(comm, kith_machine_put(&m, &r)));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? profile_write(path, &m) : KITH_OK));
  cli_print(b->c, "wrote %s, rates of %s a node", path, KITH_COUNT(r.ranks, "rank(s)"));
done:
  KITH_FREE(host);
  return st;
}
