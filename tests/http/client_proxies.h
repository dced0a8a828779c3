/* SPDX-License-Identifier: MIT */
/* client_proxies.h - proxies for tests of the client: HTTP with CONNECT, and SOCKS 5. */
#ifndef GYRE_TESTS_CLIENT_PROXIES_H
#define GYRE_TESTS_CLIENT_PROXIES_H

#include "client_party.h"

#include <sys/socket.h>

struct proxy {
    const char *user, *password; /* wanted of SOCKS; of HTTP [credentials] */
    const char *credentials;     /* "Basic ..." */
    struct gy_tls *tls;          /* of the proxy itself */
    gy_str says;                 /* instead of all this, to each first message; then it stalls or */
    bool closes;
    char seen[16 * 1024]; /* heads, or what SOCKS was asked for: a line each */
    size_t seen_len, connections;
    gy_tcp_server *server;
    int port;
};

static inline void proxy_saw(struct proxy *p, const char *text, size_t len)
{
    if (len < sizeof p->seen - p->seen_len) {
        memcpy(p->seen + p->seen_len, text, len);
        p->seen_len += len;
    }
}

static inline gy_str proxy_seen(const struct proxy *p)
{
    return gy_str_n(p->seen, p->seen_len);
}

/* -- Bytes both ways ----------------------------------------------------------------------------- */

struct pump {
    gy_stream *from, *to;
};

static inline int proxy_pump(void *arg)
{
    struct pump *p = arg;
    gy_str bytes;
    int e;
    while ((e = gy_stream_read(p->from, 64 * 1024, &bytes)) == 0)
        if ((e = gy_stream_write_str(p->to, bytes)))
            return e;
    return e == GY_EOF ? gy_stream_shutdown(p->to) : e;
}

static inline int proxy_join(gy_stream *client, gy_stream *server)
{
    struct pump up = {client, server}, down = {server, client};
    gy_group g = {.name = "proxy"};
    gy_group_spawn(&g, proxy_pump, &up);
    gy_group_spawn(&g, proxy_pump, &down);
    int e = gy_group_wait(&g);
    gy_stream_close(server);
    return e;
}

/* -- HTTP ---------------------------------------------------------------------------------------- */

/* The line that was asked for, as an answer of its own. */
static inline int proxy_forward(gy_stream *s, const char *head)
{
    char answer[1024], line[512];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(head, "\r"), head);
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(line), line);
    return gy_stream_write(s, answer, strlen(answer));
}

static inline int proxy_tunnel(gy_stream *s, const char *head)
{
    static const char yes[] = "HTTP/1.1 200 Go on\r\nVia: test\r\n\r\n";
    char target[256];
    gy_stream *server;
    snprintf(target, sizeof target, "%.*s", (int)strcspn(head + 8, " "), head + 8);
    int e = gy_connect(target, NULL, &server);
    if (e) {
        static const char no[] = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nGone";
        return gy_stream_write(s, no, sizeof no - 1);
    }
    e = gy_stream_write(s, yes, sizeof yes - 1);
    if (!e)
        return proxy_join(s, server);
    gy_stream_close(server);
    return e;
}

static inline int proxy_say(struct proxy *p, gy_stream *s)
{
    gy_str more;
    int e = p->says.len ? gy_stream_write_str(s, p->says) : 0;
    if (p->closes || e)
        return e;
    while (!e)
        e = gy_stream_read(s, 100, &more);
    return e;
}

static inline int proxy_serve_http(gy_stream *s, void *arg)
{
    static const char unknown[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                                  "Proxy-Authenticate: Basic realm=\"x\"\r\n"
                                  "Content-Length: 0\r\n\r\n";
    struct proxy *p = arg;
    gy_str all;
    char head[4096];
    int e = 0;
    p->connections++;
    while (!e && (e = gy_stream_read_until(s, "\r\n\r\n", 65536, &all)) == 0) {
        proxy_saw(p, all.ptr, all.len);
        snprintf(head, sizeof head, "%s", all.ptr);
        if (p->says.ptr)
            return proxy_say(p, s);
        if (p->credentials && !strstr(head, p->credentials))
            e = gy_stream_write(s, unknown, sizeof unknown - 1);
        else if (strncmp(head, "CONNECT ", 8) == 0)
            return proxy_tunnel(s, head);
        else
            e = proxy_forward(s, head);
    }
    return e;
}

/* -- SOCKS 5 ------------------------------------------------------------------------------------- */

static inline int socks_greet(struct proxy *p, gy_stream *s)
{
    gy_str b;
    char user[256], password[256];
    int e = gy_stream_read_exact(s, 2, &b);
    size_t count = e ? 0 : (unsigned char)b.ptr[1];
    if (!e)
        e = gy_stream_read_exact(s, count, &b);
    if (e)
        return e;
    bool knows = memchr(b.ptr, 2, b.len) != NULL;
    if (!p->user)
        return gy_stream_write(s, "\5\0", 2);
    e = gy_stream_write(s, knows ? "\5\2" : "\5\377", 2);
    if (!e)
        e = gy_stream_read_exact(s, 2, &b);
    if (!e)
        e = gy_stream_read_exact(s, (unsigned char)b.ptr[1] + 1U, &b);
    if (e)
        return e;
    snprintf(user, sizeof user, "%.*s", (int)b.len - 1, b.ptr);
    e = gy_stream_read_exact(s, (unsigned char)b.ptr[b.len - 1], &b);
    if (e)
        return e;
    snprintf(password, sizeof password, "%.*s", (int)b.len, b.ptr);
    bool good = strcmp(user, p->user) == 0 && strcmp(password, p->password) == 0;
    return gy_stream_write(s, good ? "\1\0" : "\1\1", 2);
}

/* What it asks to be connected to, as gy_connect wants it. */
static inline int socks_target(gy_stream *s, char *out, size_t size)
{
    gy_str b;
    char host[300];
    int e = gy_stream_read_exact(s, 4, &b), kind = e ? 0 : b.ptr[3];
    if (!e && kind == 3)
        e = gy_stream_read_exact(s, 1, &b);
    size_t len = kind == 1 ? 4 : kind == 4 ? 16 : e ? 0 : (unsigned char)b.ptr[0];
    if (!e)
        e = gy_stream_read_exact(s, len, &b);
    if (e)
        return e;
    const unsigned char *a = (const unsigned char *)b.ptr;
    if (kind == 1)
        snprintf(host, sizeof host, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
    else if (kind == 4)
        snprintf(host, sizeof host, "[%x::%x]", (unsigned)(a[0] << 8 | a[1]),
                 (unsigned)(a[14] << 8 | a[15]));
    else
        snprintf(host, sizeof host, "%.*s", (int)b.len, b.ptr);
    e = gy_stream_read_exact(s, 2, &b);
    if (!e)
        snprintf(out, size, "%s:%u", host,
                 (unsigned)((unsigned char)b.ptr[0] << 8 | (unsigned char)b.ptr[1]));
    return e;
}

static inline int proxy_serve_socks(gy_stream *s, void *arg)
{
    struct proxy *p = arg;
    char target[512];
    gy_stream *server;
    p->connections++;
    int e = p->says.ptr ? 0 : socks_greet(p, s);
    if (p->says.ptr)
        return proxy_say(p, s);
    if (!e)
        e = socks_target(s, target, sizeof target);
    if (e)
        return e;
    proxy_saw(p, target, strlen(target));
    proxy_saw(p, "\n", 1);
    /* Names of the tests' own are this machine. */
    char *name = strstr(target, ".test:");
    if (name)
        memmove(target + 9, name + 5, strlen(name + 5) + 1), memcpy(target, "127.0.0.1", 9);
    e = gy_connect(target, NULL, &server);
    if (e)
        return gy_stream_write(s, "\5\5\0\1\0\0\0\0\0\0", 10);
    e = gy_stream_write(s, "\5\0\0\3\4name\1\2", 11);
    if (!e)
        return proxy_join(s, server);
    gy_stream_close(server);
    return e;
}

/* -- All of them --------------------------------------------------------------------------------- */

static inline void proxy_open(struct proxy *p, gy_tcp_handler *fn)
{
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    p->port = gy_local_port(fd);
    p->server = gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = p->tls}, fn, p);
}

static inline void proxy_close(struct proxy *p)
{
    gy_tcp_server_close(p->server, 0);
}

#endif
