/* SPDX-License-Identifier: MIT */
/* serve.h - running an application: bind, fork, supervise, drain. */
#ifndef GYRE_SERVE_H
#define GYRE_SERVE_H

#include <gyre/export.h>
#include <gyre/http_server.h>
#include <gyre/log.h>
#include <gyre/options.h>
#include <gyre/web.h>

enum {
    GY_PER_CPU = -1, /* for workers: one for each CPU this process may use */
    GY_PORT_ANY = -1 /* for port: the kernel chooses */
};

struct gy_tls_opts;

typedef struct gy_serve_opts {
    int port;              /* 0 is 8888 */
    const char *address;   /* or a name, as gy_listen_all takes it; NULL is localhost (127.0.0.1 and
                              ::1); "" or "*" is all addresses */
    const char *unix_path; /* a unix socket instead; '@' as its first letter is an abstract name */
    unsigned unix_mode;    /* of its file; 0 is 0600 */
    int workers;  /* 0 and 1: this process serves; GY_PER_CPU; N processes under a master */
    int backlog;  /* 0 is 4096 */
    double grace; /* seconds for a drain before what is left is cut off; 0 is 30 */
    /* Warn when a task holds its process for so many seconds; 0 is 1, negative: never. */
    double watchdog;
    const gy_http_opts *http;
    /* Serve HTTPS: see <gyre/tls.h>. Its files are read again when they have changed, see below. */
    const struct gy_tls_opts *tls;
    /* With [tls]: a second port, of plain HTTP, where all requests are sent to https on the same host (301;
     * 308 if they are not GET or HEAD); 0 is none. */
    int redirect_port;
    double tls_check; /* seconds between looks at the files of [tls]; 0 is 60, negative: never */
    /* Seconds until session tickets get another key; 0 is 12 hours, negative: never. */
    double ticket_rotation;
    bool request_ids;         /* as gy_app.request_ids */
    const gy_option *options; /* of the application, beside gyre's own (gy_main_with only) */
} gy_serve_opts;

GY_BEGIN_DECLS

/* Bind, fork, supervise and serve until SIGTERM or SIGINT (or SIGHUP, see below), then drain: requests
 * in flight finish, idle connections close, nothing that was accepted is dropped. A second signal ends
 * at once.
 *
 * With workers, a master keeps them: one that dies is replaced, at once or, when it lived less than
 * a second, after a pause that grows from 0.1 to 30 seconds. Workers end when their master does.
 *
 * SIGUSR1, to the master if there is one, reads the files of [tls] again and opens the log's file anew;
 * unless the program has its own handler for it. Changed files are also found by a look each
 * [tls_check] seconds, once they have not changed between two of them. New connections then have the
 * new certificates, and those that are there go on. When a file is not good, everything stays as it
 * was and one line in the log says why.
 * SIGHUP does the same in a program that was started without a controlling terminal, as daemons are;
 * with one it means that the terminal has gone, and stops like SIGTERM. Where it was ignored, it stays
 * so.
 * Session tickets have one key for all workers: a client resumes with any of them. Three are kept, the
 * one in use, the next and the last, each for [ticket_rotation] seconds, in memory only: what was
 * recorded before cannot be read with those of later.
 *
 * Gives the exit status: 0 after a drain, 1 when it could not start (one line on standard error, and in
 * the log, says why), of a master 128 and the signal after a second one.
 * SIGQUIT prints the tasks of each process that serves to standard error, and changes nothing.
 * Call it outside of any loop and from the only thread. [opts] may be NULL. */
GY_API int gy_serve(const gy_app *app, const gy_serve_opts *opts);

/* The same with the options of the command line, of the environment (GYRE_PORT for --port) and of a
 * file (--config), the first of these first: --port --address --unix --unix-mode --workers (0 is one
 * for each CPU) --backlog --grace --watchdog --xheaders --proxy-protocol --max-head --max-body
 * --idle-timeout --head-timeout --body-stall --request-ids --config --help --version; of TLS
 * --tls-certificate --tls-key (several: FILE,FILE in the same order) --tls-client-ca --tls-crl --tls-ciphers
 * --tls-ocsp --tls-check --tls-ticket-rotation --redirect-port (times of 0 are never); and of the log, as
 * for gy_log_setup, --log-level --log-to --log-file --log-rotate --log-file-size --log-file-backups
 * --log-format --log-color. A bad option: one line and 2. Return it from main. */
GY_API int gy_main(const gy_app *app, int argc, char **argv);

/* The same, with defaults and the application's own options in [opts]; what the command line says
 * wins. An option of the application takes the place of one of gyre's that has its name. */
GY_API int gy_main_with(const gy_app *app, const gy_serve_opts *opts, int argc, char **argv);

/* Serve [app] on a loop of your own: routes are compiled (NULL and a log line when one is wrong),
 * then as gy_http_server_new. */
GY_API gy_http_server *gy_app_server_new(gy_loop *loop, const gy_app *app,
                                         const gy_http_opts *opts);

GY_END_DECLS

#endif
