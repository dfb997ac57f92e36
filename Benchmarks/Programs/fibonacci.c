// 1000 steps, each waiting for the one before.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u64 a = data[0], b = data[1] | 1;
  LOOP for (u32 i = 0; i < 1000; i++) {
    u64 next = a + b;
    a = b;
    b = next ^ i;
  }
  return a;
}
PROGRAM(64)
