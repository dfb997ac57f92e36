// SHA-256's rounds and message schedule on one block; the round constants are made up on the way, so that no data section is needed.
#include "benchmark.h"
INLINE u32 rotate(u32 x, u32 bits) { return x >> bits | x << (32 - bits); }
INLINE u64 body(u8 *data, u8 *end) {
  u32 w[16];
  u32 a = 0x6a09e667, b = 0xbb67ae85, c = 0x3c6ef372, d = 0xa54ff53a, e = 0x510e527f, f = 0x9b05688c, g = 0x1f83d9ab, h = 0x5be0cd19;
  LOOP for (u32 i = 0; i < 16; i++) w[i & 15] = __builtin_bswap32(*(u32 *)(data + 4 * i));
  u32 k = 0x428a2f98;
  LOOP for (u32 i = 0; i < 64; i++) {
    u32 word = w[i & 15];
    u32 t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k + word;
    u32 t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
    k = k * 1664525u + 1013904223u;
    u32 w15 = w[(i + 1) & 15], w2 = w[(i + 14) & 15];
    w[i & 15] = word + (rotate(w15, 7) ^ rotate(w15, 18) ^ w15 >> 3) + w[(i + 9) & 15] + (rotate(w2, 17) ^ rotate(w2, 19) ^ w2 >> 10);
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}
PROGRAM(64)
