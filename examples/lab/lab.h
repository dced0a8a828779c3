/* SPDX-License-Identifier: MIT */
/* lab.h - what the files of the lab know of each other. */
#ifndef LAB_H
#define LAB_H

#include <gyre.h>

/* -- lab.c: the options -------------------------------------------------------------------------- */

struct settings {
    const char *upstream;       /* who is asked by /fetch */
    double delay, lookup, burn; /* seconds */
    int threads, processes;     /* in the pools; processes 0: one for each CPU */
    int many;                   /* workers of the server that blocks in several */
};
extern struct settings settings;

/* -- work.c: every kind of work in every way ----------------------------------------------------- */

extern const gy_route work_routes[];
bool work_exists(const char *name);
int work_start(void); /* pools for this worker */
void work_stop(void);

/* -- kin.c: other programs that belong to this one ----------------------------------------------- */

/* A way as the page shows it, and who serves it: a server of its own, so that one which is blocked holds
 * up neither the page nor the others. */
struct way {
    const char *name;  /* "block-many", in addresses of the page */
    const char *route; /* "block", in those of that server */
    bool many;         /* by the one with several workers */
};
extern const struct way ways[];
const struct way *way_find(gy_str name);            /* NULL: there is none */
gy_str way_label(gy_arena *a, const struct way *w); /* "block, 4 workers" */

/* The URL of a work in a way; its server is started if need be. 0, or a negative code and [why]. */
GY_SUSPENDS int way_url(gy_arena *a, const char *work, const struct way *w, gy_str *url, char *why,
                        size_t size);

/* Ends its server; the next question starts it anew. */
void way_renew(const struct way *w);

void upstream_start(void); /* unless somebody answers there already */
void kin_stop(void);       /* all of them */

/* A program next to this one, or this one itself for NULL, in the arena. */
const char *kin_path(gy_arena *a, const char *name);

/* -- points.c: what was measured, kept and streamed ---------------------------------------------- */

struct point {
    char system[64], work[16];
    long concurrency;
    double rps, p50_ms, p99_ms;
    long failed;
};

void points_add(const struct point *p);
void points_tell(const struct point *p); /* as it looks so far: not kept */
void points_say(const char *event,
                gy_str json);        /* something else for those who listen; the last counts */
extern const gy_handler points_page; /* GET is a stream of events, POST adds one */
extern const gy_handler clear_page;

/* -- flat.c: an object of JSON without others in it ---------------------------------------------- */

/* The text is one object of texts and numbers. GY_EPROTO and [why] when it is not. */
int flat_parse(gy_arena *a, gy_str json, gy_field *out, size_t max, size_t *count,
               const char **why);

/* -- run.c: a run over ways and concurrencies ---------------------------------------------------- */

extern const gy_handler run_page, stop_page; /* POST */
void run_stop(void);

/* -- load.c: the child that asks ----------------------------------------------------------------- */

/* lab load URL CONCURRENCY SECONDS: a line of numbers for each piece of the time, the last in the end. */
int load_main(int argc, char **argv);

/* -- page.c: the page, and asking once ----------------------------------------------------------- */

extern const gy_route page_routes[];

/* Before a POST: it must come from our own page, or from no page at all. 0 or a status. */
int check_origin(gy_request *r);

/* Before anything that is kept in this process: with workers there would be several. 0 or a status. */
int check_alone(gy_request *r);

#endif
