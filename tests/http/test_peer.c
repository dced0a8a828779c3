/* SPDX-License-Identifier: MIT */
/* Who the client is: what sockets tell, what proxies tell, and whom of them the server believes. */
#include "http/exchange.h"
#include "support/unix_name.h"

#include <gyre/net.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <stdio.h>
#include <unistd.h>

#define FOR(list_) "X-Forwarded-For: " list_ "\r\n"

static const char *const ours[] = {"127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", NULL};
static const char *const near[] = {"127.0.0.0/8", NULL};
static const char *const others[] = {"192.0.2.0/24", "2001:db8::/32", NULL};
static const char *const nobody[] = {NULL};

/* -- A server that says who asks, and a client ---------------------------------------------------- */

static int say_who(gy_exchange *x, void *arg)
{
    char text[200];
    (void)arg;
    int n =
        snprintf(text, sizeof text, "%s %s", gy__exchange_remote_ip(x), gy__exchange_protocol(x));
    return gy_exchange_respond(x, 200, NULL, gy_str_n(text, (size_t)n));
}

enum way { IP4, IP6, IP4_TO_BOTH, UNIX };

static int listen_for(enum way way, char address[GY_ADDRESS_MAX])
{
    static const char *const addresses[] = {"127.0.0.1", "::1", NULL, NULL};
    char why[200];
    int fd = gy_listen(&(gy_listen_opts){.address = addresses[way],
                                         .unix_path = way == UNIX ? unix_name("peer") : NULL},
                       why, sizeof why);
    if (fd < 0)
        return fd;
    if (way == UNIX)
        snprintf(address, GY_ADDRESS_MAX, "%s", unix_address("peer"));
    else
        snprintf(address, GY_ADDRESS_MAX, way == IP6 ? "[::1]:%d" : "127.0.0.1:%d",
                 gy_local_port(fd));
    return fd;
}

struct visit {
    char address[GY_ADDRESS_MAX], text[1000];
    const char *request;
};

static int visit(void *arg)
{
    struct visit *v = arg;
    gy_stream *s;
    gy_str all;
    int e = gy_connect(v->address, &(gy_connect_opts){.timeout = 10}, &s);
    if (e)
        return e;
    e = gy_stream_write(s, v->request, strlen(v->request));
    e = e ? e : gy_stream_read_all(s, sizeof v->text - 1, &all);
    if (!e)
        memcpy(v->text, all.ptr, all.len);
    gy_stream_close(s);
    return e;
}

/* What a server with these options says to a request with these fields. */
static gy_str who(gy_test *t, enum way way, const gy_http_opts *opts, const char *fields)
{
    struct visit v = {.request = gy_strf(gy_test_arena(t),
                                         "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n",
                                         fields)
                                     .ptr};
    gy_http_server *s = gy_http_server_new(gy_test_loop(t), opts, say_who, NULL);
    int fd = listen_for(way, v.address);
    GY_CHECK(s && fd >= 0);
    GY_CHECK_INT(gy_http_server_listen(s, fd), 0);
    GY_CHECK_INT(gy_test_run(t, visit, &v), 0);
    gy_http_server_free(s);
    const char *body = strstr(v.text, "\r\n\r\n");
    GY_CHECK(body != NULL);
    return body ? gy_strf(gy_test_arena(t), "%s", body + 4) : gy_str_of("");
}

/* -- Whom the server believes -------------------------------------------------------------------- */

#define ALL_SAY                                                                                    \
    FOR("1.2.3.4")                                                                                 \
    "X-Real-Ip: 1.2.3.5\r\nX-Scheme: https\r\nX-Forwarded-Proto: https\r\n"                        \
    "Forwarded: for=1.2.3.6;proto=https\r\n"

GY_TEST(nobody_is_believed_unless_asked_for)
{
    GY_CHECK_TEXT(who(t, IP4, NULL, ALL_SAY), "127.0.0.1 http");
    GY_CHECK_TEXT(who(t, IP4, &(gy_http_opts){.trusted = ours}, ALL_SAY), "127.0.0.1 http");
    GY_CHECK_TEXT(who(t, IP4_TO_BOTH, NULL, ALL_SAY), "127.0.0.1 http");
    GY_CHECK_TEXT(who(t, UNIX, NULL, ALL_SAY), "unix http");
}

GY_TEST(without_a_list_any_peer_is_believed)
{
    static const struct {
        const char *fields, *want;
    } rows[] = {
        {"", "127.0.0.1 http"},
        {ALL_SAY, "1.2.3.5 https"},
        {FOR("1.2.3.4"), "1.2.3.4 http"},
        {FOR("6.6.6.6, 1.2.3.4"), "1.2.3.4 http"},
        {FOR("6.6.6.6") FOR("1.2.3.4, 10.0.0.1"), "10.0.0.1 http"},
        {"X-Real-Ip: 2001:db8::7\r\n", "2001:db8::7 http"},
        {"X-Scheme: https\r\n", "127.0.0.1 https"},
        {"X-Forwarded-Proto: http, https\r\n", "127.0.0.1 https"},
        {"Forwarded: for=\"[2001:db8::7]:80\";proto=https\r\n", "2001:db8::7 https"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        GY_CHECK_TEXT(who(t, IP4, &(gy_http_opts){.xheaders = true}, rows[i].fields), rows[i].want);
}

GY_TEST(with_a_list_only_these_proxies_are_believed)
{
    static const struct {
        const char *const *trusted;
        const char *want;
    } rows[] = {{ours, "1.2.3.5 https"},
                {near, "1.2.3.5 https"},
                {others, "127.0.0.1 http"},
                {nobody, "127.0.0.1 http"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gy_http_opts opts = {.xheaders = true, .trusted = rows[i].trusted};
        GY_CHECK_TEXT(who(t, IP4, &opts, ALL_SAY), rows[i].want);
        /* The same client on a socket for IPv6 and IPv4. */
        GY_CHECK_TEXT(who(t, IP4_TO_BOTH, &opts, ALL_SAY), rows[i].want);
    }
}

GY_TEST(over_ip_version_6_as_well)
{
    char address[GY_ADDRESS_MAX];
    int fd = listen_for(IP6, address);
    if (fd < 0) {
        printf("  there is no IPv6 here\n");
        return;
    }
    close(fd);
    gy_http_opts opts = {.xheaders = true, .trusted = ours};
    GY_CHECK_TEXT(who(t, IP6, NULL, ALL_SAY), "::1 http");
    GY_CHECK_TEXT(who(t, IP6, &opts, ALL_SAY), "1.2.3.5 https");
    GY_CHECK_TEXT(who(t, IP6, &opts, FOR("2001:db8::7, fd00::2")), "2001:db8::7 http");
    opts.trusted = near;
    GY_CHECK_TEXT(who(t, IP6, &opts, ALL_SAY), "::1 http");
}

GY_TEST(who_connects_to_a_unix_socket_is_ours)
{
    gy_http_opts opts = {.xheaders = true, .trusted = others};
    GY_CHECK_TEXT(who(t, UNIX, &opts, ""), "unix http");
    GY_CHECK_TEXT(who(t, UNIX, &opts, ALL_SAY), "1.2.3.5 https");
    GY_CHECK_TEXT(who(t, UNIX, &opts, FOR("6.6.6.6, 1.2.3.4, 192.0.2.9")), "1.2.3.4 http");
}

GY_TEST(trusted_proxies_are_skipped_from_the_right)
{
    static const struct {
        const char *fields, *want;
    } rows[] = {
        {FOR("6.6.6.6, 1.2.3.4, 10.0.0.1, 10.9.9.9"), "1.2.3.4 http"},
        {FOR("6.6.6.6, 1.2.3.4") FOR("10.0.0.1"), "1.2.3.4 http"},
        {FOR("10.0.0.3, 10.0.0.4"), "10.0.0.3 http"}, /* all of them: the first */
        {FOR("10.0.0.3, 11.0.0.1, 10.0.0.4"), "11.0.0.1 http"},
        {"Forwarded: for=6.6.6.6, for=1.2.3.4;proto=https, for=10.0.0.1\r\n", "1.2.3.4 https"},
    };
    gy_http_opts opts = {.xheaders = true, .trusted = ours};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        GY_CHECK_TEXT(who(t, IP4, &opts, rows[i].fields), rows[i].want);
}

GY_TEST(what_is_no_address_and_no_scheme_says_nothing)
{
    static const char *const rows[] = {
        FOR("rubbish"),
        FOR("1.2.3.4, rubbish"),
        FOR("1.2.3.4, rubbish, 10.0.0.1"),
        FOR("1.2.3.4,"),
        FOR(""),
        FOR("localhost"),
        FOR("1.2.3.4:80"),
        FOR("999.1.1.1"),
        "X-Real-Ip: <script>\r\n",
        "X-Real-Ip: 1.2.3.4\r\nX-Real-Ip: 1.2.3.5\r\n",
        "X-Scheme: javascript\r\n",
        "X-Forwarded-Proto: https, gopher\r\n",
        "Forwarded: for=unknown;proto=ftp\r\n",
        "Forwarded: for=\"\r\n",
    };
    gy_http_opts opts = {.xheaders = true, .trusted = ours};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        GY_CHECK_TEXT(who(t, IP4, &opts, rows[i]), "127.0.0.1 http");
}

GY_TEST(no_request_inherits_from_the_one_before)
{
#define ASK(fields_) "GET / HTTP/1.1\r\nHost: a\r\n" fields_ "\r\n"
    gy_http_opts opts = {.xheaders = true};
    char address[GY_ADDRESS_MAX];
    gy_http_server *s = gy_http_server_new(gy_test_loop(t), &opts, say_who, NULL);
    int fd = listen_for(IP4, address), port = gy_local_port(fd);
    GY_CHECK_INT(gy_http_server_listen(s, fd), 0);
    gy_test_client *c = gy_test_connect_port(t, port);
    for (int i = 0; i < 2; i++) { /* one after the other, then all at once */
        gy_test_send_text(c, ASK(ALL_SAY));
        if (i == 0)
            GY_CHECK_TEXT(gy_test_answer(c).body, "1.2.3.5 https");
        gy_test_send_text(c, ASK("") ASK(FOR("1.2.3.4")) ASK("X-Scheme: https\r\n") ASK(""));
        if (i == 1)
            GY_CHECK_TEXT(gy_test_answer(c).body, "1.2.3.5 https");
        GY_CHECK_TEXT(gy_test_answer(c).body, "127.0.0.1 http");
        GY_CHECK_TEXT(gy_test_answer(c).body, "1.2.3.4 http");
        GY_CHECK_TEXT(gy_test_answer(c).body, "127.0.0.1 https");
        GY_CHECK_TEXT(gy_test_answer(c).body, "127.0.0.1 http");
    }
    gy_test_send_text(c, ASK(ALL_SAY) ASK("") ASK(FOR("1.2.3.4")) "rubbish\r\n\r\n");
    GY_CHECK_TEXT(gy_test_answer(c).body, "1.2.3.5 https");
    GY_CHECK_TEXT(gy_test_answer(c).body, "127.0.0.1 http");
    GY_CHECK_TEXT(gy_test_answer(c).body, "1.2.3.4 http");
    GY_CHECK_INT(gy_test_answer(c).status, 400);
    /* Nobody has said who sent that. */
    GY_CHECK_GLOB(gy_test_logged(t), "*400 refused a request from 127.0.0.1: *");
    gy_http_server_free(s);
}

/* -- Options ------------------------------------------------------------------------------------- */

GY_TEST(the_scheme_may_be_set)
{
    gy_http_opts opts = {.protocol = "https"};
    GY_CHECK_TEXT(who(t, IP4, &opts, ""), "127.0.0.1 https");
    GY_CHECK_TEXT(who(t, IP4, &opts, "X-Scheme: http\r\n"), "127.0.0.1 https");
    opts.xheaders = true;
    opts.trusted = others;
    GY_CHECK_TEXT(who(t, IP4, &opts, "X-Scheme: http\r\n"), "127.0.0.1 https");
    /* A proxy that is believed knows better. */
    opts.trusted = ours;
    GY_CHECK_TEXT(who(t, IP4, &opts, "X-Scheme: http\r\n"), "127.0.0.1 http");
    GY_CHECK_TEXT(who(t, IP4, &opts, "X-Scheme: ftp\r\n"), "127.0.0.1 https");
}

static size_t count_lines(gy_str text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines;
}

GY_TEST(what_is_no_proxy_makes_no_server)
{
    static const char *const bad[] = {"nonsense",   "",         "10.0.0.0/33",   "10.0.0/8",
                                      "10.0.0.1/",  "fd00::/x", "127.0.0.1:80",  "localhost",
                                      "fd00::/129", "[::1]",    "10.0.0.0/8,::1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const list[] = {"10.0.0.0/8", bad[i], "worse", NULL};
        gy_str name = gy_strf(gy_test_arena(t), "\"%s\" is no trusted proxy", bad[i]);
        gy_test_expect_log(t, name.ptr);
        GY_CHECK(
            !gy_http_server_new(gy_test_loop(t), &(gy_http_opts){.trusted = list}, say_who, NULL));
        GY_CHECK_INT(count_lines(gy_test_logged(t)), i + 1);
    }
}

/* -- Who sees it --------------------------------------------------------------------------------- */

static int show(gy_request *r)
{
    return gy_writef(r, "%s %s %s", gy_remote_ip(r), gy_protocol(r), gy_full_url(r));
}

static const gy_route routes[] = {GY_GET("/who", show), GY_END};
static const gy_app app = {.routes = routes};

GY_TEST(handlers_and_the_access_log_name_the_client)
{
    gy_test_http(t, &(gy_http_opts){.xheaders = true, .trusted = ours});
    gy_test_client *c = gy_test_connect_port(t, gy_test_listen(t, &app));
    gy_test_send_text(c, "GET /who HTTP/1.1\r\nHost: a.example\r\n" FOR(
                             "1.2.3.4, 10.0.0.1") "X-Scheme: https\r\n\r\n");
    GY_CHECK_TEXT(gy_test_answer(c).body, "1.2.3.4 https https://a.example/who");
    GY_CHECK_GLOB(gy_test_logged(t), "*200 GET /who (1.2.3.4) *ms*");
    gy_test_send_text(c, "GET /nowhere HTTP/1.1\r\nHost: a.example\r\n\r\n");
    GY_CHECK_INT(gy_test_answer(c).status, 404);
    GY_CHECK_GLOB(gy_test_logged(t), "*404 GET /nowhere (127.0.0.1) *ms*");
}

static void be_asked(gy_test *t, void *arg)
{
    gy_http_opts opts = {.xheaders = true, .trusted = ours};
    gy_http_server *s = gy_http_server_new(gy_test_loop(t), &opts, say_who, arg);
    char address[GY_ADDRESS_MAX];
    int fd = listen_for(IP4, address), port = gy_local_port(fd);
    if (!s) {
        close(fd);
        return;
    }
    if (gy_http_server_listen(s, fd) == 0) {
        gy_test_client *c = gy_test_connect_port(t, port);
        gy_test_send_text(c, ASK(ALL_SAY) ASK(FOR("1.2.3.4, 10.0.0.1")));
        gy_test_leave(c);
        gy_test_calm(t);
        c = gy_test_connect_port(t, port);
        gy_test_send_text(c, ASK(FOR("1.2.3.4, 10.0.0.1")));
        GY_CHECK_TEXT(gy_test_answer(c).body, "1.2.3.4 http");
        gy_test_leave(c);
    }
    gy_http_server_free(s);
}

GY_TEST(whatever_memory_lacks_the_next_one_is_known)
{
    GY_CHECK(gy_test_sweep_alloc(t, be_asked, NULL) > 4);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
