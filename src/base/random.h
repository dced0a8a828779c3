/* SPDX-License-Identifier: MIT */
/* random.h - random bytes fit for keys. */
#ifndef GYRE_BASE_RANDOM_H
#define GYRE_BASE_RANDOM_H

#include <gyre/export.h>
#include <stddef.h>

/* Fill [out] from the system's generator. 0, or a negative errno, which on Linux can only happen
 * where a sandbox forbids the call; [out] is then not to be used. */
GY_CHECKED int gy__random(void *out, size_t len);

#endif
