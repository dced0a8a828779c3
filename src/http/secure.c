/* SPDX-License-Identifier: MIT */
/* secure.c - a connection that begins with a TLS handshake. */

#include <gyre/error.h>
#include <gyre/log.h>

#include "http/connection.h"
#include "loop/state.h"
#include "net/transport_tls.h"

/* Said in plain text to who has asked so: a browser shows it. */
static int answer_in_plain(struct gy__work *w)
{
    static char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 46\r\nConnection: close\r\n\r\n"
                           "400: this port speaks TLS, ask it with https:\n";
    struct iovec all = {.iov_base = answer, .iov_len = sizeof answer - 1};
    gy__refuse_count(w->conn->server, 400);
    w->conn->t->ops->writev(w->conn->t, &all, 1);
    gy__linger(w);
    return GY_EPROTO;
}

/* There is no request yet: what is looked at of it must be plain. */
static const char *client_of(struct gy__work *w)
{
    struct gy_exchange *x = &w->x;
    x->headers = (gy_headers){.items = NULL};
    x->conn = w->conn;
    x->remote_ip = x->protocol = NULL;
    return gy__exchange_remote_ip(x);
}

int gy__conn_secure(struct gy__work *w)
{
    struct gy__conn *c = w->conn;
    char why[256] = "";
    gy_str ahead = gy_str_n(w->in + w->in_at, w->in_len - w->in_at);
    int64_t deadline = w->task.loop->now + c->server->head_ns;
    int e =
        gy__transport_tls_handshake(c->t, NULL, ahead, deadline, (struct gy__why){why, sizeof why});
    w->in_at = w->in_len = 0;
    c->secured = e == 0;
    if (e)
        gy_log(GY_LOG_GENERAL, GY_LOG_INFO, "a connection from %s was closed: %s", client_of(w),
               why[0] ? why : gy_strerror(e));
    return e == GY_EPROTO ? answer_in_plain(w) : e;
}

bool gy_exchange_tls(const gy_exchange *x, gy_tls_info *out)
{
    return x->conn->t && gy__transport_tls_info(x->conn->t, out);
}

gy_str gy_exchange_certificate(gy_exchange *x, bool pem)
{
    return x->conn->t ? gy__transport_tls_certificate(x->conn->t, &x->arena, pem)
                      : (gy_str){.ptr = NULL};
}
