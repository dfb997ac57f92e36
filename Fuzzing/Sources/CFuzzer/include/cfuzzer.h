// libFuzzer's entry points (compiler-rt, lib/fuzzer/FuzzerInterface.h), which come with -sanitize=fuzzer.
// SPDX-License-Identifier: Apache-2.0
#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// Runs one input.
typedef int (*fuzzer_target)(const uint8_t *_Nullable data, size_t size);

/// libFuzzer's main function, on a target that the caller chooses.
int LLVMFuzzerRunDriver(int *_Nonnull argc, char *_Nonnull *_Nonnull *_Nonnull argv, fuzzer_target _Nonnull target);

#endif
