// Set bits of 32 words, without an instruction for it: masks, shifts, multiplication.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u64 sum = 0;
  LOOP for (u32 i = 0; i < 512; i += 8) {
    u64 x = *(u64 *)(data + i);
    __asm__ volatile("" : "+r"(x));
    x -= x >> 1 & 0x5555555555555555ULL;
    x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
    x = x + (x >> 4) & 0x0f0f0f0f0f0f0f0fULL;
    sum = (sum << 1 | sum >> 63) + (x * 0x0101010101010101ULL >> 56);
  }
  return sum ^ sum >> 32;
}
PROGRAM(512)
