/* SPDX-License-Identifier: MIT */
/* request_id.c - what a request is called in logs and by those it goes through. */
#include <gyre/task.h>

#include "base/random.h"
#include "codec/hex.h"
#include "web/request.h"

enum { RANDOM = 16, LONGEST = 128 };

/* One that cannot break a log line or a header, wherever it is printed. */
static bool is_sane(const char *id)
{
    size_t len = strlen(id);
    for (size_t i = 0; i < len; i++)
        if (id[i] <= ' ' || id[i] >= 127)
            return false;
    return len > 0 && len <= LONGEST;
}

static const char *make(gy_request *r)
{
    unsigned char bytes[RANDOM];
    char *id = gy_alloc(r->arena, 2 * RANDOM + 1);
    if (!id || gy__random(bytes, sizeof bytes))
        return "-";
    gy__hex_encode(id, bytes, sizeof bytes);
    return id;
}

const char *gy_request_id(gy_request *r)
{
    struct gy__request *q = gy__request_of(r);
    if (q->id)
        return q->id;
    const char *given = gy_header(r, "X-Request-Id", NULL);
    q->id = given && is_sane(given) && gy__exchange_is_trusted(q->x) ? given : make(r);
    return q->id;
}

/* Without the memory for it, lines lack the id: no reason to refuse the request. */
void gy__request_id_begin(struct gy__request *q)
{
    const char *id = gy_request_id(&q->front);
    int ignored = gy_task_set_log_id(id);
    (void)ignored;
    gy_set_header(&q->front, "X-Request-Id", id);
}

void gy__request_id_end(struct gy__request *q)
{
    (void)q;
    int ignored = gy_task_set_log_id(NULL);
    (void)ignored;
}
