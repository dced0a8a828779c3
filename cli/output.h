/* SPDX-License-Identifier: MIT */
/* output.h - where a body goes: the standard output, or a file that is there once it is whole. */
#ifndef GYRE_CLI_OUTPUT_H
#define GYRE_CLI_OUTPUT_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* How much of it is there from an earlier time, in the partial file, and what was noted with that; 0:
 * nothing that could be added to. */
enum { OUTPUT_NOTE = 256 };
uint64_t output_partial(struct output *o, gy_arena *a, char note[OUTPUT_NOTE]);

/* Open it for a body that begins, or with [append] for the rest of one. 0 or a negative code. */
int output_open(struct output *o, gy_arena *a, bool append);

/* Note something with what is written, where the file system can keep it. */
void output_note(const struct output *o, const char *note);

/* 0 or a negative code, also the cancellation. */
GY_SUSPENDS int output_write(struct output *o, const void *data, size_t len);

/* All is there: give it its name. 0 or a negative code. */
int output_commit(struct output *o);

/* What came is not wanted; or, with [keep], is there for another time. */
void output_drop(struct output *o, bool keep);

#endif
