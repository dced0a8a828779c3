/* SPDX-License-Identifier: MIT */
/* client.c - connections that a test drives byte by byte, outside of any task. */

#include <arpa/inet.h>
#include <errno.h>
#include <gyre/error.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/stream.h"
#include "testing/test.h"

enum { READ_AT_ONCE = 64 * 1024 };

static gy_test_client *client_new(gy_test *t)
{
    gy_test_client *c = gy__zalloc(sizeof *c);
    if (!c) {
        gy_test_fail(t, "out of memory");
        return NULL;
    }
    c->test = t;
    gy__buf_init(&c->out, SIZE_MAX / 2);
    gy__buf_init(&c->in, SIZE_MAX / 2);
    gy_list_add(&t->clients, &c->link);
    return c;
}

gy_test_client *gy_test_connect_stream(gy_test *t, size_t capacity, gy_stream **peer)
{
    struct gy__transport *ends[2];
    gy__test_own(t);
    gy_test_client *c = client_new(t);
    gy_stream *s = NULL;
    if (c && gy__transport_memory_pair(t->loop, capacity, ends) == 0) {
        c->t = ends[0];
        s = gy__stream_new(ends[1], gy_str_n(NULL, 0), NULL);
    }
    *peer = s;
    if (!s) {
        gy_test_fail(t, "out of memory");
        gy_test_leave(c);
        c = NULL;
    }
    gy__test_theirs(t);
    return c;
}

gy_test_client *gy_test_connect_narrow(gy_test *t, gy_http_server *server, size_t capacity)
{
    gy_stream *peer;
    gy_test_client *c = server ? gy_test_connect_stream(t, capacity, &peer) : NULL;
    if (!c)
        return NULL;
    int e = gy_http_server_serve(server, peer);
    if (e && !t->disturbance.sweep)
        gy_test_fail(t, "the server refused the connection: %s", gy_strerror(e));
    gy_test_settle(t);
    return c;
}

gy_test_client *gy_test_connect(gy_test *t, gy_http_server *server)
{
    return gy_test_connect_narrow(t, server, 0);
}

/* Blocking: on the loopback the kernel answers by itself. */
static int connected_socket(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) || ioctl(fd, FIONBIO, &on)) {
        int e = -errno;
        close(fd);
        return e;
    }
    return fd;
}

gy_test_client *gy_test_connect_port(gy_test *t, int port)
{
    gy__test_own(t);
    gy_test_client *c = client_new(t);
    int fd = c ? connected_socket(port) : GY_ENOMEM;
    int e = fd < 0 ? fd : gy__transport_socket_new(t->loop, fd, &c->t);
    if (e && fd >= 0)
        close(fd);
    if (e) {
        gy_test_fail(t, "cannot connect to port %d: %s", port, gy_strerror(e));
        gy_test_leave(c);
        c = NULL;
    }
    gy__test_theirs(t);
    gy_test_settle(t);
    return c;
}

/* -- Moving bytes -------------------------------------------------------------------------------- */

static bool pump_out(gy_test_client *c)
{
    bool moved = false;
    while (c->out.len) {
        struct iovec all = {.iov_base = c->out.data, .iov_len = c->out.len};
        ssize_t n = c->t->ops->writev(c->t, &all, 1);
        if (n == -EAGAIN)
            return moved;
        moved = true;
        gy__buf_drop(&c->out, n < 0 ? c->out.len : (size_t)n); /* nobody will take the rest */
    }
    if (c->shut_due)
        c->t->ops->shutdown(c->t);
    moved |= c->shut_due;
    c->shut_due = false;
    return moved;
}

static bool pump_in(gy_test_client *c)
{
    bool moved = false;
    while (!c->ended && !c->paused) {
        if (gy__buf_need(&c->in, READ_AT_ONCE)) {
            gy_test_fail(c->test, "out of memory");
            c->ended = true;
            return moved;
        }
        ssize_t n = c->t->ops->read(c->t, c->in.data + c->in.len, READ_AT_ONCE);
        if (n == -EAGAIN)
            return moved;
        moved = true;
        c->in.len += n > 0 ? (size_t)n : 0;
        c->ended = n <= 0;
    }
    return moved;
}

bool gy__test_pump(gy_test *t)
{
    bool moved = false;
    gy_list_each (it, &t->clients) {
        gy_test_client *c = gy_of(it, gy_test_client, link);
        moved |= c->t && pump_out(c);
        moved |= c->t && pump_in(c);
    }
    return moved;
}

void gy_test_send(gy_test_client *c, gy_str bytes)
{
    if (!c)
        return;
    gy__test_own(c->test);
    if (gy__buf_add(&c->out, bytes.ptr, bytes.len))
        gy_test_fail(c->test, "out of memory");
    gy__test_theirs(c->test);
    gy_test_settle(c->test);
}

void gy_test_send_text(gy_test_client *c, const char *text)
{
    gy_test_send(c, gy_str_of(text));
}

void gy_test_send_cut(gy_test_client *c, gy_str bytes, size_t first)
{
    if (first > bytes.len)
        first = bytes.len;
    if (first) {
        gy_test_send(c, gy_str_n(bytes.ptr, first));
        gy_test_send(c, gy_str_n(bytes.ptr + first, bytes.len - first));
        return;
    }
    for (size_t i = 0; i < bytes.len; i++)
        gy_test_send(c, gy_str_n(bytes.ptr + i, 1));
}

/* -- What comes back ----------------------------------------------------------------------------- */

struct waiting {
    gy_test_client *c;
    enum gy_method verb;
    size_t seen;
    long got;
    const char *why;
};

static bool has_answer(void *arg)
{
    struct waiting *w = arg;
    gy_test_client *c = w->c;
    gy_arena scratch = {0};
    gy_test_response res;
    if (c->in.len == w->seen && !c->ended)
        return false;
    w->seen = c->in.len;
    gy__test_own(c->test);
    w->got = gy__test_answer_parse(&scratch, gy__buf_str(&c->in), w->verb, c->ended, &res, &w->why);
    gy_arena_done(&scratch);
    gy__test_theirs(c->test);
    return w->got != 0 || c->ended;
}

static gy_test_response answer(gy_test_client *c, enum gy_method verb)
{
    gy_test_response res = {.status = 0};
    struct waiting w = {.c = c, .verb = verb, .seen = SIZE_MAX};
    if (!c || !gy__test_wait(c->test, has_answer, &w, "an answer"))
        return res;
    gy__test_own(c->test);
    if (w.got > 0) {
        gy_str all = gy__buf_str(&c->in);
        w.got = gy__test_answer_parse(&c->test->arena, all, verb, c->ended, &res, &w.why);
    }
    if (w.got > 0) {
        gy__buf_drop(&c->in, (size_t)w.got);
    } else {
        res = (gy_test_response){.status = 0};
        if (w.got < 0)
            gy_test_fail(c->test, "the answer is malformed: %s", w.why);
        else if (!c->test->disturbance.sweep)
            gy_test_fail(c->test, "the connection was closed %s",
                         c->in.len ? "within an answer" : "without an answer");
    }
    gy__test_theirs(c->test);
    return res;
}

gy_test_response gy_test_answer(gy_test_client *c)
{
    return answer(c, GY_METHOD_GET);
}

gy_test_response gy_test_answer_to_head(gy_test_client *c)
{
    return answer(c, GY_METHOD_HEAD);
}

gy_str gy_test_received(gy_test_client *c)
{
    return c ? gy__buf_str(&c->in) : gy_str_n("", 0);
}

gy_str gy_test_take(gy_test_client *c)
{
    if (!c)
        return gy_str_n("", 0);
    gy__test_own(c->test);
    gy_str all = gy_str_copy(&c->test->arena, gy__buf_str(&c->in));
    gy__buf_cut(&c->in, 0);
    gy__test_theirs(c->test);
    return all.ptr ? all : gy_str_n("", 0);
}

bool gy_test_closed(gy_test_client *c)
{
    return !c || c->ended;
}

static bool is_closed(void *arg)
{
    return gy_test_closed(arg);
}

bool gy_test_wait_closed(gy_test_client *c)
{
    return !c || gy__test_wait(c->test, is_closed, c, "the end of the connection");
}

void gy_test_pause(gy_test_client *c)
{
    if (c)
        c->paused = true;
}

void gy_test_resume(gy_test_client *c)
{
    if (!c)
        return;
    c->paused = false;
    gy_test_settle(c->test);
}

void gy_test_shut(gy_test_client *c)
{
    if (!c)
        return;
    c->shut_due = true;
    gy_test_settle(c->test);
}

static void leave(gy_test_client *c)
{
    gy__test_own(c->test);
    gy_list_del(&c->link);
    if (c->t)
        c->t->ops->close(c->t);
    gy__buf_done(&c->out);
    gy__buf_done(&c->in);
    gy__test_theirs(c->test);
    gy__free(c);
}

void gy_test_leave(gy_test_client *c)
{
    if (!c)
        return;
    gy_test *t = c->test;
    leave(c);
    gy_test_settle(t);
}

void gy__test_clients_leave(gy_test *t)
{
    while (!gy_list_empty(&t->clients))
        leave(gy_of(t->clients.next, gy_test_client, link));
}
