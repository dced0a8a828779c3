/* SPDX-License-Identifier: MIT */
/* backtrace_text.h - backtraces and addresses by the names of functions. */
#ifndef GYRE_LOOP_BACKTRACE_TEXT_H
#define GYRE_LOOP_BACKTRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/backtrace.h"

enum { GY__SYMBOL = 160 };

/* "inner+4 (file.c:9) <- outer+120 (file.c:33)"; what has no room is left out. */
void gy__backtrace_text(const struct gy__backtrace *b, char *out, size_t size);

/* What is known of one address. [function] and [file] are valid until the next one; NULL when they are
 * not known. */
struct gy__symbol {
    const char *function, *file;
    size_t offset;
    int line;
};

/* Asks the debug information and the symbol table of the file that the code is from; written with and
 * without a library for that. One thread at a time. */
void gy__symbol_find(const void *address, struct gy__symbol *s);

#endif
