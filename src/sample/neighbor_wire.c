/* Packed records: whole bytes of each number, the lowest first, as the processors that Kith runs on have
 * them. */
#include <string.h>

#include "sample/neighbor_query.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records keep the low bytes of a number");

enum { WIRE_MOST = 4 * sizeof(int64_t) }; /* bytes of any record */

/* Bytes that a number up to this needs. */
static int wire_bytes(int64_t most) {
  int n = 1;
  while (n < 8 && most >> (8 * n) > 0) n++;
  return n;
}

sample_wire kith__wire_of(int64_t most_gid, int64_t most_node, int64_t most_degree, bool row_scale) {
  sample_wire w = {.gid = wire_bytes(most_gid),
                   .node = wire_bytes(most_node),
                   .degree = wire_bytes(most_degree),
                   .row_scale = row_scale};
  int scale = (int)sizeof(float);
  w.reply = w.node + 2 * w.degree + (row_scale ? scale : 0);
  w.neighbor = w.gid + w.node + w.degree + (row_scale ? 0 : scale);
  return w;
}

/* Numbers are written whole, each over what the one before has too much. */
static unsigned char *wire_put(unsigned char *at, int bytes, int64_t x) {
  memcpy(at, &x, sizeof x);
  return at + bytes;
}

static int64_t wire_get(const unsigned char **at, int bytes) {
  uint64_t x;
  memcpy(&x, *at, sizeof x);
  *at += bytes;
  return (int64_t)(x & (UINT64_MAX >> (64 - 8 * bytes)));
}

void kith__wire_pack_reply(const sample_wire *w, const sample_reply *x, unsigned char *to) {
  unsigned char record[WIRE_MOST], *at = wire_put(record, w->node, x->node);
  at = wire_put(at, w->degree, x->degree);
  at = wire_put(at, w->degree, x->n_drawn);
  if (w->row_scale) memcpy(at, &x->scale, sizeof x->scale);
  memcpy(to, record, (size_t)w->reply);
}

void kith__wire_pack_neighbor(const sample_wire *w, const sample_neighbor *x, unsigned char *to) {
  unsigned char record[WIRE_MOST], *at = wire_put(record, w->gid, x->gid);
  at = wire_put(at, w->node, x->node);
  at = wire_put(at, w->degree, x->degree);
  if (!w->row_scale) memcpy(at, &x->scale, sizeof x->scale);
  memcpy(to, record, (size_t)w->neighbor);
}

sample_reply kith__wire_reply(const sample_wire *w, const unsigned char *from) {
  sample_reply x = {.node = wire_get(&from, w->node)};
  x.degree = (int32_t)wire_get(&from, w->degree);
  x.n_drawn = (int32_t)wire_get(&from, w->degree);
  if (w->row_scale) memcpy(&x.scale, from, sizeof x.scale);
  return x;
}

sample_neighbor kith__wire_neighbor(const sample_wire *w, const unsigned char *from) {
  sample_neighbor x = {.gid = wire_get(&from, w->gid)};
  x.node = wire_get(&from, w->node);
  x.degree = (int32_t)wire_get(&from, w->degree);
  if (!w->row_scale) memcpy(&x.scale, from, sizeof x.scale);
  return x;
}
