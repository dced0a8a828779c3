/* SPDX-License-Identifier: MIT */
/* log_trouble.c - lines that were lost are told of once, and once more when it is over. */
#include "base/log_trouble.h"

#include <errno.h>
#include <gyre/error.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_line.h"

void gy__log_remark(const char *where, const char *what)
{
    char text[GY__LOG_PREFIX + 512];
    struct gy__log_line line = {
        .channel = GY_LOG_GENERAL, .level = GY_LOG_ERROR, .wall_ns = gy__clock_wall_ns()};
    size_t n = gy__log_prefix(text, &line, false);
    int len = snprintf(text + n, sizeof text - n - 1, "the log %.300s: %.150s", where, what);
    n += len > 0 ? (size_t)len : 0;
    text[n++] = '\n';
    while (write(STDERR_FILENO, text, n) < 0 && errno == EINTR) {
    }
}

void gy__log_lost(struct gy__log_trouble *t, const char *where, int code)
{
    char text[150];
    t->lost++;
    if (t->told)
        return;
    t->told = true;
    snprintf(text, sizeof text, "%s; lines are lost until this is over", gy_strerror(code));
    gy__log_remark(where, text);
}

void gy__log_well(struct gy__log_trouble *t, const char *where)
{
    char text[100];
    if (!t->told)
        return;
    snprintf(text, sizeof text, "works again; lines lost: %" PRIu64, t->lost);
    gy__log_remark(where, text);
    *t = (struct gy__log_trouble){0};
}
