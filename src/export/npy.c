/* .npy files of NumPy (NEP 1, version 1.0), and ids as text. */
#include <stdio.h>
#include <string.h>

#include "export/files.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they lie in memory");

void kith__export_npy_header(FILE *f, const char *descr, int64_t n, int d) {
  enum { ALIGN = 64, BEFORE = 10 }; /* bytes before the text */
  char text[2 * ALIGN];
  int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%lld, %d), }",
                        descr, (long long)n, d);
  int padded = (BEFORE + length + 1 + ALIGN - 1) / ALIGN * ALIGN - BEFORE;
  kith__export_bytes(f, "\x93NUMPY\x01\x00", 8);
  fputc(padded & 255, f);
  fputc(padded >> 8, f);
  fprintf(f, "%-*s\n", padded - 1, text);
}

kith_status kith__export_ids(kith_export *o, const char *type, const kith_ids *ids) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char name[KITH_NAME + 16], id[KITH_PATH];
  snprintf(name, sizeof name, "%s.ids.txt", type);
  KITH_TRY(kith__export_open(o, name, &f));
  for (int64_t i = 0; i < ids->n; i++) {
    kith_ids_print(ids, i, sizeof id, id);
    fprintf(f, "%s\n", id);
  }
  KITH_TRY(kith__export_check(o));
done:
  return st;
}

kith_status kith_export_npy(kith_export *o, const kith_export_rows *r) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  char name[KITH_NAME + 16];
  snprintf(name, sizeof name, "%s.npy", r->type);
  KITH_TRY(kith__export_open(o, name, &f));
  kith__export_npy_header(f, "<f4", r->n, r->d);
  KITH_TRY(kith__export_floats(o, f, r));
  KITH_TRY(kith__export_ids(o, r->type, &r->ids));
done:
  return st;
}
