/* kith plan: what a job takes on 1, 2, 4, … ranks, before there is an allocation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan.h"

/* ---- options ---- */

typedef struct plan_unit {
  const char *text;
  double factor;
} plan_unit;

static const plan_unit plan_rates[] = {{"Gb", 1e9 / 8}, {"Mb", 1e6 / 8}, {"GB", 1e9}, {"MB", 1e6}};
static const plan_unit plan_times[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
static const plan_unit plan_bytes[] = {{"GB", 1e9}, {"TB", 1e12}, {"MB", 1e6}, {"GiB", 0x1p30}};
enum { PLAN_UNITS = 4 };

/* The value of an option with a unit, which is as it was if the option is absent; of machines that can be. */
static kith_status plan_number(cli *c, const char *name, const plan_unit *units, double least, double most,
                               double *value) {
  kith_status st = KITH_OK;
  const char *text = cli_option(c, name);
  char *end = NULL;
  if (!text) return st;
  double x = strtod(text, &end);
  for (int i = 0; i < PLAN_UNITS; i++)
    if (strcmp(end, units[i].text) == 0 && text[0] >= '0' && text[0] <= '9' && isfinite(x) && x > 0) {
      *value = x * units[i].factor;
      KITH_CHECK(*value >= least && *value <= most, KITH_EUSAGE, "--%s %s: expected %g to %g%s", name, text,
                 least / units[i].factor, most / units[i].factor, units[i].text);
      return st;
    }
  KITH_CHECK(false, KITH_EUSAGE, "--%s %s: expected a number and %s, %s, %s or %s, as in 100%s", name, text,
             units[0].text, units[1].text, units[2].text, units[3].text, units[0].text);
done:
  return st;
}

static kith_status plan_take_machine(planner *p) {
  kith_status st = KITH_OK;
  const char *name = cli_option(p->c, "machine");
  const kith_machine *known = kith_machine_find(name ? name : "typical");
  if (known) p->machine = *known;
  else KITH_TRY(kith_machine_read(name, &p->machine));
done:
  return st;
}

/* Sizes of a graph that is not there: all three, or none. */
static kith_status plan_take_sizes(planner *p) {
  kith_status st = KITH_OK;
  cli *c = p->c;
  KITH_TRY(cli_number(c, "users", 1, INT32_MAX - 1, &p->users));
  KITH_TRY(cli_number(c, "items", 1, INT32_MAX - 1, &p->items));
  KITH_TRY(cli_number(c, "interactions", 1, (int64_t)1 << 40, &p->interactions));
  int n = (p->users > 0) + (p->items > 0) + (p->interactions > 0);
  KITH_CHECK(n == 0 || n == 3, KITH_EUSAGE,
             "kith plan: --users, --items and --interactions stand for a graph together; give all three");
  KITH_CHECK(n == 0 || c->job.task == KITH_TASK_RECOMMEND, KITH_EUSAGE,
             "--users: the job classifies nodes; leave out --users, --items and --interactions");
  KITH_CHECK(n == 0 || p->interactions / kith_min(p->users, p->items) < INT32_MAX - 1, KITH_EUSAGE,
             "--interactions %lld: more than 2^31 of a user or an item", (long long)p->interactions);
  KITH_CHECK(n == 0 || c->job.stream.known != KITH_STREAM_NONE || p->interactions <= p->users * p->items,
             KITH_EUSAGE,
             "--interactions %lld: %lld users and %lld items have %lld pairs, and each counts once",
             (long long)p->interactions, (long long)p->users, (long long)p->items,
             (long long)(p->users * p->items));
done:
  return st;
}

static kith_status plan_options(planner *p) {
  kith_status st = KITH_OK;
  cli *c = p->c;
  int64_t nodes = 0, per_node = 0, cores_of = 0;
  KITH_TRY(plan_take_machine(p));
  KITH_TRY(cli_number(c, "nodes", 1, PLAN_MOST, &nodes));
  KITH_TRY(cli_number(c, "tasks-per-node", 1, PLAN_MOST, &per_node));
  KITH_TRY(cli_number(c, "cores", 1, 1 << 20, &cores_of));
  if (cores_of > 0) p->machine.cores = (double)cores_of;
  KITH_TRY(plan_number(c, "memory", plan_bytes, 1e6, 1e16, &p->machine.memory));
  KITH_TRY(plan_number(c, "network", plan_rates, 1e5, 1e14, &p->machine.network));
  KITH_TRY(plan_number(c, "latency", plan_times, 1e-9, 1, &p->machine.latency));
  KITH_TRY(plan_take_sizes(p));
  KITH_TRY(cli_no_more(c));
  KITH_TRY(cli_check_one_model(c));
  p->nodes = (int)nodes;
  p->spreads = per_node == 0 && nodes == 0;
  double cores = p->machine.cores / p->machine.threads;
  p->per_node = per_node > 0 ? (int)per_node : cores >= 1 ? (int)cores : 1;
  p->how =
      c->job.partition.method == KITH_PARTITION_HASH || c->job.partition.method == KITH_PARTITION_CONTIGUOUS
          ? KITH_PLAN_HASH
          : KITH_PLAN_METIS;
done:
  return st;
}

/* ---- the verb ---- */

/* 1, 2, 4, … and what the allocation has. */
static kith_status plan_rows(planner *p) {
  kith_status st = KITH_OK;
  int64_t all = p->nodes > 0 ? (int64_t)p->nodes * p->per_node : PLAN_MOST;
  int64_t most = kith_min(kith_min(all, PLAN_MOST), p->n > 0 ? p->n : 1);
  for (int size = 1; size < most; size *= 2) KITH_TRY(plan_row_make(p, size, &p->row[p->n_row++]));
  KITH_TRY(plan_row_make(p, (int)most, &p->row[p->n_row++]));
  p->best = plan_recommend(p->n_row, p->row);
done:
  return st;
}

static kith_status plan_work(planner *p) {
  kith_status st = KITH_OK;
  KITH_TRY(plan_read(p));
  KITH_TRY(plan_rows(p));
  plan_print(p);
  KITH_CHECK(p->best >= 0, KITH_ENOMEM, "no number of ranks up to %d can train this: %s",
             p->row[p->n_row - 1].cut.size, p->row[p->n_row - 1].refused);
done:
  return st;
}

kith_agreed cli_plan(cli *c) {
  kith_agreed st = {KITH_OK};
  planner *p = NULL;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(p, 1)));
  p->c = c;
  KITH_TRY(kith_agree(c->comm, plan_options(p)));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? plan_work(p) : KITH_OK));
done:
  if (p) plan_free(p);
  KITH_FREE(p);
  return st;
}
