/* SPDX-License-Identifier: MIT */
/* page.c - the page, what it has to know, and asking once. */

#include "lab.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

/* In page.S: page.html with page.css and page.js in it. */
extern const char lab_page[], lab_page_end[];

/* -- Who may ask --------------------------------------------------------------------------------- */

int check_alone(gy_request *r)
{
    return gy_process_number() < 0
               ? 0
               : gy_fail(r, 503,
                         "the page needs the lab in one process: start it without --workers");
}

/* An address or localhost: no name that somebody else could let point to this machine. */
static bool is_literal(gy_str host)
{
    char text[64];
    unsigned char address[16];
    if (gy_str_starts(host, (gy_str)GY_STR("["))) {
        gy_str inner = gy_str_n(host.ptr + 1, gy_str_find(host, ']'));
        if (inner.len == 0 || inner.len >= sizeof text)
            return false;
        snprintf(text, sizeof text, "%.*s", (int)inner.len - 1, inner.ptr);
        return inet_pton(AF_INET6, text, address) == 1;
    }
    gy_str name;
    gy_str_cut(&host, ':', &name);
    if (gy_str_eq(name, (gy_str)GY_STR("localhost")))
        return true;
    if (name.len >= sizeof text)
        return false;
    snprintf(text, sizeof text, "%.*s", GY_FMT(name));
    return inet_pton(AF_INET, text, address) == 1;
}

int check_origin(gy_request *r)
{
    const char *origin = gy_header(r, "Origin", NULL), *host = gy_header(r, "Host", "");
    if (!origin) /* no browser */
        return 0;
    const char *slashes = strstr(origin, "://");
    if (!slashes || strcmp(slashes + 3, host) != 0 || !is_literal(gy_str_of(host)))
        return gy_fail(r, 403, "only the lab's own page may ask for that");
    return 0;
}

/* -- The page ------------------------------------------------------------------------------------ */

static int page(gy_request *r)
{
    int e = check_alone(r);
    if (e)
        return e;
    gy_set_header(r, "Cache-Control", "no-cache");
    gy_set_header(r, "X-Content-Type-Options", "nosniff");
    gy_set_header(r, "Content-Security-Policy",
                  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                  "connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'");
    return gy_write_n(r, lab_page, (size_t)(lab_page_end - lab_page));
}

static int about(gy_request *r)
{
    gy_response res;
    gy_fetch_opts opts = {.timeout = 2, .proxy = ""};
    int e = check_alone(r);
    if (e)
        return e;
    e = gy_fetch(r->arena, settings.upstream, &opts, &res);
    if (e == GY_ECLOSED && gy_task_cancelled())
        return e;
    gy_json_out out = gy_json_begin(r);
    gy_json_put(&out, "upstream", "%s", settings.upstream);
    gy_json_put(&out, "upstream_fails", "%s", e ? res.why : NULL);
    gy_json_put(&out, "upstream_program", "%s", kin_path(r->arena, "upstream"));
    gy_json_put(&out, "delay", "%.6f", settings.delay);
    gy_json_put(&out, "lookup", "%.6f", settings.lookup);
    gy_json_put(&out, "burn", "%.6f", settings.burn);
    gy_json_put(&out, "threads", "%d", settings.threads);
    gy_json_put(&out, "processes", "%d", settings.processes ? settings.processes : gy_cpu_count());
    gy_json_put(&out, "workers", "%d", settings.many);
    gy_json_put(&out, "cpus", "%d", gy_cpu_count());
    gy_json_put(&out, "version", "%s", gy_version());
    return gy_json_end(&out);
}

/* -- Asking once --------------------------------------------------------------------------------- */

/* The beginning of an answer, fit to be shown. */
static const char *shown(gy_arena *a, gy_str body)
{
    char *text = gy_alloc(a, 401);
    size_t n = body.len < 400 ? body.len : 400;
    for (size_t i = 0; text && i < n; i++) {
        char c = body.ptr[i];
        text[i] = (c >= ' ' && c <= '~') || c == '\n' ? c : '?';
    }
    if (text)
        text[n] = '\0';
    return text;
}

/* Asks the server of that way, so that the time is that of an answer and not that of a browser. */
static int try_once(gy_request *r)
{
    const char *work = gy_arg(r, "work", "");
    const struct way *w = way_find(gy_str_of(gy_arg(r, "way", "")));
    gy_str url;
    gy_response res;
    gy_fetch_opts opts = {.timeout = 60, .proxy = "", .max_body = 1 << 20};
    char why[200] = "";
    int e = check_alone(r);
    if (!e && (!w || !work_exists(work)))
        e = gy_fail(r, 404, "there is no such work, or no such way");
    if (e)
        return e;
    gy_set_header(r, "Cache-Control", "no-store");
    if ((e = way_url(r->arena, work, w, &url, why, sizeof why)) != 0)
        return gy_fail(r, 502, "%s", *why ? why : gy_strerror(e));
    e = gy_fetch(r->arena, url.ptr, &opts, &res);
    if (e)
        return gy_task_cancelled() ? e : gy_fail(r, 502, "%s", res.why);
    return gy_json(r, "{status: %d, ms: %.3f, url: %s, answer: %s}", res.status,
                   res.times.total * 1e3, url.ptr, shown(r->arena, res.body));
}

const gy_route page_routes[] = {
    GY_GET("/", page),
    GY_GET("/lab/about", about),
    GY_GET("/lab/try", try_once),
    GY_ROUTE("/lab/points", &points_page),
    GY_ROUTE("/lab/clear", &clear_page),
    GY_ROUTE("/lab/run", &run_page),
    GY_ROUTE("/lab/stop", &stop_page),
    GY_END,
};
