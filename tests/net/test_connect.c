/* SPDX-License-Identifier: MIT */
/* test_connect.c - connecting: several addresses, in what order and for how long. Loopback only. */
#include "loop/state.h"
#include "net/happy_eyeballs.h"
#include "net/lookup.h"
#include "net/socket.h"
#include "support/fake_clock.h"
#include "support/sweep.h"
#include "support/unix_name.h"

#include <gyre/error.h>
#include <gyre/resolver.h>
#include <gyre/stream.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -- Names that stand for what a test says -------------------------------------------------------- */

static const char *const *answer; /* ends with NULL */
static double look_up_takes;

static int give_answer(void *query)
{
    struct gy__query *q = query;
    int e = look_up_takes > 0 ? gy_sleep(look_up_takes) : 0;
    q->count = 0;
    for (size_t i = 0; answer[i] && !e; i++) {
        assert_int_equal(gy__inet_parse(answer[i], &q->ips[q->count]), 0);
        if (!q->family || q->ips[q->count].family == q->family)
            q->count++;
    }
    return e || q->count ? e : GY_ENOTFOUND;
}

/* -- Who listens: on one port of several addresses ------------------------------------------------ */

#define OPEN "127.0.0.2"
#define OTHER "127.0.0.3" /* listens too */
#define FULL "127.0.0.4"  /* its queue is full: no answer comes */
#define SHUT "127.0.0.5"  /* nobody listens */

enum { FILLERS = 8 };
static int open_fd, other_fd, full_fd, fillers[FILLERS], port;
static char by_name[64];

static int must_listen(const char *address, int at, int backlog)
{
    char why[256];
    int fd = gy_listen(&(gy_listen_opts){.address = address, .port = at, .backlog = backlog}, why,
                       sizeof why);
    if (fd < 0)
        print_message("%s\n", why);
    return fd;
}

static bool is_connected(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && gy__connect_result(fd) == 0;
}

static bool fill_up(void)
{
    struct gy__addr a;
    bool full = false;
    int e = gy__addr_ip(FULL, port, &a);
    for (int i = 0; i < FILLERS && !e; i++) {
        fillers[i] = gy__connect_start(&a, NULL);
        full = fillers[i] >= 0 && !is_connected(fillers[i]);
    }
    return full;
}

static int listen_all(void **state)
{
    (void)state;
    open_fd = must_listen(OPEN, 0, 0);
    port = gy_local_port(open_fd);
    other_fd = must_listen(OTHER, port, 0);
    full_fd = must_listen(FULL, port, 1);
    snprintf(by_name, sizeof by_name, "name.test:%d", port);
    return open_fd < 0 || other_fd < 0 || full_fd < 0 || !fill_up() ? -1 : 0;
}

static int close_all(void **state)
{
    (void)state;
    close(open_fd);
    close(other_fd);
    close(full_fd);
    for (int i = 0; i < FILLERS; i++)
        close(fillers[i]);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    gy__lookup_source = (struct gy__lookup_source){.fn = give_answer, .in_task = true};
    look_up_takes = 0;
    return 0;
}

/* Take what has come off the queue: how many came. */
static int drain(int fd)
{
    int n = 0, c;
    while ((c = accept(fd, NULL, NULL)) >= 0) {
        close(c);
        n++;
    }
    return n;
}

static int tear_down(void **state)
{
    (void)state;
    gy__lookup_source = (struct gy__lookup_source){.fn = gy__lookup};
    drain(open_fd);
    drain(other_fd);
    return 0;
}

/* -- Trying --------------------------------------------------------------------------------------- */

struct attempt {
    const char *const *ips;
    const char *address; /* NULL: the name */
    gy_connect_opts opts;
    int result;
    double took;
    char peer[GY_ADDRESS_MAX], local[GY_ADDRESS_MAX];
};

static int try_it(void *arg)
{
    struct attempt *a = arg;
    gy_stream *s = NULL;
    gy_loop *loop = gy_loop_current();
    double before = gy_loop_now(loop);
    answer = a->ips;
    a->result = gy_connect(a->address ? a->address : by_name, &a->opts, &s);
    a->took = gy_loop_now(loop) - before;
    a->peer[0] = a->local[0] = 0;
    if (a->result == 0) {
        assert_int_equal(gy_peer_address(gy_stream_fd(s), a->peer), 0);
        assert_int_equal(gy_local_address(gy_stream_fd(s), a->local), 0);
        *strrchr(a->peer, ':') = 0;
    }
    gy_stream_close(s);
    return a->result;
}

static struct attempt connects(struct attempt a, int result, double took)
{
    int before = count_descriptors();
    run_in_fake_time(try_it, &a);
    assert_int_equal(a.result, result);
    if (a.took < took - 0.001 || a.took > took + 0.001)
        fail_msg("took %f, not %f", a.took, took);
    assert_int_equal(count_descriptors(), before);
    return a;
}

#define IPS(...)                                                                                   \
    .ips = (const char *const[])                                                                   \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* -- Order ---------------------------------------------------------------------------------------- */

static void in_turn(const char *before, const char *after)
{
    struct gy__inet ips[8];
    char text[9] = "";
    size_t n = strlen(before);
    for (size_t i = 0; i < n; i++)
        ips[i] = (struct gy__inet){.family = before[i] >= 'a' ? AF_INET6 : AF_INET,
                                   .bytes = {(uint8_t)before[i]}};
    gy__interleave(ips, n);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)ips[i].bytes[0];
    assert_string_equal(text, after);
}

static void families_take_turns(void **state)
{
    (void)state;
    in_turn("", "");
    in_turn("a", "a");
    in_turn("1a", "1a");
    in_turn("ab12", "a1b2");
    in_turn("abc1", "a1bc");
    in_turn("12a", "1a2");
    in_turn("a123", "a123");
    in_turn("abcd123", "a1b2c3d");
    in_turn("1234abcd", "1a2b3c4d");
}

static void the_first_that_answers_is_taken(void **state)
{
    (void)state;
    struct attempt a = connects((struct attempt){IPS(OPEN, OTHER)}, 0, 0);
    assert_string_equal(a.peer, OPEN);
    assert_int_equal(drain(open_fd), 1);
    assert_int_equal(drain(other_fd), 0);
}

static void after_a_refusal_the_next_is_tried_at_once(void **state)
{
    (void)state;
    struct attempt a = connects((struct attempt){IPS(SHUT, OPEN)}, 0, 0);
    assert_string_equal(a.peer, OPEN);
    a = connects((struct attempt){IPS("::1", SHUT, "127.0.0.6", OPEN)}, 0, 0);
    assert_string_equal(a.peer, OPEN);
}

static void beside_a_slow_one_the_next_is_tried(void **state)
{
    (void)state;
    struct attempt a = connects((struct attempt){IPS(FULL, OPEN)}, 0, 0.25);
    assert_string_equal(a.peer, OPEN);
    a = connects((struct attempt){IPS(FULL, OPEN), .opts.attempt_delay = 2}, 0, 2);
    assert_string_equal(a.peer, OPEN);
    connects((struct attempt){IPS(FULL, SHUT, OPEN)}, 0, 0.25);
    connects((struct attempt){IPS(FULL, FULL, FULL, OPEN)}, 0, 0.75);
}

static void when_all_fail_the_last_one_says_why(void **state)
{
    (void)state;
    connects((struct attempt){IPS(SHUT)}, -ECONNREFUSED, 0);
    connects((struct attempt){IPS(SHUT, "127.0.0.6", "127.0.0.7")}, -ECONNREFUSED, 0);
    connects((struct attempt){.ips = (const char *const[]){NULL}}, GY_ENOTFOUND, 0);
}

static void there_is_a_limit_for_all_of_it(void **state)
{
    (void)state;
    connects((struct attempt){IPS(FULL, FULL), .opts.timeout = 1}, GY_ETIMEDOUT, 1);
    connects((struct attempt){IPS(FULL, FULL, FULL), .opts.timeout = 0.3}, GY_ETIMEDOUT, 0.3);
    connects((struct attempt){IPS(FULL, SHUT), .opts.timeout = 1}, GY_ETIMEDOUT, 1);
    look_up_takes = 5;
    connects((struct attempt){IPS(OPEN), .opts.timeout = 2}, GY_ETIMEDOUT, 2);
    connects((struct attempt){IPS(FULL), .opts.timeout = 6}, GY_ETIMEDOUT, 6);
    connects((struct attempt){IPS(OPEN), .opts.timeout = 6}, 0, 5);
    char full[64];
    snprintf(full, sizeof full, "%s:%d", FULL, port);
    connects((struct attempt){.address = full, .opts.timeout = 3}, GY_ETIMEDOUT, 3);
}

static int try_within(void *arg)
{
    gy_deadline d;
    gy_deadline_begin(&d, 0.6);
    int e = try_it(arg);
    assert_true(gy_deadline_end(&d));
    return e;
}

static void a_deadline_around_it_ends_it(void **state)
{
    (void)state;
    struct attempt a = {IPS(FULL, FULL, FULL, FULL)};
    assert_int_equal(run_in_fake_time(try_within, &a), GY_ETIMEDOUT);
}

static int cancel_it(void *arg)
{
    struct attempt *a = arg;
    for (int i = 0; i < 5; i++) {
        gy_task *t = gy_task_new(gy_loop_current(), try_it, a, NULL);
        assert_non_null(t);
        gy_sleep(0.2 * i);
        gy_task_cancel(t);
        assert_int_equal(gy_task_join(t), GY_ECANCELED);
    }
    return 0;
}

static void one_that_is_cancelled_leaves_nothing_open(void **state)
{
    (void)state;
    struct attempt a = {IPS(FULL, FULL, FULL)};
    int before = count_descriptors();
    assert_int_equal(run_in_fake_time(cancel_it, &a), 0);
    assert_int_equal(count_descriptors(), before);
}

/* -- Where from, and which family ------------------------------------------------------------------ */

static void the_source_may_be_chosen(void **state)
{
    (void)state;
    char open[64];
    snprintf(open, sizeof open, "%s:%d", OPEN, port);
    struct attempt a =
        connects((struct attempt){.address = open, .opts.source_address = "127.0.0.9"}, 0, 0);
    assert_memory_equal(a.local, "127.0.0.9:", 10);
    a = connects((struct attempt){IPS("::1", SHUT, OPEN), .opts.source_address = "127.0.0.9"}, 0,
                 0);
    assert_memory_equal(a.local, "127.0.0.9:", 10);

    /* A port that was free a moment ago. */
    int fd = must_listen("127.0.0.9", 0, 0);
    int from = gy_local_port(fd);
    close(fd);
    char expected[64];
    snprintf(expected, sizeof expected, "127.0.0.9:%d", from);
    a = connects((struct attempt){.address = open,
                                  .opts = {.source_address = "127.0.0.9", .source_port = from}},
                 0, 0);
    assert_string_equal(a.local, expected);
    a = connects((struct attempt){.address = open, .opts.source_port = from}, 0, 0);
    snprintf(expected, sizeof expected, ":%d", from);
    assert_string_equal(strrchr(a.local, ':'), expected);

    connects((struct attempt){.address = open, .opts.source_address = "::1"}, GY_EINVAL, 0);
    connects((struct attempt){.address = open, .opts.source_address = "localhost"}, GY_EINVAL, 0);
    connects((struct attempt){.address = open, .opts.source_port = 65536}, GY_EINVAL, 0);
    connects((struct attempt){.address = open, .opts.source_address = "203.0.113.77"},
             -EADDRNOTAVAIL, 0);
}

static void the_family_may_be_chosen(void **state)
{
    (void)state;
    char open[64];
    snprintf(open, sizeof open, "%s:%d", OPEN, port);
    struct attempt a = connects((struct attempt){IPS("::1", OPEN), .opts.family = AF_INET}, 0, 0);
    assert_string_equal(a.peer, OPEN);
    connects((struct attempt){IPS(OPEN), .opts.family = AF_INET6}, GY_ENOTFOUND, 0);
    connects((struct attempt){.address = open, .opts.family = AF_INET6}, GY_ENOTFOUND, 0);
    connects((struct attempt){.address = open, .opts.family = AF_UNIX}, GY_EINVAL, 0);
}

static void version_6_goes_first_as_the_system_says(void **state)
{
    (void)state;
    int six = must_listen("::1", 0, 0);
    if (six < 0)
        skip();
    char name[64];
    snprintf(name, sizeof name, "name.test:%d", gy_local_port(six));
    struct attempt a = connects((struct attempt){IPS("::1", OPEN), .address = name}, 0, 0);
    assert_string_equal(a.peer, "[::1]");
    a = connects((struct attempt){IPS(SHUT, "::1"), .address = name}, 0, 0);
    assert_string_equal(a.peer, "[::1]");
    snprintf(name, sizeof name, "localhost:%d", gy_local_port(six));
    a = connects((struct attempt){.address = name}, 0, 0);
    assert_string_equal(a.peer, "[::1]");
    close(six);
}

static void localhost_reaches_who_listens_on_one_of_both(void **state)
{
    (void)state;
    int four = must_listen("127.0.0.1", 0, 0);
    char name[64];
    snprintf(name, sizeof name, "localhost:%d", gy_local_port(four));
    struct attempt a = connects((struct attempt){.address = name}, 0, 0);
    assert_string_equal(a.peer, "127.0.0.1");
    close(four);
}

/* -- Addresses -------------------------------------------------------------------------------------- */

static atomic_int allocations;

static int count_allocation(void *arg)
{
    (void)arg;
    atomic_fetch_add(&allocations, 1);
    return 1;
}

static int connect_to_number(void *unused)
{
    (void)unused;
    char open[64];
    gy_stream *s;
    snprintf(open, sizeof open, "%s:%d", OPEN, port);
    atomic_store(&allocations, 0);
    gy__alloc_set_hook(count_allocation, NULL);
    int e = gy_connect(open, NULL, &s);
    gy__alloc_set_hook(NULL, NULL);
    assert_int_equal(e, 0);
    gy_stream_close(s);
    assert_int_equal(allocations, 2); /* the transport and the stream */
    assert_null(gy_loop_current()->ends);
    return 0;
}

static void an_ip_address_needs_no_resolver(void **state)
{
    (void)state;
    assert_int_equal(gy_run(connect_to_number, NULL), 0);
}

static int connect_by_table(void *unused)
{
    (void)unused;
    char to[64];
    snprintf(to, sizeof to, "%s:%d", OPEN, port);
    const gy_resolver_entry rows[] = {{"db.test:5432", to}, {"192.0.2.1", to}, {NULL, NULL}};
    gy_resolver *r = gy_resolver_new(&(gy_resolver_opts){.table = rows, .hosts_file = ""});
    struct attempt a = {.address = "db.test:5432", .opts.resolver = r};
    assert_int_equal(try_it(&a), 0);
    assert_string_equal(a.peer, OPEN);
    a = (struct attempt){.address = "192.0.2.1:80", .opts.resolver = r};
    assert_int_equal(try_it(&a), 0);
    assert_string_equal(a.peer, OPEN);
    gy_resolver_free(r);
    return 0;
}

static void a_table_says_where_to(void **state)
{
    (void)state;
    assert_int_equal(gy_run(connect_by_table, NULL), 0);
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         ":",        ":80",    "name",  "name:",     "name:x", "name:65536",
        "na me:80", "127.1:80", "::1:80", "[::1]", "[name]:80", "unix:",  "http://name:80"};
    gy_stream *s;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        connects((struct attempt){IPS(OPEN), .address = bad[i]}, GY_EINVAL, 0);
    assert_int_equal(gy_connect("127.0.0.1:80", NULL, &s), GY_ENOTASK);
}

static void unix_sockets_have_one_address(void **state)
{
    (void)state;
    char why[256];
    const char *name = unix_address("connect");
    int fd = gy_listen(&(gy_listen_opts){.unix_path = unix_name("connect")}, why, sizeof why);
    assert_true(fd >= 0);
    struct attempt a = connects((struct attempt){.address = name}, 0, 0);
    assert_string_equal(a.peer, "unix");
    close(fd);
    connects((struct attempt){.address = name}, -ECONNREFUSED, 0);
    connects((struct attempt){.address = "unix:/nonexistent/socket"}, -ENOENT, 0);
}

/* -- Sweeps ----------------------------------------------------------------------------------------- */

static int race(void *unused)
{
    (void)unused;
    struct attempt a = {IPS(FULL, SHUT, FULL, OPEN), .opts.timeout = 10};
    look_up_takes = 1;
    int e = try_it(&a);
    drain(open_fd);
    return e;
}

static void every_wait_may_be_cancelled(void **state)
{
    (void)state;
    assert_true(sweep_waits(race, NULL) >= 4);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_task_allocations(race, NULL);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(families_take_turns),
        TEST(the_first_that_answers_is_taken),
        TEST(after_a_refusal_the_next_is_tried_at_once),
        TEST(beside_a_slow_one_the_next_is_tried),
        TEST(when_all_fail_the_last_one_says_why),
        TEST(there_is_a_limit_for_all_of_it),
        TEST(a_deadline_around_it_ends_it),
        TEST(one_that_is_cancelled_leaves_nothing_open),
        TEST(the_source_may_be_chosen),
        TEST(the_family_may_be_chosen),
        TEST(version_6_goes_first_as_the_system_says),
        TEST(localhost_reaches_who_listens_on_one_of_both),
        TEST(an_ip_address_needs_no_resolver),
        TEST(a_table_says_where_to),
        TEST(what_is_no_address_is_refused),
        TEST(unix_sockets_have_one_address),
        TEST(every_wait_may_be_cancelled),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, listen_all, close_all);
}
