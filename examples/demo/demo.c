/* SPDX-License-Identifier: MIT */
/* demo.c - the other examples in one application, behind a page that explains them. */

#include "page.h"
#include <gyre.h>

/* Each example is a table of routes; here each has a prefix. */
/* clang-format off */
static const gy_route routes[] = {
    GY_GET("/", demo_page),
    GY_MOUNT("/hello", hello_routes),
    GY_MOUNT("/delay", delay_routes),
    GY_MOUNT("/ticker", ticker_routes),
    GY_MOUNT("/books", story_routes),
    GY_END
};
/* clang-format on */

const gy_app demo_app = {.routes = routes, .name = "demo"};

int main(int argc, char **argv)
{
    return gy_main(&demo_app, argc, argv);
}
