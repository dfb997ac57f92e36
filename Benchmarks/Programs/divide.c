// 200 divisions by numbers from the input, and as many by constants.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u64 x = 0x123456789abcdefULL, sum = 0;
  LOOP for (u32 i = 0; i < 200; i++) {
    x = x * 6364136223846793005ULL + data[i];
    sum += x / (data[i + 1] + 257u) + x % 1000 + (u32)x / 10;
  }
  return sum ^ sum >> 32;
}
PROGRAM(256)
