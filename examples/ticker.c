/* SPDX-License-Identifier: MIT */
/* ticker.c - a streamed response: one line a second, and nobody else waits. */

#include <gyre.h>

static int ticker(gy_request *r)
{
    gy_set_header(r, "Content-Type", "text/plain; charset=UTF-8");
    for (int i = 1; i <= 10; i++) {
        gy_writef(r, "tick %d\n", i);
        int e = gy_flush(r); /* waits for a slow client */
        if (!e && i < 10)
            e = gy_sleep(1.0);
        if (e)
            return e; /* the client has left, or we shut down */
    }
    return 0;
}

const gy_route ticker_routes[] = {
    GY_GET("/", ticker),
    GY_END,
};

const gy_app ticker_app = {.routes = ticker_routes, .name = "ticker"};

int main(int argc, char **argv)
{
    return gy_main(&ticker_app, argc, argv);
}
