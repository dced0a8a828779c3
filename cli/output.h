/* SPDX-License-Identifier: MIT */
/* output.h - where a body goes: the standard output, or a file that is there once it is whole. */
#ifndef GYRE_CLI_OUTPUT_H
#define GYRE_CLI_OUTPUT_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <stdbool.h>
#include <stddef.h>

struct output {
    const char *path;    /* NULL is the standard output */
    const char *target;  /* what [path] leads to */
    const char *partial; /* it is written to this and renamed; NULL: written to as it is */
    int fd;              /* -1: not open */
    bool waits;          /* writing may wait for a reader: fd can be watched */
};

/* The name that [url] would be saved as, in the folder [folder] (NULL: that is all): the last part of
 * its path, "index.html" when that is empty. NULL when it is no name, or out of memory. */
const char *output_name(gy_arena *a, const char *folder, const char *url);

/* Open it for a body that begins. 0 or a negative code. */
int output_open(struct output *o, gy_arena *a);

/* 0 or a negative code, also the cancellation. */
GY_SUSPENDS int output_write(struct output *o, const void *data, size_t len);

/* All is there: give it its name. 0 or a negative code. */
int output_commit(struct output *o);

/* What came is not wanted. */
void output_drop(struct output *o);

#endif
