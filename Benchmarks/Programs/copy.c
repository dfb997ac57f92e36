// 512 bytes, one at a time.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  LOOP for (u32 i = 0; i < 512; i++) {
    data[i + 512] = data[i];
    __asm__ volatile("" ::: "memory");
  }
  return data[1023];
}
PROGRAM(1024)
