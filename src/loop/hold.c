/* SPDX-License-Identifier: MIT */
/* hold.c - when a loop counts as held up, judged by looks at its beat. */

#include "loop/hold.h"

#include "base/clock.h"

enum { CLOSELY = 10 * GY__NS_PER_MS };

static enum gy__verdict moved(struct gy__hold *h, uint64_t beats, bool away, int64_t now,
                              int64_t threshold)
{
    bool told = h->told;
    int64_t before = h->looked ? h->looked : now;
    *h = (struct gy__hold){.beats = beats,
                           .looked = now,
                           .since = now,
                           .moved_past = before,
                           .next = threshold,
                           .lasted = now - h->since,
                           .held = !away};
    return told ? GY__WENT_ON : GY__FINE;
}

enum gy__verdict gy__hold_look(struct gy__hold *h, uint64_t beats, bool away, int64_t now,
                               int64_t threshold)
{
    if (away || !h->held || beats != h->beats)
        return moved(h, beats, away, now, threshold);
    h->looked = now;
    h->lasted = now - h->since;
    if (h->lasted < h->next)
        return GY__FINE;
    while (h->next <= h->lasted)
        h->next *= 2;
    h->told = true;
    return GY__HELD;
}

void gy__hold_lasts(struct gy__hold *h, int64_t ns, int64_t now)
{
    if (now - ns >= h->since || now - ns < h->moved_past)
        return;
    h->since = now - ns;
    h->lasted = ns;
}

void gy__hold_skip(struct gy__hold *h, int64_t ns)
{
    h->since += ns;
    h->looked += ns;
    h->moved_past += ns;
}

int64_t gy__hold_pause(const struct gy__hold *h, int64_t now, int64_t threshold)
{
    int64_t pause = threshold / 2;
    if (!h->held)
        return pause;
    /* Once it was told, when it goes on is told soon. */
    if (h->told && pause > threshold / 8)
        pause = threshold / 8 > CLOSELY ? threshold / 8 : CLOSELY;
    int64_t due = h->since + h->next - now;
    return due < pause ? due > 0 ? due : 1 : pause;
}
