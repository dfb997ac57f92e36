// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Conversions between the byte order of networks and that of the target.
#ifndef __BPF_ENDIAN__
#define __BPF_ENDIAN__

// Swapped by shifts, for constants: the compiler does it. Each form of a size evaluates its operand several times.
#define ___bpf_swab16(x) ((unsigned short)((unsigned short)(x) << 8 | (unsigned short)(x) >> 8))
#define ___bpf_swab32(x) \
  ((unsigned int)((unsigned int)(x) << 24 | ((unsigned int)(x) & 0xff00) << 8 | ((unsigned int)(x) >> 8 & 0xff00) | (unsigned int)(x) >> 24))
#define ___bpf_swab64(x) \
  ((unsigned long long)___bpf_swab32((unsigned long long)(x)) << 32 | ___bpf_swab32((unsigned long long)(x) >> 32))

// Values that are known; values that are not, by the instruction for it.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___bpf_constant16(x) ___bpf_swab16(x)
#define ___bpf_constant32(x) ___bpf_swab32(x)
#define ___bpf_constant64(x) ___bpf_swab64(x)
#define ___bpf_value16(x) __builtin_bswap16(x)
#define ___bpf_value32(x) __builtin_bswap32(x)
#define ___bpf_value64(x) __builtin_bswap64(x)
#else
#define ___bpf_constant16(x) ((unsigned short)(x))
#define ___bpf_constant32(x) ((unsigned int)(x))
#define ___bpf_constant64(x) ((unsigned long long)(x))
#define ___bpf_value16(x) ___bpf_constant16(x)
#define ___bpf_value32(x) ___bpf_constant32(x)
#define ___bpf_value64(x) ___bpf_constant64(x)
#endif
#define __bpf_constant_htons(x) ___bpf_constant16(x)
#define __bpf_constant_ntohs(x) ___bpf_constant16(x)
#define __bpf_constant_htonl(x) ___bpf_constant32(x)
#define __bpf_constant_ntohl(x) ___bpf_constant32(x)
#define __bpf_constant_cpu_to_be64(x) ___bpf_constant64(x)
#define __bpf_constant_be64_to_cpu(x) ___bpf_constant64(x)
#define __bpf_htons(x) ___bpf_value16(x)
#define __bpf_ntohs(x) ___bpf_value16(x)
#define __bpf_htonl(x) ___bpf_value32(x)
#define __bpf_ntohl(x) ___bpf_value32(x)
#define __bpf_cpu_to_be64(x) ___bpf_value64(x)
#define __bpf_be64_to_cpu(x) ___bpf_value64(x)

// Whichever it is. That it is known can come out late, when loops have been unrolled: the choice is the optimizer's.
#define ___bpf_big(x, size) (__builtin_constant_p(x) ? ___bpf_constant##size(x) : ___bpf_value##size(x))
#define bpf_htons(x) ___bpf_big(x, 16)
#define bpf_ntohs(x) ___bpf_big(x, 16)
#define bpf_htonl(x) ___bpf_big(x, 32)
#define bpf_ntohl(x) ___bpf_big(x, 32)
#define bpf_cpu_to_be64(x) ___bpf_big(x, 64)
#define bpf_be64_to_cpu(x) ___bpf_big(x, 64)

#endif
