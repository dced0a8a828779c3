/* SPDX-License-Identifier: MIT */
/* Streams: reading up to an expression and into the caller's memory; what a stream tells of itself. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/net.h>
#include <gyre/stream.h>
#include <gyre/task.h>
#include <gyre/testing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

struct ends {
    gy_stream *s;
    gy_test_client *c;
};

static void open_ends(struct ends *e, gy_test *t)
{
    e->c = gy_test_connect_stream(t, 0, &e->s);
}

/* -- Expressions --------------------------------------------------------------------------------- */

static int read_lines(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_read_regex(e->s, "\r?\n", 100, &out), 0);
    GY_CHECK_TEXT(out, "one\r\n");
    GY_CHECK_INT(gy_stream_read_regex(e->s, "\r?\n", 4, &out), 0);
    GY_CHECK_TEXT(out, "two\n");
    GY_CHECK_INT(gy_stream_read_regex(e->s, "(?<=ab)c", 100, &out), 0);
    GY_CHECK_TEXT(out, "cbcabc");
    GY_CHECK_INT(gy_stream_read_regex(e->s, "x(yz)?;", 100, &out), 0);
    GY_CHECK_TEXT(out, "xxy xyz;");
    GY_CHECK_INT(gy_stream_read_regex(e->s, "never", 100, &out), GY_EOF);
    GY_CHECK_INT(gy_stream_read_all(e->s, 100, &out), 0);
    GY_CHECK_TEXT(out, "rest");
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(up_to_a_match_however_the_bytes_arrive)
{
    gy_str bytes = GY_STR("one\r\ntwo\ncbcabcxxy xyz;rest");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct ends e;
        open_ends(&e, t);
        gy_task *task = gy_task_new(gy_test_loop(t), read_lines, &e, NULL);
        gy_test_send_cut(e.c, bytes, cut);
        gy_test_shut(e.c);
        GY_CHECK_INT(gy_task_join(task), 0);
        gy_test_leave(e.c);
    }
}

static int read_badly(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_read_regex(e->s, "(", 100, &out), GY_EINVAL);
    GY_CHECK_INT(gy_stream_read_regex(e->s, "x*", 100, &out), GY_EINVAL);
    GY_CHECK_INT(gy_stream_read_exact(e->s, 3, &out), 0);
    GY_CHECK_TEXT(out, "abc");
    GY_CHECK_INT(gy_stream_read_regex(e->s, "g", 3, &out), GY_ETOOBIG);
    GY_CHECK_INT(gy_stream_read_exact(e->s, 1, &out), GY_ETOOBIG);
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(what_is_no_expression_and_what_comes_too_late)
{
    struct ends e;
    open_ends(&e, t);
    gy_test_expect_log(t, "cannot read until \"(\": regular expression, position 1:*");
    gy_test_send_text(e.c, "abcdefg");
    GY_CHECK_INT(gy_test_run(t, read_badly, &e), 0);
    gy_test_leave(e.c);
}

static int read_what_takes_for_ever(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    GY_CHECK_INT(gy_stream_read_regex(e->s, "(a+)+$x", 1000, &out), GY_ETOOBIG);
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(an_expression_that_explodes_is_given_up)
{
    struct ends e;
    open_ends(&e, t);
    gy_test_send_text(e.c, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    GY_CHECK_INT(gy_test_run(t, read_what_takes_for_ever, &e), 0);
    gy_test_leave(e.c);
}

/* -- Into memory --------------------------------------------------------------------------------- */

static int read_into(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    char buf[16] = "";
    size_t got = 99;
    GY_CHECK_INT(gy_stream_read_exact(e->s, 2, &out), 0);
    GY_CHECK_INT(gy_stream_read_into(e->s, buf, 6, false, &got), 6);
    GY_CHECK_INT(got, 6);
    GY_CHECK(memcmp(buf, "cdefgh", 6) == 0);
    GY_CHECK_INT(gy_stream_read_into(e->s, buf, 0, false, NULL), 0);
    ssize_t n = gy_stream_read_into(e->s, buf, 1, true, NULL);
    GY_CHECK(n == 1 && buf[0] == 'i');
    GY_CHECK_INT(gy_stream_read_into(e->s, buf, sizeof buf, false, &got), GY_EOF);
    GY_CHECK(got == 2 && memcmp(buf, "jk", 2) == 0);
    GY_CHECK_INT(gy_stream_read_into(e->s, buf, 1, true, &got), GY_EOF);
    GY_CHECK_INT(got, 0);
    gy_stream_close(e->s);
    return 0;
}

GY_TEST(into_the_callers_memory_however_the_bytes_arrive)
{
    gy_str bytes = GY_STR("abcdefghijk");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct ends e;
        open_ends(&e, t);
        gy_task *task = gy_task_new(gy_test_loop(t), read_into, &e, NULL);
        gy_test_send_cut(e.c, bytes, cut);
        gy_test_shut(e.c);
        GY_CHECK_INT(gy_task_join(task), 0);
        gy_test_leave(e.c);
    }
}

/* -- What a stream tells ------------------------------------------------------------------------- */

static int wait_for_bytes(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    return gy_stream_read(e->s, 1, &out);
}

GY_TEST(a_stream_tells_what_it_does)
{
    struct ends e;
    open_ends(&e, t);
    GY_CHECK(!gy_stream_is_reading(e.s) && !gy_stream_is_writing(e.s));
    GY_CHECK(!gy_stream_is_closed(e.s));
    gy_task *task = gy_task_new(gy_test_loop(t), wait_for_bytes, &e, NULL);
    gy_test_settle(t);
    GY_CHECK(gy_stream_is_reading(e.s));
    gy_test_shut(e.c);
    GY_CHECK_INT(gy_task_join(task), GY_EOF);
    GY_CHECK(!gy_stream_is_reading(e.s));
    GY_CHECK(!gy_stream_is_closed(e.s)); /* it may still write */
    GY_CHECK_INT(gy_stream_shutdown(e.s), 0);
    GY_CHECK(gy_stream_is_closed(e.s));
    gy_stream_close(e.s);
    gy_test_leave(e.c);
}

struct told {
    int count, code;
    gy_stream *close;
};

static void tell(void *arg, int code)
{
    struct told *told = arg;
    told->count++;
    told->code = code;
    gy_stream_close(told->close);
}

GY_TEST(the_end_is_told_once)
{
    struct ends e;
    struct told told = {0};
    open_ends(&e, t);
    gy_stream_on_close(e.s, tell, &told);
    gy_test_settle(t);
    GY_CHECK_INT(told.count, 0);
    gy_test_shut(e.c);
    gy_test_settle(t);
    GY_CHECK_INT(told.count, 1);
    GY_CHECK_INT(told.code, GY_EOF);
    gy_stream_close(e.s);
    GY_CHECK_INT(told.count, 1);
    gy_test_leave(e.c);
}

GY_TEST(an_end_that_was_there_before_is_told_too)
{
    struct ends e;
    struct told told = {0};
    open_ends(&e, t);
    gy_test_leave(e.c);
    gy_test_settle(t);
    told.close = e.s;
    gy_stream_on_close(e.s, tell, &told);
    GY_CHECK_INT(told.count, 0);
    gy_test_settle(t);
    GY_CHECK_INT(told.count, 1); /* and closed in it */
}

GY_TEST(ones_own_close_is_told_unless_it_was_taken_back)
{
    struct ends e, f;
    struct told told = {0};
    open_ends(&e, t);
    open_ends(&f, t);
    gy_stream_on_close(e.s, tell, &told);
    gy_stream_on_close(f.s, tell, &told);
    gy_stream_on_close(f.s, NULL, NULL);
    gy_stream_close(e.s);
    gy_stream_close(f.s);
    GY_CHECK_INT(told.count, 1);
    GY_CHECK_INT(told.code, GY_ECLOSED);
    gy_test_leave(e.c);
    gy_test_leave(f.c);
}

GY_TEST(who_is_told_of_a_close_may_close_too)
{
    struct ends e;
    struct told told = {0};
    open_ends(&e, t);
    told.close = e.s;
    gy_stream_on_close(e.s, tell, &told);
    gy_stream_close(e.s);
    GY_CHECK_INT(told.count, 1);
    gy_test_leave(e.c);
}

static int break_it(void *arg)
{
    struct ends *e = arg;
    gy_str out;
    return gy_stream_read_until(e->s, "\n", 2, &out);
}

GY_TEST(what_broke_it_is_told)
{
    struct ends e;
    struct told told = {0};
    open_ends(&e, t);
    gy_test_send_text(e.c, "long");
    GY_CHECK_INT(gy_test_run(t, break_it, &e), GY_ETOOBIG);
    gy_stream_on_close(e.s, tell, &told);
    gy_test_settle(t);
    GY_CHECK_INT(told.count, 1);
    GY_CHECK_INT(told.code, GY_ETOOBIG);
    gy_stream_close(e.s);
    gy_test_leave(e.c);
}

static int no_delay(gy_stream *s)
{
    int on = -1;
    socklen_t size = sizeof on;
    getsockopt(gy_stream_fd(s), IPPROTO_TCP, TCP_NODELAY, &on, &size);
    return on;
}

static int set_delay(void *arg)
{
    gy_stream *s, *pair[2];
    GY_CHECK_INT(gy_connect(arg, NULL, &s), 0);
    GY_CHECK(no_delay(s) != 0);
    GY_CHECK_INT(gy_stream_set_delay(s, true), 0);
    GY_CHECK_INT(no_delay(s), 0);
    GY_CHECK_INT(gy_stream_set_delay(s, false), 0);
    GY_CHECK(no_delay(s) != 0);
    gy_stream_close(s);
    GY_CHECK_INT(gy_stream_pair(pair, 0), 0);
    GY_CHECK_INT(gy_stream_set_delay(pair[0], true), 0);
    gy_stream_close(pair[0]);
    gy_stream_close(pair[1]);
    return 0;
}

static int hold(gy_stream *s, void *arg)
{
    gy_str out;
    (void)arg;
    return gy_stream_read(s, 1, &out);
}

GY_TEST(small_writes_can_be_collected)
{
    char address[GY_ADDRESS_MAX];
    int fd = gy_listen(&(gy_listen_opts){.address = "127.0.0.1"}, NULL, 0);
    GY_CHECK_INT(gy_local_address(fd, address), 0);
    gy_tcp_server *server = gy_tcp_server_open(fd, NULL, hold, NULL);
    GY_CHECK_INT(gy_test_run(t, set_delay, address), 0);
    gy_tcp_server_close(server, 0);
}

/* -- Sweeps -------------------------------------------------------------------------------------- */

static int read_all_ways(void *arg)
{
    struct ends *e = arg;
    struct told told = {0};
    char buf[4];
    gy_str out;
    gy_stream_on_close(e->s, tell, &told);
    int code = gy_stream_read_regex(e->s, "b+;", 100, &out);
    if (!code)
        code = gy_stream_read_regex(e->s, "d;", 100, &out);
    if (!code)
        code = (int)gy_stream_read_into(e->s, buf, sizeof buf, false, NULL);
    gy_stream_close(e->s);
    e->s = NULL;
    return code < 0 ? code : 0;
}

static void read_once(gy_test *t, void *arg)
{
    struct ends e;
    (void)arg;
    open_ends(&e, t);
    gy_task *task = e.s ? gy_task_new(gy_test_loop(t), read_all_ways, &e, NULL) : NULL;
    if (task) {
        gy_test_send_cut(e.c, (gy_str)GY_STR("abbb;ccd;efgh"), 0);
        int code = gy_task_join(task);
        GY_CHECK(code == 0 || gy_test_disturbed(t));
    }
    gy_stream_close(e.s); /* of a task that never began */
    if (e.c)
        gy_test_leave(e.c);
}

GY_TEST(nothing_is_left_whatever_fails)
{
    GY_CHECK(gy_test_sweep_alloc(t, read_once, NULL) > 8);
    GY_CHECK(gy_test_sweep_cancel(t, read_once, NULL) > 5);
}

int main(int argc, char **argv)
{
    return gy_test_main(argc, argv);
}
