/* SPDX-License-Identifier: MIT */
/* hello.c - the smallest server. */

#include <gyre.h>

static int hello(gy_request *r)
{
    return gy_write(r, "Hello, world\n");
}

const gy_route hello_routes[] = {
    GY_GET("/", hello),
    GY_END,
};

const gy_app hello_app = {.routes = hello_routes, .name = "hello"};

int main(int argc, char **argv)
{
    return gy_main(&hello_app, argc, argv);
}
