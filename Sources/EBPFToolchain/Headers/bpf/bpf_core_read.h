// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// CO-RE: accesses to kernel types that the loader adjusts to the running kernel, and questions about its types.
#ifndef __BPF_CORE_READ_H__
#define __BPF_CORE_READ_H__

#include "bpf_helpers.h"

// ------------------------------------------------------------------------------------- what clang's builtins are asked

// __builtin_preserve_field_info
enum bpf_field_info_kind {
  BPF_FIELD_BYTE_OFFSET = 0,
  BPF_FIELD_BYTE_SIZE = 1,
  BPF_FIELD_EXISTS = 2,
  BPF_FIELD_SIGNED = 3,
  BPF_FIELD_LSHIFT_U64 = 4,  // the shifts that bring a bit-field to the top of 64 bits
  BPF_FIELD_RSHIFT_U64 = 5,  // and down again
};

// __builtin_btf_type_id
enum bpf_type_id_kind {
  BPF_TYPE_ID_LOCAL = 0,
  BPF_TYPE_ID_TARGET = 1,
};

// __builtin_preserve_type_info
enum bpf_type_info_kind {
  BPF_TYPE_EXISTS = 0,
  BPF_TYPE_SIZE = 1,
  BPF_TYPE_MATCHES = 2,
};

// __builtin_preserve_enum_value
enum bpf_enum_value_kind {
  BPF_ENUMVAL_EXISTS = 0,
  BPF_ENUMVAL_VALUE = 1,
};

// ----------------------------------------------------------------------------------------------------------- questions

#define ___bpf_typeof(type) ((typeof(type) *)0)

// A field, as `pointer->field` or as `struct type, field`.
#define ___bpf_field_ref1(field) (field)
#define ___bpf_field_ref2(type, field) (___bpf_typeof(type)->field)
#define ___bpf_field_ref(args...) ___bpf_apply(___bpf_field_ref, ___bpf_narg(args))(args)

// Whether the running kernel has a field; its size and its offset there in bytes.
#define bpf_core_field_exists(field...) __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_EXISTS)
#define bpf_core_field_size(field...) __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(field...) __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_OFFSET)

// A type's number in the program's BTF, and in the running kernel's (0: it has none).
#define bpf_core_type_id_local(type) __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_TARGET)

// Whether the running kernel has a type of this name, one that also has the same members, and its size (0: none).
#define bpf_core_type_exists(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_MATCHES)
#define bpf_core_type_size(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_SIZE)

// Whether the running kernel has an enumerator, and its value there (0: none).
#define bpf_core_enum_value_exists(enum_type, enum_value) \
  __builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(enum_type, enum_value) \
  __builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_VALUE)

// A pointer of any kind as one to a type of the running kernel, whose members the program then reads without a helper.
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;
#define bpf_core_cast(pointer, type) ((typeof(type) *)bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(type)))

// ---------------------------------------------------------------------------------------------------------- bit-fields

#define __CORE_RELO(src, field, info) __builtin_preserve_field_info((src)->field, BPF_FIELD_##info)

// The helper fills the low-ordered bytes of a 64-bit integer.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___core_low_bytes(value, src, field) ((void *)(value))
#else
#define ___core_low_bytes(value, src, field) ((void *)(value) + (8 - __CORE_RELO(src, field, BYTE_SIZE)))
#endif
#define __CORE_BITFIELD_PROBE_READ(value, src, field)                                       \
  bpf_probe_read_kernel(___core_low_bytes(value, src, field), __CORE_RELO(src, field, BYTE_SIZE), \
                        (const void *)(src) + __CORE_RELO(src, field, BYTE_OFFSET))

// The field's bits of an integer that holds it, with its sign.
#define ___core_extract(value, src, field)                                                  \
  value <<= __CORE_RELO(src, field, LSHIFT_U64);                                            \
  if (__CORE_RELO(src, field, SIGNED))                                                      \
    value = ((long long)value) >> __CORE_RELO(src, field, RSHIFT_U64);                      \
  else                                                                                      \
    value = value >> __CORE_RELO(src, field, RSHIFT_U64);

// A bit-field's value as 64 bits, read with bpf_probe_read_kernel.
#define BPF_CORE_READ_BITFIELD_PROBED(src, field)           \
  ({                                                        \
    unsigned long long val = 0;                             \
    __CORE_BITFIELD_PROBE_READ(&val, src, field);           \
    ___core_extract(val, src, field) val;                   \
  })

// A bit-field's value as 64 bits, read directly, for programs that may. The barrier keeps the address one relocation.
#define BPF_CORE_READ_BITFIELD(src, field)                                                  \
  ({                                                                                        \
    const void *p = (const void *)(src) + __CORE_RELO(src, field, BYTE_OFFSET);             \
    unsigned long long val;                                                                 \
    barrier_var(p);                                                                         \
    switch (__CORE_RELO(src, field, BYTE_SIZE)) {                                           \
      case 1: val = *(const unsigned char *)p; break;                                       \
      case 2: val = *(const unsigned short *)p; break;                                      \
      case 4: val = *(const unsigned int *)p; break;                                        \
      case 8: val = *(const unsigned long long *)p; break;                                  \
      default: val = 0; break;                                                              \
    }                                                                                       \
    ___core_extract(val, src, field) val;                                                   \
  })

// Writes a bit-field directly, its neighbours kept.
#define BPF_CORE_WRITE_BITFIELD(src, field, new_value)                                      \
  ({                                                                                        \
    void *p = (void *)(src) + __CORE_RELO(src, field, BYTE_OFFSET);                         \
    unsigned int byte_size = __CORE_RELO(src, field, BYTE_SIZE);                            \
    unsigned int lshift = __CORE_RELO(src, field, LSHIFT_U64);                              \
    unsigned int rshift = __CORE_RELO(src, field, RSHIFT_U64);                              \
    unsigned long long mask, val, nval = new_value;                                         \
    unsigned int rpad = rshift - lshift;                                                    \
    barrier_var(p);                                                                         \
    switch (byte_size) {                                                                    \
      case 1: val = *(unsigned char *)p; break;                                             \
      case 2: val = *(unsigned short *)p; break;                                            \
      case 4: val = *(unsigned int *)p; break;                                              \
      case 8: val = *(unsigned long long *)p; break;                                        \
    }                                                                                       \
    mask = (~0ULL << rshift) >> lshift;                                                     \
    val = (val & ~mask) | ((nval << rpad) & mask);                                          \
    switch (byte_size) {                                                                    \
      case 1: *(unsigned char *)p = val; break;                                             \
      case 2: *(unsigned short *)p = val; break;                                            \
      case 4: *(unsigned int *)p = val; break;                                              \
      case 8: *(unsigned long long *)p = val; break;                                        \
    }                                                                                       \
  })

// --------------------------------------------------------------------------------------------------------------- reads

// Reads from an address that is an access of a kernel type: `bpf_core_read(&pid, sizeof pid, &task->pid)`. The variants
// read strings, and the kernel's types in the memory of a process.
#define bpf_core_read(to, size, from) \
  bpf_probe_read_kernel(to, size, (const void *)__builtin_preserve_access_index(from))
#define bpf_core_read_user(to, size, from) \
  bpf_probe_read_user(to, size, (const void *)__builtin_preserve_access_index(from))
#define bpf_core_read_str(to, size, from) \
  bpf_probe_read_kernel_str(to, size, (const void *)__builtin_preserve_access_index(from))
#define bpf_core_read_user_str(to, size, from) \
  bpf_probe_read_user_str(to, size, (const void *)__builtin_preserve_access_index(from))

// The type of a value, without const and volatile where the compiler can take them off.
#if __clang_major__ >= 19
#define ___core_typeof(value) __typeof_unqual__(value)
#else
#define ___core_typeof(value) typeof(value)
#endif

#define ___core_concat(a, b) a##b
#define ___core_apply(macro, count) ___core_concat(macro, count)
#define ___core_nth(_1, _2, _3, _4, _5, _6, _7, _8, _9, nth, ...) nth
// The number of arguments, 1 to 9.
#define ___core_count(args...) ___core_nth(args, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

// `src->a->b->c`, for its type.
#define ___core_path1(src, a) src->a
#define ___core_path2(src, a, b) src->a->b
#define ___core_path3(src, a, b, c) src->a->b->c
#define ___core_path4(src, a, b, c, d) src->a->b->c->d
#define ___core_path5(src, a, b, c, d, e) src->a->b->c->d->e
#define ___core_path6(src, a, b, c, d, e, f) src->a->b->c->d->e->f
#define ___core_path7(src, a, b, c, d, e, f, g) src->a->b->c->d->e->f->g
#define ___core_path8(src, a, b, c, d, e, f, g, h) src->a->b->c->d->e->f->g->h
#define ___core_path9(src, a, b, c, d, e, f, g, h, i) src->a->b->c->d->e->f->g->h->i
#define ___core_path(src, fields...) ___core_apply(___core_path, ___core_count(fields))(src, fields)

// One read: the field of what `from` points to, `like` being an expression of its type.
#define ___core_step(read, to, like, from, field) read((void *)(to), sizeof(*(to)), &((___core_typeof(like))(from))->field)

// The reads behind the first: `next` follows a pointer that a read has left in __t, `last` makes the final one.
#define ___core_rest1(last, next, to, like, a) ___core_step(last, to, like, __t, a);
#define ___core_rest2(last, next, to, like, a, fields...) \
  ___core_step(next, &__t, like, __t, a); ___core_rest1(last, next, to, like->a, fields)
#define ___core_rest3(last, next, to, like, a, fields...) \
  ___core_step(next, &__t, like, __t, a); ___core_rest2(last, next, to, like->a, fields)
#define ___core_rest4(last, next, to, like, a, fields...) \
  ___core_step(next, &__t, like, __t, a); ___core_rest3(last, next, to, like->a, fields)
#define ___core_rest5(last, next, to, like, a, fields...) \
  ___core_step(next, &__t, like, __t, a); ___core_rest4(last, next, to, like->a, fields)
#define ___core_rest6(last, next, to, like, a, fields...) \
  ___core_step(next, &__t, like, __t, a); ___core_rest5(last, next, to, like->a, fields)
#define ___core_rest7(last, next, to, like, a, fields...) \
  ___core_step(next, &__t, like, __t, a); ___core_rest6(last, next, to, like->a, fields)
#define ___core_rest8(last, next, to, like, a, fields...) \
  ___core_step(next, &__t, like, __t, a); ___core_rest7(last, next, to, like->a, fields)

// All reads: one field, or the first of several and the rest.
#define ___core_chain1(last, next, to, src, a) ___core_step(last, to, src, src, a);
#define ___core_first(next, src, a) const void *__t; ___core_step(next, &__t, src, src, a);
#define ___core_chain2(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest1(last, next, to, src->a, f)
#define ___core_chain3(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest2(last, next, to, src->a, f)
#define ___core_chain4(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest3(last, next, to, src->a, f)
#define ___core_chain5(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest4(last, next, to, src->a, f)
#define ___core_chain6(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest5(last, next, to, src->a, f)
#define ___core_chain7(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest6(last, next, to, src->a, f)
#define ___core_chain8(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest7(last, next, to, src->a, f)
#define ___core_chain9(last, next, to, src, a, f...) ___core_first(next, src, a) ___core_rest8(last, next, to, src->a, f)
#define ___core_into(last, next, to, src, fields...) \
  ({ ___core_apply(___core_chain, ___core_count(fields))(last, next, to, src, fields) })

// Follow pointers: BPF_CORE_READ_INTO(&x, s, a.b, c) reads s->a.b->c into x; up to nine fields. The result is that of the
// last helper. USER reads a process's memory, STR reads a string at the end, PROBE leaves out the relocations, so that
// the types can be any.
#define BPF_CORE_READ_INTO(to, src, fields...) ___core_into(bpf_core_read, bpf_core_read, to, (src), fields)
#define BPF_CORE_READ_USER_INTO(to, src, fields...) ___core_into(bpf_core_read_user, bpf_core_read_user, to, (src), fields)
#define BPF_CORE_READ_STR_INTO(to, src, fields...) ___core_into(bpf_core_read_str, bpf_core_read, to, (src), fields)
#define BPF_CORE_READ_USER_STR_INTO(to, src, fields...) \
  ___core_into(bpf_core_read_user_str, bpf_core_read_user, to, (src), fields)
#define BPF_PROBE_READ_INTO(to, src, fields...) ___core_into(bpf_probe_read_kernel, bpf_probe_read_kernel, to, (src), fields)
#define BPF_PROBE_READ_USER_INTO(to, src, fields...) ___core_into(bpf_probe_read_user, bpf_probe_read_user, to, (src), fields)
#define BPF_PROBE_READ_STR_INTO(to, src, fields...) \
  ___core_into(bpf_probe_read_kernel_str, bpf_probe_read_kernel, to, (src), fields)
#define BPF_PROBE_READ_USER_STR_INTO(to, src, fields...) \
  ___core_into(bpf_probe_read_user_str, bpf_probe_read_user, to, (src), fields)

// The same as values: BPF_CORE_READ(s, a.b, c) is s->a.b->c.
#define ___core_value(into, src, fields...)                 \
  ({                                                        \
    ___core_typeof(___core_path((src), fields)) __r;        \
    into(&__r, src, fields);                                \
    __r;                                                    \
  })
#define BPF_CORE_READ(src, fields...) ___core_value(BPF_CORE_READ_INTO, src, fields)
#define BPF_CORE_READ_USER(src, fields...) ___core_value(BPF_CORE_READ_USER_INTO, src, fields)
#define BPF_PROBE_READ(src, fields...) ___core_value(BPF_PROBE_READ_INTO, src, fields)
#define BPF_PROBE_READ_USER(src, fields...) ___core_value(BPF_PROBE_READ_USER_INTO, src, fields)

#endif
