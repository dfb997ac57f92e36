// Primes below 256 by the sieve of Eratosthenes, in an array on the stack.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u8 composite[256];
  LOOP for (u32 i = 0; i < 256; i++) composite[i] = 0;
  u64 count = 0;
  LOOP for (u32 i = 2; i < 256; i++) {
    if (composite[i & 255]) continue;
    count++;
    if (i >= 16) continue;
    u32 j = i * i;
    LOOP for (u32 turn = 0; turn < 128; turn++) {
      if (j >= 256) break;
      composite[j & 255] = 1;
      j += i;
    }
  }
  return count;
}
PROGRAM(64)
