/* SPDX-License-Identifier: MIT */
/* hold.h - when a loop counts as held up, judged by looks at its beat. */
#ifndef GYRE_LOOP_HOLD_H
#define GYRE_LOOP_HOLD_H

#include <stdbool.h>
#include <stdint.h>

/* What the looks at one loop have shown; before the first [looked] says since when there is one, and
 * all else is 0. Times are ns. */
struct gy__hold {
    uint64_t beats;     /* at the last look */
    int64_t looked;     /* when that was */
    int64_t since;      /* from then on they have been the same, at least */
    int64_t moved_past; /* the look before: they were others, or the loop was away */
    int64_t next;       /* tell when it has lasted so long */
    int64_t lasted;     /* that which is told */
    bool held, told;
};

enum gy__verdict { GY__FINE, GY__HELD, GY__WENT_ON };

/* Look at a loop at the time [now]: away is one that waits in the poller, or is not turned. HELD each
 * time that there is something to tell, WENT_ON once after that. */
enum gy__verdict gy__hold_look(struct gy__hold *h, uint64_t beats, bool away, int64_t now,
                               int64_t threshold);

/* It is known that the hold, of which HELD was just told, has lasted [ns]: as far as the looks allow,
 * that is taken. */
void gy__hold_lasts(struct gy__hold *h, int64_t ns, int64_t now);

/* For [ns] nobody could run: that holds nobody up. */
void gy__hold_skip(struct gy__hold *h, int64_t ns);

/* How long until the next look, after one at [now]. */
int64_t gy__hold_pause(const struct gy__hold *h, int64_t now, int64_t threshold);

#endif
