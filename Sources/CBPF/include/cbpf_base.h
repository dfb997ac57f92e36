// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Integers under the kernel's names, and how the compiled form is chosen.
#ifndef CBPF_BASE_H
#define CBPF_BASE_H

#if defined(__bpf__) || (defined(__riscv) && !defined(__linux__))
#define CBPF_NATIVE 0
#else
#define CBPF_NATIVE 1
#endif

typedef __UINT8_TYPE__ __u8;
typedef __UINT16_TYPE__ __u16;
typedef __UINT32_TYPE__ __u32;
typedef unsigned long long __u64;
typedef __INT8_TYPE__ __s8;
typedef __INT16_TYPE__ __s16;
typedef __INT32_TYPE__ __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;

#define CBPF_INLINE static inline __attribute__((always_inline, unused))

#endif
