/* SPDX-License-Identifier: MIT */
/* main.c - gy_main: the command line of a server. */
#include <errno.h>
#include <gyre/error.h>
#include <gyre/version.h>
#include <stdio.h>
#include <string.h>

#include "serve/log_options.h"
#include "serve/option_state.h"
#include "serve/run.h"
#include "serve/serving.h"
#include "serve/tls_options.h"

enum { DEFAULT_BACKLOG = 4096, ROWS = 24 };

static const double day = 86400;

/* What the command line decides. */
struct settings {
    gy_serve_opts serve;
    gy_http_opts http;
    struct gy__log_options log;
    struct gy__tls_options tls;
    const char *unix_mode, *config;
    char mode[8]; /* the default of unix_mode */
    int port, workers;
    bool help, version;
    gy_option rows[ROWS];
};

static void set_defaults(struct settings *s, const gy_serve_opts *opts)
{
    *s = (struct settings){.unix_mode = s->mode};
    gy__log_options_init(&s->log);
    gy__tls_options_init(&s->tls, opts);
    if (opts)
        s->serve = *opts;
    if (s->serve.http)
        s->http = *s->serve.http;
    unsigned mode = s->serve.unix_mode ? s->serve.unix_mode : GY__DEFAULT_UNIX_MODE;
    snprintf(s->mode, sizeof s->mode, "%o", mode & 0777);
    if (s->serve.backlog == 0)
        s->serve.backlog = DEFAULT_BACKLOG;
    if (s->serve.grace <= 0)
        s->serve.grace = GY__DEFAULT_GRACE;
    if (s->serve.watchdog == 0)
        s->serve.watchdog = GY__DEFAULT_WATCHDOG;
    if (s->serve.watchdog < 0)
        s->serve.watchdog = 0;
    if (s->http.max_body == 0)
        s->http.max_body = (size_t)100 << 20;
    if (s->http.max_head == 0)
        s->http.max_head = (size_t)64 << 10;
    if (s->http.idle_timeout <= 0)
        s->http.idle_timeout = 3600;
    if (s->http.head_timeout <= 0)
        s->http.head_timeout = 60;
    if (s->http.body_stall <= 0)
        s->http.body_stall = 60;
    s->port = s->serve.port == GY_PORT_ANY ? 0 : s->serve.port ? s->serve.port : GY__DEFAULT_PORT;
    s->workers = s->serve.workers == GY_PER_CPU ? 0 : s->serve.workers ? s->serve.workers : 1;
}

static int parse_mode(const char *text, unsigned *out)
{
    unsigned mode = 0;
    size_t len = strspn(text, "01234567");
    if (len == 0 || len > 4 || text[len])
        return GY_EINVAL;
    for (; *text; text++)
        mode = mode * 8 + (unsigned)(*text - '0');
    if (mode == 0 || mode > 0777)
        return GY_EINVAL;
    *out = mode;
    return 0;
}

static const char *check_mode(const gy_option *o)
{
    unsigned mode;
    return parse_mode(*(const char **)o->value, &mode) ? "an octal mode such as 660" : NULL;
}

/* The rows of the server, bound to [s]. */
static void make_rows(struct settings *s)
{
    const gy_option rows[] = {
        GY_OPT_INT("port", &s->port, "listen on this port; 0 lets the system choose one",
                   .meta = "PORT", .max = 65535),
        GY_OPT_TEXT("address", &s->serve.address,
                    "listen on this IP address or name, or on * for all; localhost when not given",
                    .meta = "ADDRESS"),
        GY_OPT_TEXT("unix", &s->serve.unix_path,
                    "listen on this unix socket instead; @name is an abstract one", .meta = "PATH"),
        GY_OPT_TEXT("unix-mode", &s->unix_mode, "permissions of the unix socket", .meta = "MODE",
                    .check = check_mode),
        GY_OPT_INT("workers", &s->workers,
                   "serve with so many processes; 0 is one for each CPU this program may use",
                   .max = 1024),
        GY_OPT_INT("backlog", &s->serve.backlog, "connections that may wait to be accepted",
                   .min = 1, .max = 1 << 20),
        GY_OPT_TIME("grace", &s->serve.grace, "how long a stop waits for requests in flight",
                    .max = day),
        GY_OPT_TIME("watchdog", &s->serve.watchdog,
                    "warn when a task holds its process for so long; 0 is never", .max = day),
        GY_OPT_BOOL("xheaders", &s->http.xheaders,
                    "believe the X-Forwarded-For and like headers of a proxy in front"),
        GY_OPT_BOOL("proxy-protocol", &s->http.proxy_protocol,
                    "each connection begins with a PROXY header, as HAProxy and others send it"),
        GY_OPT_SIZE("max-body", &s->http.max_body, "refuse larger request bodies", .min = 1,
                    .max = (double)((size_t)1 << 40)),
        GY_OPT_SIZE("max-head", &s->http.max_head, "refuse larger request heads", .min = 256,
                    .max = (double)((size_t)1 << 30)),
        GY_OPT_TIME("idle-timeout", &s->http.idle_timeout,
                    "close a connection that had no request for so long", .min = 0.001,
                    .max = 365 * day),
        GY_OPT_TIME("head-timeout", &s->http.head_timeout,
                    "refuse a request whose head takes longer", .min = 0.001, .max = 365 * day),
        GY_OPT_TIME("body-stall", &s->http.body_stall,
                    "refuse a request whose body stops for so long", .min = 0.001,
                    .max = 365 * day),
        GY_OPT_BOOL("request-ids", &s->serve.request_ids,
                    "give each request an id: in its log lines and its X-Request-Id"),
        GY_OPT_CONFIG("config", &s->config, "read options from this file: lines name = value"),
        GY_OPT_BOOL("help", &s->help, "print this text", .no_env = true),
        GY_OPT_BOOL("version", &s->version, "print the version", .no_env = true),
        GY_OPT_END,
    };
    _Static_assert(sizeof rows / sizeof *rows <= ROWS, "a row for each");
    memcpy(s->rows, rows, sizeof rows);
}

static bool has(const gy_option *table, const char *name)
{
    return table && gy_options_find(table, name);
}

/* Take away those of ours in whose place the application has its own. */
static void drop_replaced(gy_option *ours, const gy_option *theirs)
{
    gy_option *to = ours;
    for (const gy_option *from = ours; from->name; from++)
        if (!has(theirs, from->name))
            *to++ = *from;
    *to = (gy_option)GY_OPT_END;
}

/* -- What only prints ---------------------------------------------------------------------------- */

static int print_help(const char *program, const gy_option *all)
{
    printf("usage: %s [options]\n\n", program);
    gy_options_help(all, 0, stdout);
    printf("\nEach option can come from the environment too (GYRE_PORT\n"
           "for --port), or from the file of --config (port = 8000).\n");
    return 0;
}

/* Before anything else is looked at, so that a mistake elsewhere does not stand in the way, and the
 * defaults are still the program's. */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* -- What runs ----------------------------------------------------------------------------------- */

/* 0, or a negative code with a sentence. */
static int parse(struct settings *s, gy_options *options, int argc, char **argv, char *why,
                 size_t size)
{
    int left = gy_options_parse(options, &argc, argv, why, size);
    if (left < 0)
        return left;
    if (left > 0) {
        snprintf(why, size, "unexpected argument '%.60s'; --help lists the options", argv[1]);
        return GY_EINVAL;
    }
    s->serve.http = &s->http;
    int e = parse_mode(s->unix_mode, &s->serve.unix_mode);
    return e ? e : gy__tls_options_apply(&s->tls, &s->serve, why, size);
}

static int run(const gy_app *app, struct settings *s)
{
    s->serve.port = s->port ? s->port : GY_PORT_ANY;
    s->serve.workers = s->workers ? s->workers : GY_PER_CPU;
    if (s->serve.grace <= 0)
        s->serve.grace = 1e-3; /* in gy_serve_opts 0 is the default */
    if (s->serve.watchdog <= 0)
        s->serve.watchdog = -1; /* as is this */
    return gy__serve(app, &s->serve, s->serve.unix_path ? " with --unix" : " with --port");
}

static int complain(const char *why, int status)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, why);
    return status;
}

/* So that a level counts as soon as the file of options was read again. */
static const char *apply_levels(void *arg)
{
    const struct settings *s = arg;
    return gy_log_set_levels(s->log.levels) ? "--log-level makes no sense" : NULL;
}

static int run_with(const gy_app *app, struct settings *s, gy_options *options, int argc,
                    char **argv)
{
    char why[400];
    const char *name = app->name ? app->name : program_invocation_short_name;
    int e = parse(s, options, argc, argv, why, sizeof why);
    if (e)
        return complain(why, e == GY_ENOMEM ? GY__EXIT_FAILED : GY__EXIT_USAGE);
    if (s->version) {
        printf("%s (gyre %s)\n", name, gy_version());
        return 0;
    }
    if (gy__log_options_apply(&s->log, name, why, sizeof why))
        return complain(why, GY__EXIT_FAILED);
    return run(app, s);
}

int gy_main_with(const gy_app *app, const gy_serve_opts *opts, int argc, char **argv)
{
    struct settings s;
    const gy_option *theirs = opts ? opts->options : NULL;
    set_defaults(&s, opts);
    make_rows(&s);
    drop_replaced(s.rows, theirs);
    drop_replaced(s.log.rows, theirs);
    drop_replaced(s.tls.rows, theirs);
    const gy_option all[] = {GY_OPT_GROUP("", theirs), GY_OPT_GROUP("of the server", s.rows),
                             GY_OPT_GROUP("of TLS", s.tls.rows),
                             GY_OPT_GROUP("of the log", s.log.rows), GY_OPT_END};
    if (asks_for_help(argc, argv))
        return print_help(program_invocation_short_name, all);

    gy_options options = {.table = all, .prefix = "GYRE", .check = apply_levels, .arg = &s};
    gy__options_set_main(&options);
    int status = run_with(app, &s, &options, argc, argv);
    gy__options_set_main(NULL);
    gy_options_done(&options);
    return status;
}

int gy_main(const gy_app *app, int argc, char **argv)
{
    return gy_main_with(app, NULL, argc, argv);
}
