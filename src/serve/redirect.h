/* SPDX-License-Identifier: MIT */
/* redirect.h - a plain port that sends everybody to https. */
#ifndef GYRE_SERVE_REDIRECT_H
#define GYRE_SERVE_REDIRECT_H

#include "serve/listeners.h"

struct gy__app;

struct gy__redirect {
    gy_app app;
    struct gy__app *compiled; /* NULL: there is none */
    int port;                 /* of https */
    struct gy__listeners listeners;
};

/* Listen on opts->redirect_port, unless it is 0, to send clients to [port]. 0 or a negative code, with a
 * sentence in [why]. [r] must not move afterwards. */
GY_CHECKED int gy__redirect_open(struct gy__redirect *r, const gy_serve_opts *opts, int port,
                                 char *why, size_t size);
void gy__redirect_close(struct gy__redirect *r);

#endif
