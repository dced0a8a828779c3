/* SPDX-License-Identifier: MIT */
/* progress_line.c - a download in one line of text. */

#include "progress_line.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 40, NAME_LEAST = 8, BAR_MOST = 40, BAR_LEAST = 8 };

/* "12.3 MiB" */
static void put_size(double bytes, char out[16])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    for (; bytes >= 999.5 && unit < 6; unit++)
        bytes /= 1024;
    snprintf(out, 16, "%.*f %s", unit == 0 || bytes >= 99.95 ? 0 : 1, bytes, units[unit]);
}

/* "0:07", "1:02:03" */
static void put_time(double seconds, char out[24])
{
    unsigned long s = seconds < 1e8 ? (unsigned long)(seconds + 0.5) : 100000000;
    if (s < 3600)
        snprintf(out, 24, "%lu:%02lu", s / 60, s % 60);
    else
        snprintf(out, 24, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
}

/* What is said beside the name, the most important first: a line has room for some. */
struct pieces {
    char text[4][64];
    int count;
};

static void describe_end(const struct progress_view *v, struct pieces *p)
{
    char size[16], rate[16];
    put_size((double)v->bytes, size);
    snprintf(p->text[p->count++], 64, "%s", size);
    snprintf(p->text[p->count++], 64, "in %.*f s", v->seconds < 10 ? 1 : 0, v->seconds);
    if (v->seconds < 0.05)
        return;
    put_size((double)v->bytes / v->seconds, rate);
    snprintf(p->text[p->count++], 64, "%s/s", rate);
}

static void describe_way(const struct progress_view *v, struct pieces *p)
{
    char size[16], whole[16], time[24];
    uint64_t left = v->length > v->bytes ? v->length - v->bytes : 0;
    put_size((double)v->bytes, size);
    if (v->length) {
        put_size((double)v->length, whole);
        int percent = (int)((double)(v->length - left) * 100.0 / (double)v->length);
        snprintf(p->text[p->count++], 64, "%3d%%", percent);
        snprintf(p->text[p->count++], 64, "%s of %s", size, whole);
    } else {
        snprintf(p->text[p->count++], 64, "%s", size);
    }
    if (v->rate > 0) {
        put_size(v->rate, size);
        snprintf(p->text[p->count++], 64, "%s/s", size);
    }
    if (v->length && v->rate > 0) {
        put_time((double)left / v->rate, time);
        snprintf(p->text[p->count++], 64, "%s left", time);
    } else if (!v->length) {
        put_time(v->seconds, time);
        snprintf(p->text[p->count++], 64, "%s", time);
    }
}

/* -- Fitting ------------------------------------------------------------------------------------- */

/* As a terminal shows it: what follows the first byte of a character takes no room. */
static int width_of(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static size_t add(char *out, size_t size, size_t at, const char *text)
{
    int n = snprintf(out + at, size - at, "%s", text);
    return n < 0 || (size_t)n >= size - at ? size - 1 : at + (size_t)n;
}

/* The name, cut to [most] columns, without what would move a cursor. */
static size_t put_name(char *out, size_t size, const char *name, int most)
{
    size_t at = 0;
    bool cut = width_of(name) > most;
    int left = cut ? most - 3 : most;
    for (; *name && at + 8 < size; name++) {
        unsigned char c = (unsigned char)*name;
        if ((c & 0xc0) != 0x80 && left-- <= 0)
            break;
        out[at++] = (char)(c < ' ' || c == 127 ? '?' : c);
    }
    out[at] = 0;
    return cut ? add(out, size, at, "...") : at;
}

static size_t put_bar(char *out, size_t size, size_t at, const struct progress_view *v, int width)
{
    char bar[BAR_MOST + 1];
    int room = width - 4 < BAR_MOST ? width - 4 : BAR_MOST; /* two spaces, two brackets */
    double part = v->bytes < v->length ? (double)v->bytes / (double)v->length : 1;
    int full = (int)(part * room);
    memset(bar, ' ', sizeof bar);
    memset(bar, '=', (size_t)full);
    if (full < room)
        bar[full] = '>';
    bar[room] = 0;
    at = add(out, size, at, "  [");
    at = add(out, size, at, bar);
    return add(out, size, at, "]");
}

void progress_line(const struct progress_view *v, int columns, char *out, size_t size)
{
    struct pieces p = {.count = 0};
    if (v->done)
        describe_end(v, &p);
    else
        describe_way(v, &p);
    int name = width_of(v->name) < NAME_MOST ? width_of(v->name) : NAME_MOST;
    int least = name < NAME_LEAST ? name : NAME_LEAST;
    int taken = 0, shown = 0;
    while (shown < p.count && least + taken + 2 + width_of(p.text[shown]) <= columns)
        taken += 2 + width_of(p.text[shown++]);
    if (name > columns - taken)
        name = columns - taken;
    size_t at = put_name(out, size, v->name, name);
    int left = columns - name - taken;
    for (int i = 0; i < shown; i++) {
        at = add(out, size, add(out, size, at, "  "), p.text[i]);
        if (i == 0 && v->length && !v->done && shown == p.count && left >= BAR_LEAST + 4)
            at = put_bar(out, size, at, v, left);
    }
}
