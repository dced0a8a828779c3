/* SPDX-License-Identifier: MIT */
/* job.c - what a job can say besides its result, and how one died. */

#include "loop/job.h"

#include <gyre/error.h>
#include <gyre/offload.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

static _Thread_local struct gy__reply *here;

struct gy__reply *gy__reply_begin(struct gy__reply *r)
{
    struct gy__reply *before = here;
    here = r;
    return before;
}

void gy__reply_done(struct gy__reply *r)
{
    gy__free(r->ptr);
    r->ptr = NULL;
    r->len = r->room = 0;
}

static int make_room(struct gy__reply *r, size_t len)
{
    enum { LEAST = 256 };
    if (len <= r->room - r->len)
        return 0;
    if (len > SIZE_MAX / 2 - r->len)
        return GY_ENOMEM;
    size_t room = r->room * 2 < LEAST ? LEAST : r->room * 2;
    if (room < r->len + len)
        room = r->len + len;
    char *p = gy__realloc(r->ptr, room);
    if (!p)
        return GY_ENOMEM;
    r->ptr = p;
    r->room = room;
    return 0;
}

int gy_job_reply(const void *data, size_t len)
{
    struct gy__reply *r = here;
    if (!r || (!data && len))
        return GY_EINVAL;
    if (!r->wanted || !len)
        return 0;
    int e = make_room(r, len);
    if (e)
        return e;
    memcpy(r->ptr + r->len, data, len);
    r->len += len;
    return 0;
}

int gy__reply_give(const struct gy__reply *r, gy_arena *arena, gy_str *out)
{
    *out = gy_str_copy(arena, gy_str_n(r->len ? r->ptr : "", r->len));
    return out->ptr ? 0 : GY_ENOMEM;
}

int gy_job_signal(int result)
{
    enum { SIGNALS = 64 };
    return result < GY_EJOB_SIGNAL && result >= GY_EJOB_SIGNAL - SIGNALS ? GY_EJOB_SIGNAL - result
                                                                         : 0;
}

int gy_job_status(int result)
{
    return result <= GY_EJOB_EXIT && result >= GY_EJOB_EXIT - 255 ? GY_EJOB_EXIT - result : -1;
}
