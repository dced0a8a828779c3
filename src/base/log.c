/* SPDX-License-Identifier: MIT */
/* log.c - three channels of log lines and the sink they go to. */
#include "base/clock.h"
#include "base/log_line.h"
#include "base/log_output.h"

#include <errno.h>
#include <gyre/error.h>
#include <gyre/str.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

struct sink {
    gy_log_sink *fn;
    void *arg;
};

static atomic_int thresholds[GY__LOG_CHANNELS] = {GY_LOG_INFO, GY_LOG_INFO, GY_LOG_INFO};

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

/* A child could not open a lock that another thread has closed. */
__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(lock, unlock, unlock);
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

/* Who gives another channel gets the general one. */
static size_t place(enum gy_log_channel channel)
{
    return (size_t)channel < GY__LOG_CHANNELS ? (size_t)channel : GY_LOG_GENERAL;
}

void gy_log_set_channel_level(enum gy_log_channel channel, enum gy_log_level level)
{
    atomic_store_explicit(&thresholds[place(channel)], (int)level, memory_order_relaxed);
}

void gy_log_set_level(enum gy_log_level level)
{
    for (size_t i = 0; i < GY__LOG_CHANNELS; i++)
        gy_log_set_channel_level((enum gy_log_channel)i, level);
}

bool gy_log_enabled(enum gy_log_channel channel, enum gy_log_level level)
{
    return level < GY_LOG_OFF &&
           (int)level >= atomic_load_explicit(&thresholds[place(channel)], memory_order_relaxed);
}

static int level_of(gy_str name, enum gy_log_level *out)
{
    static const char *const names[] = {"debug", "info", "warning", "error", "off", "none"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (gy_str_ieq(name, gy_str_of(names[i]))) {
            *out = i < GY_LOG_OFF ? (enum gy_log_level)i : GY_LOG_OFF;
            return 0;
        }
    }
    return GY_EINVAL;
}

int gy_log_level_parse(const char *name, enum gy_log_level *out)
{
    return level_of(gy_str_of(name), out);
}

/* "info" or "access=off" */
static int read_level(gy_str part, enum gy_log_level levels[GY__LOG_CHANNELS])
{
    enum gy_log_level level;
    gy_str channel = {NULL, 0}, rest = part;
    if (gy_str_find(part, '=') != SIZE_MAX)
        gy_str_cut(&rest, '=', &channel);
    if (level_of(gy_str_trim(rest), &level))
        return GY_EINVAL;
    bool any = false;
    for (size_t i = 0; i < GY__LOG_CHANNELS; i++) {
        const char *name = gy__log_channel_name((enum gy_log_channel)i);
        if (channel.ptr && !gy_str_ieq(gy_str_trim(channel), gy_str_of(name)))
            continue;
        levels[i] = level;
        any = true;
    }
    return any ? 0 : GY_EINVAL;
}

int gy__log_levels_read(const char *text, enum gy_log_level levels[GY__LOG_CHANNELS])
{
    for (size_t i = 0; i < GY__LOG_CHANNELS; i++)
        levels[i] = (enum gy_log_level)atomic_load_explicit(&thresholds[i], memory_order_relaxed);
    gy_str rest = gy_str_of(text);
    for (gy_str part; gy_str_cut(&rest, ',', &part);)
        if (read_level(gy_str_trim(part), levels))
            return GY_EINVAL;
    return 0;
}

int gy_log_set_levels(const char *text)
{
    enum gy_log_level levels[GY__LOG_CHANNELS];
    if (gy__log_levels_read(text, levels))
        return GY_EINVAL;
    for (size_t i = 0; i < GY__LOG_CHANNELS; i++)
        gy_log_set_channel_level((enum gy_log_channel)i, levels[i]);
    return 0;
}

/* Text and line lie outside the stack, for the stacks of tasks are small. */
struct scratch {
    char raw[GY__LOG_TEXT + 1];
    char line[GY__LOG_PREFIX + GY__LOG_TEXT + 1];
    bool busy;
};

static _Thread_local struct scratch scratch;

const char *(*gy__log_id)(void);

static void finish(struct gy__log_line *line)
{
    struct sink sink = current_sink();
    if (sink.fn) {
        line->text[line->len] = '\0';
        sink.fn(sink.arg, line->channel, line->level, line->text, line->len);
        return;
    }
    line->wall_ns = gy__clock_wall_ns();
    line->id = gy__log_id ? gy__log_id() : NULL;
    gy__log_deliver(line);
}

static GY_PRINTF(3, 0) void make(enum gy_log_channel channel, enum gy_log_level level,
                                 const char *fmt, va_list ap)
{
    struct scratch *s = &scratch;
    int saved = errno;

    /* A sink that logs would answer to itself for ever. */
    if (s->busy)
        return;
    s->busy = true;
    int n = vsnprintf(s->raw, sizeof s->raw, fmt, ap);
    bool more = n >= (int)sizeof s->raw;
    struct gy__log_line line = {.channel = channel,
                                .level = level,
                                .raw = s->raw,
                                .raw_len = n < 0  ? 0
                                           : more ? sizeof s->raw - 1
                                                  : (size_t)n,
                                .text = s->line + GY__LOG_PREFIX};
    line.cut = more;
    line.len = gy__log_escape(line.text, s->raw, line.raw_len, more);
    finish(&line);
    s->busy = false;
    errno = saved;
}

void gy_vlog(enum gy_log_channel channel, enum gy_log_level level, const char *fmt, va_list ap)
{
    if (gy_log_enabled(channel, level))
        make(channel, level, fmt, ap);
}

void gy_log(enum gy_log_channel channel, enum gy_log_level level, const char *fmt, ...)
{
    if (!gy_log_enabled(channel, level))
        return;
    va_list ap;
    va_start(ap, fmt);
    make(channel, level, fmt, ap);
    va_end(ap);
}

void gy__log_always(enum gy_log_channel channel, enum gy_log_level level, const char *fmt, ...)
{
    if (atomic_load_explicit(&thresholds[place(channel)], memory_order_relaxed) >= GY_LOG_OFF)
        return;
    va_list ap;
    va_start(ap, fmt);
    make(channel, level, fmt, ap);
    va_end(ap);
}

bool gy__log_is_seen(enum gy_log_channel channel, enum gy_log_level level)
{
    return gy_log_enabled(channel, level) && (current_sink().fn || gy__log_on_stderr());
}
