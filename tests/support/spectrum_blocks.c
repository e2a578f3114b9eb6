#include "support/spectrum_blocks.h"

#include "support/mpi_main.h"

/* y [n_item, n] = P x, rows of x ldx and of y ldy apart. */
static void multiply(const test_graph *t, const double *m, int n, const double *x, int ldx, double *y,
                     int ldy) {
  double *u = calloc((size_t)n, sizeof *u);
  for (int64_t i = 0; i < t->n_item; i++) memset(y + i * ldy, 0, (size_t)n * sizeof *y);
  for (int64_t a = 0; a < t->n_user; a++) {
    const double *row = m + a * t->n_item;
    memset(u, 0, (size_t)n * sizeof *u);
    for (int64_t i = 0; i < t->n_item; i++)
      for (int j = 0; row[i] != 0 && j < n; j++) u[j] += row[i] * x[i * ldx + j];
    for (int64_t i = 0; i < t->n_item; i++)
      for (int j = 0; row[i] != 0 && j < n; j++) y[i * ldy + j] += row[i] * u[j];
  }
  free(u);
}

static double inner(int64_t n, const double *x, int ldx, const double *y, int ldy) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += x[i * ldx] * y[i * ldy];
  return sum;
}

static void unit(int64_t n, int columns, double *x, int ld) {
  for (int j = 0; j < columns; j++) {
    double length = sqrt(inner(n, x + j, ld, x + j, ld));
    for (int64_t i = 0; i < n; i++) x[i * ld + j] /= length;
  }
}

/* y -= X X'y, column by column, with inner products of the y before. */
static void clear(int64_t n, int known, const double *x, int ldx, int columns, double *y, int ldy) {
  double *c = calloc((size_t)known, sizeof *c);
  for (int j = 0; j < columns; j++) {
    for (int k = 0; k < known; k++) c[k] = inner(n, x + k, ldx, y + j, ldy);
    for (int k = 0; k < known; k++)
      for (int64_t i = 0; i < n; i++) y[i * ldy + j] -= c[k] * x[i * ldx + k];
  }
  free(c);
}

/* Columns of t [n, n] solve H t = value G t, t'G t = 1: by G = L L' and the eigenvectors of L^-1 H L^-T. */
static void solve(int n, double *h, double *g, double *t, double *value) {
  double *q = calloc((size_t)(n * n), sizeof *q);
  for (int j = 0; j < n; j++)
    for (int i = j; i < n; i++) {
      double sum = g[i * n + j];
      for (int k = 0; k < j; k++) sum -= g[i * n + k] * g[j * n + k];
      g[i * n + j] = i == j ? sqrt(sum) : sum / g[j * n + j];
    }
  for (int side = 0; side < 2; side++) { /* h = L^-1 h, transposed, twice */
    for (int c = 0; c < n; c++)
      for (int i = 0; i < n; i++) {
        double sum = h[i * n + c];
        for (int k = 0; k < i; k++) sum -= g[i * n + k] * q[k * n + c];
        q[i * n + c] = sum / g[i * n + i];
      }
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) h[i * n + j] = q[j * n + i];
  }
  spectrum_jacobi(n, h, q);
  for (int j = 0; j < n; j++) {
    value[j] = h[j * n + j];
    for (int i = n - 1; i >= 0; i--) {
      double sum = q[j * n + i];
      for (int k = i + 1; k < n; k++) sum -= g[k * n + i] * t[k * n + j];
      t[i * n + j] = sum / g[i * n + i];
    }
  }
  free(q);
}

/* x = y t for the Ritz vectors t of the columns v, where y = P v or, for the vectors themselves, y = v. */
static void ritz(const test_graph *t, int n, const double *v, int ldv, const double *pv, const double *y,
                 double *x, int ldx, double *value) {
  size_t nn = (size_t)(n * n);
  double *g = calloc(nn, 8), *h = calloc(nn, 8), *vectors = calloc(nn, 8);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      g[i * n + j] = inner(t->n_item, v + i, ldv, v + j, ldv);
      h[i * n + j] = inner(t->n_item, v + i, ldv, pv + j, n);
    }
  solve(n, h, g, vectors, value);
  for (int64_t i = 0; i < t->n_item; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int k = 0; k < n; k++) sum += y[i * n + k] * vectors[k * n + j];
      x[i * ldx + j] = sum;
    }
  unit(t->n_item, n, x, ldx);
  free(g);
  free(h);
  free(vectors);
}

void dense_blocks(const test_graph *t, const double *m, int width, int most, const double *v, int drawn,
                  double *z, double *x, double *value) {
  double *y = calloc((size_t)(t->n_item * width), sizeof *y);
  int kept = width - drawn;
  multiply(t, m, drawn, z, drawn, y, drawn);
  memcpy(z, y, (size_t)t->n_item * (size_t)drawn * sizeof *z);
  unit(t->n_item, drawn, z, drawn);
  for (int first = 0; first < kept; first += most) {
    int columns = most < kept - first ? most : kept - first;
    multiply(t, m, columns, v + first, width, y, columns);
    ritz(t, columns, v + first, width, y, y, x + first, width, value + first);
    if (first > 0) clear(t->n_item, most, x, width, columns, x + first, width);
    unit(t->n_item, columns, x + first, width);
    clear(t->n_item, columns, x + first, width, drawn, z, drawn);
  }
  unit(t->n_item, drawn, z, drawn);
  multiply(t, m, drawn, z, drawn, y, drawn);
  ritz(t, drawn, z, drawn, y, z, x + kept, width, value + kept);
  free(y);
}
