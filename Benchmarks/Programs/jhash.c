// The kernel's favourite hash by Bob Jenkins, of 64 bytes, four times: rotations of 32 bits in one long chain.
#include "benchmark.h"
INLINE u32 rotate(u32 x, u32 bits) { return x << bits | x >> (32 - bits); }
INLINE u64 body(u8 *data, u8 *end) {
  u32 a = 0xdeadbeef, b = a, c = a;
  LOOP for (u32 i = 0; i < 240; i += 12) {
    a += *(u32 *)(data + i);
    b += *(u32 *)(data + i + 4);
    c += *(u32 *)(data + i + 8);
    a -= c; a ^= rotate(c, 4);  c += b;
    b -= a; b ^= rotate(a, 6);  a += c;
    c -= b; c ^= rotate(b, 8);  b += a;
    a -= c; a ^= rotate(c, 16); c += b;
    b -= a; b ^= rotate(a, 19); a += c;
    c -= b; c ^= rotate(b, 4);  b += a;
  }
  return c;
}
PROGRAM(256)
