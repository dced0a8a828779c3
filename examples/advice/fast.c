/* SPDX-License-Identifier: MIT */
/* fast.c - the second advice: make it so fast that nobody notices that it blocks.
 *
 *     curl localhost:8888/scan/500007           looks at half a million members
 *     curl localhost:8888/index/500007          looks at twenty
 *     curl localhost:8888/report                looks at all, and remembers for ten seconds */

#include <gyre.h>
#include <stdlib.h>
#include <time.h>

enum { MEMBERS = 1000000, KEEP = 10 };

struct member {
    unsigned number, points;
};

static struct member members[MEMBERS];          /* in the order in which they came */
static const struct member *by_number[MEMBERS]; /* and sorted */

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* -- One after another, or through an index ------------------------------------------------------ */

static const struct member *scan(unsigned number, long *looked_at)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        ++*looked_at;
        if (members[i].number == number)
            return &members[i];
    }
    return NULL;
}

static const struct member *find(unsigned number, long *looked_at)
{
    size_t from = 0, to = MEMBERS;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        ++*looked_at;
        if (by_number[middle]->number == number)
            return by_number[middle];
        if (by_number[middle]->number < number)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

/* Measure first: the figure that counts is for how long nobody else is served. */
static int answer(gy_request *r, const struct member *(*look)(unsigned, long *))
{
    unsigned number = (unsigned)gy_path_int(r, "number");
    long looked_at = 0;
    double began = now_us();
    const struct member *m = look(number, &looked_at);
    double us = now_us() - began;
    if (!m)
        return gy_fail(r, 404, "there is no member %u", number);
    return gy_json(r, "{number: %u, points: %u, looked_at: %ld, us: %.1f}", m->number, m->points,
                   looked_at, us);
}

static int scan_page(gy_request *r)
{
    return answer(r, scan);
}

static int index_page(gy_request *r)
{
    return answer(r, find);
}

/* -- A result that is kept for a while ----------------------------------------------------------- */

static struct {
    double until;
    unsigned long points;
    long made;
} report;

static int report_page(gy_request *r)
{
    double now = gy_loop_now(gy_loop_current());
    if (now >= report.until) {
        report.points = 0;
        for (size_t i = 0; i < MEMBERS; i++)
            report.points += members[i].points;
        report.until = now + KEEP;
        report.made++;
    }
    return gy_json(r, "{points: %lu, made: %ld}", report.points, report.made);
}

/* -- The members --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    unsigned x = (*(const struct member *const *)a)->number;
    unsigned y = (*(const struct member *const *)b)->number;
    return (x > y) - (x < y);
}

/* Numbers that are mixed up, each once: 7 and a million have no common divisor. */
static int load(const gy_app *app)
{
    (void)app;
    for (unsigned i = 0; i < MEMBERS; i++) {
        members[i] = (struct member){i * 7u % MEMBERS, i % 100};
        by_number[i] = &members[i];
    }
    qsort(by_number, MEMBERS, sizeof *by_number, compare);
    return 0;
}

static const gy_route routes[] = {
    GY_GET("/scan/{number:int}", scan_page),
    GY_GET("/index/{number:int}", index_page),
    GY_GET("/report", report_page),
    GY_END,
};

static const gy_app fast_app = {.routes = routes, .name = "fast", .on_start = load};

int main(int argc, char **argv)
{
    return gy_main(&fast_app, argc, argv);
}
