/* SPDX-License-Identifier: MIT */
/* serving.h - what the master and its workers know of the server they are. */
#ifndef GYRE_SERVE_SERVING_H
#define GYRE_SERVE_SERVING_H

#include <gyre/serve.h>
#include <stdatomic.h>

#include "serve/certificates.h"
#include "serve/listeners.h"
#include "serve/redirect.h"

struct gy__app;

/* In memory that the processes share: how the start went, and what became of it. */
struct gy__start {
    atomic_int ready; /* workers that came to serve, ever */
    atomic_int error; /* the first failure of one that did not: its code, or what on_start gave */
    atomic_bool error_is_on_start;
    atomic_uint renewals; /* of the master's certificates: workers follow */
};

/* What SIGHUP is for. */
enum gy__hangup {
    GY__HANGUP_RENEWS,    /* without a terminal: files are read again */
    GY__HANGUP_STOPS,     /* the terminal has gone */
    GY__HANGUP_IS_NOTHING /* it was ignored when we started */
};

struct gy__serving {
    const gy_app *app;
    struct gy__app *compiled;
    const char *name;
    gy_serve_opts opts;
    gy_http_opts http;
    int workers; /* 1: no master */
    struct gy__certificates certificates;
    struct gy__listeners listeners;
    struct gy__redirect redirect;
    struct gy__start *start;
    bool under_master;
    enum gy__hangup hangup;
    bool renewable; /* SIGUSR1 is ours */
};

/* For what is 0 in gy_serve_opts; times in seconds. */
enum {
    GY__DEFAULT_PORT = 8888,
    GY__DEFAULT_GRACE = 30,
    GY__DEFAULT_WATCHDOG = 1,
    GY__DEFAULT_TLS_CHECK = 60,
    GY__DEFAULT_TICKET_ROTATION = 12 * 3600,
    GY__DEFAULT_UNIX_MODE = 0600
};

/* Exit statuses. */
enum {
    GY__EXIT_DRAINED = 0,
    GY__EXIT_FAILED = 1,  /* could not start */
    GY__EXIT_USAGE = 2,   /* bad option */
    GY__EXIT_NO_START = 3 /* of a worker to its master: could not start, see gy__start */
};

/* Serve in this process until told to stop. Takes the listening sockets. Gives the exit status;
 * GY__EXIT_NO_START leaves the reason in s->start. */
int gy__worker_run(struct gy__serving *s);

/* Keep s->workers processes that serve. Gives the exit status. */
int gy__master_run(struct gy__serving *s);

/* The line that says why the start failed, and the one that says that a drain has begun. */
void gy__serving_log_failure(const struct gy__serving *s);
void gy__serving_log_stop(const struct gy__serving *s);

/* Nobody finds us from now on; and our own sockets that listen are closed. */
void gy__serving_hide(struct gy__serving *s);
void gy__serving_close(struct gy__serving *s);

/* Open the log's file anew, and read the certificates again; a worker under a master only when its
 * master has. */
void gy__serving_renew(struct gy__serving *s);

/* Give back what [s] holds; the unix socket's file is removed when it is still ours. */
void gy__serving_done(struct gy__serving *s);

/* What gy_process_number gives from now on. */
void gy__process_number_set(int number);

/* "SIGKILL"; "signal 64" for one without a name, in storage of this thread. */
const char *gy__signal_name(int signo);

#endif
