/* SPDX-License-Identifier: MIT */
/* test_client_sweep.c - a fetch over a redirect and a kept connection, with each allocation failing and
 * each wait cancelled. */
#include "client_party.h"
#include "support/unix_name.h"

#include <unistd.h>

static int serve(gy_exchange *x, void *arg)
{
    char buf[64];
    (void)arg;
    while (gy_exchange_read(x, buf, sizeof buf) > 0)
        ;
    if (gy_str_eq(gy_exchange_target(x), gy_str_of("/first"))) {
        gy_field field = {GY_STR("Location"), GY_STR("/second")};
        gy_headers headers = {.items = &field, .count = 1};
        return gy_exchange_respond(x, 307, &headers, gy_str_of("gone"));
    }
    int e = gy_exchange_begin(x, 200, NULL, -1);
    if (!e)
        e = gy_exchange_write(x, "hello ", 6);
    if (!e)
        e = gy_yield();
    if (!e)
        e = gy_exchange_write(x, "there", 5);
    return e ? e : gy_exchange_end(x, NULL);
}

static void scenario(gy_test *t, void *arg)
{
    char why[256];
    const gy_field form[] = {{GY_STR("a"), GY_STR("b")}, {{0}, {0}}};
    (void)arg;
    gy_http_server *s = gy_http_server_new(gy_test_loop(t), NULL, serve, NULL);
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("sweep")}, why, sizeof why);
    int e = GY_ENOMEM;
    if (s)
        e = gy_http_server_listen(s, fd);
    else
        close(fd);
    struct ask a = {.url = "http://u:p@sweep.test/first",
                    .opts = {.proxy = unix_address("sweep"), .form = form}};
    for (int i = 0; i < 2 && !e; i++) {
        e = ask(t, &a);
        if (gy_test_disturbed(t))
            continue;
        if (!GY_CHECK_INT(e, 0))
            gy_test_fail(t, "%s", a.res.why);
        GY_CHECK_TEXT(a.res.body, "hello there");
        GY_CHECK_INT(a.res.redirects, 1);
    }
    gy_test_calm(t);
    if (s && e != GY_ENOMEM) {
        GY_CHECK_INT(ask(t, &a), 0);
        GY_CHECK_TEXT(a.res.body, "hello there");
    }
    gy_arena_done(&a.arena);
    gy_http_server_free(s);
}

GY_TEST(each_allocation_may_fail)
{
    GY_CHECK(gy_test_sweep_alloc(t, scenario, NULL) > 5);
}

GY_TEST(each_wait_may_be_cancelled)
{
    GY_CHECK(gy_test_sweep_cancel(t, scenario, NULL) > 3);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
