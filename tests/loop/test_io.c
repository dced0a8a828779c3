/* SPDX-License-Identifier: MIT */
/* Readiness of descriptors: waiting for them, and what the loop tells of them. */
#include "loop/io.h"
#include "loop/state.h"
#include "support/fake_clock.h"
#include "support/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre/error.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int pipe_fds[2];

static int open_pipe(void **state)
{
    (void)state;
    return pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC);
}

static int close_pipe(void **state)
{
    (void)state;
    close(pipe_fds[0]);
    if (pipe_fds[1] >= 0)
        close(pipe_fds[1]);
    return 0;
}

static int write_later(void *arg)
{
    (void)arg;
    int e = gy_sleep(1);
    if (e)
        return e;
    return write(pipe_fds[1], "x", 1) == 1 ? 0 : -errno;
}

static int read_a_pipe(void *arg)
{
    (void)arg;
    char c;
    int64_t before = fake_clock_now();
    assert_int_equal(gy_wait_fd(pipe_fds[1], GY_WRITABLE, -1), GY_WRITABLE);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, 0), GY_ETIMEDOUT);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, 0.5), GY_ETIMEDOUT);
    assert_true(fake_clock_now() - before == 500000000);
    assert_int_equal(gy_spawn(write_later, NULL, NULL), 0);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, -1), GY_READABLE);
    assert_true(fake_clock_now() - before == 1500000000);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, 0), GY_READABLE);
    assert_int_equal(read(pipe_fds[0], &c, 1), 1);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, 0), GY_ETIMEDOUT);
    close(pipe_fds[1]);
    pipe_fds[1] = -1;
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, -1), GY_READABLE);
    return 0;
}

static void pipes(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(read_a_pipe, NULL), 0);
}

static int both_ends(void *arg)
{
    (void)arg;
    int s[2];
    char page[4096] = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
    enum { BOTH = GY_READABLE | GY_WRITABLE };
    assert_int_equal(gy_wait_fd(s[0], BOTH, -1), GY_WRITABLE);
    assert_int_equal(write(s[1], "x", 1), 1);
    assert_int_equal(gy_wait_fd(s[0], BOTH, -1), BOTH);
    while (write(s[0], page, sizeof page) > 0)
        ;
    assert_int_equal(gy_wait_fd(s[0], BOTH, -1), GY_READABLE);
    assert_int_equal(gy_wait_fd(s[0], GY_WRITABLE, 1), GY_ETIMEDOUT);
    while (read(s[1], page, sizeof page) > 0)
        ;
    assert_int_equal(gy_wait_fd(s[0], GY_WRITABLE, 1), GY_WRITABLE);
    close(s[1]);
    assert_int_equal(gy_wait_fd(s[0], BOTH, -1), BOTH);
    close(s[0]);
    return 0;
}

static void sockets(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(both_ends, NULL), 0);
}

static int odd_descriptors(void *arg)
{
    (void)arg;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(gy_wait_fd(file, GY_READABLE, -1), GY_READABLE);
    close(file);
    assert_int_equal(gy_wait_fd(file, GY_READABLE, 1), -EBADF);
    assert_int_equal(gy_wait_fd(-1, GY_READABLE, 1), -EBADF);
    assert_int_equal(gy_wait_fd(pipe_fds[0], 0, 1), GY_EINVAL);
    return 0;
}

static void files_and_what_is_no_descriptor(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(odd_descriptors, NULL), 0);
    assert_int_equal(odd_descriptors(NULL), 0);
}

static void outside_a_task_it_blocks(void **state)
{
    (void)state;
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, 0.001), GY_ETIMEDOUT);
    assert_int_equal(gy_wait_fd(pipe_fds[1], GY_WRITABLE, -1), GY_WRITABLE);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, -1), GY_READABLE);
    close(pipe_fds[1]);
    pipe_fds[1] = -1;
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, -1), GY_READABLE);
}

static int wait_for_pipe(void *arg)
{
    return *(int *)arg = gy_wait_fd(pipe_fds[0], GY_READABLE, 5);
}

static int twice(void *arg)
{
    (void)arg;
    int first = 0;
    gy_task *t = gy_task_new(gy_loop_current(), wait_for_pipe, &first, NULL);
    assert_non_null(t);
    gy_sleep(1);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, 1), GY_EBUSY);
    gy_task_cancel(t);
    gy_task_join(t);
    assert_int_equal(first, GY_ECANCELED);
    assert_int_equal(gy_wait_fd(pipe_fds[0], GY_READABLE, 1), GY_ETIMEDOUT);
    return 0;
}

static void one_task_per_descriptor(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(twice, NULL), 0);
}

static int scenario(void *arg)
{
    char c;
    int seen = 0;
    gy_group g = {0};
    (void)arg;
    while (read(pipe_fds[0], &c, 1) > 0)
        ;
    gy_group_spawn(&g, wait_for_pipe, &seen);
    gy_group_spawn(&g, write_later, NULL);
    int e = gy_group_wait(&g);
    return e ? e : seen == GY_READABLE ? 0 : seen;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(sweep_waits(scenario, NULL) >= 3);
}

/* The internal side. */

struct watched {
    struct gy__io io;
    gy_loop *loop;
    unsigned events;
    int calls;
    struct watched *other; /* to be forgotten and freed by this one's event */
};

static void on_event(struct gy__io *io, unsigned events)
{
    struct watched *w = gy_of(io, struct watched, io);
    w->events |= events;
    w->calls++;
    if (w->other) {
        gy__io_unwatch(w->loop, &w->other->io);
        free(w->other);
        w->other = NULL;
    }
}

static struct watched *watch(gy_loop *loop, int fd)
{
    struct watched *w = calloc(1, sizeof *w);
    assert_non_null(w);
    gy__io_init(&w->io, fd);
    w->io.on_event = on_event;
    w->loop = loop;
    assert_int_equal(gy__io_watch(loop, &w->io), 0);
    return w;
}

/* Two descriptors are ready in one batch; whichever comes first frees the other. */
static void one_may_go_while_its_event_waits(void **state)
{
    (void)state;
    int s[2];
    gy_loop *loop = gy_loop_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
    struct watched *a = watch(loop, s[0]), *b = watch(loop, s[1]);
    struct watched *first = a;
    a->other = b;
    b->other = NULL;
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_true(first->events & GY__OUT);
    assert_null(first->other);
    gy__io_unwatch(loop, &a->io);
    free(a);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    gy_loop_free(loop);
    close(s[0]);
    close(s[1]);
}

static void turn_inside(struct gy__io *io, unsigned events)
{
    struct watched *w = gy_of(io, struct watched, io);
    w->events |= events;
    w->calls++;
    io->on_event = on_event;
    assert_int_equal(gy_loop_turn(w->loop, 0), 0);
}

/* A change is told once: a turn inside a callback must not lose those of the turn around it. */
static void a_callback_may_turn_the_loop(void **state)
{
    (void)state;
    int s[2];
    gy_loop *loop = gy_loop_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
    struct watched *a = watch(loop, s[0]), *b = watch(loop, s[1]);
    a->io.on_event = b->io.on_event = turn_inside;
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(a->calls, 1);
    assert_int_equal(b->calls, 1);
    gy__io_unwatch(loop, &a->io);
    gy__io_unwatch(loop, &b->io);
    free(a);
    free(b);
    gy_loop_free(loop);
    close(s[0]);
    close(s[1]);
}

static void changes_are_told_once(void **state)
{
    (void)state;
    gy_loop *loop = gy_loop_new();
    struct watched *w = watch(loop, pipe_fds[0]);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    w->events = 0;
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(w->events, GY__IN);
    w->events = 0;
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_int_equal(w->events, 0);
    close(pipe_fds[1]);
    pipe_fds[1] = -1;
    assert_int_equal(gy_loop_turn(loop, 0), 0);
    assert_true(w->events & GY__HUP);
    gy__io_unwatch(loop, &w->io);
    free(w);
    gy_loop_free(loop);
}

struct waiting {
    struct gy__io *io;
    int64_t deadline;
    int result;
};

static int wait_for_io(void *arg)
{
    struct waiting *w = arg;
    return w->result = gy__io_wait(w->io, GY__IN, w->deadline, "test");
}

static int wait_for_memory(void *arg)
{
    (void)arg;
    struct gy__io io;
    struct gy__fired fired = {.io = &io};
    struct waiting w = {.io = &io, .deadline = INT64_MAX, .result = 1};
    gy__io_init(&io, -1);
    assert_int_equal(gy__io_wait(&io, GY__IN, INT64_MAX, "test"), 0);
    io.ready = 0;
    assert_int_equal(gy__io_wait(&io, GY__IN, fake_clock_now() + 1000, "test"), GY_ETIMEDOUT);
    gy_task *t = gy_task_new(gy_loop_current(), wait_for_io, &w, NULL);
    gy_yield();
    assert_int_equal(gy__io_wait(&io, GY__IN, INT64_MAX, "test"), GY_EBUSY);
    gy__io_fire_later(gy_loop_current(), &fired, GY__IN);
    gy__io_fire_later(gy_loop_current(), &fired, GY__HUP);
    assert_int_equal(gy_task_join(t), 0);
    assert_int_equal(io.ready, GY__IN | GY__HUP);
    io.ready = 0;
    t = gy_task_new(gy_loop_current(), wait_for_io, &w, NULL);
    gy_yield();
    gy__io_unwatch(gy_loop_current(), &io);
    assert_int_equal(gy_task_join(t), GY_ECLOSED);
    assert_null(io.reader);
    return 0;
}

static void pipes_in_memory(void **state)
{
    (void)state;
    assert_int_equal(run_in_fake_time(wait_for_memory, NULL), 0);
}

#define TEST(test_) cmocka_unit_test_setup_teardown(test_, open_pipe, close_pipe)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pipes),
        TEST(sockets),
        TEST(files_and_what_is_no_descriptor),
        TEST(outside_a_task_it_blocks),
        TEST(one_task_per_descriptor),
        TEST(cancelled_anywhere),
        TEST(one_may_go_while_its_event_waits),
        TEST(a_callback_may_turn_the_loop),
        TEST(changes_are_told_once),
        TEST(pipes_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
