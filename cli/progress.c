/* SPDX-License-Identifier: MIT */
/* progress.c - how far the downloads are, in one line at the bottom of a terminal. */

#include "progress.h"

#include <gyre/loop.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "progress_line.h"

enum { LINE = 512, NARROWEST = 20 };

static double now(void)
{
    return gy_loop_now(gy_loop_current());
}

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col == 0)
        return 80;
    return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
}

/* -- The line ------------------------------------------------------------------------------------ */

static uint64_t length_of_all(const struct progress *p)
{
    uint64_t sum = p->ended;
    gy_list_each (link, &p->items) {
        const struct progress_item *it = gy_of(link, struct progress_item, link);
        if (!it->length)
            return 0;
        sum += it->length;
    }
    return sum;
}

/* Of the last seconds: between the oldest sample and now. */
static double rate(const struct progress *p, double at)
{
    const struct progress_sample *oldest = NULL;
    for (size_t i = 0; i < PROGRESS_SAMPLES; i++) {
        const struct progress_sample *s = &p->samples[i];
        if (s->at > 0 && (!oldest || s->at < oldest->at))
            oldest = s;
    }
    if (!oldest || at <= oldest->at || p->bytes < oldest->bytes)
        return 0;
    return (double)(p->bytes - oldest->bytes) / (at - oldest->at);
}

static void draw(struct progress *p)
{
    char line[LINE], name[64];
    double at = now();
    struct progress_view v = {.bytes = p->bytes, .rate = rate(p, at), .seconds = at - p->began};
    gy_list *first = gy_list_first(&p->items);
    if (!p->on || !first)
        return;
    if (p->count == 1) {
        const struct progress_item *it = gy_of(first, struct progress_item, link);
        v.name = it->name;
        v.length = it->length;
        v.bytes = it->bytes;
    } else {
        snprintf(name, sizeof name, "%zu of %zu", p->done, p->count);
        v.name = name;
        if (p->done + p->running == p->count)
            v.length = length_of_all(p);
    }
    progress_line(&v, columns() - 1, line, sizeof line);
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    p->drawn = p->shown = true;
}

void progress_clear(struct progress *p)
{
    if (!p->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->drawn = false;
}

/* -- When it is drawn ---------------------------------------------------------------------------- */

static int tick(void *arg)
{
    struct progress *p = arg;
    p->samples[p->sample++ % PROGRESS_SAMPLES] = (struct progress_sample){now(), p->bytes};
    draw(p);
    return 0;
}

static void resized(void *arg)
{
    draw(arg);
}

void progress_begin(struct progress *p, size_t count)
{
    const char *term = getenv("TERM");
    gy_list_init(&p->items);
    p->count = count;
    p->began = now();
    p->on = p->on && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    if (!p->on)
        return;
    p->samples[p->sample++] = (struct progress_sample){p->began, 0};
    p->redraw = (gy_periodic){.interval = 0.1, .fn = tick, .arg = p, .name = "progress"};
    p->on = gy_periodic_start(&p->redraw) == 0;
    if (p->on && gy_loop_on_signal(gy_loop_current(), SIGWINCH, resized, p))
        p->on = false;
}

void progress_end(struct progress *p)
{
    progress_clear(p);
    if (gy_periodic_is_running(&p->redraw))
        gy_periodic_stop(&p->redraw);
    if (p->on)
        (void)!gy_loop_on_signal(gy_loop_current(), SIGWINCH, NULL, NULL);
    p->on = false;
}

/* -- Downloads ----------------------------------------------------------------------------------- */

void progress_enter(struct progress *p, struct progress_item *it, const char *name)
{
    *it = (struct progress_item){.name = name, .began = now()};
    gy_list_add(&p->items, &it->link);
    p->running++;
}

void progress_restart(struct progress *p, struct progress_item *it)
{
    p->bytes -= it->bytes;
    it->bytes = it->length = 0;
}

void progress_skip(struct progress *p, struct progress_item *it, uint64_t bytes)
{
    it->bytes += bytes;
    it->length += it->length ? bytes : 0;
    p->bytes += bytes;
    for (size_t i = 0; i < PROGRESS_SAMPLES; i++) /* they did not come now */
        p->samples[i].bytes += bytes;
}

void progress_add(struct progress *p, struct progress_item *it, size_t bytes)
{
    it->bytes += bytes;
    p->bytes += bytes;
}

static void say_it_is_done(struct progress *p, const struct progress_item *it)
{
    char line[LINE];
    struct progress_view v = {
        .name = it->name, .bytes = it->bytes, .seconds = now() - it->began, .done = true};
    progress_clear(p);
    progress_line(&v, columns() - 1, line, sizeof line);
    fprintf(stderr, "%s\n", line);
}

void progress_leave(struct progress *p, struct progress_item *it, bool line)
{
    gy_list_del(&it->link);
    p->running--;
    p->done++;
    p->ended += it->bytes;
    if (p->on && line)
        say_it_is_done(p, it);
    else
        progress_clear(p);
}
