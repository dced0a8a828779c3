/* SPDX-License-Identifier: MIT */
/* Streams: reading in every way, limits, errors that stay, back-pressure, timeouts, closing. */
#include <gyre/error.h>
#include <gyre/stream.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <stdio.h>

#include "loop/task.h"

/* A task reads from one end; the test writes to the other. */
struct ends {
    gy_stream *s;
    gy_test_client *c;
    int codes[8];
    int count;
};

static void open_ends(struct ends *e, gy_test *t, size_t capacity)
{
    *e = (struct ends){.count = 0};
    e->c = gy_test_connect_stream(t, capacity, &e->s);
}

static void note(struct ends *e, int code)
{
    e->codes[e->count++] = code;
}

static void check_bytes(gy_str got, const char *want)
{
    GY_CHECK_TEXT(got, want);
    GY_CHECK_INT(got.ptr[got.len], 0);
}

/* -- Reading ------------------------------------------------------------------------------------- */

static int read_in_all_ways(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_read(e->s, 3, &out), 0);
    GY_CHECK(out.len >= 1 && out.len <= 3 && memcmp(out.ptr, "abc", out.len) == 0);
    GY_CHECK_INT(gy_stream_read_exact(e->s, 7 - out.len, &out), 0);
    GY_CHECK_GLOB(out, "*defg");
    GY_CHECK_INT(gy_stream_read_until(e->s, "\r\n", 100, &out), 0);
    check_bytes(out, "hij\r\n");
    GY_CHECK_INT(gy_stream_read_until(e->s, "\r\n", 2, &out), 0);
    check_bytes(out, "\r\n");
    GY_CHECK_INT(gy_stream_read_exact(e->s, 0, &out), 0);
    check_bytes(out, "");
    GY_CHECK_INT(gy_stream_read(e->s, 100, &out), 0);
    GY_CHECK(out.len > 0);
    GY_CHECK_INT(gy_stream_read_all(e->s, 100, &out), 0);
    GY_CHECK_INT(gy_stream_read(e->s, 1, &out), GY_EOF);
    GY_CHECK_INT(gy_stream_read_until(e->s, "x", 1, &out), GY_EOF);
    GY_CHECK_INT(gy_stream_read_exact(e->s, 1, &out), GY_EOF);
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(all_ways_to_read_however_the_bytes_arrive)
{
    gy_str bytes = GY_STR("abcdefghij\r\n\r\nrest of it");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct ends e;
        open_ends(&e, t, 0);
        gy_task *task = gy_task_new(gy_test_loop(t), read_in_all_ways, &e, NULL);
        gy_test_send_cut(e.c, bytes, cut);
        gy_test_shut(e.c);
        GY_CHECK_INT(gy_task_join(task), 0);
        gy_test_leave(e.c);
    }
}

static int read_a_view_again(void *arg)
{
    struct ends *e = arg;
    gy_str a;
    GY_CHECK_INT(gy_stream_read_exact(e->s, 3, &a), 0);
    check_bytes(a, "abc");
    /* The NUL behind a view has not eaten the byte that follows. */
    GY_CHECK_INT(gy_stream_read_exact(e->s, 3, &a), 0);
    check_bytes(a, "def");
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(views_end_in_a_nul_and_lose_nothing)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_test_send_text(e.c, "abcdef");
    GY_CHECK_INT(gy_test_run(t, read_a_view_again, &e), 0);
}

static int read_too_much(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_read_until(e->s, "\n", 5, &out), GY_ETOOBIG);
    GY_CHECK_INT(gy_stream_read_until(e->s, "\n", 50, &out), GY_ETOOBIG);
    GY_CHECK_INT(gy_stream_read(e->s, 50, &out), GY_ETOOBIG);
    GY_CHECK_INT(gy_stream_write(e->s, "still", 5), 0);
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(a_mark_that_comes_too_late_kills_the_reading_half)
{
    static const char *const bytes[] = {"abcdefgh\n", "abcde\n", "abcdefghijklmno"};
    for (int i = 0; i < 3; i++) {
        struct ends e;
        open_ends(&e, t, 0);
        gy_test_send_text(e.c, bytes[i]);
        GY_CHECK_INT(gy_test_run(t, read_too_much, &e), 0);
        GY_CHECK_TEXT(gy_test_received(e.c), "still");
        gy_test_leave(e.c);
    }
}

static int read_until_exactly(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_read_until(e->s, "\n", 5, &out), 0);
    check_bytes(out, "abcd\n");
    GY_CHECK_INT(gy_stream_read_until(e->s, "", 5, &out), GY_EINVAL);
    GY_CHECK_INT(gy_stream_read_all(e->s, 3, &out), GY_ETOOBIG);
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(limits_hold_exactly)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_test_send_text(e.c, "abcd\nefgh");
    gy_test_shut(e.c);
    GY_CHECK_INT(gy_test_run(t, read_until_exactly, &e), 0);
}

static int read_past_the_ceiling(void *arg)
{
    gy_stream **s = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_read_exact(s[0], (size_t)200 << 20, &out), GY_ETOOBIG);
    GY_CHECK_INT(gy_stream_read_exact(s[0], 3, &out), 0);
    check_bytes(out, "abc");
    return 0;
}

GY_TEST(more_than_the_ceiling_is_refused_before_reading)
{
    gy_stream *s[2];
    GY_CHECK_INT(gy_stream_pair(s, 0), 0);
    GY_CHECK_INT(gy_stream_write(s[1], "abc", 3), 0);
    GY_CHECK_INT(gy_test_run(t, read_past_the_ceiling, s), 0);
    gy_stream_close(s[0]);
    gy_stream_close(s[1]);
}

/* -- Writing ------------------------------------------------------------------------------------- */

static int write_much(void *arg)
{
    struct ends *e = arg;
    static const char head[] = "head ", tail[] = " tail";
    static char big[100000];
    memset(big, 'b', sizeof big);
    struct iovec pieces[40];
    int n = 0;
    pieces[n++] = (struct iovec){(void *)(uintptr_t)head, 5};
    pieces[n++] = (struct iovec){big, sizeof big};
    pieces[n++] = (struct iovec){big, 0};
    while (n < 40)
        pieces[n++] = (struct iovec){(void *)(uintptr_t)tail, 5};
    note(e, gy_stream_writev(e->s, pieces, n));
    return 0;
}

GY_TEST(a_gathered_write_waits_for_a_slow_reader)
{
    struct ends e;
    open_ends(&e, t, 1000);
    gy_test_pause(e.c);
    gy_task *task = gy_task_new(gy_test_loop(t), write_much, &e, NULL);
    gy_test_advance(t, 1000);
    GY_CHECK_INT(e.count, 0);
    gy_test_resume(e.c);
    GY_CHECK_INT(e.count, 1);
    GY_CHECK_INT(e.codes[0], 0);
    GY_CHECK_INT(gy_test_received(e.c).len, 5 + 100000 + 37 * 5);
    GY_CHECK_GLOB(gy_test_received(e.c), "head bbb* tail tail");
    GY_CHECK_INT(gy_task_join(task), 0);
    gy_stream_close(e.s);
}

static int write_after_it_left(void *arg)
{
    struct ends *e = arg;
    note(e, gy_stream_write(e->s, "x", 1));
    note(e, gy_stream_write(e->s, "x", 1));
    gy_str out;
    note(e, gy_stream_read(e->s, 1, &out));
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(writing_to_one_who_left_is_an_error_that_stays)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_test_leave(e.c);
    GY_CHECK_INT(gy_test_run(t, write_after_it_left, &e), 0);
    GY_CHECK_INT(e.codes[0], GY_ECLOSED);
    GY_CHECK_INT(e.codes[1], GY_ECLOSED);
    GY_CHECK_INT(e.codes[2], GY_EOF);
}

static int half_close(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_write(e->s, "bye", 3), 0);
    GY_CHECK_INT(gy_stream_shutdown(e->s), 0);
    GY_CHECK_INT(gy_stream_write(e->s, "x", 1), GY_ESHUTDOWN);
    GY_CHECK_INT(gy_stream_read_all(e->s, 100, &out), 0);
    check_bytes(out, "answer");
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(after_a_half_close_reading_goes_on)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_task *task = gy_task_new(gy_test_loop(t), half_close, &e, NULL);
    gy_test_settle(t);
    GY_CHECK_TEXT(gy_test_received(e.c), "bye");
    GY_CHECK(gy_test_closed(e.c));
    gy_test_send_text(e.c, "answer");
    gy_test_shut(e.c);
    GY_CHECK_INT(gy_task_join(task), 0);
}

/* -- Time, cancelling, closing ------------------------------------------------------------------- */

static int read_one(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    note(e, gy_stream_read(e->s, 10, &out));
    return 0;
}

static int time_out_and_go_on(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    gy_deadline d;
    gy_deadline_begin(&d, 2);
    GY_CHECK_INT(gy_stream_read(e->s, 10, &out), GY_ETIMEDOUT);
    GY_CHECK(gy_deadline_end(&d));
    GY_CHECK_INT(gy_stream_read(e->s, 10, &out), 0);
    check_bytes(out, "late");
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(a_read_that_timed_out_may_be_tried_again)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_task *task = gy_task_new(gy_test_loop(t), time_out_and_go_on, &e, NULL);
    gy_test_advance(t, 3);
    gy_test_send_text(e.c, "late");
    GY_CHECK_INT(gy_task_join(task), 0);
}

/* As when the client of a request leaves that reads from something else. */
GY_TEST(a_read_that_was_cancelled_may_be_tried_again_whatever_the_code)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_task *task = gy_task_new(gy_test_loop(t), read_one, &e, NULL);
    gy_test_settle(t);
    gy__task_cancel_with(task, GY_ECLOSED);
    (void)!gy_task_join(task);
    GY_CHECK_INT(e.codes[0], GY_ECLOSED);
    gy_str out;
    GY_CHECK_INT(gy_stream_read(e.s, 10, &out), GY_ENOTASK);
    gy_test_send_text(e.c, "there");
    GY_CHECK_INT(gy_test_run(t, read_one, &e), 0);
    GY_CHECK_INT(e.codes[1], 0);
    gy_stream_close(e.s);
    gy_test_leave(e.c);
}

static int write_with_a_deadline(void *arg)
{
    struct ends *e = arg;
    static char big[10000];
    gy_deadline d;
    gy_deadline_begin(&d, 2);
    GY_CHECK_INT(gy_stream_write(e->s, big, sizeof big), GY_ETIMEDOUT);
    GY_CHECK(gy_deadline_end(&d));
    /* Part of it has gone: nothing sensible can follow. */
    GY_CHECK_INT(gy_stream_write(e->s, big, 1), GY_ETIMEDOUT);
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(a_write_that_timed_out_stays_so)
{
    struct ends e;
    open_ends(&e, t, 1000);
    gy_test_pause(e.c);
    gy_test_clock_auto(t);
    GY_CHECK_INT(gy_test_run(t, write_with_a_deadline, &e), 0);
}

GY_TEST(only_one_task_reads)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_task *a = gy_task_new(gy_test_loop(t), read_one, &e, NULL);
    gy_task *b = gy_task_new(gy_test_loop(t), read_one, &e, NULL);
    gy_test_settle(t);
    GY_CHECK_INT(e.count, 1);
    GY_CHECK_INT(e.codes[0], GY_EBUSY);
    gy_test_send_text(e.c, "x");
    GY_CHECK_INT(e.codes[1], 0);
    gy_task_join(a);
    gy_task_join(b);
    gy_stream_close(e.s);
}

GY_TEST(closing_wakes_who_waits)
{
    struct ends e;
    open_ends(&e, t, 1000);
    gy_test_pause(e.c);
    gy_task *a = gy_task_new(gy_test_loop(t), read_one, &e, NULL);
    gy_task *b = gy_task_new(gy_test_loop(t), write_much, &e, NULL);
    gy_test_settle(t);
    GY_CHECK_INT(e.count, 0);
    gy_stream_close(e.s);
    gy_test_settle(t);
    GY_CHECK_INT(e.count, 2);
    GY_CHECK_INT(e.codes[0], GY_ECLOSED);
    GY_CHECK_INT(e.codes[1], GY_ECLOSED);
    gy_task_join(a);
    gy_task_join(b);
}

static int write_more_than_a_turn(void *arg)
{
    struct ends *e = arg;
    static const char bytes[300 * 1024];
    note(e, gy_stream_write(e->s, bytes, sizeof bytes));
    return 0;
}

static int close_it(void *arg)
{
    struct ends *e = arg;
    gy_stream_close(e->s);
    return 0;
}

/* Who writes much lets others go first, and one of them closes. */
GY_TEST(closing_ends_a_write_that_was_not_waiting)
{
    struct ends e;
    open_ends(&e, t, 128 * 1024);
    gy_test_pause(e.c);
    gy_task *a = gy_task_new(gy_test_loop(t), write_more_than_a_turn, &e, NULL);
    gy_task *b = gy_task_new(gy_test_loop(t), close_it, &e, NULL);
    gy_test_settle(t);
    GY_CHECK_INT(e.count, 1);
    GY_CHECK_INT(e.codes[0], GY_ECLOSED);
    gy_task_cancel(a);
    gy_task_join(a);
    gy_task_join(b);
}

GY_TEST(a_cancelled_reader_leaves_the_stream_usable)
{
    struct ends e;
    open_ends(&e, t, 0);
    gy_task *a = gy_task_new(gy_test_loop(t), read_one, &e, NULL);
    gy_test_settle(t);
    gy_task_cancel(a);
    gy_task_join(a);
    GY_CHECK_INT(e.codes[0], GY_ECANCELED);
    gy_test_send_text(e.c, "x");
    GY_CHECK_INT(gy_test_run(t, read_one, &e), 0);
    GY_CHECK_INT(e.codes[1], 0);
    gy_stream_close(e.s);
}

struct pair {
    gy_stream *s[2];
};

/* -- Sweeps -------------------------------------------------------------------------------------- */

static int copy_all(void *arg)
{
    struct pair *p = arg;
    gy_str out;
    int e;
    while ((e = gy_stream_read(p->s[0], 5000, &out)) == 0)
        if ((e = gy_stream_write_str(p->s[0], out)))
            return e;
    return e == GY_EOF ? gy_stream_shutdown(p->s[0]) : e;
}

static int send_all(void *arg)
{
    struct pair *p = arg;
    static char big[20000];
    int e = gy_stream_write(p->s[1], big, sizeof big);
    return e ? e : gy_stream_shutdown(p->s[1]);
}

static int receive_all(void *arg)
{
    struct pair *p = arg;
    gy_str out = {NULL, 0};
    int e = gy_stream_read_all(p->s[1], 100000, &out);
    return e ? e : out.len == 20000 ? 0 : GY_EPROTO;
}

static int there_and_back(void *arg)
{
    struct pair p;
    gy_group g = {.timeout = 10};
    (void)arg;
    int e = gy_stream_pair(p.s, 3000);
    if (e)
        return e;
    gy_group_spawn(&g, copy_all, &p);
    gy_group_spawn(&g, send_all, &p);
    gy_group_spawn(&g, receive_all, &p);
    e = gy_group_wait(&g);
    gy_stream_close(p.s[0]);
    gy_stream_close(p.s[1]);
    return e;
}

static void there_and_back_once(gy_test *t, void *arg)
{
    gy_test_clock_auto(t);
    int e = gy_test_run(t, there_and_back, arg);
    if (!gy_test_disturbed(t))
        GY_CHECK_INT(e, 0);
}

GY_TEST(nothing_is_left_whatever_fails)
{
    GY_CHECK(gy_test_sweep_alloc(t, there_and_back_once, NULL) > 8);
    GY_CHECK(gy_test_sweep_cancel(t, there_and_back_once, NULL) > 8);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
