/* TFRecord: records that TensorFlow and TensorBoard read one after another. */
#include <stdio.h>
#include <string.h>

#include "export/files.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they lie in memory");

uint32_t kith__crc32c(const void *data, size_t size) {
  const uint8_t *byte = data;
  const uint32_t polynomial = 0x82f63b78; /* 0x1edc6f41 (Castagnoli et al. 1993), bits reversed */
  uint32_t crc = ~(uint32_t)0;
  for (size_t i = 0; i < size; i++) {
    crc ^= byte[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? polynomial : 0);
  }
  return ~crc;
}

/* The checksum that a file holds: rotated by 15 bits to the right, plus a constant, so that the checksum of a
 * text that holds its own checksum is not trivial. */
static uint32_t tfrecord_mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8; }

static void tfrecord_sum(FILE *f, const void *data, size_t size) {
  uint32_t sum = tfrecord_mask(kith__crc32c(data, size));
  kith__export_bytes(f, &sum, sizeof sum);
}

void kith__tfrecord_write(FILE *f, const void *data, size_t size) {
  uint64_t length = size;
  kith__export_bytes(f, &length, sizeof length);
  tfrecord_sum(f, &length, sizeof length);
  kith__export_bytes(f, data, (int64_t)size);
  tfrecord_sum(f, data, size);
}
