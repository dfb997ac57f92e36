// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Conversions between the byte order of networks and that of the target.
#ifndef __BPF_ENDIAN__
#define __BPF_ENDIAN__

// clang's builtins are constant expressions where their operand is one, so that they serve in case labels too.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___bpf_big16(x) __builtin_bswap16(x)
#define ___bpf_big32(x) __builtin_bswap32(x)
#define ___bpf_big64(x) __builtin_bswap64(x)
#else
#define ___bpf_big16(x) ((unsigned short)(x))
#define ___bpf_big32(x) ((unsigned int)(x))
#define ___bpf_big64(x) ((unsigned long long)(x))
#endif

#define bpf_htons(x) ___bpf_big16(x)
#define bpf_ntohs(x) ___bpf_big16(x)
#define bpf_htonl(x) ___bpf_big32(x)
#define bpf_ntohl(x) ___bpf_big32(x)
#define bpf_cpu_to_be64(x) ___bpf_big64(x)
#define bpf_be64_to_cpu(x) ___bpf_big64(x)

// Names for values that are known, and for those that are not.
#define __bpf_constant_htons(x) ___bpf_big16(x)
#define __bpf_constant_ntohs(x) ___bpf_big16(x)
#define __bpf_constant_htonl(x) ___bpf_big32(x)
#define __bpf_constant_ntohl(x) ___bpf_big32(x)
#define __bpf_constant_cpu_to_be64(x) ___bpf_big64(x)
#define __bpf_constant_be64_to_cpu(x) ___bpf_big64(x)
#define __bpf_htons(x) ___bpf_big16(x)
#define __bpf_ntohs(x) ___bpf_big16(x)
#define __bpf_htonl(x) ___bpf_big32(x)
#define __bpf_ntohl(x) ___bpf_big32(x)
#define __bpf_cpu_to_be64(x) ___bpf_big64(x)
#define __bpf_be64_to_cpu(x) ___bpf_big64(x)

// Swaps, whatever the target.
#define ___bpf_swab16(x) __builtin_bswap16(x)
#define ___bpf_swab32(x) __builtin_bswap32(x)
#define ___bpf_swab64(x) __builtin_bswap64(x)

#endif
