/* SPDX-License-Identifier: MIT */
/* testing.h - tests without ports and without waiting, which notice what is left behind.
 *
 *     GY_TEST(a_story_is_json)
 *     {
 *         gy_test_response res = gy_test_get(t, &story_app, "/story/7");
 *         GY_CHECK_INT(res.status, 200);
 *         GY_CHECK_TEXT(res.body, "{\"id\":7}");
 *     }
 *
 *     int main(int argc, char **argv)
 *     {
 *         return gy_test_main(argc, argv);
 *     }
 *
 * A test runs outside of any task, with a loop of its own that turns while one of these functions
 * waits. Time stands still in it unless the test moves it. When it ends it fails if
 *    a warning or an error was logged that it did not expect (but for the lines of the access log),
 *    or one it expected was not;
 *    a task still runs, a file descriptor is still open or memory is still allocated. */
#ifndef GYRE_TESTING_H
#define GYRE_TESTING_H

#include <gyre/arena.h>
#include <gyre/export.h>
#include <gyre/http.h>
#include <gyre/http_server.h>
#include <gyre/loop.h>
#include <gyre/str.h>
#include <gyre/stream.h>
#include <gyre/task.h>
#include <gyre/web.h>
#include <stdbool.h>

typedef struct gy_test gy_test;
typedef void gy_test_fn(gy_test *t);

/* A test that registers itself; its body follows. */
#define GY_TEST(name_)                                                                             \
    static gy_test_fn name_;                                                                       \
    __attribute__((constructor)) static void gy_test_register_##name_(void)                        \
    {                                                                                              \
        static struct gy_test_case one = {#name_, __FILE__, name_, NULL};                          \
        gy_test_register(&one);                                                                    \
    }                                                                                              \
    static void name_(__attribute__((unused)) gy_test *t)

struct gy_test_case {
    const char *name, *file;
    gy_test_fn *fn;
    struct gy_test_case *next;
};

/* Checks: a failed one is reported and the test goes on; each gives whether it held. They may be
 * used in handlers and tasks. */
#define GY_CHECK(condition_) gy_test_check((condition_), #condition_, __FILE__, __LINE__)
#define GY_CHECK_INT(got_, want_)                                                                  \
    gy_test_check_int((long long)(got_), (long long)(want_), #got_, __FILE__, __LINE__)
/* A gy_str and a C string. */
#define GY_CHECK_TEXT(got_, want_) gy_test_check_text((got_), (want_), #got_, __FILE__, __LINE__)
/* A gy_str and a glob: '*' stands for any text, '?' for any character. */
#define GY_CHECK_GLOB(got_, glob_) gy_test_check_glob((got_), (glob_), #got_, __FILE__, __LINE__)

typedef struct gy_test_request {
    const char *method;      /* NULL is GET, or POST with a body */
    const char *path;        /* the target as it is sent; NULL is "/" */
    const char *headers[16]; /* "Name: value" */
    const char *body;
    size_t body_len; /* 0 is the length of the text */
} gy_test_request;

/* Its views live until the test ends. */
typedef struct gy_test_response {
    int status; /* 0: no complete answer came */
    gy_str reason;
    gy_headers headers, trailers;
    gy_str body; /* without chunks */
    gy_str raw;  /* as it came */
} gy_test_response;

/* One connection to a server, driven by the test. */
typedef struct gy_test_client gy_test_client;

/* A scenario of a sweep. */
typedef void gy_test_scenario(gy_test *t, void *arg);

GY_BEGIN_DECLS

/* -- Running ------------------------------------------------------------------------------------- */

/* Run the registered tests whose names match one of the arguments (globs; none: all), in the order
 * of their files. "--list" only names them. A line for each and "N passed, N failed" at the end;
 * gives 0 when none failed. */
GY_API int gy_test_main(int argc, char **argv);
GY_API void gy_test_register(struct gy_test_case *one);

/* A test inside another test framework: from here to gy_test_end the clock, the log and this
 * thread's loop are the test's. [report] is told of each failure, at once; NULL prints them. It must
 * not jump away. NULL when out of memory. */
GY_API gy_test *gy_test_begin(const char *name, void (*report)(void *arg, const char *text),
                              void *arg);

/* Close what the test opened with these functions, look for what is left behind, and give the number
 * of failures. */
GY_API int gy_test_end(gy_test *t);

/* Failures so far. */
GY_API int gy_test_failures(const gy_test *t);
GY_API void gy_test_fail(gy_test *t, const char *fmt, ...) GY_PRINTF(2, 3);

/* The innermost test that runs, or NULL. */
GY_API gy_test *gy_test_current(void);

GY_API bool gy_test_check(bool held, const char *text, const char *file, int line);
GY_API bool gy_test_check_int(long long got, long long want, const char *text, const char *file,
                              int line);
GY_API bool gy_test_check_text(gy_str got, const char *want, const char *text, const char *file,
                               int line);
GY_API bool gy_test_check_glob(gy_str got, const char *glob, const char *text, const char *file,
                               int line);
GY_API bool gy_test_matches(const char *glob, gy_str text);

/* The test's loop and arena; memory of the arena lives until the test ends. */
GY_API gy_loop *gy_test_loop(gy_test *t);
GY_API gy_arena *gy_test_arena(gy_test *t);

/* Run fn(arg) as a task, turn until it has ended, and give its result. */
GY_API int gy_test_run(gy_test *t, gy_task_fn *fn, void *arg);

/* -- Time ---------------------------------------------------------------------------------------- */

/* Whenever there is nothing to wait for but time, it jumps to the next deadline. */
GY_API void gy_test_clock_auto(gy_test *t);

/* Time goes by as it does outside: for tests that deal with threads or other processes. */
GY_API void gy_test_clock_real(gy_test *t);

/* Let everything run that can without time passing. */
GY_API void gy_test_settle(gy_test *t);

/* Let [seconds] pass, running what falls due on the way at its own time. */
GY_API void gy_test_advance(gy_test *t, double seconds);

/* -- The log ------------------------------------------------------------------------------------- */

/* One line that contains this glob will be logged, at any level. Or: any number of such lines may
 * be. Lines of other levels than warning and error, and those of the access log, need not be
 * expected. */
GY_API void gy_test_expect_log(gy_test *t, const char *glob);
GY_API void gy_test_allow_log(gy_test *t, const char *glob);

/* All that was logged so far, a line each; valid until the next line. */
GY_API gy_str gy_test_logged(gy_test *t);

/* -- Applications -------------------------------------------------------------------------------- */

/* Ask an application, over a connection of its own in memory. A missing answer fails the test. */
GY_API gy_test_response gy_test_get(gy_test *t, const gy_app *app, const char *path);
GY_API gy_test_response gy_test_fetch(gy_test *t, const gy_app *app, const gy_test_request *req);

/* Send bytes, end the connection's sending half, and give all bytes that come back. */
GY_API gy_str gy_test_raw(gy_test *t, const gy_app *app, gy_str bytes);

/* The server behind these, one for each application, made when first asked for (and on_start run);
 * NULL when it could not be made, which fails the test. It is freed with the test. */
GY_API gy_http_server *gy_test_server(gy_test *t, const gy_app *app);

/* Options for the servers that are made from here on. Copied. */
GY_API void gy_test_http(gy_test *t, const gy_http_opts *opts);

/* The same on a free port of 127.0.0.1: gives the port. */
GY_API int gy_test_listen(gy_test *t, const gy_app *app);

/* The value of a header of the answer; ptr NULL when there is none. */
GY_API gy_str gy_test_header(const gy_test_response *res, const char *name);

/* -- Connections --------------------------------------------------------------------------------- */

/* A connection in memory to a server, or over a socket to a port of 127.0.0.1. It reads what comes
 * unless it is told not to. */
GY_API gy_test_client *gy_test_connect(gy_test *t, gy_http_server *server);
GY_API gy_test_client *gy_test_connect_port(gy_test *t, int port);

/* The same with [capacity] bytes of room on the way, each way. */
GY_API gy_test_client *gy_test_connect_narrow(gy_test *t, gy_http_server *server, size_t capacity);

/* A connection in memory to nobody: [peer] is its other end, for the test to use and close. NULL
 * when out of memory. */
GY_API gy_test_client *gy_test_connect_stream(gy_test *t, size_t capacity, gy_stream **peer);

/* Send, and let everything run that can without time passing; what the other side does not take yet
 * is sent later. */
GY_API void gy_test_send(gy_test_client *c, gy_str bytes);
GY_API void gy_test_send_text(gy_test_client *c, const char *text);

/* The same in pieces, with the server running in between: [first] bytes, then the rest; with 0 each
 * byte by itself. */
GY_API void gy_test_send_cut(gy_test_client *c, gy_str bytes, size_t first);

/* Wait for the next whole answer and take it. [status] 0 (and the test has failed) when none comes.
 * The second is for the answer to a HEAD request. */
GY_API gy_test_response gy_test_answer(gy_test_client *c);
GY_API gy_test_response gy_test_answer_to_head(gy_test_client *c);

/* The bytes that have come and were not taken as an answer; valid until the next call. _take gives
 * them and forgets them, in the test's arena. */
GY_API gy_str gy_test_received(gy_test_client *c);
GY_API gy_str gy_test_take(gy_test_client *c);

/* Whether the server has ended the connection and all it sent was read. */
GY_API bool gy_test_closed(gy_test_client *c);

/* Wait until then. False, and a failure, when that does not happen. */
GY_API bool gy_test_wait_closed(gy_test_client *c);

/* Stop to read, and go on. */
GY_API void gy_test_pause(gy_test_client *c);
GY_API void gy_test_resume(gy_test_client *c);

/* End sending; leave for good (the client is then gone). Those that are left over leave when the test
 * ends. */
GY_API void gy_test_shut(gy_test_client *c);
GY_API void gy_test_leave(gy_test_client *c);

/* -- Sweeps -------------------------------------------------------------------------------------- */

/* Run a scenario undisturbed, then again and again, each time with another allocation of the code
 * under test failing, or another wait of its tasks cancelled, until all have had their turn. Each
 * run is a test of its own: it must end and leave nothing behind, and may log what it likes unless
 * undisturbed. Gives the number of disturbed runs. */
GY_API long gy_test_sweep_alloc(gy_test *t, gy_test_scenario *scenario, void *arg);
GY_API long gy_test_sweep_cancel(gy_test *t, gy_test_scenario *scenario, void *arg);

/* Whether this run is to be, or was, disturbed: then the scenario cannot expect success. */
GY_API bool gy_test_disturbed(const gy_test *t);

/* From here on nothing is disturbed any more: the scenario may ask whether all works again. */
GY_API void gy_test_calm(gy_test *t);

/* Let the [n]th allocation from here fail, counted from 0; negative: none. */
GY_API void gy_test_fail_alloc(gy_test *t, long n);

GY_END_DECLS

#endif
