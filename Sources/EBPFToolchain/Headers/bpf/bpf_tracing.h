// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Programs that trace: typed parameters instead of a context, and the registers of a probed function by their meaning.
//
// What pt_regs holds depends on the machine that the program is for: __TARGET_ARCH_x86, __TARGET_ARCH_arm64, …
// The functions' conventions are those of each machine's ABI, the system calls' those of syscall(2).
#ifndef __BPF_TRACING_H__
#define __BPF_TRACING_H__

#include "bpf_helpers.h"

// ------------------------------------------------------------------------------------------------------- which machine

#if defined(__TARGET_ARCH_x86)
#define bpf_target_x86
#elif defined(__TARGET_ARCH_s390)
#define bpf_target_s390
#elif defined(__TARGET_ARCH_arm)
#define bpf_target_arm
#elif defined(__TARGET_ARCH_arm64)
#define bpf_target_arm64
#elif defined(__TARGET_ARCH_mips)
#define bpf_target_mips
#elif defined(__TARGET_ARCH_powerpc)
#define bpf_target_powerpc
#elif defined(__TARGET_ARCH_sparc)
#define bpf_target_sparc
#elif defined(__TARGET_ARCH_riscv)
#define bpf_target_riscv
#elif defined(__TARGET_ARCH_arc)
#define bpf_target_arc
#elif defined(__TARGET_ARCH_loongarch)
#define bpf_target_loongarch
// Compiled for a machine itself, as editors do.
#elif defined(__x86_64__) || defined(__i386__)
#define bpf_target_x86
#elif defined(__s390__)
#define bpf_target_s390
#elif defined(__arm__)
#define bpf_target_arm
#elif defined(__aarch64__)
#define bpf_target_arm64
#elif defined(__mips__)
#define bpf_target_mips
#elif defined(__powerpc__)
#define bpf_target_powerpc
#elif defined(__sparc__)
#define bpf_target_sparc
#elif defined(__riscv) && __riscv_xlen == 64
#define bpf_target_riscv
#elif defined(__arc__)
#define bpf_target_arc
#elif defined(__loongarch__)
#define bpf_target_loongarch
#else
#define ___bpf_no_target
#endif
#ifndef ___bpf_no_target
#define bpf_target_defined
#endif

// ------------------------------------------------------------------------------------------- registers by their meaning
//
// For each machine: parameters of functions; parameters of system calls where they differ; where the return address is,
// frame pointer, result, stack pointer, instruction pointer; and the struct, where programs see another than pt_regs.

#if defined(bpf_target_x86)

#if defined(__KERNEL__) || defined(__VMLINUX_H__)
#define __PT_PARM1_REG di
#define __PT_PARM2_REG si
#define __PT_PARM3_REG dx
#define __PT_PARM4_REG cx
#define __PT_PARM5_REG r8
#define __PT_PARM6_REG r9
#define __PT_PARM4_SYSCALL_REG r10
#define __PT_RET_REG sp
#define __PT_FP_REG bp
#define __PT_RC_REG ax
#define __PT_SP_REG sp
#define __PT_IP_REG ip
#elif defined(__i386__)
// Kernels are built with -mregparm=3.
#define __PT_PARM1_REG eax
#define __PT_PARM2_REG edx
#define __PT_PARM3_REG ecx
#define __PT_PARM1_SYSCALL_REG ebx
#define __PT_PARM2_SYSCALL_REG ecx
#define __PT_PARM3_SYSCALL_REG edx
#define __PT_PARM4_SYSCALL_REG esi
#define __PT_PARM5_SYSCALL_REG edi
#define __PT_PARM6_SYSCALL_REG ebp
#define __PT_RET_REG esp
#define __PT_FP_REG ebp
#define __PT_RC_REG eax
#define __PT_SP_REG esp
#define __PT_IP_REG eip
#else
// The names of <asm/ptrace.h>.
#define __PT_PARM1_REG rdi
#define __PT_PARM2_REG rsi
#define __PT_PARM3_REG rdx
#define __PT_PARM4_REG rcx
#define __PT_PARM5_REG r8
#define __PT_PARM6_REG r9
#define __PT_PARM4_SYSCALL_REG r10
#define __PT_RET_REG rsp
#define __PT_FP_REG rbp
#define __PT_RC_REG rax
#define __PT_SP_REG rsp
#define __PT_IP_REG rip
#endif

#elif defined(bpf_target_arm64)

struct pt_regs___arm64 {
  unsigned long orig_x0;
} __attribute__((preserve_access_index));
#define ___PT_ORIGINAL struct pt_regs___arm64
#define __PT_REGS_CAST(x) ((const struct user_pt_regs *)(x))
#define __PT_PARM1_REG regs[0]
#define __PT_PARM2_REG regs[1]
#define __PT_PARM3_REG regs[2]
#define __PT_PARM4_REG regs[3]
#define __PT_PARM5_REG regs[4]
#define __PT_PARM6_REG regs[5]
#define __PT_PARM7_REG regs[6]
#define __PT_PARM8_REG regs[7]
#define __PT_PARM1_SYSCALL_REG orig_x0
#define __PT_PARM7_SYSCALL_REG __unsupported__
#define __PT_RET_REG regs[30]
#define __PT_FP_REG regs[29]
#define __PT_RC_REG regs[0]
#define __PT_SP_REG sp
#define __PT_IP_REG pc

#elif defined(bpf_target_arm)

#define __PT_PARM1_REG uregs[0]
#define __PT_PARM2_REG uregs[1]
#define __PT_PARM3_REG uregs[2]
#define __PT_PARM4_REG uregs[3]
#define __PT_PARM5_SYSCALL_REG uregs[4]
#define __PT_PARM6_SYSCALL_REG uregs[5]
#define __PT_PARM7_SYSCALL_REG uregs[6]
#define __PT_RET_REG uregs[14]
#define __PT_FP_REG uregs[11]
#define __PT_RC_REG uregs[0]
#define __PT_SP_REG uregs[13]
#define __PT_IP_REG uregs[12]

#elif defined(bpf_target_riscv)

struct pt_regs___riscv {
  unsigned long orig_a0;
} __attribute__((preserve_access_index));
#define ___PT_ORIGINAL struct pt_regs___riscv
#define __PT_REGS_CAST(x) ((const struct user_regs_struct *)(x))
#define __PT_PARM1_REG a0
#define __PT_PARM2_REG a1
#define __PT_PARM3_REG a2
#define __PT_PARM4_REG a3
#define __PT_PARM5_REG a4
#define __PT_PARM6_REG a5
#define __PT_PARM7_REG a6
#define __PT_PARM8_REG a7
#define __PT_PARM1_SYSCALL_REG orig_a0
#define __PT_PARM7_SYSCALL_REG __unsupported__
#define __PT_RET_REG ra
#define __PT_FP_REG s0
#define __PT_RC_REG a0
#define __PT_SP_REG sp
#define __PT_IP_REG pc

#elif defined(bpf_target_s390)

struct pt_regs___s390 {
  unsigned long orig_gpr2;
} __attribute__((preserve_access_index));
#define ___PT_ORIGINAL struct pt_regs___s390
#define __PT_REGS_CAST(x) ((const user_pt_regs *)(x))
#define __PT_PARM1_REG gprs[2]
#define __PT_PARM2_REG gprs[3]
#define __PT_PARM3_REG gprs[4]
#define __PT_PARM4_REG gprs[5]
#define __PT_PARM5_REG gprs[6]
#define __PT_PARM1_SYSCALL_REG orig_gpr2
#define __PT_PARM6_SYSCALL_REG gprs[7]
#define __PT_RET_REG gprs[14]
#define __PT_FP_REG gprs[11]
#define __PT_RC_REG gprs[2]
#define __PT_SP_REG gprs[15]
#define __PT_IP_REG psw.addr

#elif defined(bpf_target_powerpc)

#define PT_REGS_SYSCALL_REGS(ctx) ctx
#define __PT_PARM1_REG gpr[3]
#define __PT_PARM2_REG gpr[4]
#define __PT_PARM3_REG gpr[5]
#define __PT_PARM4_REG gpr[6]
#define __PT_PARM5_REG gpr[7]
#define __PT_PARM6_REG gpr[8]
#define __PT_PARM7_REG gpr[9]
#define __PT_PARM8_REG gpr[10]
#define __PT_PARM1_SYSCALL_REG orig_gpr3
#ifdef __arch64__
#define __PT_PARM7_SYSCALL_REG __unsupported__
#endif
#define __PT_RET_REG regs[31]
#define __PT_FP_REG __unsupported__
#define __PT_RC_REG gpr[3]
#define __PT_SP_REG gpr[1]
#define __PT_IP_REG nip

#elif defined(bpf_target_mips)

// The N64 ABI.
#define __PT_PARM1_REG regs[4]
#define __PT_PARM2_REG regs[5]
#define __PT_PARM3_REG regs[6]
#define __PT_PARM4_REG regs[7]
#define __PT_PARM5_REG regs[8]
#define __PT_PARM6_REG regs[9]
#define __PT_PARM7_REG regs[10]
#define __PT_PARM8_REG regs[11]
#define __PT_PARM7_SYSCALL_REG __unsupported__
#define __PT_RET_REG regs[31]
#define __PT_FP_REG regs[30]
#define __PT_RC_REG regs[2]
#define __PT_SP_REG regs[29]
#define __PT_IP_REG cp0_epc

#elif defined(bpf_target_sparc)

#define __PT_PARM1_REG u_regs[UREG_I0]
#define __PT_PARM2_REG u_regs[UREG_I1]
#define __PT_PARM3_REG u_regs[UREG_I2]
#define __PT_PARM4_REG u_regs[UREG_I3]
#define __PT_PARM5_REG u_regs[UREG_I4]
#define __PT_PARM6_REG u_regs[UREG_I5]
#define __PT_RET_REG u_regs[UREG_I7]
#define __PT_FP_REG __unsupported__
#define __PT_RC_REG u_regs[UREG_I0]
#define __PT_SP_REG u_regs[UREG_FP]
#ifdef __arch64__
#define __PT_IP_REG tpc
#else
#define __PT_IP_REG pc
#endif

#elif defined(bpf_target_arc)

#define PT_REGS_SYSCALL_REGS(ctx) ctx
#define __PT_REGS_CAST(x) ((const struct user_regs_struct *)(x))
#define __PT_PARM1_REG scratch.r0
#define __PT_PARM2_REG scratch.r1
#define __PT_PARM3_REG scratch.r2
#define __PT_PARM4_REG scratch.r3
#define __PT_PARM5_REG scratch.r4
#define __PT_PARM6_REG scratch.r5
#define __PT_PARM7_REG scratch.r6
#define __PT_PARM8_REG scratch.r7
#define __PT_PARM7_SYSCALL_REG __unsupported__
#define __PT_RET_REG scratch.blink
#define __PT_FP_REG scratch.fp
#define __PT_RC_REG scratch.r0
#define __PT_SP_REG scratch.sp
#define __PT_IP_REG scratch.ret

#elif defined(bpf_target_loongarch)

#define PT_REGS_SYSCALL_REGS(ctx) ctx
#define __PT_REGS_CAST(x) ((const struct user_pt_regs *)(x))
#define __PT_PARM1_REG regs[4]
#define __PT_PARM2_REG regs[5]
#define __PT_PARM3_REG regs[6]
#define __PT_PARM4_REG regs[7]
#define __PT_PARM5_REG regs[8]
#define __PT_PARM6_REG regs[9]
#define __PT_PARM7_REG regs[10]
#define __PT_PARM8_REG regs[11]
#define __PT_PARM7_SYSCALL_REG __unsupported__
#define __PT_RET_REG regs[1]
#define __PT_FP_REG regs[22]
#define __PT_RC_REG regs[4]
#define __PT_SP_REG regs[3]
#define __PT_IP_REG csr_era

#endif

// What a machine lacks: using it is an error that says so.
#ifndef __PT_PARM4_REG
#define __PT_PARM4_REG __unsupported__
#endif
#ifndef __PT_PARM5_REG
#define __PT_PARM5_REG __unsupported__
#endif
#ifndef __PT_PARM6_REG
#define __PT_PARM6_REG __unsupported__
#endif
#ifndef __PT_PARM7_REG
#define __PT_PARM7_REG __unsupported__
#endif
#ifndef __PT_PARM8_REG
#define __PT_PARM8_REG __unsupported__
#endif

// Where nothing else is said, system calls take their parameters as functions do.
#ifndef __PT_PARM1_SYSCALL_REG
#define __PT_PARM1_SYSCALL_REG __PT_PARM1_REG
#endif
#ifndef __PT_PARM2_SYSCALL_REG
#define __PT_PARM2_SYSCALL_REG __PT_PARM2_REG
#endif
#ifndef __PT_PARM3_SYSCALL_REG
#define __PT_PARM3_SYSCALL_REG __PT_PARM3_REG
#endif
#ifndef __PT_PARM4_SYSCALL_REG
#define __PT_PARM4_SYSCALL_REG __PT_PARM4_REG
#endif
#ifndef __PT_PARM5_SYSCALL_REG
#define __PT_PARM5_SYSCALL_REG __PT_PARM5_REG
#endif
#ifndef __PT_PARM6_SYSCALL_REG
#define __PT_PARM6_SYSCALL_REG __PT_PARM6_REG
#endif
#ifndef __PT_PARM7_SYSCALL_REG
#define __PT_PARM7_SYSCALL_REG __PT_PARM7_REG
#endif

#ifndef __PT_REGS_CAST
#define __PT_REGS_CAST(x) (x)
#endif

struct pt_regs;

#ifdef bpf_target_defined
#define ___bpf_register(x, register) (__PT_REGS_CAST(x)->register)
#define ___bpf_register_core(x, register) BPF_CORE_READ(__PT_REGS_CAST(x), register)
// The first parameter of a system call, which some machines keep beside the registers that programs see.
#ifdef ___PT_ORIGINAL
#define ___bpf_register_original(x, register) (((const ___PT_ORIGINAL *)(x))->register)
#define ___bpf_register_original_core(x, register) BPF_CORE_READ((const ___PT_ORIGINAL *)(x), register)
#else
#define ___bpf_register_original ___bpf_register
#define ___bpf_register_original_core ___bpf_register_core
#endif
#else
#ifndef __BPF_TARGET_MISSING
#define __BPF_TARGET_MISSING "GCC error \"registers need the machine that the program is for: define __TARGET_ARCH_x86, __TARGET_ARCH_arm64 or another\""
#endif
#define ___bpf_register(x, register) ({ _Pragma(__BPF_TARGET_MISSING) 0l; })
#define ___bpf_register_core ___bpf_register
#define ___bpf_register_original ___bpf_register
#define ___bpf_register_original_core ___bpf_register
#endif

// Of a struct pt_regs that the program may read directly.
#define PT_REGS_PARM1(x) ___bpf_register(x, __PT_PARM1_REG)
#define PT_REGS_PARM2(x) ___bpf_register(x, __PT_PARM2_REG)
#define PT_REGS_PARM3(x) ___bpf_register(x, __PT_PARM3_REG)
#define PT_REGS_PARM4(x) ___bpf_register(x, __PT_PARM4_REG)
#define PT_REGS_PARM5(x) ___bpf_register(x, __PT_PARM5_REG)
#define PT_REGS_PARM6(x) ___bpf_register(x, __PT_PARM6_REG)
#define PT_REGS_PARM7(x) ___bpf_register(x, __PT_PARM7_REG)
#define PT_REGS_PARM8(x) ___bpf_register(x, __PT_PARM8_REG)
#define PT_REGS_RET(x) ___bpf_register(x, __PT_RET_REG)
#define PT_REGS_FP(x) ___bpf_register(x, __PT_FP_REG)
#define PT_REGS_RC(x) ___bpf_register(x, __PT_RC_REG)
#define PT_REGS_SP(x) ___bpf_register(x, __PT_SP_REG)
#define PT_REGS_IP(x) ___bpf_register(x, __PT_IP_REG)

// Of one that it reads with a helper, and whose layout may differ; needs <bpf/bpf_core_read.h>.
#define PT_REGS_PARM1_CORE(x) ___bpf_register_core(x, __PT_PARM1_REG)
#define PT_REGS_PARM2_CORE(x) ___bpf_register_core(x, __PT_PARM2_REG)
#define PT_REGS_PARM3_CORE(x) ___bpf_register_core(x, __PT_PARM3_REG)
#define PT_REGS_PARM4_CORE(x) ___bpf_register_core(x, __PT_PARM4_REG)
#define PT_REGS_PARM5_CORE(x) ___bpf_register_core(x, __PT_PARM5_REG)
#define PT_REGS_PARM6_CORE(x) ___bpf_register_core(x, __PT_PARM6_REG)
#define PT_REGS_PARM7_CORE(x) ___bpf_register_core(x, __PT_PARM7_REG)
#define PT_REGS_PARM8_CORE(x) ___bpf_register_core(x, __PT_PARM8_REG)
#define PT_REGS_RET_CORE(x) ___bpf_register_core(x, __PT_RET_REG)
#define PT_REGS_FP_CORE(x) ___bpf_register_core(x, __PT_FP_REG)
#define PT_REGS_RC_CORE(x) ___bpf_register_core(x, __PT_RC_REG)
#define PT_REGS_SP_CORE(x) ___bpf_register_core(x, __PT_SP_REG)
#define PT_REGS_IP_CORE(x) ___bpf_register_core(x, __PT_IP_REG)

// The parameters of a system call, of the registers with which it was made.
#define PT_REGS_PARM1_SYSCALL(x) ___bpf_register_original(x, __PT_PARM1_SYSCALL_REG)
#define PT_REGS_PARM2_SYSCALL(x) ___bpf_register(x, __PT_PARM2_SYSCALL_REG)
#define PT_REGS_PARM3_SYSCALL(x) ___bpf_register(x, __PT_PARM3_SYSCALL_REG)
#define PT_REGS_PARM4_SYSCALL(x) ___bpf_register(x, __PT_PARM4_SYSCALL_REG)
#define PT_REGS_PARM5_SYSCALL(x) ___bpf_register(x, __PT_PARM5_SYSCALL_REG)
#define PT_REGS_PARM6_SYSCALL(x) ___bpf_register(x, __PT_PARM6_SYSCALL_REG)
#define PT_REGS_PARM7_SYSCALL(x) ___bpf_register(x, __PT_PARM7_SYSCALL_REG)
#define PT_REGS_PARM1_CORE_SYSCALL(x) ___bpf_register_original_core(x, __PT_PARM1_SYSCALL_REG)
#define PT_REGS_PARM2_CORE_SYSCALL(x) ___bpf_register_core(x, __PT_PARM2_SYSCALL_REG)
#define PT_REGS_PARM3_CORE_SYSCALL(x) ___bpf_register_core(x, __PT_PARM3_SYSCALL_REG)
#define PT_REGS_PARM4_CORE_SYSCALL(x) ___bpf_register_core(x, __PT_PARM4_SYSCALL_REG)
#define PT_REGS_PARM5_CORE_SYSCALL(x) ___bpf_register_core(x, __PT_PARM5_SYSCALL_REG)
#define PT_REGS_PARM6_CORE_SYSCALL(x) ___bpf_register_core(x, __PT_PARM6_SYSCALL_REG)
#define PT_REGS_PARM7_CORE_SYSCALL(x) ___bpf_register_core(x, __PT_PARM7_SYSCALL_REG)

// In a probe of a system call's function (__x64_sys_…): the registers with which it was made. Most machines' functions
// get them as their only parameter.
#ifndef PT_REGS_SYSCALL_REGS
#define PT_REGS_SYSCALL_REGS(ctx) ((struct pt_regs *)PT_REGS_PARM1(ctx))
#endif

// Where a probed function returns to, at its begin and at its end.
#if !defined(bpf_target_defined)
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ___bpf_register(ctx, )
#define BPF_KRETPROBE_READ_RET_IP(ip, ctx) ___bpf_register(ctx, )
#elif defined(bpf_target_powerpc)
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ (ip) = (ctx)->link; })
#define BPF_KRETPROBE_READ_RET_IP BPF_KPROBE_READ_RET_IP
#elif defined(bpf_target_arm64) || defined(bpf_target_sparc)
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ (ip) = PT_REGS_RET(ctx); })
#define BPF_KRETPROBE_READ_RET_IP BPF_KPROBE_READ_RET_IP
#else
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)PT_REGS_RET(ctx)); })
#define BPF_KRETPROBE_READ_RET_IP(ip, ctx) \
  ({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)(PT_REGS_FP(ctx) + sizeof(ip))); })
#endif

// --------------------------------------------------------------------------------- programs whose context is an array

// fentry, fexit, tp_btf, lsm, struct_ops, …: `int BPF_PROG(name, struct file *file, int flags) { … }`. Each parameter is
// 64 bits of the context, which is there too, as `ctx`.
#define ___bpf_context_word(index, parameter) , ctx[index]
#define BPF_PROG(name, parameters...) \
  ___bpf_entry(name, unsigned long long *ctx, (ctx ___bpf_each(___bpf_context_word, ##parameters)), ##parameters)

// The same for parameters that may be structures by value, which take one or two words:
// `int BPF_PROG2(name, struct pair, pair, int, flags) { … }`, types and names apart; up to 12 parameters.
#define ___bpf_pairs_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, _20, \
                         _21, _22, _23, _24, nth, ...) nth
#define ___bpf_pairs(args...)                                                                                       \
  ___bpf_pairs_nth(_, ##args, 12, 12, 11, 11, 10, 10, 9, 9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0)

#define ___bpf_if(condition, yes, no) __builtin_choose_expr(condition, yes, no)
#define ___bpf_is_word(type) (sizeof(type) == 1 || sizeof(type) == 2 || sizeof(type) == 4 || sizeof(type) == 8)
// How many words a type takes; other sizes are errors.
#define ___bpf_words(type) ___bpf_if(___bpf_is_word(type), 1, ___bpf_if(sizeof(type) == 16, 2, (void)0))
// The unsigned integer of a type's size.
#define ___bpf_same_size(type)                                                  \
  typeof(___bpf_if(sizeof(type) == 1, (unsigned char)0,                         \
                   ___bpf_if(sizeof(type) == 2, (unsigned short)0,              \
                             ___bpf_if(sizeof(type) == 4, (unsigned int)0, (unsigned long long)0))))

#define ___bpf_from_words(at, type)                                             \
  ___bpf_if(___bpf_is_word(type), ({                                            \
              union {                                                           \
                ___bpf_same_size(type) word;                                    \
                type value;                                                     \
              } ___u = {.word = ctx[at]};                                       \
              ___u.value;                                                       \
            }),                                                                 \
            ({                                                                  \
              union {                                                           \
                unsigned long long words[2];                                    \
                type value;                                                     \
              } ___u = {.words = {ctx[at], ctx[at + 1]}};                       \
              ___u.value;                                                       \
            }))

#define ___bpf_take0(at)
#define ___bpf_take1(at, type, name) , ___bpf_from_words(at, type)
#define ___bpf_take2(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take1(at + ___bpf_words(t), args)
#define ___bpf_take3(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take2(at + ___bpf_words(t), args)
#define ___bpf_take4(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take3(at + ___bpf_words(t), args)
#define ___bpf_take5(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take4(at + ___bpf_words(t), args)
#define ___bpf_take6(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take5(at + ___bpf_words(t), args)
#define ___bpf_take7(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take6(at + ___bpf_words(t), args)
#define ___bpf_take8(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take7(at + ___bpf_words(t), args)
#define ___bpf_take9(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take8(at + ___bpf_words(t), args)
#define ___bpf_take10(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take9(at + ___bpf_words(t), args)
#define ___bpf_take11(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take10(at + ___bpf_words(t), args)
#define ___bpf_take12(at, t, name, args...) , ___bpf_from_words(at, t) ___bpf_take11(at + ___bpf_words(t), args)
#define ___bpf_take(args...) ___bpf_apply(___bpf_take, ___bpf_pairs(args))(0, ##args)

#define ___bpf_declare0()
#define ___bpf_declare1(t, name) , t name
#define ___bpf_declare2(t, name, args...) , t name ___bpf_declare1(args)
#define ___bpf_declare3(t, name, args...) , t name ___bpf_declare2(args)
#define ___bpf_declare4(t, name, args...) , t name ___bpf_declare3(args)
#define ___bpf_declare5(t, name, args...) , t name ___bpf_declare4(args)
#define ___bpf_declare6(t, name, args...) , t name ___bpf_declare5(args)
#define ___bpf_declare7(t, name, args...) , t name ___bpf_declare6(args)
#define ___bpf_declare8(t, name, args...) , t name ___bpf_declare7(args)
#define ___bpf_declare9(t, name, args...) , t name ___bpf_declare8(args)
#define ___bpf_declare10(t, name, args...) , t name ___bpf_declare9(args)
#define ___bpf_declare11(t, name, args...) , t name ___bpf_declare10(args)
#define ___bpf_declare12(t, name, args...) , t name ___bpf_declare11(args)
#define ___bpf_declare(args...) ___bpf_apply(___bpf_declare, ___bpf_pairs(args))(args)

#define BPF_PROG2(name, args...)                                                                                  \
  name(unsigned long long *ctx);                                                                                  \
  static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx ___bpf_declare(args));                \
  typeof(name(0)) name(unsigned long long *ctx) { return ____##name(ctx ___bpf_take(args)); }                     \
  static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx ___bpf_declare(args))

// ------------------------------------------------------------------------------------ programs whose context is pt_regs

// kprobe, uprobe: the parameters of the probed function, up to eight as far as the machine passes them in registers.
#define ___bpf_probe_word0(x) PT_REGS_PARM1(x)
#define ___bpf_probe_word1(x) PT_REGS_PARM2(x)
#define ___bpf_probe_word2(x) PT_REGS_PARM3(x)
#define ___bpf_probe_word3(x) PT_REGS_PARM4(x)
#define ___bpf_probe_word4(x) PT_REGS_PARM5(x)
#define ___bpf_probe_word5(x) PT_REGS_PARM6(x)
#define ___bpf_probe_word6(x) PT_REGS_PARM7(x)
#define ___bpf_probe_word7(x) PT_REGS_PARM8(x)
#define ___bpf_probe_parameter(index, parameter) , (unsigned long long)___bpf_probe_word##index(ctx)
#define BPF_KPROBE(name, parameters...) \
  ___bpf_entry(name, struct pt_regs *ctx, (ctx ___bpf_each(___bpf_probe_parameter, ##parameters)), ##parameters)

// kretprobe, uretprobe: at most one parameter, the probed function's result.
#define ___bpf_probe_result(index, parameter) , (unsigned long long)PT_REGS_RC(ctx)
#define BPF_KRETPROBE(name, result...) \
  ___bpf_entry(name, struct pt_regs *ctx, (ctx ___bpf_each(___bpf_probe_result, ##result)), ##result)

#define BPF_UPROBE(name, parameters...) BPF_KPROBE(name, ##parameters)
#define BPF_URETPROBE(name, result...) BPF_KRETPROBE(name, ##result)

// ksyscall: the parameters of a system call, up to seven. Kernels with CONFIG_ARCH_HAS_SYSCALL_WRAPPER, and only they,
// hand its function the registers instead; the loader says which kernel it is. Needs <bpf/bpf_core_read.h>. System
// calls that a machine takes in its own way (old mmap, clone, socketcall, compat) are not told apart.
#define ___bpf_syscall_word0(x) PT_REGS_PARM1_SYSCALL(x)
#define ___bpf_syscall_word1(x) PT_REGS_PARM2_SYSCALL(x)
#define ___bpf_syscall_word2(x) PT_REGS_PARM3_SYSCALL(x)
#define ___bpf_syscall_word3(x) PT_REGS_PARM4_SYSCALL(x)
#define ___bpf_syscall_word4(x) PT_REGS_PARM5_SYSCALL(x)
#define ___bpf_syscall_word5(x) PT_REGS_PARM6_SYSCALL(x)
#define ___bpf_syscall_word6(x) PT_REGS_PARM7_SYSCALL(x)
#define ___bpf_wrapped_word0(x) PT_REGS_PARM1_CORE_SYSCALL(x)
#define ___bpf_wrapped_word1(x) PT_REGS_PARM2_CORE_SYSCALL(x)
#define ___bpf_wrapped_word2(x) PT_REGS_PARM3_CORE_SYSCALL(x)
#define ___bpf_wrapped_word3(x) PT_REGS_PARM4_CORE_SYSCALL(x)
#define ___bpf_wrapped_word4(x) PT_REGS_PARM5_CORE_SYSCALL(x)
#define ___bpf_wrapped_word5(x) PT_REGS_PARM6_CORE_SYSCALL(x)
#define ___bpf_wrapped_word6(x) PT_REGS_PARM7_CORE_SYSCALL(x)
#define ___bpf_syscall_parameter(index, parameter) , (unsigned long long)___bpf_syscall_word##index(regs)
#define ___bpf_wrapped_parameter(index, parameter) , (unsigned long long)___bpf_wrapped_word##index(regs)
#define BPF_KSYSCALL(name, parameters...)                                                                         \
  name(struct pt_regs *ctx);                                                                                      \
  extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;                                                               \
  static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##parameters);                           \
  typeof(name(0)) name(struct pt_regs *ctx) {                                                                     \
    struct pt_regs *regs = LINUX_HAS_SYSCALL_WRAPPER ? (struct pt_regs *)PT_REGS_PARM1(ctx) : ctx;                \
    _Pragma("GCC diagnostic push")                                                                                \
    _Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                                                        \
    if (LINUX_HAS_SYSCALL_WRAPPER)                                                                                \
      return ____##name(ctx ___bpf_each(___bpf_wrapped_parameter, ##parameters));                                 \
    else                                                                                                          \
      return ____##name(ctx ___bpf_each(___bpf_syscall_parameter, ##parameters));                                 \
    _Pragma("GCC diagnostic pop")                                                                                 \
  }                                                                                                               \
  static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##parameters)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL

#endif
