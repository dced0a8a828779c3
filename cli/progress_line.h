/* SPDX-License-Identifier: MIT */
/* progress_line.h - a download in one line of text. */
#ifndef GYRE_CLI_PROGRESS_LINE_H
#define GYRE_CLI_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_view {
    const char *name;
    uint64_t bytes, length; /* length 0: nobody knows */
    double rate;            /* bytes a second; 0: nobody knows */
    double seconds;         /* since it began */
    bool done;
};

/* The line, at most [columns] wide: what there is no room for is left out, the bar first. */
void progress_line(const struct progress_view *v, int columns, char *out, size_t size);

#endif
