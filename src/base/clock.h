/* SPDX-License-Identifier: MIT */
/* clock.h - what time it is, which tests can decide. */
#ifndef GYRE_BASE_CLOCK_H
#define GYRE_BASE_CLOCK_H

#include <stdint.h>

enum { GY__NS_PER_MS = 1000000, GY__NS_PER_S = 1000000000 };

/* Monotonic nanoseconds from an arbitrary start. */
int64_t gy__clock_now(void);

/* The same, whatever tests decide: for threads of ours that watch real ones. */
int64_t gy__clock_real(void);

/* The same clock, read cheaper and up to one kernel tick (some ms) late. */
int64_t gy__clock_coarse(void);

/* Seconds since 1970, UTC; may be one kernel tick late. */
int64_t gy__clock_wall(void);

/* Nanoseconds since 1970, UTC. */
int64_t gy__clock_wall_ns(void);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7) into [out]; gives [out]. The year is held
 * within 0 to 9999. */
const char *gy__clock_date(int64_t unix_seconds, char out[30]);

/* A clock for tests. Both functions may be called from any thread. */
struct gy__clock_source {
    int64_t (*now_ns)(void *arg);  /* for gy__clock_now and gy__clock_coarse */
    int64_t (*wall_ns)(void *arg); /* for gy__clock_wall, since 1970 */
    void *arg;
};

/* Read [src] instead of the system's clocks; NULL restores those. Borrows [src] until then. */
void gy__clock_set(const struct gy__clock_source *src);

#endif
