// SPDX-License-Identifier: Apache-2.0
#include "cebpf.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

uint32_t cebpf_processor_features(void) {
  uint32_t features = 0;
#if defined(__x86_64__)
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && ebx & bit_BMI2) features |= 1;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx & bit_MOVBE) features |= 2;
#endif
  return features;
}
