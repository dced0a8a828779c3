/* SPDX-License-Identifier: MIT */
/* ticket_keys.h - keys of session tickets that the processes of a server share.
 *
 * Invariants:
 *   K1. All processes that ask at one time get the same keys.
 *   K2. A key is known to all of them a whole period before the first of them encrypts with it.
 *   K3. A key is overwritten two periods after the first ticket, so that nobody can read what was
 *       recorded before. */
#ifndef GYRE_SERVE_TICKET_KEYS_H
#define GYRE_SERVE_TICKET_KEYS_H

#include <gyre/export.h>
#include <stdint.h>

enum {
    GY__TICKET_KEYS = 3,                        /* encrypts; will; did */
    GY__TICKET_KEYS_SIZE = GY__TICKET_KEYS * 80 /* as gy_tls_set_ticket_keys wants them */
};

struct gy__ticket_keys;

/* In memory shared with the processes that are forked from now on; replaced each [period] ns (0:
 * never). NULL when there is no memory, or are no random bytes: errno tells. */
struct gy__ticket_keys *gy__ticket_keys_new(int64_t period);
void gy__ticket_keys_free(struct gy__ticket_keys *k); /* this process's view of them */

/* The keys of now, after what was due has been replaced, by whoever comes first. Gives when to ask
 * again (ns on gy__clock_now's clock, INT64_MAX: never). */
int64_t gy__ticket_keys_take(struct gy__ticket_keys *k, unsigned char out[GY__TICKET_KEYS_SIZE]);

#endif
