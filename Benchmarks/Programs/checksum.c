// The Internet checksum of 1500 bytes.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u32 sum = 0;
  LOOP for (u32 i = 0; i < 1500; i += 2) sum += *(u16 *)(data + i);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (u16)~sum;
}
PROGRAM(1500)
