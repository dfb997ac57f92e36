// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// What nearly every eBPF program in C needs: helpers, sections, maps, attributes, loops, printing.
//
// Include <linux/bpf.h> or vmlinux.h first: the helpers' declarations use types such as __u64.
#ifndef __BPF_HELPERS__
#define __BPF_HELPERS__

#include "bpf_helper_defs.h"
#include "bpf_macros.h"

// ---------------------------------------------------------------------------------------------------------------- maps

// Members of a map's definition in section ".maps". The numbers and types travel in BTF: a number is the length of an
// array that a pointer points to (or, beyond 32 bits, the value of an enumerator), a type is what a pointer points to.
#define __uint(name, number) int (*name)[number]
#define __type(name, type) typeof(type) *name
#define __array(name, type) typeof(type) *name[]
#define __ulong(name, number) enum { ___bpf_apply(__unique_value, __COUNTER__) = number } name

// Values of the member `pinning`.
enum libbpf_pin_type {
  LIBBPF_PIN_NONE,
  LIBBPF_PIN_BY_NAME,  // below /sys/fs/bpf, by the map's name
};

// ---------------------------------------------------------------------------------------------------------- attributes

// Puts a program, map or variable into a section; its name says what it is. On `extern` declarations the attribute
// `used` has no meaning, and clang need not say so.
#define SEC(name)                                               \
  _Pragma("GCC diagnostic push")                                \
  _Pragma("GCC diagnostic ignored \"-Wignored-attributes\"")    \
  __attribute__((section(name), used))                          \
  _Pragma("GCC diagnostic pop")

// <linux/stddef.h> has another one, which only inlines where it pays.
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif

// A function that is not static, yet verified with each of its callers instead of alone.
#define __hidden __attribute__((visibility("hidden")))

// Variables that the loader fills: the kernel's configuration, addresses of its functions and variables.
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))

// Pointers to kernel objects that map values hold.
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#ifndef __uptr
#define __uptr __attribute__((btf_type_tag("uptr")))
#endif

// What the verifier may assume of a global function's parameter, and demands of its callers.
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))

// A value of the kernel's configuration that can be yes, no or module.
enum libbpf_tristate {
  TRI_NO = 0,
  TRI_YES = 1,
  TRI_MODULE = 2,
};

// Whether the running kernel has a function or variable that is declared `__weak __ksym`.
#define bpf_ksym_exists(symbol)                                                                         \
  ({                                                                                                    \
    _Static_assert(!__builtin_constant_p(!!(symbol)), #symbol " should be marked as __weak");           \
    !!(symbol);                                                                                         \
  })

// ------------------------------------------------------------------------------------------------------------ language

#ifndef NULL
#define NULL ((void *)0)
#endif

// The form of LINUX_KERNEL_VERSION (`extern int LINUX_KERNEL_VERSION __kconfig`).
#ifndef KERNEL_VERSION
#define KERNEL_VERSION(major, minor, patch) (((major) << 16) + ((minor) << 8) + ((patch) > 255 ? 255 : (patch)))
#endif

// The compiler's own offsetof is a constant; this one stays an access that CO-RE relocates.
#undef offsetof
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
#undef container_of
#define container_of(pointer, type, member)               \
  ({                                                      \
    void *___member = (void *)(pointer);                  \
    (type *)(___member - offsetof(type, member));         \
  })

// The compiler moves no memory access over this.
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif

// The compiler assumes nothing of what it knew about a variable. Keeps, for instance, the check of a bound and the use of
// the bounded value in one register, where the verifier sees that they belong together.
#ifndef barrier_var
#define barrier_var(variable) asm volatile("" : "+r"(variable))
#endif

// Must be optimized away: the BPF back end has no trap, so that an error says that it was not.
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

// ---------------------------------------------------------------------------------------------------------- tail calls

#ifdef __bpf__
// bpf_tail_call with a constant index. The call and its arguments stay together, so that the kernel's JIT sees map and
// index and can make a direct jump of it.
static __always_inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot) {
  if (!__builtin_constant_p(slot)) __bpf_unreachable();
  asm volatile(
      "r1 = %[ctx]\n\t"
      "r2 = %[map]\n\t"
      "r3 = %[slot]\n\t"
      "call 12"
      :
      : [ctx] "r"(ctx), [map] "r"(map), [slot] "i"(slot)
      : "r0", "r1", "r2", "r3", "r4", "r5");
}
#endif

// ------------------------------------------------------------------------------------------------------------ printing

// The array of 64-bit values that the formatting helpers read, made from arguments of any type.
#define ___bpf_store_value(index, value) ___param[index] = value;
#define ___bpf_values(args...)                                  \
  unsigned long long ___param[___bpf_narg(args)];               \
  _Pragma("GCC diagnostic push")                                \
  _Pragma("GCC diagnostic ignored \"-Wint-conversion\"")        \
  ___bpf_each(___bpf_store_value, ##args)                       \
  _Pragma("GCC diagnostic pop")

// Writes a formatted text into the file that a program of type iter makes: up to 12 values.
#define BPF_SEQ_PRINTF(seq, format, args...)                                                \
  ({                                                                                        \
    static const char ___fmt[] = format;                                                    \
    ___bpf_values(args) bpf_seq_printf(seq, ___fmt, sizeof ___fmt, ___param, sizeof ___param); \
  })

// Writes a formatted text into a buffer: up to 12 values. The result is its length with the final zero, or an error.
#define BPF_SNPRINTF(out, out_size, format, args...)                                        \
  ({                                                                                        \
    static const char ___fmt[] = format;                                                    \
    ___bpf_values(args) bpf_snprintf(out, out_size, ___fmt, ___param, sizeof ___param);     \
  })

#ifdef BPF_NO_GLOBAL_DATA
#define BPF_PRINTK_FMT_MOD
#else
#define BPF_PRINTK_FMT_MOD static const
#endif

// The old helper: up to three values.
#define __bpf_printk(format, args...)                               \
  ({                                                                \
    BPF_PRINTK_FMT_MOD char ____fmt[] = format;                     \
    bpf_trace_printk(____fmt, sizeof ____fmt, ##args);              \
  })

// The helper since Linux 5.16: up to 12 values.
#define __bpf_vprintk(format, args...)                                                      \
  ({                                                                                        \
    static const char ___fmt[] = format;                                                    \
    ___bpf_values(args) bpf_trace_vprintk(___fmt, sizeof ___fmt, ___param, sizeof ___param); \
  })

#define ___bpf_printk0 __bpf_printk
#define ___bpf_printk1 __bpf_printk
#define ___bpf_printk2 __bpf_printk
#define ___bpf_printk3 __bpf_printk
#define ___bpf_printk4 __bpf_vprintk
#define ___bpf_printk5 __bpf_vprintk
#define ___bpf_printk6 __bpf_vprintk
#define ___bpf_printk7 __bpf_vprintk
#define ___bpf_printk8 __bpf_vprintk
#define ___bpf_printk9 __bpf_vprintk
#define ___bpf_printk10 __bpf_vprintk
#define ___bpf_printk11 __bpf_vprintk
#define ___bpf_printk12 __bpf_vprintk

// Prints to the kernel's trace (/sys/kernel/tracing/trace_pipe), with whichever helper takes that many values.
#define bpf_printk(format, args...) ___bpf_apply(___bpf_printk, ___bpf_narg(args))(format, ##args)

// --------------------------------------------------------------------------------------------------------------- loops

struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

// The first clause of a for over an iterator: the iterator, which is destroyed however the loop ends, and a second
// variable, whose initializer makes the iterator, once. Naming the destructor there gives it BTF, which clang omits for
// what only the attribute names.
#define ___bpf_iterator(type, args...)                                                          \
  struct bpf_iter_##type ___it __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))), \
      *___p __attribute__((unused)) =                                                           \
          (bpf_iter_##type##_new(&___it, ##args), (void)bpf_iter_##type##_destroy, (void *)0)

// Visits the elements of one of the kernel's iterators: `bpf_for_each(css, position, root, BPF_CGROUP_ITER_CHILDREN)`.
#ifndef bpf_for_each
#define bpf_for_each(type, current, args...) \
  for (___bpf_iterator(type, ##args); (((current) = bpf_iter_##type##_next(&___it)));)
#endif

// Counts `i` from `start` up to and without `end`; inside, the verifier knows that range. `start` and `end` are evaluated
// each time.
#ifndef bpf_for
#define bpf_for(i, start, end)                                                    \
  for (___bpf_iterator(num, (start), (end)); ({                                   \
         int *___t = bpf_iter_num_next(&___it);                                   \
         (___t && ((i) = *___t, (i) >= (start) && (i) < (end)));                  \
       });)
#endif

// Repeats without a counter.
#ifndef bpf_repeat
#define bpf_repeat(times) for (___bpf_iterator(num, 0, (times)); bpf_iter_num_next(&___it);)
#endif

#endif
