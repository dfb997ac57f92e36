// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Kernel functions for loops.
#ifndef CBPF_LOOPS_H
#define CBPF_LOOPS_H

#include "cbpf_base.h"

#endif
