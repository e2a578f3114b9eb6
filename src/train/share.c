/* Layers of the full graph whose rows the ranks of a host read in place. */
#include <stdio.h>

#include "halo/strips.h"
#include "train/trainer.h"

/* Sum what the hosts' halos fetch, for the log. */
static void share_count(kith_trainer *t) {
  const kith_host_halo *h = t->host_halo;
  const bool first = t->hosts->here.rank == 0;
  if (!h) return;
  t->fetched[0] = first ? h->n_ghost : 0;
  t->fetched[1] = first ? h->n_apart : 0;
  if (t->hosts->n > 1) kith_comm_sum_int(t->comm, 2, t->fetched);
}

/* The halos that the tape's ops need. */
static kith_agreed share_halos(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  const kith_in_place *p = kith_tape_in_place(t->tape);
  if (p->multiplies) KITH_TRY(kith_host_halo_create(t->hosts, t->g, t->layer_graph, p->d, &t->host_halo));
  if (p->gathers) KITH_TRY(kith_shared_halo_create(t->hosts, t->layer_graph, &t->near_halo));
done:
  return st;
}

kith_agreed kith__trainer_share(kith_trainer *t) {
  kith_agreed st = {KITH_OK};
  if (t->sampled || t->comm->size == 1 || !kith_tape_in_place(t->tape)->first) return st;
  KITH_TRY(kith_hosts_create(t->comm, &t->hosts));
  if (t->hosts->n == t->comm->size) return st; /* each rank has a host of its own */
  KITH_TRY(share_halos(t));
  if (t->host_halo || t->near_halo) KITH_TRY(kith_tape_share(t->tape, t->host_halo, t->near_halo));
  if (kith_tape_in_place(t->tape)->memory) {
    share_count(t);
    return st;
  }
  snprintf(t->not_shared, sizeof t->not_shared, "%s", kith_error_text());
  kith_host_halo_destroy(&t->host_halo);
  kith_shared_halo_destroy(&t->near_halo);
done:
  return st;
}

/* "2 hosts exchange 31234 rows a layer, 40123 if each rank fetched its own". */
static void share_print_fetched(const kith_trainer *t, size_t size, char *text) {
  if (t->hosts->n == 1 || !t->host_halo) return;
  snprintf(text, size, "; %d hosts fetch %lld rows a layer, %lld if each rank fetched its own", t->hosts->n,
           (long long)t->fetched[0], (long long)t->fetched[1]);
}

void kith_trainer_sharing(const kith_trainer *t, size_t size, char *text) {
  char fetched[128] = "";
  text[0] = '\0';
  if (t->not_shared[0])
    snprintf(text, size, "rows are exchanged by messages within a host, too: %s", t->not_shared);
  if (!t->host_halo && !t->near_halo) return;
  const kith_share *s = kith_tape_in_place(t->tape)->memory;
  share_print_fetched(t, sizeof fetched, fetched);
  snprintf(text, size, "rows are read in place within a host: %.1f MB of shared memory in %s pages%s",
           (double)s->bytes / (1 << 20), s->in_small_pages == 0 ? "huge" : "small", fetched);
}

bool kith_trainer_strips(const kith_trainer *t, size_t size, char *text) {
  const int n = t->comm->size == 1 ? 1 : kith_halo_cut_strips(t->layer_graph->halo);
  const bool alone = t->host_halo && t->hosts->n == 1;
  if (n > 1 && !alone) {
    snprintf(text, size, "layers exchange rows in %d strips of columns, and sum one while the next travels",
             n);
    return true;
  }
  snprintf(text, size, "train.strips: %d has no effect: %s", t->train.strips,
           t->comm->size == 1 ? "one rank receives no rows"
           : alone            ? "ranks of one host read each other's rows in place"
                   : "layers exchange whole rows; strips are of 16 columns (bf16: 32) or a multiple "
                     "that divides the rows, and weights of relations are not learned");
  return false;
}
