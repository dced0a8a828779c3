/* SPDX-License-Identifier: MIT */
/* test_client_roads.c - fetches over redirects, TLS, gzip, tunnels and SOCKS, with each allocation failing
 * and each wait cancelled. */
#include "client_proxies.h"
#include "support/certificates.h"

#include <gyre/tls.h>

/* "hello" six times, as gzip. */
static const char hello[] = "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\127"
                            "\310\300\107\002\000\127\067\142\205\043\000\000\000";
static const char whole[] = "hello hello hello hello hello hello";

static int serve_packed(gy_stream *s, void *arg)
{
    static const char moved[] = "HTTP/1.1 302 Found\r\nLocation: /second\r\n"
                                "Content-Length: 4\r\n\r\ngone";
    char head[128];
    gy_str got;
    int e = 0;
    (void)arg;
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
             sizeof hello - 1);
    while (!e && (e = gy_stream_read_until(s, "\r\n\r\n", 65536, &got)) == 0) {
        struct iovec packed[] = {{head, strlen(head)},
                                 {(void *)(uintptr_t)hello, sizeof hello - 1}};
        if (gy_str_starts(got, gy_str_of("GET /first")))
            e = gy_stream_write(s, moved, sizeof moved - 1);
        else
            e = gy_stream_writev(s, packed, 2);
    }
    return e;
}

/* How to get there. */
struct road {
    const char *proxy; /* a URL up to the port; NULL: none */
    gy_tcp_handler *fn;
    bool secure;
};

static gy_tls *settings(bool server, const struct certificate *own)
{
    gy_tls_certificate list[] = {certificate_of(own), {.certificate_file = NULL}};
    gy_tls_opts opts = {.certificates = server ? list : NULL};
    if (!server)
        opts.ca = gy_str_of(own->text);
    return server ? gy_tls_server_new(&opts, NULL, 0) : gy_tls_client_new(&opts, NULL, 0);
}

static void drive(gy_test *t, void *arg)
{
    static struct certificate own;
    const struct road *road = arg;
    char url[64], proxy[64], why[256];
    if (!own.text)
        own = certificate_make((struct certificate_wish){.name = "a", .names = "IP:127.0.0.1"});
    gy_tls *theirs = settings(true, &own), *ours = settings(false, &own);
    struct proxy p = {.tls = road->secure ? theirs : NULL};
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/first", gy_local_port(fd));
    gy_tcp_server *s =
        gy_tcp_server_open(fd, &(gy_tcp_server_opts){.tls = theirs}, serve_packed, &p);
    proxy_open(&p, road->fn ? road->fn : proxy_serve_http);
    snprintf(proxy, sizeof proxy, "%s:%d", road->proxy ? road->proxy : "", p.port);
    struct ask a = {.url = url, .opts = {.proxy = road->proxy ? proxy : "", .tls = ours}};
    bool ready = theirs && ours && s && p.server;
    if (gy_test_disturbed(t))
        gy_test_clock_auto(t); /* who could not be accepted is not answered */
    for (int i = 0; i < 2 && ready; i++) {
        int e = ask(t, &a);
        if (gy_test_disturbed(t))
            continue;
        if (!GY_CHECK_INT(e, 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, whole);
        GY_CHECK_INT(a.res.redirects, 1);
    }
    gy_test_calm(t);
    a.opts.timeout = a.opts.connect_timeout = -1;
    if (ready) {
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_TEXT(a.res.body, whole);
    }
    gy_arena_done(&a.arena);
    proxy_close(&p);
    gy_tcp_server_close(s, 0);
    gy_tls_free(theirs);
    gy_tls_free(ours);
}

static const struct road roads[] = {{NULL, NULL, false},
                                    {"http://u:p@127.0.0.1", proxy_serve_http, false},
                                    {"https://127.0.0.1", proxy_serve_http, true},
                                    {"socks5://127.0.0.1", proxy_serve_socks, false}};

GY_TEST(each_allocation_may_fail)
{
    for (size_t i = 0; i < 4; i++)
        GY_CHECK(gy_test_sweep_alloc(t, drive, (void *)(uintptr_t)&roads[i]) > 20);
}

GY_TEST(each_wait_may_be_cancelled)
{
    for (size_t i = 0; i < 4; i++)
        GY_CHECK(gy_test_sweep_cancel(t, drive, (void *)(uintptr_t)&roads[i]) > 10);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
