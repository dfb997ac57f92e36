// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// glibc's headers take a machine that they do not know, as BPF is, for one of 32 bits, and look for the list of that C
// library's functions without contents. There are none of its functions in eBPF; <stdint.h> and others can be included.
