// Compares 256 bytes with the same 256 bytes behind them.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u32 i = 0;
  LOOP for (; i < 256; i++) {
    if (data[i + 1024] != data[i + 1280]) break;
    __asm__ volatile("" ::: "memory");
  }
  return i;
}
PROGRAM(2048)
