// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Counting and visiting the arguments of variadic macros, for the other headers here.
#ifndef __EBPF_MACROS_H__
#define __EBPF_MACROS_H__

// Joins two tokens after expanding them.
#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a##b
#endif
#ifndef ___bpf_apply
#define ___bpf_apply(macro, count) ___bpf_concat(macro, count)
#endif

// The number of arguments, 0 to 12.
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, nth, ...) nth
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

// ___bpf_each(M, a, b, c) is M(0, a) M(1, b) M(2, c), for 0 to 12 arguments.
#define ___bpf_each0(M)
#define ___bpf_each1(M, a) M(0, a)
#define ___bpf_each2(M, a, b) M(0, a) M(1, b)
#define ___bpf_each3(M, a, b, c) M(0, a) M(1, b) M(2, c)
#define ___bpf_each4(M, a, b, c, d) M(0, a) M(1, b) M(2, c) M(3, d)
#define ___bpf_each5(M, a, b, c, d, e) ___bpf_each4(M, a, b, c, d) M(4, e)
#define ___bpf_each6(M, a, b, c, d, e, f) ___bpf_each4(M, a, b, c, d) M(4, e) M(5, f)
#define ___bpf_each7(M, a, b, c, d, e, f, g) ___bpf_each4(M, a, b, c, d) M(4, e) M(5, f) M(6, g)
#define ___bpf_each8(M, a, b, c, d, e, f, g, h) ___bpf_each4(M, a, b, c, d) M(4, e) M(5, f) M(6, g) M(7, h)
#define ___bpf_each9(M, a, b, c, d, e, f, g, h, i) ___bpf_each8(M, a, b, c, d, e, f, g, h) M(8, i)
#define ___bpf_each10(M, a, b, c, d, e, f, g, h, i, j) ___bpf_each8(M, a, b, c, d, e, f, g, h) M(8, i) M(9, j)
#define ___bpf_each11(M, a, b, c, d, e, f, g, h, i, j, k) \
  ___bpf_each8(M, a, b, c, d, e, f, g, h) M(8, i) M(9, j) M(10, k)
#define ___bpf_each12(M, a, b, c, d, e, f, g, h, i, j, k, l) \
  ___bpf_each8(M, a, b, c, d, e, f, g, h) M(8, i) M(9, j) M(10, k) M(11, l)
#define ___bpf_each(M, args...) ___bpf_apply(___bpf_each, ___bpf_narg(args))(M, ##args)

// A program's function that takes the context, and the author's function with typed parameters, which it calls and
// which is inlined into it. `call` is the argument list of that call, in parentheses.
#define ___bpf_entry(name, context, call, args...)                                               \
  name(context);                                                                                 \
  static inline __attribute__((always_inline)) typeof(name(0)) ____##name(context, ##args);      \
  typeof(name(0)) name(context) {                                                                \
    _Pragma("GCC diagnostic push")                                                               \
    _Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                                       \
    return ____##name call;                                                                      \
    _Pragma("GCC diagnostic pop")                                                                \
  }                                                                                              \
  static inline __attribute__((always_inline)) typeof(name(0)) ____##name(context, ##args)

#endif
