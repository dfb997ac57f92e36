// Leaving a program that runs as a function of this process before it returns, which eBPF can (a tail call that succeeds) and Swift cannot.
// SPDX-License-Identifier: Apache-2.0
#ifndef CEBPF_NATIVE_H
#define CEBPF_NATIVE_H

/// Calls `body(argument)`, within which `*landing` is what ``cebpf_leave`` takes.
/// - Returns: 0 where `body` returned, 1 where it was left.
int cebpf_catch(void (*_Nonnull body)(void *_Nonnull argument), void *_Nonnull argument, void *_Nullable *_Nonnull landing);

/// Leaves the body of the innermost ``cebpf_catch`` that set this landing. The functions in between do not go on, and release nothing.
__attribute__((noreturn)) void cebpf_leave(void *_Nonnull landing);

#endif
