/* SPDX-License-Identifier: MIT */
/* trace.c - what gyre fetch tells about requests and answers. */

#include <gyre/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8_step.h"
#include "fetch.h"

/* Sentences quote what strangers have said. */
void complain(struct fetch *f, const char *fmt, ...)
{
    char text[2000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    gy__utf8_tame(text, strlen(text));
    progress_clear(&f->progress);
    fprintf(stderr, "gyre fetch: %s\n", text);
}

const char *trace_url(const char *url, char *out, size_t size)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme ? scheme + 3 : url;
    size_t len = strcspn(host, "/?#");
    const char *at = memchr(host, '@', len);
    for (const char *next = at; next; next = memchr(at + 1, '@', len - (size_t)(at + 1 - host)))
        at = next;
    snprintf(out, size, "%.*s%s", (int)(host - url), url, at ? at + 1 : host);
    return out;
}

/* -- Heads --------------------------------------------------------------------------------------- */

/* What a server has sent, but nothing that would steer the terminal of who reads it. */
static void put(FILE *out, gy_str text)
{
    bool tame = out == stderr || isatty(fileno(out));
    for (size_t at = 0, step; at < text.len; at += step) {
        const char *p = text.ptr + at;
        step = tame ? gy__utf8_step(p, text.len - at) : 1;
        bool shows = !tame || *p == '\t' || gy__utf8_shows(p, step);
        step = shows ? step : 1;
        fwrite(shows ? p : "?", 1, step, out);
    }
}

void trace_head(FILE *out, const char *mark, const gy_response *r, int status,
                const gy_headers *headers)
{
    const char *version = r->version == 20 ? "2" : r->version == 10 ? "1.0" : "1.1";
    gy_str reason =
        r->status == status && r->reason.len ? r->reason : gy_str_of(gy_status_reason(status));
    fprintf(out, "%sHTTP/%s %d ", mark, version, status);
    put(out, reason);
    gy_headers_each(h, headers)
    {
        fprintf(out, "\n%s%.*s: ", mark, GY_FMT(h->name));
        put(out, h->value);
    }
    fprintf(out, "\n%s\n", mark);
}

void trace_request(const struct download *d)
{
    char url[300];
    const gy_fetch_opts *o = &d->fetch->opts;
    bool body = o->body.ptr || o->form || o->parts || o->read_body;
    progress_clear(&d->fetch->progress);
    fprintf(stderr, "> %s %s\n",
            o->method ? o->method
            : body    ? "POST"
                      : "GET",
            trace_url(d->url, url, sizeof url));
    for (const gy_field *h = o->headers; h && h->name.len; h++)
        fprintf(stderr, "> %.*s: %.*s\n", GY_FMT(h->name), GY_FMT(h->value));
}

/* -- Times --------------------------------------------------------------------------------------- */

void trace_times(const struct download *d)
{
    const gy_response *r = &d->response;
    const struct {
        const char *name;
        double seconds;
    } times[] = {{"queue", r->times.queue},           {"dns", r->times.dns},
                 {"connect", r->times.connect},       {"tls", r->times.tls},
                 {"first byte", r->times.first_byte}, {"total", r->times.total}};
    progress_clear(&d->fetch->progress);
    fputs("* seconds until:", stderr);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i].seconds >= 0)
            fprintf(stderr, " %s %.4f", times[i].name, times[i].seconds);
    fprintf(stderr, "; %llu bytes", (unsigned long long)d->item.bytes);
    if (r->redirects)
        fprintf(stderr, "; %d redirect%s", r->redirects, r->redirects > 1 ? "s" : "");
    fputs(r->reused ? "; on a connection from before\n" : "\n", stderr);
}
