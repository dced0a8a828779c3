/* SPDX-License-Identifier: MIT */
/* loop.h - the event loop: callbacks, timers, signals and the door for other threads. */
#ifndef GYRE_LOOP_H
#define GYRE_LOOP_H

#include <gyre/export.h>
#include <gyre/list.h>
#include <stdbool.h>
#include <stdint.h>

/* One loop turns on one thread. Its tasks and callbacks run on that thread only, one at a time, so
 * they need no locks among themselves. */
typedef struct gy_loop gy_loop;

typedef void gy_callback(void *arg);

/* A one-shot timer in the caller's storage. {0} is valid and not set. Its memory must stay until it
 * fired or was cancelled. */
typedef struct gy_timer {
    gy_list link;   /* in a slot of the wheel, or among those that are nearly due */
    int64_t at;     /* when, in ns on the loop's clock */
    uint64_t order; /* equal times fire in the order they were set */
    gy_callback *fn;
    void *arg;
    uint8_t state, level, slot;
} gy_timer;

enum { GY_READABLE = 1, GY_WRITABLE = 2 };

/* Told of what [fd] is ready for: GY_READABLE, GY_WRITABLE or both. An error or an end is told as ready
 * for what was asked. */
typedef void gy_watch_fn(void *arg, int fd, int events);
typedef struct gy_watch gy_watch;

/* Told that the file at [path] was written, replaced, removed or made. */
typedef void gy_file_watch_fn(void *arg, const char *path);
typedef struct gy_file_watch gy_file_watch;

GY_BEGIN_DECLS

/* What loops that are made from now on wait with: "epoll", "kqueue" or "poll", or NULL for the best that
 * this system has, which is the default unless the environment's GYRE_POLLER names one. GY_ENOTFOUND when
 * there is no such thing here. */
GY_API GY_CHECKED int gy_loop_use_poller(const char *name);
GY_API const char *gy_loop_poller(const gy_loop *loop);

/* Gives the loop; NULL when the process is out of memory or of file descriptors (errno tells). It
 * is that of this thread if the thread has none yet. */
GY_API gy_loop *gy_loop_new(void);

/* The loop must not be running. Tasks that are still parked are cancelled first (GY_ESHUTDOWN) and
 * run to their end. NULL is fine. */
GY_API void gy_loop_free(gy_loop *loop);

/* Turn until gy_loop_stop. 0, GY_EBUSY when it runs already or inside of one of its tasks, or a
 * negative failure of the poller. */
GY_API GY_CHECKED int gy_loop_run(gy_loop *loop);

/* Turn until nothing is left to do: no task, no timer. For programs that are one job. */
GY_API GY_CHECKED int gy_loop_run_idle(gy_loop *loop);

/* One turn: waits at most [timeout] seconds (negative: as long as it takes, 0: not at all).
 * GY_EBUSY inside of one of its tasks. */
GY_API GY_CHECKED int gy_loop_turn(gy_loop *loop, double timeout);

/* End gy_loop_run after the current turn, or at once when it has not begun. From any thread and
 * from signal handlers. */
GY_API void gy_loop_stop(gy_loop *loop);

/* Readable when the loop has something to do: to live inside another loop, poll it and call
 * gy_loop_turn(loop, 0), at the latest after gy_loop_timeout seconds (negative: no limit). The poller
 * "poll" has no such descriptor: -1. There turn the loop, and let it wait in short pieces. */
GY_API int gy_loop_fd(gy_loop *loop);
GY_API double gy_loop_timeout(gy_loop *loop);

/* The loop of this thread: the one that turns, else the first that was made on it; or NULL. */
GY_API gy_loop *gy_loop_current(void);

/* Seconds on the loop's monotonic clock, as of the start of this turn. */
GY_API double gy_loop_now(const gy_loop *loop);

/* Run fn(arg) once, [seconds] from now (0 or less: in the next turn); a timer that is set moves.
 * Cannot fail. On the loop's thread only, as all that follows but gy_loop_post. */
GY_API void gy_timer_set(gy_loop *loop, gy_timer *t, double seconds, gy_callback *fn, void *arg);

/* The same at a time of gy_loop_now's clock. */
GY_API void gy_timer_set_at(gy_loop *loop, gy_timer *t, double when, gy_callback *fn, void *arg);

/* Harmless on a timer that is not set. True when it was. */
GY_API bool gy_timer_cancel(gy_loop *loop, gy_timer *t);
GY_API bool gy_timer_is_set(const gy_timer *t);

/* Run fn(arg) in the next turn, on the loop's thread. 0, GY_ENOMEM, or GY_ESHUTDOWN while the loop is
 * being freed. gy_loop_call is for the loop's own thread; gy_loop_post may be called by any thread,
 * and what one thread posts stays in order. */
GY_API GY_CHECKED int gy_loop_call(gy_loop *loop, gy_callback *fn, void *arg);
GY_API GY_CHECKED int gy_loop_post(gy_loop *loop, gy_callback *fn, void *arg);

/* Run fn(arg) on the loop when the process has got [signo] (several that come at once may count as
 * one); NULL takes it back and restores what the signal did before. A signal has one loop: GY_EBUSY
 * for a second. 0 or a negative code. */
GY_API GY_CHECKED int gy_loop_on_signal(gy_loop *loop, int signo, gy_callback *fn, void *arg);

/* Call fn(arg, fd, ...) in each turn in which [fd] is ready for one of [events] (GY_READABLE,
 * GY_WRITABLE), again and again while it is: for libraries that bring their own descriptors; tasks have
 * gy_wait_fd. [fd] must stay open until the watch is freed. NULL when it cannot be watched (errno tells:
 * EPERM for a file on disk, EEXIST when it is watched already). _set changes the events (0: none for
 * now); 0 or a negative code. */
GY_API gy_watch *gy_watch_new(gy_loop *loop, int fd, int events, gy_watch_fn *fn, void *arg);
GY_API GY_CHECKED int gy_watch_set(gy_watch *w, int events);
GY_API void gy_watch_free(gy_watch *w); /* before its loop; also in its function; NULL is fine */

/* Call fn(arg, path) in the turn after the file changed, once for several changes at once. It need not
 * exist, but its directory must. NULL when it cannot be watched (errno tells). It is freed before its loop,
 * also inside of its function. */
GY_API gy_file_watch *gy_file_watch_new(gy_loop *loop, const char *path, gy_file_watch_fn *fn,
                                        void *arg);
GY_API void gy_file_watch_free(gy_file_watch *w);

GY_END_DECLS

#endif
