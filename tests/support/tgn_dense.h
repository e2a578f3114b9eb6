/* The formulas of TGN in dense double precision, written from the papers: GRU, codes of time, attention. */
#ifndef KITH_TEST_TGN_DENSE_H
#define KITH_TEST_TGN_DENSE_H

/* y [m] = x [n] W + b: w [n, m], b [m] or null. */
void dense_linear(int n, int m, const double *x, const double *w, const double *b, double *y);

/* Cho et al., EMNLP 2014, eqs. 5 to 8, gates in the order reset, update, candidate: wx [n, 3 d], bx [3 d] of
 * the message [n], wm [d, 3 d], bm [3 d] of the state [d], which becomes the next one. */
void dense_gru(int n, int d, const double *message, const double *wx, const double *bx, const double *wm,
               const double *bm, double *state);

/* code [k] = cos(exp(rate) age + phase). */
void dense_code(int k, double age, const double *rate, const double *phase, double *code);

/* Scaled dot-product attention with `heads` heads (Vaswani et al., NIPS 2017, section 3.2) of one query [d]
 * to n keys and values [n, d], which already contain their codes; y [d], zero for n = 0. */
void dense_attention(int heads, int d, int n, const double *query, const double *key, const double *value,
                     double *y);

#endif
