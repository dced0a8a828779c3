/* SPDX-License-Identifier: MIT */
/* test_listen_all.c - listening on all addresses of a name, on one port. */
#include "net/lookup.h"
#include "support/sweep.h"
#include "support/unix_name.h"

#include <gyre/error.h>
#include <gyre/net.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const *answer; /* ends with NULL */
static char why[256];

static int give_answer(void *query)
{
    struct gy__query *q = query;
    for (q->count = 0; answer[q->count]; q->count++)
        assert_int_equal(gy__inet_parse(answer[q->count], &q->ips[q->count]), 0);
    return q->count ? 0 : GY_ENOTFOUND;
}

static int set_up(void **state)
{
    (void)state;
    gy__lookup_source = (struct gy__lookup_source){.fn = give_answer, .in_task = true};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gy__lookup_source = (struct gy__lookup_source){.fn = gy__lookup};
    return 0;
}

static int listen_on(const char *address, int port, int fds[4])
{
    int before = count_descriptors();
    gy_listen_opts opts = {.address = address, .port = port};
    int n = gy_listen_all(&opts, fds, 4, why, sizeof why);
    assert_int_equal(count_descriptors(), before + (n > 0 ? n : 0));
    return n;
}

static void is_at(int fd, const char *host, int port)
{
    char expected[GY_ADDRESS_MAX], address[GY_ADDRESS_MAX];
    snprintf(expected, sizeof expected, "%s:%d", host, port);
    assert_int_equal(gy_local_address(fd, address), 0);
    assert_string_equal(address, expected);
}

static void close_them(const int *fds, int n)
{
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

static void a_name_stands_for_all_its_addresses(void **state)
{
    (void)state;
    int fds[4];
    answer = (const char *const[]){"127.0.0.2", "127.0.0.3", "127.0.0.2", NULL};
    int n = listen_on("name.test", 0, fds);
    assert_int_equal(n, 2);
    assert_string_equal(why, "");
    int port = gy_local_port(fds[0]);
    assert_true(port > 0);
    is_at(fds[0], "127.0.0.2", port);
    is_at(fds[1], "127.0.0.3", port);

    /* One is in use: none is left open. */
    int more[4];
    close(fds[0]);
    assert_int_equal(listen_on("name.test", port, more), -EADDRINUSE);
    assert_non_null(strstr(why, "in use"));
    close(fds[1]);
    close_them(more, listen_on("name.test", port, more));
}

static void localhost_is_both_families_on_one_port(void **state)
{
    (void)state;
    int fds[4];
    int n = listen_on("localhost", 0, fds);
    assert_true(n == 1 || n == 2); /* without IPv6 it is one */
    int port = gy_local_port(fds[n - 1]);
    is_at(fds[n - 1], "127.0.0.1", port);
    if (n == 2)
        is_at(fds[0], "[::1]", port);
    close_them(fds, n);
}

static void what_is_no_name_is_as_it_was(void **state)
{
    (void)state;
    static const char *const one[] = {NULL, "", "*", "127.0.0.1"};
    int fds[4];
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        int n = listen_on(one[i], 0, fds);
        assert_int_equal(n, 1);
        close_them(fds, n);
    }
    int n = gy_listen_all(&(gy_listen_opts){.unix_path = unix_name("listen-all")}, fds, 4, why,
                          sizeof why);
    assert_int_equal(n, 1);
    close_them(fds, n);
}

static void failures_are_sentences(void **state)
{
    (void)state;
    int fds[4];
    answer = (const char *const[]){NULL};
    assert_int_equal(listen_on("none.test", 0, fds), GY_ENOTFOUND);
    assert_string_equal(why, "no address of none.test: not found");
    assert_int_equal(listen_on("no name", 0, fds), GY_EINVAL);
    assert_non_null(strstr(why, "no name"));
    answer = (const char *const[]){"127.0.0.2", "203.0.113.77", NULL};
    assert_int_equal(listen_on("far.test", 0, fds), -EADDRNOTAVAIL);
    assert_non_null(strstr(why, "203.0.113.77"));
    assert_int_equal(listen_on("far.test", 65536, fds), GY_EINVAL);
    assert_int_equal(gy_listen_all(&(gy_listen_opts){.port = 0}, fds, 0, NULL, 0), GY_EINVAL);
}

static void no_more_than_there_is_room_for(void **state)
{
    (void)state;
    int fds[2];
    answer = (const char *const[]){"127.0.0.2", "127.0.0.3", NULL};
    assert_int_equal(gy_listen_all(&(gy_listen_opts){.address = "a"}, fds, 1, NULL, 0), 1);
    close(fds[0]);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_name_stands_for_all_its_addresses), TEST(localhost_is_both_families_on_one_port),
        TEST(what_is_no_name_is_as_it_was),        TEST(failures_are_sentences),
        TEST(no_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
