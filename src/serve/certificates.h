/* SPDX-License-Identifier: MIT */
/* certificates.h - what a server needs for TLS, read from files, and again when these change. */
#ifndef GYRE_SERVE_CERTIFICATES_H
#define GYRE_SERVE_CERTIFICATES_H

#include <gyre/tls.h>
#include <stdint.h>

#include "serve/ticket_keys.h"

struct gy__certificates {
    const gy_tls_opts *opts; /* NULL: no TLS, and the rest is nothing either */
    gy_tls *tls;
    struct gy__ticket_keys *tickets; /* NULL: there are no tickets */
    uint64_t read, seen; /* the state of the files when they were read, and at the last look */
    unsigned renewals;
    bool doubted; /* it has been said that a certificate is not valid now */
};

/* Read the files; [rotation] in ns, 0: ticket keys stay. 0 or a negative code, with a sentence in
 * [why]. [opts] is borrowed and may be NULL. */
GY_CHECKED int gy__certificates_open(struct gy__certificates *c, const gy_tls_opts *opts,
                                     int64_t rotation, char *why, size_t size);
void gy__certificates_close(struct gy__certificates *c);

/* Read the files again, and log a line about that. When one of them is not good all stays as it
 * was: false. */
bool gy__certificates_renew(struct gy__certificates *c);

/* Look at the files: true when they have changed, and have come to rest since the last look, but
 * were not read since. Says in the log when a certificate is not valid, once. */
bool gy__certificates_look(struct gy__certificates *c);

/* Let new connections use the ticket keys of now. Gives when to do so again, in ns on
 * gy__clock_now's clock; INT64_MAX: never. */
int64_t gy__certificates_rotate(struct gy__certificates *c);

#endif
