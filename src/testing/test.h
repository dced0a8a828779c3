/* SPDX-License-Identifier: MIT */
/* test.h - what a running test consists of. */
#ifndef GYRE_TESTING_TEST_H
#define GYRE_TESTING_TEST_H

#include <gyre/testing.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/transport.h"

enum gy__test_clock { GY__CLOCK_STILL, GY__CLOCK_AUTO, GY__CLOCK_REAL };

/* What is done to the code under test. */
struct gy__disturbance {
    long fail_at;   /* the allocation that fails, counting down; negative: none */
    long cancel_at; /* the wait that is cancelled, counting down; negative: none */
    long waits;     /* seen so far */
    bool sweep;     /* this is a disturbed run of a sweep */
    bool happened;
};

struct gy_test {
    char name[256];
    void (*report)(void *arg, const char *text);
    void *report_arg;
    gy_test *outer;
    gy_loop *loop, *outer_loop;
    gy_arena arena;
    int failures;
    /* Time. */
    struct gy__clock_source source;
    int64_t now;
    enum gy__test_clock clock;
    /* Logs. */
    struct gy__expected *expected;
    struct gy__buf logged;
    /* Servers and clients. */
    gy_http_opts http;
    gy_list apps, clients;
    /* What was there when the test began. */
    long live;
    int descriptors;
    struct gy__disturbance disturbance;
    int own; /* more than 0 while the kit itself runs: it is not disturbed */
};

/* One connection of the test's. */
struct gy_test_client {
    gy_list link;
    gy_test *test;
    struct gy__transport *t;
    struct gy__buf out, in;
    bool shut_due, paused, ended;
};

/* -- test.c -------------------------------------------------------------------------------------- */

/* Around what the kit does for itself. */
static inline void gy__test_own(gy_test *t)
{
    t->own++;
}

static inline void gy__test_theirs(gy_test *t)
{
    t->own--;
}

/* Turn until done(arg), moving time as the test's clock says. False, and a failure that says [what]
 * was waited for, when nothing happens any more. */
bool gy__test_wait(gy_test *t, bool (*done)(void *arg), void *arg, const char *what);

/* -- fake_clock.c -------------------------------------------------------------------------------- */

void gy__test_clock_begin(gy_test *t);
void gy__test_clock_end(gy_test *t);
void gy__test_clock_forward(gy_test *t, int64_t ns);

/* -- expected_log.c ------------------------------------------------------------------------------ */

void gy__test_log_begin(gy_test *t);

/* Complains of lines that did not come. */
void gy__test_log_end(gy_test *t);

/* -- left_behind.c ------------------------------------------------------------------------------- */

/* Note what there is now, and complain of what there is more at the end. */
void gy__test_inventory(gy_test *t);
void gy__test_compare_tasks(gy_test *t);
void gy__test_compare(gy_test *t);
int gy__open_descriptors(void);

/* -- disturb.c ----------------------------------------------------------------------------------- */

/* Have [t] (or nobody) asked before each allocation and told of each wait. */
void gy__test_disturb(gy_test *t);

/* -- client.c ------------------------------------------------------------------------------------ */

/* Move bytes between the clients and their connections. True when some moved. */
bool gy__test_pump(gy_test *t);
void gy__test_clients_leave(gy_test *t);

/* -- application.c ------------------------------------------------------------------------------- */

void gy__test_apps_done(gy_test *t);

/* -- answer.c ------------------------------------------------------------------------------------ */

/* The first answer in [bytes], to a request with [verb]; [ended] when no more will come. Positive:
 * its length; 0: it is not complete; negative: it is malformed, and [why] says how. */
long gy__test_answer_parse(gy_arena *a, gy_str bytes, enum gy_method verb, bool ended,
                           gy_test_response *out, const char **why);

#endif
