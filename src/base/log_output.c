/* SPDX-License-Identifier: MIT */
/* log_output.c - the places that log lines go to. */
#include "base/log_output.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One thread at a time, also at a fork: the child could not open a lock that another thread holds. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct gy__log_output output = {.to = GY_LOG_TO_STDERR};
static bool colour_is_known;
static atomic_uint reopened;

static void take(void)
{
    pthread_mutex_lock(&lock);
}

static void give(void)
{
    pthread_mutex_unlock(&lock);
}

static void watch_forks(void)
{
    pthread_atfork(take, give, give);
}

static void begin(void)
{
    pthread_once(&once, watch_forks);
    take();
}

struct gy__log_output gy__log_exchange(const struct gy__log_output *next)
{
    begin();
    struct gy__log_output before = output;
    output = *next;
    colour_is_known = true;
    give();
    return before;
}

void gy__log_close(struct gy__log_output *o)
{
    if (o->has_file)
        gy__log_file_close(&o->file);
    if (o->to & GY_LOG_TO_SYSLOG)
        gy__log_socket_close(&o->syslog);
    if (o->to & GY_LOG_TO_JOURNALD)
        gy__log_socket_close(&o->journald);
}

void gy_log_reopen(void)
{
    atomic_fetch_add_explicit(&reopened, 1, memory_order_relaxed);
}

/* What standard error does not take at once is lost rather than waited for. */
static void write_stderr(const char *line, size_t len)
{
    while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR) {
    }
}

/* The prefix goes right before the text, so that the line leaves with one write: those of threads and
 * processes do not mix. */
static const char *with_prefix(struct gy__log_line *line, bool colour, size_t *len)
{
    char prefix[GY__LOG_PREFIX];
    size_t n = gy__log_prefix(prefix, line, colour);
    memcpy(line->text - n, prefix, n);
    line->text[line->len] = '\n';
    *len = n + line->len + 1;
    return line->text - n;
}

/* Under the lock, which guards the room for it, too. */
static const char *as_json(struct gy__log_line *line, size_t *len)
{
    static char object[GY__LOG_JSON];
    *len = gy__log_json(object, line);
    return object;
}

static void deliver(struct gy__log_output *o, struct gy__log_line *line)
{
    bool json = o->format == GY_LOG_AS_JSON;
    size_t len = 0;
    const char *object = json ? as_json(line, &len) : NULL;
    if (o->to & GY_LOG_TO_STDERR) {
        const char *text = json ? object : with_prefix(line, o->colour, &len);
        write_stderr(text, len);
    }
    if (o->has_file) {
        const char *text = json ? object : with_prefix(line, false, &len);
        gy__log_file_write(&o->file, text, len, line->wall_ns,
                           atomic_load_explicit(&reopened, memory_order_relaxed));
    }
    if (o->to & GY_LOG_TO_SYSLOG)
        gy__log_syslog(&o->syslog, o->name, line);
    if (o->to & GY_LOG_TO_JOURNALD)
        gy__log_journal(&o->journald, o->name, line);
}

bool gy__log_wants_colour(enum gy_log_color color)
{
    const char *never = getenv("NO_COLOR");
    if (color != GY_LOG_COLOR_AUTO)
        return color == GY_LOG_COLOR_ALWAYS;
    return isatty(STDERR_FILENO) && !(never && *never);
}

void gy__log_deliver(struct gy__log_line *line)
{
    begin();
    if (!colour_is_known) {
        colour_is_known = true;
        output.colour = gy__log_wants_colour(GY_LOG_COLOR_AUTO);
    }
    deliver(&output, line);
    give();
}

bool gy__log_on_stderr(void)
{
    begin();
    bool yes = output.to & GY_LOG_TO_STDERR;
    give();
    return yes;
}
