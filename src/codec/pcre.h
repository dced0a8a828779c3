/* SPDX-License-Identifier: MIT */
/* pcre.h - regular expressions as all of gyre uses them: our memory, bounded time. */
#ifndef GYRE_CODEC_PCRE_H
#define GYRE_CODEC_PCRE_H

#include <gyre/str.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { GY__PCRE_WHY = 160 };

/* Compile [text] with PCRE2's [flags], and to machine code for [jit] (PCRE2_JIT_COMPLETE ...) where that
 * can be had. 0, GY_ENOMEM, or GY_EINVAL with a sentence in [why]. */
int gy__pcre_compile(gy_str text, uint32_t flags, uint32_t jit, pcre2_code **out,
                     char why[GY__PCRE_WHY]);

/* What a match may take: a subject that makes an expression try more is given up, after a few
 * milliseconds. [memory] NULL is ours. NULL when out of memory. */
pcre2_match_context *gy__pcre_limits(pcre2_general_context *memory);

#endif
