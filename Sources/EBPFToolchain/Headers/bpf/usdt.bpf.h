// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Programs of section "usdt": probes that a program's author has put into it, with arguments in registers, memory or constants.
//
// The loader reads from the traced file where each argument is and writes it into the two maps below. Their names and
// layouts are libbpf's, so that either loader serves either object.
#ifndef __USDT_BPF_H__
#define __USDT_BPF_H__

#include <linux/errno.h>
#include "bpf_helpers.h"
#include "bpf_tracing.h"

// How many different specifications of probes the loader can keep.
#ifndef BPF_USDT_MAX_SPEC_CNT
#define BPF_USDT_MAX_SPEC_CNT 256
#endif
// How many places of probes, which only kernels without BPF cookies (before Linux 5.15) need.
#ifndef BPF_USDT_MAX_IP_CNT
#define BPF_USDT_MAX_IP_CNT (4 * BPF_USDT_MAX_SPEC_CNT)
#endif
#define BPF_USDT_MAX_ARG_CNT 12

enum __bpf_usdt_arg_type {
  BPF_USDT_ARG_CONST,      // `-4@$-9`: the value is val_off
  BPF_USDT_ARG_REG,        // `8@%rax`: the register at reg_off of pt_regs
  BPF_USDT_ARG_REG_DEREF,  // `-4@-1204(%rbp)`: in memory, at the register plus val_off
  BPF_USDT_ARG_SIB,        // `-1@-96(%rbp,%rax,8)`: and plus a second register, shifted
};

struct __bpf_usdt_arg_spec {
  __u64 val_off;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  enum __bpf_usdt_arg_type arg_type : 8;
  __u16 idx_reg_off : 12;
  __u16 scale_bitshift : 4;
  __u8 __reserved : 8;
#else
  __u8 __reserved : 8;
  __u16 idx_reg_off : 12;
  __u16 scale_bitshift : 4;
  enum __bpf_usdt_arg_type arg_type : 8;
#endif
  short reg_off;
  bool arg_signed;
  char arg_bitshift;  // 64 less the argument's bits
};

struct __bpf_usdt_spec {
  struct __bpf_usdt_arg_spec args[BPF_USDT_MAX_ARG_CNT];
  __u64 usdt_cookie;
  short arg_cnt;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, BPF_USDT_MAX_SPEC_CNT);
  __type(key, int);
  __type(value, struct __bpf_usdt_spec);
} __bpf_usdt_specs SEC(".maps") __weak;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, BPF_USDT_MAX_IP_CNT);
  __type(key, long);
  __type(value, __u32);
} __bpf_usdt_ip_to_spec_id SEC(".maps") __weak;

extern const _Bool LINUX_HAS_BPF_COOKIE __kconfig;

// The number of the specification of the probe that was hit: its cookie, or what goes by the instruction's address.
static __always_inline int ___bpf_usdt_number(struct pt_regs *ctx) {
  if (!LINUX_HAS_BPF_COOKIE) {
    long address = PT_REGS_IP(ctx);
    int *number = bpf_map_lookup_elem(&__bpf_usdt_ip_to_spec_id, &address);
    return number ? *number : -ESRCH;
  }
  return bpf_get_attach_cookie(ctx);
}

// The specification; the function that asks returns where there is none. It declares `spec` and `spec_number`.
#define ___bpf_usdt_find(ctx, otherwise)                             \
  ({                                                                 \
    spec_number = ___bpf_usdt_number(ctx);                           \
    if (spec_number < 0) return otherwise;                           \
    spec = bpf_map_lookup_elem(&__bpf_usdt_specs, &spec_number);     \
    if (!spec) return otherwise;                                     \
  })

// The number of arguments of the probe that was hit, or an error.
__weak __hidden int bpf_usdt_arg_cnt(struct pt_regs *ctx) {
  struct __bpf_usdt_spec *spec;
  int spec_number;
  ___bpf_usdt_find(ctx, -ESRCH);
  return spec->arg_cnt;
}

// Reads a register of pt_regs, or memory of the process; returns where it cannot.
#define ___bpf_usdt_register(value, ctx, offset)                                            \
  ({                                                                                        \
    error = bpf_probe_read_kernel(&value, sizeof(value), (void *)(ctx) + (offset));         \
    if (error) return error;                                                                \
  })
#define ___bpf_usdt_memory(value, address)                                                  \
  ({                                                                                        \
    error = bpf_probe_read_user(&value, sizeof(value), (void *)(address));                  \
    if (error) return error;                                                                \
  })
// The bytes that were read are the first of the eight.
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define ___bpf_usdt_align(value, arg) value >>= (arg)->arg_bitshift
#else
#define ___bpf_usdt_align(value, arg)
#endif

// Reads an argument, counted from 0, into *result, sign- or zero-extended; zero and an error where there is none.
__weak __hidden int bpf_usdt_arg(struct pt_regs *ctx, __u64 number, long *result) {
  struct __bpf_usdt_spec *spec;
  struct __bpf_usdt_arg_spec *arg;
  unsigned long value, index;
  int error, spec_number;

  *result = 0;
  ___bpf_usdt_find(ctx, -ESRCH);
  if (number >= BPF_USDT_MAX_ARG_CNT) return -ENOENT;
  barrier_var(number);
  if (number >= spec->arg_cnt) return -ENOENT;
  arg = &spec->args[number];

  switch (arg->arg_type) {
    case BPF_USDT_ARG_CONST:
      value = arg->val_off;
      break;
    case BPF_USDT_ARG_REG:
      ___bpf_usdt_register(value, ctx, arg->reg_off);
      break;
    case BPF_USDT_ARG_REG_DEREF:
      ___bpf_usdt_register(value, ctx, arg->reg_off);
      ___bpf_usdt_memory(value, (void *)value + arg->val_off);
      ___bpf_usdt_align(value, arg);
      break;
    case BPF_USDT_ARG_SIB:
      ___bpf_usdt_register(value, ctx, arg->reg_off);
      ___bpf_usdt_register(index, ctx, arg->idx_reg_off);
      ___bpf_usdt_memory(value, value + (index << arg->scale_bitshift) + arg->val_off);
      ___bpf_usdt_align(value, arg);
      break;
    default:
      return -EINVAL;
  }

  // Shifted to the top and down again, with or without the sign.
  value <<= arg->arg_bitshift;
  if (arg->arg_signed)
    value = (long)value >> arg->arg_bitshift;
  else
    value >>= arg->arg_bitshift;
  *result = value;
  return 0;
}

// The cookie that was given when the program was attached.
__weak __hidden long bpf_usdt_cookie(struct pt_regs *ctx) {
  struct __bpf_usdt_spec *spec;
  int spec_number;
  ___bpf_usdt_find(ctx, 0);
  return spec->usdt_cookie;
}

// `int BPF_USDT(name, int descriptor, void *buffer) { … }`: the arguments as typed parameters, and `ctx`.
#define ___bpf_usdt_argument(index, parameter) \
  , ({                                         \
      long ___argument;                        \
      bpf_usdt_arg(ctx, index, &___argument);  \
      ___argument;                             \
    })
#define BPF_USDT(name, parameters...) \
  ___bpf_entry(name, struct pt_regs *ctx, (ctx ___bpf_each(___bpf_usdt_argument, ##parameters)), ##parameters)

#endif
