// A small byte code machine over 256 bytes of input: comparisons and branches that depend on data.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u64 a = 1, b = 2;
  LOOP for (u32 i = 0; i < 256; i++) {
    u8 op = data[i];
    switch (op & 7) {
      case 0: a += op; break;
      case 1: b ^= a; break;
      case 2: a = a * 5 + b; break;
      case 3: b += a >> 3; break;
      case 4: a ^= b << 2; break;
      case 5: b -= op; break;
      case 6: a = (u32)a; break;
      default: b = (u32)(b >> 1) + a; break;
    }
    __asm__ volatile("" : "+r"(a), "+r"(b));
  }
  return a ^ b;
}
PROGRAM(256)
