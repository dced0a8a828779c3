/* SPDX-License-Identifier: MIT */
/* job.h - what a job can say besides its result. */
#ifndef GYRE_LOOP_JOB_H
#define GYRE_LOOP_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include <gyre/arena.h>
#include <gyre/str.h>

/* The bytes that a job has given so far. */
struct gy__reply {
    char *ptr;
    size_t len, room;
    bool wanted;
};

/* Where gy_job_reply puts what this thread's job gives: NULL outside of jobs. Gives what was so
 * before. */
struct gy__reply *gy__reply_begin(struct gy__reply *r);

void gy__reply_done(struct gy__reply *r);

/* Copy it for the caller. 0 or GY_ENOMEM. */
int gy__reply_give(const struct gy__reply *r, gy_arena *arena, gy_str *out);

#endif
