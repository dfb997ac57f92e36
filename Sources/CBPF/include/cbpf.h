// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// What a program in Swift needs from C: the kernel's contexts, helpers by their numbers, kernel functions, and the few operations that
// must reach the eBPF back end in one particular form. No header of the system is read: programs compile where there are none.
//
// The module is compiled in two ways:
// - for eBPF (riscv64-none-none-eabi, whose data layout is eBPF's): a helper is a call of a constant address;
// - natively, in the editor and in tests: a helper goes through the table of cbpf_host.h, which a host fills.
#ifndef CBPF_H
#define CBPF_H

#include "cbpf_base.h"
#include "cbpf_host.h"
#include "cbpf_contexts.h"
#include "cbpf_registers.h"
#include "cbpf_helpers.h"
#include "cbpf_memory.h"
#include "cbpf_loops.h"
#include "cbpf_kernel.h"

#endif
