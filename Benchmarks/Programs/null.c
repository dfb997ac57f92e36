// The cost of getting in and out.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) { return data[0]; }
PROGRAM(64)
