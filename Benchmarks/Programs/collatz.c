// Steps of the Collatz sequence: a branch that is hard to foresee.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u64 x = data[4] * 7 + 97;
  u32 steps = 0;
  LOOP for (u32 i = 0; i < 400; i++) {
    if (x & 1) {
      x = 3 * x + 1;
    } else {
      x >>= 1;
    }
    steps += x > 100;
    __asm__ volatile("" : "+r"(x));
  }
  return steps ^ x;
}
PROGRAM(64)
