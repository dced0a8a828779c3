/* SPDX-License-Identifier: MIT */
/* crew.h - tasks that a test starts one by one, and a line in which they note what they do. */
#ifndef GYRE_TESTS_SUPPORT_CREW_H
#define GYRE_TESTS_SUPPORT_CREW_H

#include "support/fake_clock.h"
#include "support/sweep.h"

#include <gyre/error.h>
#include <gyre/locks.h>
#include <gyre/log.h>
#include <gyre/task.h>
#include <string.h>

/* What was noted since the test began. */
static char crew_notes[256];

static inline void note(const char *text)
{
    size_t len = strlen(crew_notes);
    assert_true(len + strlen(text) < sizeof crew_notes);
    strcpy(crew_notes + len, text);
}

#define assert_notes(text_) assert_string_equal(crew_notes, text_)

static inline int crew_reset(void **state)
{
    (void)state;
    crew_notes[0] = '\0';
    return 0;
}

/* One that must be joined. */
static inline gy_task *start(gy_task_fn *fn, void *arg)
{
    gy_task *t = gy_task_new(gy_loop_current(), fn, arg, NULL);
    assert_non_null(t);
    return t;
}

/* Everything goes on as far as it can without time passing. */
static inline void settle(void)
{
    for (int i = 0; i < 8; i++)
        gy_yield();
}

/* Seconds of the fake clock. */
static inline double at(void)
{
    return (double)fake_clock_now() / 1e9 - 1000;
}

/* Lines in the log are counted instead of printed, from here to crew_log_end, which gives their number. */
static int crew_lines;

static inline void crew_count_line(void *arg, enum gy_log_channel channel, enum gy_log_level level,
                                   const char *line, size_t len)
{
    (void)arg;
    (void)channel;
    (void)level;
    (void)line;
    (void)len;
    crew_lines++;
}

static inline void crew_log_begin(void)
{
    crew_lines = 0;
    gy_log_set_sink(crew_count_line, NULL);
}

static inline int crew_log_end(void)
{
    gy_log_set_sink(NULL, NULL);
    return crew_lines;
}

#define CREW_TEST(test_) cmocka_unit_test_setup(test_, crew_reset)

/* The body as a test of its own, the first task of a loop in fake time. */
#define IN_FAKE_TIME(test_)                                                                        \
    static int test_##_body(void *arg);                                                            \
    static void test_(void **state)                                                                \
    {                                                                                              \
        (void)state;                                                                               \
        assert_int_equal(run_in_fake_time(test_##_body, NULL), 0);                                 \
    }                                                                                              \
    static int test_##_body(__attribute__((unused)) void *arg)

#endif
