/*
 * A register tile for one instruction set.  panel.c includes this file once for each, with
 *
 *   PANEL_NAME(x)  the name of x for this set
 *   PANEL_TARGET   the attribute that selects the set
 *   PANEL_LANES    floats of a vector
 *   PANEL_ROWS     rows of the largest tile: two vectors for each of them fill the registers
 *
 * Vectors have the set's own width: gcc splits wider ones through memory.
 */

typedef float PANEL_NAME(vector)
    __attribute__((vector_size(PANEL_LANES * sizeof(float)), aligned(4), may_alias));
#define panel_vector PANEL_NAME(vector)

/* `rows` (a constant) rows of c, two vectors each, and the panel's columns below them.  The rows of a are
 * addressed from every third one, which needs few registers. */
PANEL_TARGET KITH_INLINE void PANEL_NAME(tile)(const int rows, int k, const kith_strided a,
                                               const float *panel, const kith_panel_output *o, float *c) {
  panel_vector left[PANEL_ROWS] = {{0}}, right[PANEL_ROWS] = {{0}};
  const float *third[(PANEL_ROWS + 2) / 3];
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) {
    const panel_vector *from = (const panel_vector *)(const void *)(c + (size_t)i * o->ld);
    if (i % 3 == 0) third[i / 3] = a.x + (size_t)i * a.row;
    if (!o->add) continue;
    left[i] = from[0];
    right[i] = from[1];
  }
  for (int l = 0; l < k; l++) {
    const panel_vector *from = (const panel_vector *)(const void *)panel;
    panel_vector p0 = from[0], p1 = from[1];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      float w = third[i / 3][(size_t)(i % 3) * a.row];
      left[i] += w * p0;
      right[i] += w * p1;
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i += 3) third[i / 3] += a.column;
    panel += KITH_PANEL;
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) {
    panel_vector *to = (panel_vector *)(void *)(c + (size_t)i * o->ld);
    to[0] = left[i] * o->scale;
    to[1] = right[i] * o->scale;
  }
}

PANEL_TARGET static void PANEL_NAME(product)(int m, int k, kith_strided a, const float *panel,
                                             const kith_panel_output *o, float *c) {
  enum { FEW = PANEL_ROWS / 3 };
  while (m > 0) {
    int rows = m >= PANEL_ROWS ? PANEL_ROWS : m >= FEW ? FEW : 1;
    for (int j = 0; j < KITH_PANEL; j += 2 * PANEL_LANES) {
      if (rows == PANEL_ROWS) PANEL_NAME(tile)(PANEL_ROWS, k, a, panel + j, o, c + j);
      else if (rows == FEW) PANEL_NAME(tile)(FEW, k, a, panel + j, o, c + j);
      else PANEL_NAME(tile)(1, k, a, panel + j, o, c + j);
    }
    m -= rows;
    a.x += (size_t)rows * a.row;
    c += (size_t)rows * o->ld;
  }
}

#undef panel_vector
#undef PANEL_NAME
#undef PANEL_TARGET
#undef PANEL_LANES
#undef PANEL_ROWS
