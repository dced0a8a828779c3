/* SPDX-License-Identifier: MIT */
/* points.c - what was measured: kept, streamed to those who look on, taken from those who measure. */

#include "lab.h"
#include <math.h>
#include <stdio.h>

enum { KEPT = 2000, LISTENERS = 50, MEMBERS = 16 };

/* Each change has a number, so that a listener knows what it has not sent yet. */
static struct kept {
    struct point point;
    uint64_t number;
} kept[KEPT];
static size_t count;
static uint64_t last, cleared;
static gy_cond changed;
static int listeners;

/* What replaces what was said before under the same name: only the last counts. */
static struct {
    char event[16], json[512];
    uint64_t number;
} said[2];
enum { RUN, SO_FAR };

static void tell_all(void)
{
    gy_cond_notify_all(&changed);
}

/* -- Keeping ------------------------------------------------------------------------------------- */

static bool same(const struct point *a, const struct point *b)
{
    return a->concurrency == b->concurrency && strcmp(a->system, b->system) == 0 &&
           strcmp(a->work, b->work) == 0;
}

static void forget(size_t i)
{
    count--;
    memmove(&kept[i], &kept[i + 1], (count - i) * sizeof *kept);
}

/* A point takes the place of an older one that says the same; when there are too many the oldest goes. */
void points_add(const struct point *p)
{
    for (size_t i = count; i-- > 0;)
        if (same(&kept[i].point, p))
            forget(i);
    if (count == KEPT)
        forget(0);
    kept[count++] = (struct kept){*p, ++last};
    said[SO_FAR].number = 0;
    tell_all();
}

static gy_str point_json(gy_arena *a, const struct point *p)
{
    return gy_json_strf(a,
                        "{system: %s, work: %s, concurrency: %ld, rps: %.2f, p50_ms: %.3f, "
                        "p99_ms: %.3f, failed: %ld}",
                        p->system, p->work, p->concurrency, p->rps, p->p50_ms, p->p99_ms,
                        p->failed);
}

static void say(int slot, const char *event, gy_str json)
{
    if (!json.ptr || json.len >= sizeof said->json)
        return;
    snprintf(said[slot].event, sizeof said->event, "%s", event);
    memcpy(said[slot].json, json.ptr, json.len + 1);
    said[slot].number = ++last;
    tell_all();
}

void points_say(const char *event, gy_str json)
{
    say(RUN, event, json);
}

void points_tell(const struct point *p)
{
    gy_arena a = {0};
    say(SO_FAR, "sofar", point_json(&a, p));
    gy_arena_done(&a);
}

/* -- The stream of events ------------------------------------------------------------------------ */

static void write_event(gy_request *r, const char *event, const char *json)
{
    gy_writef(r, "event: %s\ndata: %s\n\n", event, json);
}

/* All that is newer than [seen]; nothing waits here. */
static int write_news(gy_request *r, gy_arena *a, uint64_t seen)
{
    if (cleared > seen)
        write_event(r, "clear", "{}");
    for (size_t i = 0; i < count; i++) {
        if (kept[i].number <= seen)
            continue;
        gy_str json = point_json(a, &kept[i].point);
        if (!json.ptr)
            return GY_ENOMEM;
        write_event(r, "point", json.ptr);
    }
    for (int i = 0; i < 2; i++)
        if (said[i].number > seen)
            write_event(r, said[i].event, said[i].json);
    gy_arena_reset(a);
    return 0;
}

static int stream(gy_request *r, gy_arena *a)
{
    uint64_t seen = 0;
    gy_write(r, "retry: 1000\nevent: clear\ndata: {}\n\n"); /* it may come back with old ones */
    for (;;) {
        int e = write_news(r, a, seen);
        seen = last;
        if (!e)
            e = gy_flush(r);
        if (!e && seen == last)
            e = gy_cond_wait(&changed, NULL, 15);
        if (e == GY_ETIMEDOUT) /* so that whoever has left is noticed */
            e = gy_write(r, ": still here\n\n");
        if (e)
            return e;
    }
}

static int get_points(gy_request *r)
{
    int e = check_alone(r);
    if (e)
        return e;
    if (listeners == LISTENERS)
        return gy_fail(r, 503, "%d are looking on already", LISTENERS);
    gy_set_header(r, "Content-Type", "text/event-stream");
    gy_set_header(r, "Cache-Control", "no-store");
    gy_set_header(r, "X-Accel-Buffering", "no");
    if (r->verb == GY_METHOD_HEAD)
        return 0;
    gy_arena a = {0};
    listeners++;
    e = stream(r, &a);
    listeners--;
    gy_arena_done(&a);
    return e;
}

/* -- Points from elsewhere ----------------------------------------------------------------------- */

static bool is_loopback(const char *ip)
{
    return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0 || strcmp(ip, "unix") == 0 ||
           strncmp(ip, "::ffff:127.", 11) == 0;
}

static bool read_name(gy_str value, const char *more, char *out, size_t size)
{
    if (value.len == 0 || value.len >= size)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == 0 || !strchr(more, c)))
            return false;
    }
    memcpy(out, value.ptr, value.len + 1);
    return true;
}

static bool read_number(gy_str value, double most, double *out)
{
    return gy_str_double(value, out) == 0 && isfinite(*out) && *out >= 0 && *out <= most;
}

static bool read_count(gy_str value, long most, long *out)
{
    double number;
    if (!read_number(value, (double)most, &number) || number != (double)(long)number)
        return false;
    *out = (long)number;
    return true;
}

/* Which member is wrong, or missing; NULL when none is. Members that it does not know are let be. */
static const char *read_point(const gy_field *fields, size_t n, struct point *p)
{
    *p = (struct point){.concurrency = 0, .rps = -1, .p50_ms = -1, .p99_ms = -1};
    for (const gy_field *f = fields; f < fields + n; f++) {
        bool well = true;
        const char *name = f->name.ptr;
        if (strcmp(name, "system") == 0)
            well = read_name(f->value, " .,:;+-_/()=*@'", p->system, sizeof p->system);
        else if (strcmp(name, "work") == 0)
            well = read_name(f->value, "-_", p->work, sizeof p->work);
        else if (strcmp(name, "concurrency") == 0)
            well = read_count(f->value, 1000000, &p->concurrency) && p->concurrency > 0;
        else if (strcmp(name, "failed") == 0)
            well = read_count(f->value, 1000000000, &p->failed);
        else if (strcmp(name, "rps") == 0)
            well = read_number(f->value, 1e9, &p->rps);
        else if (strcmp(name, "p50_ms") == 0)
            well = read_number(f->value, 1e9, &p->p50_ms);
        else if (strcmp(name, "p99_ms") == 0)
            well = read_number(f->value, 1e9, &p->p99_ms);
        if (!well)
            return name;
    }
    return !*p->system       ? "system"
           : !*p->work       ? "work"
           : !p->concurrency ? "concurrency"
           : p->rps < 0      ? "rps"
           : p->p50_ms < 0   ? "p50_ms"
           : p->p99_ms < 0   ? "p99_ms"
                             : NULL;
}

static int post_point(gy_request *r)
{
    int e = check_alone(r);
    if (!e)
        e = check_origin(r);
    if (e)
        return e;
    if (!is_loopback(gy_remote_ip(r)))
        return gy_fail(r, 403, "points are taken from this machine only");
    gy_field fields[MEMBERS];
    size_t n;
    const char *why;
    struct point p;
    e = flat_parse(r->arena, r->body, fields, MEMBERS, &n, &why);
    if (e == GY_EPROTO)
        return gy_fail(r, 400, "not a flat object of JSON: %s", why);
    if (e)
        return e;
    const char *wrong = read_point(fields, n, &p);
    if (wrong)
        return gy_fail(r, 400, "\"%.40s\" is missing or not what it should be", wrong);
    points_add(&p);
    gy_set_status(r, 201);
    return gy_json(r, "{kept: %zu}", count);
}

static int post_clear(gy_request *r)
{
    int e = check_alone(r);
    if (!e)
        e = check_origin(r);
    if (e)
        return e;
    count = 0;
    said[SO_FAR].number = 0;
    cleared = ++last;
    tell_all();
    return gy_json(r, "{kept: 0}");
}

const gy_handler points_page = {.get = get_points, .post = post_point, .max_body = 4096};
const gy_handler clear_page = {.post = post_clear, .max_body = 4096};
