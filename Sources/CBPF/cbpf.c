// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The native form's one piece of state: which host serves a thread.
#include "include/cbpf_host.h"

#if CBPF_NATIVE

static _Thread_local const struct cbpf_host *current_host;

const struct cbpf_host *cbpf_current_host(void) { return current_host; }

const struct cbpf_host *cbpf_enter(const struct cbpf_host *host) {
  const struct cbpf_host *before = current_host;
  current_host = host;
  return before;
}

void cbpf_leave(const struct cbpf_host *before) { current_host = before; }

// The names are what a crash report shows.
__attribute__((noinline, noreturn)) static void no_host_runs_this_program_on_this_thread(void) { __builtin_trap(); }

__attribute__((noinline, noreturn)) static void this_host_has_no_such_helper(void) { __builtin_trap(); }

static const struct cbpf_host *host(void) {
  if (!current_host) no_host_runs_this_program_on_this_thread();
  return current_host;
}

cbpf_function cbpf_helper(__u32 number) {
  const struct cbpf_host *const at = host();
  if (number >= at->helper_count || !at->helpers[number]) {
    if (at->missing) at->missing(number, at->environment);
    this_host_has_no_such_helper();
  }
  return at->helpers[number];
}

void *cbpf_environment(void) { return host()->environment; }

const void *cbpf_map(const void *pointer) { return host()->map(pointer, host()->environment); }

void *cbpf_address(const void *context, __u32 offset) { return host()->address(context, offset, host()->environment); }

const void *cbpf_setting(const void *address) {
  // Settings are read outside of runs too, where a program has them as globals.
  if (!current_host || !current_host->setting) return address;
  const void *const value = current_host->setting(address, current_host->environment);
  return value ? value : address;
}

#endif
