// What helpers ask of the system and Swift's C library modules do not offer. SPDX-License-Identifier: Apache-2.0
#ifndef CEBPF_SYSTEM_H
#define CEBPF_SYSTEM_H

#include <stdint.h>

/// Copies memory of this process through the kernel, so that an address that cannot be read is an answer and not a fault.
/// The bytes that were copied: fewer than `size` where the rest cannot be read.
uint64_t cebpf_probe_read(void *_Nullable destination, uint64_t address, uint64_t size);

/// A random number of this thread's generator, seeded from the system's. Not for cryptography.
uint32_t cebpf_random32(void);

/// The calling thread's and process's numbers.
uint32_t cebpf_thread_id(void);
uint32_t cebpf_process_id(void);

/// The calling thread's name, at most 15 bytes and a zero (`TASK_COMM_LEN`). 0, or an errno.
int cebpf_thread_name(char name[_Nonnull 16]);

/// The memory node of the processor that the thread runs on; 0 where the system does not say.
uint32_t cebpf_memory_node(void);

#endif
