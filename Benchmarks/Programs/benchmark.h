// What the benchmark programs share. Each defines `body` and says with PROGRAM how many bytes it reads and writes at least.
// Without XDP it becomes `uint64_t prog(void *memory, uint64_t length)`, for userspace and natively; with XDP, the same on a packet.
// SPDX-License-Identifier: Apache-2.0
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define INLINE static inline __attribute__((always_inline))
// Native code is compared one operation at a time: no vectors, no unrolling.
#define LOOP _Pragma("clang loop unroll(disable) vectorize(disable)")
#define ENTRY __attribute__((section("xdp"), used))

#ifdef XDP
struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
#define PROGRAM(size)                                                                             \
  ENTRY int prog(struct xdp_md *context) {                                                        \
    u8 *data = (u8 *)(long)context->data, *end = (u8 *)(long)context->data_end;                   \
    if (data + (size) > end) return 0xdead;                                                       \
    return (int)(u32)body(data, end);                                                             \
  }                                                                                               \
  char program_license[] __attribute__((section("license"), used)) = "Apache-2.0";
#else
#define PROGRAM(size)                                                                             \
  ENTRY u64 prog(u8 *data, u64 length) {                                                          \
    if (length < (size)) return 0xdead;                                                           \
    return (u32)body(data, data + length);                                                        \
  }
#endif
