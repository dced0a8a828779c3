/* SPDX-License-Identifier: MIT */
/* progress.h - how far the downloads are, in one line at the bottom of a terminal. */
#ifndef GYRE_CLI_PROGRESS_H
#define GYRE_CLI_PROGRESS_H

#include <gyre/list.h>
#include <gyre/task.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROGRESS_SAMPLES = 30 }; /* the rate is that of the last 3 seconds */

struct progress {
    bool on;       /* first: it is wanted; then: standard error is a terminal, too */
    bool drawn;    /* the cursor is behind the line */
    bool shown;    /* there was one, at some time */
    gy_list items; /* downloads that are under way */
    size_t count, running, done;
    uint64_t bytes, ended; /* of all downloads, and of those that have ended */
    double began;
    gy_periodic redraw;
    struct progress_sample {
        double at;
        uint64_t bytes;
    } samples[PROGRESS_SAMPLES];
    size_t sample;
};

struct progress_item {
    gy_list link;
    const char *name;
    uint64_t bytes, length; /* length 0: nobody knows */
    double began;
};

/* Begin and end; inside a task, which the line lives on. */
void progress_begin(struct progress *p, size_t count);
void progress_end(struct progress *p);

void progress_enter(struct progress *p, struct progress_item *it, const char *name);
void progress_restart(struct progress *p, struct progress_item *it); /* its body, anew */
void progress_skip(struct progress *p, struct progress_item *it, uint64_t bytes); /* were there */
void progress_add(struct progress *p, struct progress_item *it, size_t bytes);

/* It has ended; [line] leaves a line about it. */
void progress_leave(struct progress *p, struct progress_item *it, bool line);

/* Take the line away, so that something else can be printed; it comes back by itself. */
void progress_clear(struct progress *p);

#endif
