/* SPDX-License-Identifier: MIT */
/* test_client_connect.c - names, addresses, families and times of a client's connections, and being stopped
 * while they are made. */
#include "client_proxies.h"
#include "http/client.h"

#include <gyre/tls.h>

#include "net/lookup.h"
#include "net/socket.h"
#include "support/unix_name.h"
#include <unistd.h>

#define GOOD GY_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

static const char *url_of(gy_test *t, const char *before, int port)
{
    return gy_strf(gy_test_arena(t), "%s:%d/", before, port).ptr;
}

/* -- Names --------------------------------------------------------------------------------------- */

GY_TEST(a_table_of_names_is_asked_first)
{
    struct party p = {.answers = {GOOD, GOOD, GOOD}};
    party_open(&p);
    const char *there = gy_strf(gy_test_arena(t), "127.0.0.1:%d", p.port).ptr;
    gy_resolver_entry table[] = {{"a.test", "127.0.0.1"},
                                 {"b.test:80", there},
                                 {"192.0.2.1:443", "192.0.2.2"},
                                 {"192.0.2.1", there},
                                 {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = table});
    gy_client *c = gy_client_new(&(gy_client_opts){.resolver = r});
    const char *urls[] = {url_of(t, "http://a.test", p.port), "http://b.test/",
                          "http://192.0.2.1/"};
    for (size_t i = 0; i < 3; i++) {
        struct ask a = {.url = urls[i], .opts = {.client = c}};
        if (!GY_CHECK_INT(ask(t, &a), 0))
            gy_test_fail(t, "%s: %s", urls[i], a.res.why);
        GY_CHECK_INT(a.res.times.dns >= 0, i < 2); /* an address is no name */
        GY_CHECK(a.res.times.connect >= a.res.times.dns);
        gy_arena_done(&a.arena);
    }
    GY_CHECK_GLOB(gy_str_n(p.seen, p.seen_len), "*\r\nHost: b.test\r\n*Host: 192.0.2.1\r\n*");
    gy_client_free(c);
    gy_resolver_free(r);
    party_close(&p);
}

static double lookup_takes;

static int look_up(void *query)
{
    struct gy__query *q = query;
    int e = lookup_takes > 0 ? gy_sleep(lookup_takes) : 0;
    q->count = 1;
    q->ips[0] = (struct gy__inet){.family = AF_INET, .bytes = {127, 0, 0, 1}};
    return e;
}

static struct gy__lookup_source usual;

static void lookups_take(double seconds)
{
    usual = gy__lookup_source;
    lookup_takes = seconds;
    gy__lookup_source = (struct gy__lookup_source){.fn = look_up, .in_task = true};
}

GY_TEST(times_are_told)
{
    struct party p = {.answers = {GOOD, GOOD, GOOD}, .after = {KEEP, CLOSE}};
    party_open(&p);
    lookups_take(0.5);
    gy_test_clock_auto(t);
    struct ask a = {.url = url_of(t, "http://slow.test", p.port),
                    .opts = {.timeout = -1, .connect_timeout = -1}};
    GY_CHECK_INT(ask(t, &a), 0);
    gy_fetch_times first = a.res.times;
    GY_CHECK(first.dns >= 0.5 && first.connect >= first.dns && first.first_byte >= first.connect);
    GY_CHECK(first.total >= first.first_byte && first.queue < 0 && first.tls < 0);
    GY_CHECK_INT(ask(t, &a), 0);
    GY_CHECK(a.res.reused && a.res.times.dns < 0 && a.res.times.connect < 0);
    gy__lookup_source = usual;
    gy_arena_done(&a.arena);
    party_close(&p);
}

GY_TEST(the_time_in_line_is_told)
{
    struct party p = {.answers = {GOOD, GOOD, GOOD}};
    party_open(&p);
    gy_client *c = gy_client_new(&(gy_client_opts){.max_per_host = 1});
    struct ask a[2];
    gy_task *tasks[2];
    for (int i = 0; i < 2; i++) {
        a[i] = (struct ask){.url = p.url, .opts = {.client = c}};
        tasks[i] = gy_task_new(gy_test_loop(t), ask_in_task, &a[i], NULL);
    }
    for (int i = 0; i < 2; i++) {
        gy_task_join(tasks[i]);
        GY_CHECK_INT(a[i].result, 0);
        GY_CHECK_INT(a[i].res.times.queue >= 0, i);
        gy_arena_done(&a[i].arena);
    }
    gy_client_free(c);
    party_close(&p);
}

/* -- From where ---------------------------------------------------------------------------------- */

struct seen_peer {
    char from[GY_ADDRESS_MAX];
};

static int note_peer(gy_stream *s, void *arg)
{
    struct seen_peer *seen = arg;
    gy_str head;
    int e = gy_stream_peer(s, seen->from);
    if (!e)
        e = gy_stream_read_until(s, "\r\n\r\n", 65536, &head);
    return e ? e : gy_stream_write_str(s, (gy_str)GOOD);
}

GY_TEST(the_source_is_an_address_or_an_interface)
{
    static const struct {
        const char *source, *from;
        int code;
    } cases[] = {
        {"127.0.0.9", "127.0.0.9:*", 0},      {"lo", "127.0.0.1:*", 0},
        {"203.0.113.77", "", -EADDRNOTAVAIL}, {"::1", "", GY_EINVAL},
        {"no-such-if", "", GY_EINVAL},        {"127.0.0.1x", "", GY_EINVAL},
    };
    char why[256];
    struct seen_peer seen;
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, why, sizeof why);
    const char *url = url_of(t, "http://127.0.0.1", gy_local_port(fd));
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, note_peer, &seen);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ask a = {.url = url, .opts = {.source_address = cases[i].source}};
        seen.from[0] = 0;
        GY_CHECK_INT(ask(t, &a), cases[i].code);
        GY_CHECK_GLOB(gy_str_of(seen.from), cases[i].from);
        if (cases[i].code == GY_EINVAL)
            GY_CHECK_GLOB(gy_str_of(a.res.why), "cannot connect to 127.0.0.1:* from *: no such "
                                                "address or interface here, or of another family");
        gy_arena_done(&a.arena);
    }
    gy_tcp_server_close(s, 0);
}

GY_TEST(the_family_may_be_asked_for)
{
    char why[256];
    struct seen_peer seen;
    int fd = gy_listen(&(gy_listen_opts){.address = "::1"}, why, sizeof why);
    if (fd < 0)
        return; /* a machine without IPv6 */
    int port = gy_local_port(fd);
    gy_tcp_server *s = gy_tcp_server_open(fd, NULL, note_peer, &seen);
    static const struct {
        const char *host;
        int family, code;
    } cases[] = {{"http://localhost", 0, 0},
                 {"http://localhost", AF_INET6, 0},
                 {"http://localhost", AF_INET, -ECONNREFUSED},
                 {"http://[::1]", 0, 0},
                 {"http://[::1]", AF_INET, GY_ENOTFOUND},
                 {"http://127.0.0.1", AF_INET6, GY_ENOTFOUND},
                 {"http://[::1]", 77, GY_EINVAL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ask a = {.url = url_of(t, cases[i].host, port), .opts = {.family = cases[i].family}};
        if (!GY_CHECK_INT(ask(t, &a), cases[i].code))
            gy_test_fail(t, "%s %d: %s", cases[i].host, cases[i].family, a.res.why);
        if (!cases[i].code)
            GY_CHECK_GLOB(gy_str_of(seen.from), "[::1]:*");
        gy_arena_done(&a.arena);
    }
    gy_tcp_server_close(s, 0);
}

/* -- How long ------------------------------------------------------------------------------------ */

/* A unix socket whose queue is full: nobody is let in. */
struct full {
    int listener, fillers[8];
};

static void full_open(struct full *f)
{
    char why[256];
    struct gy__addr a;
    f->listener =
        gy_listen(&(gy_listen_opts){.unix_path = unix_name("full"), .backlog = 1}, why, sizeof why);
    GY_CHECK_INT(gy__addr_unix(unix_name("full"), &a), 0);
    for (int i = 0; i < 8; i++)
        f->fillers[i] = gy__connect_start(&a, NULL);
}

static void full_close(struct full *f)
{
    close(f->listener);
    for (int i = 0; i < 8; i++)
        if (f->fillers[i] >= 0)
            close(f->fillers[i]);
}

/* Each stage of a connection, and what stays out. */
enum stage { NAME, CONNECTING, TLS, TUNNEL, SOCKS, STAGES };

struct stuck {
    struct full full;
    struct party silent;
    struct proxy proxy;
    struct ask a;
};

/* In this build. */
static bool is_possible(int stage)
{
    struct gy_tls *tls = stage == TLS ? gy_tls_client_new(NULL, NULL, 0) : NULL;
    gy_tls_free(tls);
    return stage != TLS || tls;
}

static void stuck_open(gy_test *t, struct stuck *x, enum stage stage)
{
    *x = (struct stuck){.silent = {.answers = {GY_STR("")}, .after = {STALL}},
                        .proxy = {.says = GY_STR("")}};
    party_open(&x->silent);
    proxy_open(&x->proxy, stage == SOCKS ? proxy_serve_socks : proxy_serve_http);
    full_open(&x->full);
    lookups_take(1000);
    x->a.url = stage == NAME         ? "http://slow.test/"
               : stage == CONNECTING ? "http://full.test/"
                                     : "https://silent.test/";
    x->a.opts.proxy = stage == CONNECTING ? unix_address("full")
                      : stage == TLS      ? x->silent.proxy
                      : stage == TUNNEL   ? url_of(t, "http://127.0.0.1", x->proxy.port)
                      : stage == SOCKS    ? url_of(t, "socks5h://127.0.0.1", x->proxy.port)
                                          : "";
}

static void stuck_close(gy_test *t, struct stuck *x)
{
    gy_test_advance(t, 1000);
    gy__lookup_source = usual;
    gy_arena_done(&x->a.arena);
    full_close(&x->full);
    proxy_close(&x->proxy);
    party_close(&x->silent);
}

GY_TEST(names_connecting_and_tls_have_one_limit)
{
    for (int stage = 0; stage < STAGES; stage++) {
        struct stuck x;
        if (!is_possible(stage))
            continue;
        stuck_open(t, &x, (enum stage)stage);
        gy_test_clock_auto(t);
        x.a.opts.connect_timeout = 2;
        x.a.opts.timeout = 100;
        if (!GY_CHECK_INT(ask(t, &x.a), GY_ETIMEDOUT))
            gy_test_fail(t, "%d: %s", stage, x.a.res.why);
        GY_CHECK(x.a.res.times.total >= 2 && x.a.res.times.total < 3);
        GY_CHECK(x.a.res.why[0]);
        stuck_close(t, &x);
    }
}

GY_TEST(freeing_the_client_ends_each_stage)
{
    for (int stage = 0; stage < STAGES; stage++) {
        struct stuck x;
        if (!is_possible(stage))
            continue;
        stuck_open(t, &x, (enum stage)stage);
        x.a.opts.client = gy_client_new(NULL);
        x.a.opts.timeout = x.a.opts.connect_timeout = -1;
        gy_task *task = gy_task_new(gy_test_loop(t), ask_in_task, &x.a, NULL);
        gy_test_settle(t);
        gy_client_free(x.a.opts.client);
        gy_task_join(task);
        if (!GY_CHECK_INT(x.a.result, GY_ESHUTDOWN))
            gy_test_fail(t, "%d: %s", stage, x.a.res.why);
        GY_CHECK_TEXT(gy_str_of(x.a.res.why), "the client was freed");
        stuck_close(t, &x);
    }
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
