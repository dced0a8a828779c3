/* SPDX-License-Identifier: MIT */
/* fetch.h - what gyre fetch was told, and what it is at. */
#ifndef GYRE_CLI_FETCH_H
#define GYRE_CLI_FETCH_H

#include <gyre/client.h>
#include <gyre/options.h>
#include <gyre/task.h>
#include <gyre/tls.h>

#include "output.h"
#include "progress.h"

enum { MANY = 100 };

/* An option that may be repeated, each time for one value, commas and all. */
struct many {
    const char *last; /* what the option's row sets */
    const char *items[MANY + 1];
    size_t count;
};

struct settings {
    struct many headers, forms, files, resolve;
    const char *method, *data, *json;
    const char *user, *bearer;
    const char *output, *config;
    const char *proxy, *unix_path, *source_address, *dns_servers;
    const char *ca_file, *certificate, *key;
    bool digest, head, include, body, follow, compressed, cookies, insecure;
    bool verbose, fail, progress, resume;
    int max_redirects, engine, parallel, retry;
    double timeout, connect_timeout, first_byte_timeout;
    size_t max_body;
};

/* What all downloads have in common. */
struct fetch {
    const struct settings *given;
    gy_arena arena;
    gy_fetch_opts opts;    /* of each, but for what is its own */
    const char *body_path; /* of a body that is streamed: "-" is the standard input */
    gy_client *client;
    gy_resolver *resolver;
    gy_tls *tls;
    gy_group group;
    struct progress progress;
    int signal; /* that ended it all */
    int status; /* to exit with */
};

/* One URL. */
struct download {
    struct fetch *fetch;
    const char *url, *name; /* of the progress */
    struct output out;
    struct progress_item item;
    gy_arena *arena; /* of this attempt */
    gy_response response;
    int status;                /* of the head that came last */
    int body_fd;               /* what is sent; -1: nothing, or from memory */
    bool last_try;             /* an answer is taken as it is */
    int output_failed;         /* 0, or the code why its body could not be put away */
    bool refused;              /* its body was not wanted */
    uint64_t from;             /* so much is there from an earlier time */
    bool append;               /* what comes belongs behind that */
    bool whole, anew;          /* nothing was missing; what is there is of no use */
    char version[OUTPUT_NOTE]; /* that what comes is of */
    bool printed;              /* a head or a part of a body */
};

/* -- fetch_options.c -- */

/* Whether --help is among argv: then nothing else is looked at. */
bool fetch_options_ask_for_help(int argc, char **argv);
void fetch_options_help(void);

/* The values of argv, the URLs moved to its front; gives how many they are, or a negative code and
 * a sentence. */
extern struct settings fetch_settings;
int fetch_options_parse(gy_options *options, int *argc, char **argv, char *why, size_t size);

/* -- fetch_request.c -- */

/* f->opts, f->client and what they need, as it was told. 0, or the status to exit with after a
 * sentence was printed. */
int fetch_prepare(struct fetch *f);
void fetch_done(struct fetch *f);

/* A reader of a body, for gy_fetch. */
ssize_t fetch_read_body(void *arg, void *buf, size_t size);

/* -- resume.c -- */

/* With --continue: ask for what is missing. 0 or a negative code. */
int resume_ask(struct download *d, gy_fetch_opts *o);

/* Whether it comes. 0, or GY_EPROTO for some other part. */
int resume_head(struct download *d, int status, const gy_headers *h);

/* False: ask again, for all of it. */
bool resume_is_over(struct download *d);

/* -- download.c -- */

/* Fetch one URL, as a task; [arg] is a struct download. Always gives 0: the status is the fetch's. */
GY_SUSPENDS int download_run(void *arg);

/* -- trace.c -- */

/* Print a head to [out], each line behind [mark]. */
void trace_head(FILE *out, const char *mark, const gy_response *r, int status,
                const gy_headers *headers);
void trace_request(const struct download *d);
void trace_times(const struct download *d);

/* A URL without the user and the password in it. In [out]. */
const char *trace_url(const char *url, char *out, size_t size);

/* Print a sentence to standard error. */
GY_PRINTF(2, 3) void complain(struct fetch *f, const char *fmt, ...);

#endif
