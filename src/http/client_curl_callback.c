/* SPDX-License-Identifier: MIT */
/* client_curl_callback.c - what libcurl calls: bytes to send, heads and bodies that came. */

#include <gyre/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/client_curl.h"
#include "loop/task.h"

/* Bytes of a body that wait for the task before libcurl has to keep more. */
enum { HELD_MOST = 64 * 1024 };

static int end(struct gy__transfer *x, int code)
{
    if (!x->code)
        x->code = code;
    gy__transfer_interrupt(x);
    return code;
}

/* -- Connecting ---------------------------------------------------------------------------------- */

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct gy__transfer *x = arg;
    (void)purpose;
    if (!x->opened)
        x->opened = gy__clock_now();
    x->reached = 0;
    return socket(a->family, a->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);
}

/* Libcurl asks again by itself when a kept connection turns out to be dead: of that, only what is safe.
 * And when a server refuses the expectation of 100: that is an answer like others. */
static bool may_ask(struct gy__transfer *x)
{
    struct gy__fetch *f = x->fetch;
    if (x->reaches == 0 || f->o.prepare_curl)
        return true;
    if (x->heads_over)
        return !(x->stopped = true);
    if (gy__method_is_idempotent(f->verb) && gy__fetch_is_repeatable(f))
        return true;
    end(x, gy__fetch_fail(f, GY_ECLOSED, "%s closed the connection without an answer",
                          f->url.authority.ptr));
    return false;
}

static int on_reached(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct gy__transfer *x = arg;
    (void)peer, (void)local, (void)peer_port, (void)local_port;
    if (!may_ask(x))
        return CURL_PREREQFUNC_ABORT;
    x->reaches++;
    x->reached = gy__clock_now();
    x->deaf = x->settled = false;
    x->sent = !x->brings_body || !x->left ? x->reached : 0;
    if (x->fetch->o.first_byte_timeout > 0)
        gy__transfer_wake(x);
    return CURL_PREREQFUNC_OK;
}

/* -- Sending ------------------------------------------------------------------------------------- */

static size_t all_sent(struct gy__transfer *x)
{
    if (!x->sent)
        x->sent = gy__clock_now();
    gy__transfer_wake(x);
    return 0;
}

static size_t on_send(char *to, size_t size, size_t count, void *arg)
{
    struct gy__transfer *x = arg;
    size_t n = size * count < x->next.len ? size * count : x->next.len;
    if (x->code)
        return CURL_READFUNC_ABORT;
    if (!n && (!x->streamed || x->read_over || !x->left))
        return all_sent(x);
    if (!n && x->deaf)
        return CURL_READFUNC_ABORT;
    if (!n) {
        x->wants = true;
        if (!x->settled)
            gy__transfer_wake(x);
        return CURL_READFUNC_PAUSE;
    }
    memcpy(to, x->next.ptr, n);
    x->next = gy_str_n(x->next.ptr + n, x->next.len - n);
    if (x->left != UINT64_MAX && !(x->left -= n))
        all_sent(x);
    return n;
}

/* Only to the start, and what can be read again. */
static int on_seek(void *arg, curl_off_t offset, int whence)
{
    struct gy__transfer *x = arg;
    struct gy__fetch *f = x->fetch;
    if (offset != 0 || whence != SEEK_SET || x->limit || !gy__fetch_is_repeatable(f))
        return CURL_SEEKFUNC_FAIL;
    gy__form_rewind(f->form);
    gy__transfer_rewind(x);
    return CURL_SEEKFUNC_OK;
}

/* -- Receiving ----------------------------------------------------------------------------------- */

static bool is_status_line(const char *line, size_t len)
{
    return len > 5 && memcmp(line, "HTTP/", 5) == 0;
}

/* "HTTP/2 200" as our parser reads it. */
static int add_status_line(struct gy__transfer *x, const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    if (!space || space != line + 6)
        return gy__buf_add(&x->heads, line, len);
    x->version = (line[5] - '0') * 10;
    int e = gy__buf_add(&x->heads, "HTTP/1.1", 8);
    return e ? e : gy__buf_add(&x->heads, space, len - (size_t)(space - line));
}

static int add_line(struct gy__transfer *x, const char *line, size_t len)
{
    struct gy__fetch *f = x->fetch;
    bool first = x->heads.len == x->whole;
    if (f->head_bytes + x->heads.len + len > f->o.max_head)
        return gy__fetch_fail(f, GY_ETOOBIG, "the head from %s is longer than %zu bytes",
                              f->url.authority.ptr, f->o.max_head);
    return first && is_status_line(line, len) ? add_status_line(x, line, len)
                                              : gy__buf_add(&x->heads, line, len);
}

/* A server that refuses wants no more, and what the reader waits for may never come. */
static void end_head(struct gy__transfer *x)
{
    const char *space = strchr(x->heads.data + x->whole, ' ');
    x->heads_over = !space || space[1] != '1';
    x->settled = space && space[1] > '2';
    x->whole = x->heads.len;
    if (x->settled)
        gy__transfer_interrupt(x);
    else
        gy__transfer_wake(x);
}

static size_t on_head(char *line, size_t size, size_t count, void *arg)
{
    struct gy__transfer *x = arg;
    size_t len = size * count;
    if (!x->answered)
        x->answered = gy__clock_now();
    if (x->heads_over && !is_status_line(line, len))
        return len; /* of trailers */
    x->heads_over = false;
    int e = x->code ? x->code : add_line(x, line, len);
    if (e) {
        end(x, e);
        return 0;
    }
    if (len > 2 || line[len - 1] != '\n')
        return len;
    end_head(x);
    return len;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct gy__transfer *x = arg;
    size_t len = size * count;
    if (x->body.len && x->body.len + len > HELD_MOST) {
        x->held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    int e = x->code ? x->code : gy__buf_add(&x->body, data, len);
    gy__transfer_wake(x);
    if (e)
        end(x, e);
    return e ? 0 : len;
}

int gy__transfer_listen(struct gy__transfer *x)
{
    __typeof__(curl_easy_setopt) *set = gy__libcurl.easy_setopt;
    CURL *easy = x->easy;
    static const CURLoption data[] = {
        CURLOPT_PRIVATE,  CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA, CURLOPT_READDATA,
        CURLOPT_SEEKDATA, CURLOPT_HEADERDATA,     CURLOPT_WRITEDATA,
    };
    int e = 0;
    for (size_t i = 0; i < sizeof data / sizeof data[0] && !e; i++)
        e = gy__transfer_set_pointer(x, data[i], x);
    if (!e)
        e = gy__transfer_set_pointer(x, CURLOPT_ERRORBUFFER, x->error);
    bool heard =
        !set(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) &&
        !set(easy, CURLOPT_PREREQFUNCTION, on_reached) &&
        !set(easy, CURLOPT_READFUNCTION, on_send) && !set(easy, CURLOPT_SEEKFUNCTION, on_seek) &&
        !set(easy, CURLOPT_HEADERFUNCTION, on_head) && !set(easy, CURLOPT_WRITEFUNCTION, on_body);
    return e ? e : heard ? 0 : GY_EINVAL;
}
