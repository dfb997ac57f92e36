// SipHash-2-4 of 256 bytes: additions and rotations of 64 bits.
#include "benchmark.h"
#define ROTATE(x, bits) (((x) << (bits)) | ((x) >> (64 - (bits))))
#define ROUND                                                                                     \
  do {                                                                                            \
    v0 += v1; v1 = ROTATE(v1, 13) ^ v0; v0 = ROTATE(v0, 32);                                      \
    v2 += v3; v3 = ROTATE(v3, 16) ^ v2;                                                           \
    v0 += v3; v3 = ROTATE(v3, 21) ^ v0;                                                           \
    v2 += v1; v1 = ROTATE(v1, 17) ^ v2; v2 = ROTATE(v2, 32);                                      \
  } while (0)
INLINE u64 body(u8 *data, u8 *end) {
  u64 k0 = 0x0706050403020100ULL, k1 = 0x0f0e0d0c0b0a0908ULL;
  u64 v0 = 0x736f6d6570736575ULL ^ k0, v1 = 0x646f72616e646f6dULL ^ k1;
  u64 v2 = 0x6c7967656e657261ULL ^ k0, v3 = 0x7465646279746573ULL ^ k1;
  LOOP for (u32 i = 0; i < 256; i += 8) {
    u64 word = *(u64 *)(data + i);
    v3 ^= word;
    ROUND;
    ROUND;
    v0 ^= word;
  }
  u64 last = (u64)256 << 56;
  v3 ^= last;
  ROUND;
  ROUND;
  v0 ^= last;
  v2 ^= 0xff;
  ROUND;
  ROUND;
  ROUND;
  ROUND;
  u64 result = v0 ^ v1 ^ v2 ^ v3;
  return result ^ result >> 32;
}
PROGRAM(256)
