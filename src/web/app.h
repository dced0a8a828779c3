/* SPDX-License-Identifier: MIT */
/* app.h - an application made ready to answer requests. */
#ifndef GYRE_WEB_APP_H
#define GYRE_WEB_APP_H

#include <gyre/http_server.h>
#include <gyre/web.h>

#include "base/buf.h"
#include "web/router.h"

enum {
    GY__SPARE_BODIES = 16,       /* buffers that wait for the next response */
    GY__SPARE_SIZE = 32 << 10,   /* none larger is kept */
    GY__RESPONSE_MAX = 100 << 20 /* bytes of a body that are buffered before they are sent */
};

/* Serves the requests of one thread. */
struct gy__app {
    const gy_app *app;
    struct gy__router *router;
    struct gy__buf spare[GY__SPARE_BODIES];
    unsigned spare_count;
    bool request_ids; /* every request has one */
};

/* Compile the routes. NULL, and a line in the log, when a row is wrong or memory is exhausted.
 * Borrows [app]. */
struct gy__app *gy__app_new(const gy_app *app);
void gy__app_free(struct gy__app *app);

/* Answer one request: a gy_exchange_fn whose argument is a struct gy__app. Suspends. */
int gy__web_request(gy_exchange *x, void *app);

#endif
