/* SPDX-License-Identifier: MIT */
/* fuzz.h - the one function that a fuzz target is. */
#ifndef GYRE_FUZZ_FUZZ_H
#define GYRE_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Try [data], which is not NUL-terminated; [size] may be 0. Returns 0. A fault is a crash: abort, a
 * failed assert, or what a sanitizer finds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
