/* SPDX-License-Identifier: MIT */
/* log.c - three channels of log lines and the sink they go to. */
#include "base/clock.h"
#include "base/log_line.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/str.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct sink {
    gy_log_sink *fn;
    void *arg;
};

static atomic_int threshold = GY_LOG_INFO;

/* Both words change together; a spin lock, for it is held for two loads. */
static struct sink chosen;
static atomic_flag chosen_lock = ATOMIC_FLAG_INIT;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&chosen_lock, memory_order_acquire)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&chosen_lock, memory_order_release);
}

void gy_log_set_sink(gy_log_sink *sink, void *arg)
{
    lock();
    chosen = (struct sink){sink, arg};
    unlock();
}

static struct sink current_sink(void)
{
    lock();
    struct sink s = chosen;
    unlock();
    return s;
}

void gy_log_set_level(enum gy_log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

bool gy_log_enabled(enum gy_log_level level)
{
    return level < GY_LOG_OFF &&
           (int)level >= atomic_load_explicit(&threshold, memory_order_relaxed);
}

int gy_log_level_parse(const char *name, enum gy_log_level *out)
{
    static const char *const names[] = {"debug", "info", "warning", "error", "off", "none"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (gy_str_ieq(gy_str_of(name), gy_str_of(names[i]))) {
            *out = i < GY_LOG_OFF ? (enum gy_log_level)i : GY_LOG_OFF;
            return 0;
        }
    }
    return GY_EINVAL;
}

static bool is_coloured(void)
{
    static atomic_int known = -1;
    int yes = atomic_load_explicit(&known, memory_order_relaxed);
    if (yes < 0) {
        yes = isatty(STDERR_FILENO);
        atomic_store_explicit(&known, yes, memory_order_relaxed);
    }
    return yes > 0;
}

/* Text and line lie outside the stack, for the stacks of tasks are small. */
struct scratch {
    char raw[GY__LOG_TEXT + 1];
    char line[GY__LOG_PREFIX + GY__LOG_TEXT + 1];
    bool busy;
};

static _Thread_local struct scratch scratch;

/* One write a line, so that the lines of threads and processes do not mix. What standard error
 * does not take at once is lost rather than waited for. */
static void write_line(struct scratch *s, size_t len, enum gy_log_channel channel,
                       enum gy_log_level level)
{
    char prefix[GY__LOG_PREFIX];
    size_t n = gy__log_prefix(prefix, channel, level, gy__clock_wall_ns(), is_coloured());
    char *start = s->line + GY__LOG_PREFIX - n;
    memcpy(start, prefix, n);
    start[n + len] = '\n';
    while (write(STDERR_FILENO, start, n + len + 1) < 0 && errno == EINTR) {
    }
}

void gy_vlog(enum gy_log_channel channel, enum gy_log_level level, const char *fmt, va_list ap)
{
    struct scratch *s = &scratch;
    int saved = errno;

    /* A sink that logs would answer to itself for ever. */
    if (!gy_log_enabled(level) || s->busy)
        return;
    s->busy = true;
    int n = vsnprintf(s->raw, sizeof s->raw, fmt, ap);
    bool more = n >= (int)sizeof s->raw;
    size_t raw_len = n < 0 ? 0 : more ? sizeof s->raw - 1 : (size_t)n;
    char *text = s->line + GY__LOG_PREFIX;
    size_t len = gy__log_escape(text, s->raw, raw_len, more);
    struct sink sink = current_sink();
    if (sink.fn) {
        text[len] = '\0';
        sink.fn(sink.arg, channel, level, text, len);
    } else {
        write_line(s, len, channel, level);
    }
    s->busy = false;
    errno = saved;
}

void gy_log(enum gy_log_channel channel, enum gy_log_level level, const char *fmt, ...)
{
    if (!gy_log_enabled(level))
        return;
    va_list ap;
    va_start(ap, fmt);
    gy_vlog(channel, level, fmt, ap);
    va_end(ap);
}
