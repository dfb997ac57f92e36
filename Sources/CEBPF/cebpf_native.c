// SPDX-License-Identifier: Apache-2.0
#include "cebpf_native.h"

#include <setjmp.h>

int cebpf_catch(void (*body)(void *), void *argument, void **landing) {
  void *const outer = *landing;
  jmp_buf buffer;
  *landing = &buffer;
  // Without the signal mask: nobody changes it in between.
  const int left = _setjmp(buffer);
  if (!left) body(argument);
  *landing = outer;
  return left;
}

void cebpf_leave(void *landing) { _longjmp(*(jmp_buf *)landing, 1); }
