// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Loops without a bound that the verifier can see: the instruction may_goto (Linux 6.9) leaves a loop after about
// eight million turns.
#ifndef __BPF_MAY_GOTO_H__
#define __BPF_MAY_GOTO_H__

// Goes to a label of the function when the turns are used up.
#ifndef __bpf_may_goto
#if __BPF_CPU_VERSION__ >= 4
#define __bpf_may_goto(label) asm volatile goto("may_goto %l[" #label "]" :::: label)
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
// The same bytes, for compilers that take the mnemonic only with -mcpu=v4: opcode 0xe5, no registers, a jump in 16 bits.
#define __bpf_may_goto(label) \
  asm volatile goto("1:.byte 0xe5; .byte 0; .long ((%l[" #label "] - 1b - 8) / 8) & 0xffff; .short 0" :::: label)
#else
#define __bpf_may_goto(label) \
  asm volatile goto("1:.byte 0xe5; .byte 0; .long (((%l[" #label "] - 1b - 8) / 8) & 0xffff) << 16; .short 0" :::: label)
#endif
#endif

// `can_loop` in a loop's condition, `cond_break` and `cond_break_label(label)` as statements.
#ifndef can_loop
#define can_loop                        \
  ({                                    \
    __label__ ___out, ___go_on;         \
    int ___more = 1;                    \
    __bpf_may_goto(___out);             \
    goto ___go_on;                      \
  ___out:                               \
    ___more = 0;                        \
  ___go_on:;                            \
    ___more;                            \
  })
#endif
#ifndef cond_break_label
#define cond_break_label(label)         \
  ({                                    \
    __label__ ___out, ___go_on;         \
    __bpf_may_goto(___out);             \
    goto ___go_on;                      \
  ___out:                               \
    goto label;                         \
  ___go_on:;                            \
  })
#endif
#ifndef cond_break
#define cond_break                      \
  ({                                    \
    __label__ ___out, ___go_on;         \
    __bpf_may_goto(___out);             \
    goto ___go_on;                      \
  ___out:                               \
    break;                              \
  ___go_on:;                            \
  })
#endif

#endif
