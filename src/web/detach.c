/* SPDX-License-Identifier: MIT */
/* detach.c - a handler takes the connection for itself. */
#include "web/request.h"

gy_stream *gy_detach(gy_request *r)
{
    struct gy__request *q = gy__request_of(r);
    if (q->failure || q->ended || q->x->head_sent)
        return NULL;
    /* Asked while there is a connection to ask; they are remembered. */
    gy_remote_ip(r);
    gy_protocol(r);
    gy_stream *s = gy_exchange_detach(q->x);
    if (s)
        q->ended = q->sent = true;
    return s;
}
