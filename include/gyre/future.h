/* SPDX-License-Identifier: MIT */
/* future.h - a result that is not there yet, and waiting for one, some or all of several. */
#ifndef GYRE_FUTURE_H
#define GYRE_FUTURE_H

#include <gyre/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For timeouts, in seconds: no limit. 0 is not to wait at all. */
#define GY_FOREVER (-1.0)

/* The tasks that wait for something, first come first served. {0} is nobody. */
typedef struct gy_waiters {
    struct gy__waiter *first, *last;
} gy_waiters;

struct gy_future;

/* Called when a future is done, by whoever set it: must not suspend, nor free the future. In the
 * caller's storage, which may go away inside of the call. */
typedef struct gy_future_link {
    void (*fn)(void *arg, struct gy_future *f);
    void *arg;
    struct gy_future_link *next, *prev; /* private */
} gy_future_link;

/* A result that is set once. {0} is valid, in the caller's storage, and needs no end; it must stay
 * until those who wait for it go on. It belongs to one loop's thread: another thread gets there with
 * gy_loop_post, or with gy_await. */
typedef struct gy_future {
    void *value;
    int result; /* 0 or a negative code */
    bool done;
    /* private */
    uint64_t order; /* which was done first */
    gy_waiters waiters;
    gy_future_link *links, *last_link;
} gy_future;

/* One wait for one callback: see gy_await. */
typedef struct gy_waker gy_waker;

/* Begin something that ends with a call of gy_wake(w, result). 0, or a negative code when it could
 * not begin: then gy_wake must not be called. */
typedef int gy_await_start(gy_waker *w, void *arg);

/* Ask it to end early. True when it has ended by that, so that nobody has called gy_wake or will;
 * false when gy_wake was called already or still will be, for which the task then waits. */
typedef bool gy_await_stop(gy_waker *w, void *arg);

GY_BEGIN_DECLS

/* Make it done and wake those who wait. False, and nothing changes, when it was done before. */
GY_API bool gy_future_set(gy_future *f, int result, void *value);

/* Wait until it is done, at most [timeout] seconds. Its result; GY_ETIMEDOUT or the cancellation
 * when f->done is false still, or GY_ENOTASK outside a task. Suspends unless it is done. */
GY_API GY_SUSPENDS int gy_future_wait(gy_future *f, double timeout);

/* Have [link] called when it is done: at once when it is already, else in the order of these calls. The
 * second takes that back; harmless when it was called. */
GY_API void gy_future_then(gy_future *f, gy_future_link *link);
GY_API void gy_future_forget(gy_future *f, gy_future_link *link);

/* Wait until one of [n] futures is done, at most [timeout] seconds for this call: gives its index, of
 * several that of the first that was. NULLs are passed over, so results are taken as they come by
 *     while ((i = gy_wait_any(fs, n, GY_FOREVER)) >= 0) { use(fs[i]); fs[i] = NULL; }
 * GY_ENOTFOUND when all are NULL, GY_ETIMEDOUT, GY_ENOMEM or the cancellation. */
GY_API GY_SUSPENDS GY_CHECKED int gy_wait_any(gy_future *const futures[], size_t n, double timeout);

/* Wait until all are done. 0, or the first negative result in their order; GY_ETIMEDOUT or the
 * cancellation when some are not. */
GY_API GY_SUSPENDS GY_CHECKED int gy_wait_all(gy_future *const futures[], size_t n, double timeout);

/* Turn a callback into a wait: start(w, arg) begins something; the task goes on when gy_wake was
 * called, whose [result] this gives. When the task is cancelled, or a deadline passes, before that,
 * stop(w, arg) is asked to end it ([stop] may be NULL: it cannot be ended) and the code of that is
 * given once nothing refers to [w] and [arg] any more. Inside a task only: GY_ENOTASK. */
GY_API GY_SUSPENDS GY_CHECKED int gy_await(gy_await_start *start, gy_await_stop *stop, void *arg);

/* Once for each start that succeeded, from any thread, also from inside of start. */
GY_API void gy_wake(gy_waker *w, int result);

GY_END_DECLS

#endif
