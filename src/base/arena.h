/* SPDX-License-Identifier: MIT */
/* arena.h - what the library's own loops ask of an arena. */
#ifndef GYRE_BASE_ARENA_H
#define GYRE_BASE_ARENA_H

#include <gyre/arena.h>
#include <stdbool.h>

/* Has nothing been taken from it since it was made or reset? Then a reset would do nothing. */
static inline bool gy__arena_is_untouched(const gy_arena *a)
{
    return a->at == a->first && !a->blocks && !a->defers;
}

#endif
