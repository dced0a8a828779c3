/* SPDX-License-Identifier: MIT */
/* client_party.h - servers for tests of the client: one that says what a script says, and gyre's own. */
#ifndef GYRE_TESTS_CLIENT_PARTY_H
#define GYRE_TESTS_CLIENT_PARTY_H

#include <gyre/client.h>
#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/testing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Wherever the tests run, nothing goes through proxies that they do not know. */
__attribute__((constructor)) static void party_without_proxies(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy",   "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",     "no_proxy",
                                        "NO_PROXY",   "REQUEST_METHOD"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

enum after { KEEP, CLOSE, STALL, RESET };

/* A server that reads a request and says the next of its answers, over all connections. */
struct party {
    gy_str answers[16]; /* ptr NULL: no more; then it closes at once */
    enum after after[16];
    bool headers_only; /* answers without reading the body */
    size_t next;
    char seen[16 * 1024]; /* all it was told */
    size_t seen_len, connections;
    gy_tcp_server *server;
    int port;
    char url[64];
    /* The same server on a unix socket: there nothing is on its way for long, as fake time demands. */
    char proxy[64];
};

static inline void party_saw(struct party *p, gy_str bytes)
{
    if (bytes.len < sizeof p->seen - p->seen_len)
        memcpy(p->seen + p->seen_len, bytes.ptr, bytes.len);
    p->seen_len += bytes.len;
}

static inline int party_read_body(struct party *p, gy_stream *s, const char *head)
{
    gy_str all;
    const char *length = strstr(head, "Content-Length: ");
    size_t n = length ? strtoul(length + 16, NULL, 10) : 0;
    int e = 0;
    if (strstr(head, "Transfer-Encoding"))
        e = gy_stream_read_until(s, "0\r\n\r\n", 65536, &all);
    else if (n)
        e = gy_stream_read_exact(s, n, &all);
    else
        return 0;
    if (!e)
        party_saw(p, all);
    return e;
}

static inline int party_serve(gy_stream *s, void *arg)
{
    struct party *p = arg;
    gy_str head;
    p->connections++;
    for (;;) {
        char copy[4096];
        int e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
        if (e)
            return e;
        party_saw(p, head);
        snprintf(copy, sizeof copy, "%s", head.ptr);
        size_t i = p->next++;
        if (!p->headers_only && !strstr(copy, "Expect:") && (e = party_read_body(p, s, copy)))
            return e;
        if (i >= 16 || !p->answers[i].ptr)
            return 0;
        e = p->answers[i].len ? gy_stream_write_str(s, p->answers[i]) : 0;
        if (p->after[i] == RESET) {
            struct linger at_once = {.l_onoff = 1};
            setsockopt(gy_stream_fd(s), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        if (e || p->after[i] == CLOSE || p->after[i] == RESET)
            return e;
        if (p->after[i] == STALL)
            return gy_stream_read(s, 1, &head);
    }
}

static inline void party_open(struct party *p)
{
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    p->port = gy_local_port(fd);
    snprintf(p->url, sizeof p->url, "http://127.0.0.1:%d/a", p->port);
    p->server = gy_tcp_server_open(fd, NULL, party_serve, p);
    snprintf(p->proxy, sizeof p->proxy, "unix:@gyre-party-%d", p->port);
    if (!p->server) /* as in a sweep */
        return;
    fd = gy_listen(&(gy_listen_opts){.unix_path = p->proxy + 5}, why, sizeof why);
    if (gy_tcp_server_add(p->server, fd))
        snprintf(p->proxy, sizeof p->proxy, "unix:@nowhere");
}

static inline void party_close(struct party *p)
{
    gy_tcp_server_close(p->server, 0);
}

/* One fetch, as a task. */
struct ask {
    const char *url;
    gy_fetch_opts opts;
    gy_response res;
    gy_arena arena;
    int result;
};

static inline int ask_in_task(void *arg)
{
    struct ask *a = arg;
    a->result = gy_fetch(&a->arena, a->url, &a->opts, &a->res);
    return 0;
}

static inline int ask(gy_test *t, struct ask *a)
{
    gy_arena_reset(&a->arena);
    (void)gy_test_run(t, ask_in_task, a);
    return a->result;
}

#endif
