#include "support/form.h"

#include "support/cut.h"
#include "support/features.h"
#include "support/mpi_main.h"

enum { USERS = 14, ITEMS = 17, EDGES = 80 };
static const double ROUNDING =
    1.5e-7; /* of the linear form's terms: floats carry 24 bits, and errors of many terms cancel in part */

static float noise(uint64_t seed, uint64_t a, uint64_t b) {
  return 2 * (float)kith_random_unit(kith_random(seed, KITH_RNG_INIT, a, b, 0).bits[0]) - 1;
}

/* What row i of a tensor stands for, whatever rank holds it: its node, or its place where rows are no nodes.
 */
static uint64_t row_key(const kith_tensor *x, int64_t i) {
  return x->node_map && x->node_map->node ? (uint64_t)x->node_map->node[i] : (uint64_t)i;
}

/* ---- the linear form: loss = sum of c y, as the last op ---- */

static void form_forward(void *self) { (void)self; }

static void form_backward(void *self) {
  kith_tensor *y = *(kith_tensor **)self;
  float *dy = kith_tensor_grad(y);
  for (int64_t i = 0; i < kith_tensor_n(y); i++)
    for (int k = 0; k < y->d; k++) dy[i * y->d + k] += noise(5, row_key(y, i), (uint64_t)k);
}

/* The form over all ranks, and the sum of its terms' sizes. */
static double form_value(const test_form *s, double *size) {
  double sum[2] = {0};
  for (int64_t i = 0; i < kith_tensor_n(s->y); i++)
    for (int k = 0; k < s->y->d; k++) {
      double term = (double)noise(5, row_key(s->y, i), (uint64_t)k) * (double)s->y->value[i * s->y->d + k];
      sum[0] += term;
      sum[1] += fabs(term);
    }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, sum, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  *size = sum[1];
  return sum[0];
}

/* ---- moving along the direction ---- */

static void leaf_set(kith_tensor *x, uint64_t seed, double along) {
  for (int64_t i = 0; i < kith_tensor_n(x); i++)
    for (int k = 0; k < x->d; k++)
      x->value[i * x->d + k] = (float)((double)noise(seed, row_key(x, i), (uint64_t)k) +
                                       along * (double)noise(seed + 100, row_key(x, i), (uint64_t)k));
}

static void move_to(test_form *s, double along) {
  for (int i = 0; i < 2; i++) leaf_set(s->leaf[i], 10 + (uint64_t)i, along);
  for (int i = 0; i < kith_params_n(s->params); i++) {
    kith_tensor x = *kith_params_at(s->params, i);
    leaf_set(&x, 20 + (uint64_t)i, along);
  }
}

static double form_at(test_form *s, double along, double *size) {
  move_to(s, along);
  kith_tape_forward(s->tape);
  return form_value(s, size);
}

static double dot_direction(const kith_tensor *x, uint64_t seed) {
  double sum = 0;
  for (int64_t i = 0; i < kith_tensor_n(x); i++)
    for (int k = 0; k < x->d; k++)
      sum += (double)x->grad[i * x->d + k] * (double)noise(seed + 100, row_key(x, i), (uint64_t)k);
  return sum;
}

/* <gradient, direction> over all ranks. */
static double slope(test_form *s) {
  double sum = 0, size;
  form_at(s, 0, &size);
  kith_params_zero_grad(s->params);
  kith_tape_backward(s->tape);
  for (int i = 0; i < 2; i++)
    if (s->leaf[i]->grad_written) sum += dot_direction(s->leaf[i], 10 + (uint64_t)i);
  for (int i = 0; i < kith_params_n(s->params); i++)
    sum += dot_direction(kith_params_at(s->params, i), 20 + (uint64_t)i);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  return sum;
}

/* Central differences at two steps: their difference is what truncation costs at the larger one. */
static void expect_derivative(test_form *s, double step) {
  double size, found = slope(s);
  double wide = (form_at(s, step, &size) - form_at(s, -step, &size)) / (2 * step);
  double narrow = (form_at(s, step / 2, &size) - form_at(s, -step / 2, &size)) / step;
  double bound = 2 * fabs(wide - narrow) + ROUNDING * size / step;
  if (!(fabs(found - narrow) <= bound))
    fail_msg("slope %.8g, difference %.8g, bound %.3g", found, narrow, bound);
  assert_true(fabs(found) > 10 * ROUNDING * size / step || size == 0); /* a direction that shows something */
}

/* ---- the two hops ---- */

static void form_run(test_form *s, test_formula make, double step) {
  assert_int_equal(KITH_OK, kith_tape_create(&s->tape));
  assert_int_equal(KITH_OK, kith_params_create(3, &s->params));
  s->exec = (kith_exec_ctx){.training = true, .seed = 2, .step = 7};
  for (int i = 0; i < 2; i++) s->leaf[i] = kith_tape_node_tensor(s->tape, s->block->src, FORM_WIDTH);
  s->y = make(s);
  kith_tensor **form = kith_tape_op(s->tape, "form", false, form_forward, form_backward, sizeof *form);
  assert_int_equal(KITH_OK, kith_tape_status(s->tape));
  assert_int_equal(KITH_OK, kith_params_status(s->params));
  *form = s->y;
  expect_derivative(s, step);
  kith_tape_destroy(&s->tape);
  kith_params_destroy(&s->params);
}

static kith_agreed form_matrix(const kith_graph *g, bool near, const kith_relation_weights *w,
                               kith_dist_csr **a) {
  kith_pinsage_options o = {.walks = 20, .length = 3, .neighbors = 6};
  if (near) return kith_importance_neighbors_create(test_comm, g, &o, 1, FORM_WIDTH, a);
  if (!w) return kith_dist_csr_create(test_comm, g, FORM_WIDTH, a);
  kith_agreed st = kith_dist_csr_create_merged(test_comm, g, w, 0, FORM_WIDTH, a);
  return kith_is_bad(st.status) ? st : kith_dist_csr_add_kinds(test_comm, g, w, *a);
}

/* Ages of entries, the same for both directions and on any rank; every seventh has none. */
static void form_ages(kith_dist_csr *a) {
  assert_int_equal(KITH_OK, KITH_NEW(a->age, a->csr.start[a->csr.n_row]));
  for (kith_lid p = 0; p < a->csr.n_row; p++)
    for (kith_eid e = a->csr.start[p]; e < a->csr.start[p + 1]; e++) {
      uint64_t i = (uint64_t)a->node[a->csr.perm[p]], j = (uint64_t)a->node[a->csr.col[e]];
      a->age[e] = (i + j) % 7 == 0 ? -1 : 10 * (1 + noise(8, i < j ? i : j, i < j ? j : i));
    }
}

static void form_whole(test_formula make, double step, bool loops, bool near, const kith_relation_weights *w,
                       bool directed) {
  test_form s = {0};
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 4);
  t.related = w != NULL;
  t.directed = directed;
  t.ties = w && w->tie != KITH_TIE_NONE;
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 3);
  test_features(g, (const int[KITH_SIDES]){5, 7}, 6);
  assert_int_equal(KITH_OK, form_matrix(g, near, w, &s.a).status);
  form_ages(s.a);
  assert_int_equal(KITH_OK, kith_full_block_make(s.a, true, loops, &s.full));
  s.block = &s.full.block;
  s.g = g;
  form_run(&s, make, step);
  kith_full_block_free(&s.full);
  kith_dist_csr_destroy(&s.a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

void test_form_whole(test_formula make, double step, bool loops) {
  form_whole(make, step, loops, false, NULL, false);
}
void test_form_near(test_formula make, double step) { form_whole(make, step, false, true, NULL, false); }
void test_form_related(test_formula make, double step, const kith_relation_weights *w, bool directed) {
  form_whole(make, step, false, false, w, directed);
}

/* A block as samplers make them: 5 out rows, the first of 9 in rows; a row without neighbors; a repeated
 * neighbor. */
static void form_sampled(test_formula make, double step, const kith_relation_weights *w) {
  enum { OUT = 5, IN = 9, N = 11 };
  int64_t node[IN], degree[IN];
  kith_lid row[OUT] = {0, 1, 2, 3, 4}, col[N] = {5, 6, 7, 1, 8, 5, 0, 6, 6, 2, 8};
  kith_eid start[OUT + 1] = {0, 3, 5, 5, 9, 11};
  float weight[N], base[N];
  uint8_t of[N];
  uint16_t kind[N];
  for (int64_t i = 0; i < IN; i++) {
    node[i] = 1000 * test_comm->rank + i;
    degree[i] = 2 + i;
  }
  for (int e = 0; e < N; e++) {
    weight[e] = base[e] = 0.1f * (float)(e + 1);
    kind[e] = of[e] = (uint8_t)(w ? e % (1 + w->n) : 0);
  }
  kith_merged_relations merged = {
      .n = w ? 1 + w->n : 1, .of = of, .base = base, .n_kind = w ? w->n : 0, .kind = kind};
  for (int i = 0; w && i < w->n; i++) {
    merged.key[1 + i] = kith_text_hash(w->of[i].name);
    merged.learned[1 + i] = w->of[i].learned;
  }
  kith_csr csr = {.n_row = OUT, .n_col = IN, .perm = row, .start = start, .col = col, .weight = weight};
  kith_node_map in = {.n = IN, .capacity = IN, .node = node}, out = {.n = OUT, .capacity = OUT, .node = node},
                edges = {.n = N, .capacity = N};
  kith_csc back = {0};
  assert_int_equal(KITH_OK, kith_csc_make(IN, N, &back));
  kith_csc_fill(&csr, 0, NULL, &back);
  kith_block block = {.src = &in,
                      .dst = &out,
                      .edges = &edges,
                      .csr = &csr,
                      .whole = &csr,
                      .merged = w ? &merged : NULL,
                      .csc = &back,
                      .degree = degree};
  test_form s = {.block = &block};
  form_run(&s, make, step);
  kith_csc_free(&back);
}

void test_form_sampled(test_formula make, double step) { form_sampled(make, step, NULL); }
void test_form_sampled_related(test_formula make, double step, const kith_relation_weights *w) {
  form_sampled(make, step, w);
}

/* Every owned row is asked for once, so that the packed rows are the owned rows. */
static const kith_gather_index *form_all_rows(test_form *f) {
  kith_lid n = (kith_lid)f->block->dst->n;
  kith_gather_index *p = kith_tape_workspace(f->tape, 1, sizeof *p);
  kith_lid *row = kith_tape_workspace(f->tape, (int64_t)n + 1, sizeof *row);
  for (kith_lid i = 0; i <= n; i++) row[i] = i;
  *p = (kith_gather_index){.n = n, .row = row, .n_unique = n, .unique_row = row, .start = row, .member = row};
  return p;
}

kith_tensor *test_form_model(test_form *f, const kith_model_options *o, kith_tensor *x) {
  const kith_block *block[KITH_MAX_LAYER_OUTPUTS];
  for (int l = 0; l < kith_model_n_layer(o); l++) block[l] = f->block;
  kith_output *r = kith_tape_workspace(f->tape, 1, sizeof *r);
  r->gather_index = form_all_rows(f);
  r->packed = kith_tape_node_tensor(f->tape, f->block->dst, kith_model_output_dim(o));
  kith_model_ctx ctx = {.tape = f->tape,
                        .params = f->params,
                        .exec = &f->exec,
                        .block = block,
                        .x = x,
                        .output = r,
                        .schema = f->g ? &f->g->schema : NULL};
  kith_model_record(o, &ctx);
  return r->packed;
}
