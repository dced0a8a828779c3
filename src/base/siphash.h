/* SPDX-License-Identifier: MIT */
/* siphash.h - a keyed hash that a sender of colliding names cannot foresee. */
#ifndef GYRE_BASE_SIPHASH_H
#define GYRE_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3 of [len] bytes under a 128-bit key (Aumasson and Bernstein, 2012). */
uint64_t gy__siphash(const void *bytes, size_t len, const uint64_t key[2]);

/* SipHash-2-4, the variant with published vectors. */
uint64_t gy__siphash24(const void *bytes, size_t len, const uint64_t key[2]);

#endif
