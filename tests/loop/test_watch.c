/* SPDX-License-Identifier: MIT */
/* Watches: callbacks for descriptors of others. */
#include "loop/state.h"
#include "support/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BOTH = GY_READABLE | GY_WRITABLE, MANY = 2000 };

static gy_loop *loop;
static int fds[2];

static int set_up(void **state)
{
    (void)state;
    loop = gy_loop_new();
    return loop ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
    gy_loop_free(loop);
    return 0;
}

static void turn(void)
{
    assert_int_equal(gy_loop_turn(loop, 0), 0);
}

static int told_fd, told_events, calls;

static void tell(void *arg, int fd, int events)
{
    assert_ptr_equal(arg, &calls);
    told_fd = fd;
    told_events |= events;
    calls++;
}

/* What a turn tells, 0 when nothing, in one call or in one for each event. */
static int told(void)
{
    calls = told_events = 0;
    turn();
    assert_true(calls <= 1 || (calls == 2 && told_events == BOTH));
    return told_events;
}

static void again_and_again_while_data_is_there(void **state)
{
    (void)state;
    char c;
    gy_watch *w = gy_watch_new(loop, fds[0], GY_READABLE, tell, &calls);
    assert_non_null(w);
    assert_int_equal(told(), 0);
    assert_int_equal(write(fds[1], "xy", 2), 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(told(), GY_READABLE);
        assert_int_equal(told_fd, fds[0]);
    }
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(told(), GY_READABLE);
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(told(), 0);
    gy_watch_free(w);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(told(), 0);
}

static void only_what_is_asked(void **state)
{
    (void)state;
    static char page[4096];
    gy_watch *w = gy_watch_new(loop, fds[0], BOTH, tell, &calls);
    assert_int_equal(told(), GY_WRITABLE);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(told(), BOTH);
    assert_int_equal(gy_watch_set(w, GY_WRITABLE), 0);
    assert_int_equal(told(), GY_WRITABLE);
    assert_int_equal(gy_watch_set(w, GY_READABLE), 0);
    assert_int_equal(told(), GY_READABLE);
    while (write(fds[0], page, sizeof page) > 0)
        ;
    assert_int_equal(gy_watch_set(w, GY_WRITABLE), 0);
    assert_int_equal(told(), 0);
    while (read(fds[1], page, sizeof page) > 0)
        ;
    assert_int_equal(told(), GY_WRITABLE);
    gy_watch_free(w);
}

static void set_to_nothing_and_back(void **state)
{
    (void)state;
    gy_watch *w = gy_watch_new(loop, fds[0], GY_READABLE, tell, &calls);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(told(), GY_READABLE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gy_watch_set(w, 0), 0);
        assert_int_equal(told(), 0);
        assert_int_equal(told(), 0);
        assert_int_equal(gy_watch_set(w, GY_READABLE), 0);
        assert_int_equal(gy_watch_set(w, GY_READABLE), 0);
        assert_int_equal(told(), GY_READABLE);
    }
    gy_watch_free(w);
    w = gy_watch_new(loop, fds[0], 0, tell, &calls);
    assert_non_null(w);
    assert_int_equal(told(), 0);
    assert_int_equal(gy_watch_set(w, 8), GY_EINVAL);
    assert_int_equal(gy_watch_set(w, GY_READABLE), 0);
    assert_int_equal(told(), GY_READABLE);
    assert_int_equal(gy_watch_set(w, 0), 0);
    /* Nothing of it is left meanwhile. */
    gy_watch *other = gy_watch_new(loop, fds[0], GY_READABLE, tell, &calls);
    assert_non_null(other);
    assert_int_equal(gy_watch_set(w, GY_READABLE), -EEXIST);
    gy_watch_free(other);
    assert_int_equal(gy_watch_set(w, GY_READABLE), 0);
    assert_int_equal(told(), GY_READABLE);
    gy_watch_free(w);
    gy_watch_free(NULL);
}

/* Watches that free each other, and themselves. */

static struct one {
    gy_watch *watch;
    struct one *frees;
    int calls, fds[2];
} ones[MANY];

static void free_one(void *arg, int fd, int events)
{
    struct one *o = arg;
    assert_int_equal(fd, o->fds[0]);
    assert_int_equal(events, GY_READABLE);
    assert_non_null(o->watch);
    o->calls++;
    gy_watch_free(o->frees->watch);
    o->frees->watch = NULL;
}

static void open_one(struct one *o, struct one *frees)
{
    *o = (struct one){.frees = frees};
    assert_int_equal(pipe2(o->fds, O_NONBLOCK | O_CLOEXEC), 0);
    o->watch = gy_watch_new(loop, o->fds[0], GY_READABLE, free_one, o);
    assert_non_null(o->watch);
    assert_int_equal(write(o->fds[1], "x", 1), 1);
}

static void close_one(struct one *o)
{
    gy_watch_free(o->watch);
    close(o->fds[0]);
    close(o->fds[1]);
}

static void freed_inside_of_its_function(void **state)
{
    (void)state;
    open_one(&ones[0], &ones[0]);
    for (int i = 0; i < 3; i++)
        turn();
    assert_int_equal(ones[0].calls, 1);
    assert_null(ones[0].watch);
    close_one(&ones[0]);
}

static void freed_by_another_in_the_same_turn(void **state)
{
    (void)state;
    open_one(&ones[0], &ones[1]);
    open_one(&ones[1], &ones[0]);
    turn();
    assert_int_equal(ones[0].calls + ones[1].calls, 1);
    assert_int_equal(!ones[0].watch + !ones[1].watch, 1);
    close_one(&ones[0]);
    close_one(&ones[1]);
}

/* A new watch on the number that was freed must not be told what the old one was to be told. */
static void renew(void *arg, int fd, int events)
{
    struct one *o = arg, *other = o == &ones[0] ? &ones[1] : &ones[0];
    char c;
    (void)fd;
    (void)events;
    if (o->calls++ || other->calls)
        return;
    gy_watch_free(other->watch);
    assert_int_equal(read(other->fds[0], &c, 1), 1);
    other->watch = gy_watch_new(loop, other->fds[0], GY_READABLE, renew, other);
    assert_non_null(other->watch);
}

static void a_new_one_is_told_its_own_events(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        open_one(&ones[i], NULL);
        gy_watch_free(ones[i].watch);
        ones[i].watch = gy_watch_new(loop, ones[i].fds[0], GY_READABLE, renew, &ones[i]);
    }
    turn();
    assert_int_equal(ones[0].calls + ones[1].calls, 1);
    turn();
    assert_int_equal(ones[0].calls + ones[1].calls, 2);
    assert_true(ones[0].calls == 0 || ones[1].calls == 0);
    close_one(&ones[0]);
    close_one(&ones[1]);
}

static void a_peer_that_is_gone(void **state)
{
    (void)state;
    gy_watch *w = gy_watch_new(loop, fds[0], GY_READABLE, tell, &calls);
    assert_int_equal(told(), 0);
    close(fds[1]);
    fds[1] = -1;
    for (int i = 0; i < 3; i++)
        assert_int_equal(told(), GY_READABLE);
    assert_int_equal(gy_watch_set(w, GY_WRITABLE), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(told(), GY_WRITABLE);
    gy_watch_free(w);
}

static void what_cannot_be_watched(void **state)
{
    (void)state;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    errno = 0;
    assert_null(gy_watch_new(loop, file, GY_READABLE, tell, &calls));
    assert_int_equal(errno, EPERM);
    close(file);
    assert_null(gy_watch_new(loop, file, GY_READABLE, tell, &calls));
    assert_int_equal(errno, EBADF);
    assert_null(gy_watch_new(loop, fds[0], 4, tell, &calls));
    assert_int_equal(errno, EINVAL);
    gy_watch *w = gy_watch_new(loop, fds[0], GY_READABLE, tell, &calls);
    errno = 0;
    assert_null(gy_watch_new(loop, fds[0], GY_WRITABLE, tell, &calls));
    assert_int_equal(errno, EEXIST);
    gy_watch_free(w);
    gy_watch_free(gy_watch_new(loop, fds[0], GY_WRITABLE, tell, &calls));
}

/* The descriptor of another poller, which is what other loops show of themselves. */
static void another_loop_is_watched(void **state)
{
    (void)state;
    char c;
    struct epoll_event ev = {.events = EPOLLIN};
    int inner = epoll_create1(EPOLL_CLOEXEC);
    assert_int_equal(epoll_ctl(inner, EPOLL_CTL_ADD, fds[0], &ev), 0);
    gy_watch *w = gy_watch_new(loop, inner, GY_READABLE, tell, &calls);
    assert_non_null(w);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(told(), 0);
        assert_int_equal(write(fds[1], "x", 1), 1);
        assert_int_equal(told(), GY_READABLE);
        assert_int_equal(told(), GY_READABLE);
        assert_int_equal(epoll_wait(inner, &ev, 1, 0), 1);
        assert_int_equal(read(fds[0], &c, 1), 1);
    }
    assert_int_equal(told(), 0);
    gy_watch_free(w);
    close(inner);
}

static void count_one(void *arg, int fd, int events)
{
    struct one *o = arg;
    (void)fd;
    (void)events;
    o->calls++;
}

static void thousands(void **state)
{
    (void)state;
    struct rlimit before, enough;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    enough = (struct rlimit){2 * MANY + 100, before.rlim_max};
    if (before.rlim_max < enough.rlim_cur)
        skip();
    if (before.rlim_cur < enough.rlim_cur)
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &enough), 0);
    for (int i = 0; i < MANY; i++) {
        open_one(&ones[i], &ones[i]);
        gy_watch_free(ones[i].watch);
        ones[i].watch = gy_watch_new(loop, ones[i].fds[0], GY_READABLE, count_one, &ones[i]);
        assert_non_null(ones[i].watch);
    }
    for (int i = 0; i < 3 * MANY / 256; i++)
        turn();
    for (int i = 0; i < MANY; i++)
        assert_true(ones[i].calls >= 2);
    for (int i = 0; i < MANY; i++)
        close_one(&ones[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* A watch beside a task that waits. */

struct relay {
    gy_watch *watch;
    int got;
};

static void take(void *arg, int fd, int events)
{
    struct relay *r = arg;
    char c;
    (void)events;
    if (read(fd, &c, 1) == 1)
        r->got++;
}

static int relay(void *arg)
{
    int *pair = arg, e = 0;
    struct relay r = {.got = 0};
    char c;
    while (read(pair[0], &c, 1) > 0)
        ;
    r.watch = gy_watch_new(gy_loop_current(), pair[0], GY_READABLE, take, &r);
    if (!r.watch)
        return -errno;
    if (write(pair[1], "x", 1) != 1)
        e = -errno;
    for (int i = 0; !e && !r.got && i < 100; i++)
        e = gy_sleep(1);
    if (!e)
        e = gy_watch_set(r.watch, 0);
    gy_watch_free(r.watch);
    return e ? e : r.got == 1 ? 0 : GY_ENOTFOUND;
}

static void swept(void **state)
{
    (void)state;
    assert_true(sweep_waits(relay, fds) >= 1);
    sweep_task_allocations(relay, fds);
}

#define TEST(test_) cmocka_unit_test_setup_teardown(test_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(again_and_again_while_data_is_there),
        TEST(only_what_is_asked),
        TEST(set_to_nothing_and_back),
        TEST(freed_inside_of_its_function),
        TEST(freed_by_another_in_the_same_turn),
        TEST(a_new_one_is_told_its_own_events),
        TEST(a_peer_that_is_gone),
        TEST(what_cannot_be_watched),
        TEST(another_loop_is_watched),
        TEST(thousands),
        TEST(swept),
    };
    atomic_store(&gy__alloc_counting, true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
